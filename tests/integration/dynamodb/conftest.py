"""Empty tables on each engine in turn."""

from tests.engines.tables import tables, unmade_tables

__all__ = ["tables", "unmade_tables"]
