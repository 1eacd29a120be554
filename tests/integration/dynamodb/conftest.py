"""Empty tables on each engine in turn."""

from tests.engines.tables import each_engine, tables, unmade_tables

__all__ = ["each_engine", "tables", "unmade_tables"]
