"""The platform: settings made into stores, stages and one object that offers every operation."""

from variate.platform.platform import Platform, default_platform

__all__ = ["Platform", "default_platform"]
