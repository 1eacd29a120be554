"""The command line in this process, as the unit tests have it."""

from __future__ import annotations

from tests.unit.cli.conftest import variate

__all__ = ["variate"]
