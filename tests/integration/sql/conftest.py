"""The databases of these tests."""

from tests.engines.databases import database, unmade_database

__all__ = ["database", "unmade_database"]
