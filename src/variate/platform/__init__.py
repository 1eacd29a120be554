"""The platform: settings made into stores, stages and one object that offers every operation."""

from variate.platform.default import default_platform
from variate.platform.platform import Platform

__all__ = ["Platform", "default_platform"]
