"""The column types that both engines share: moments, documents and ids."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import BigInteger, Dialect, Integer, Text, cast, type_coerce
from sqlalchemy.dialects.postgresql import TEXT, TIMESTAMP
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.elements import ColumnElement
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeDecorator, TypeEngine, UserDefinedType

from variate.model import Document

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

IdText = Text().with_variant(TEXT(collation="C"), "postgresql")
"""Text whose order is that of its code points on both engines, whatever the database's locale."""

WholeNumber = BigInteger().with_variant(Integer, "sqlite")
"""64 bits on both engines. As an identity the engine gives it out; on SQLite it is then the row's own id."""


def to_micros(moment: datetime) -> int:
    """Return the whole microseconds from 1970 to ``moment``, exactly."""
    gone = moment - EPOCH
    return (gone.days * 86_400 + gone.seconds) * 1_000_000 + gone.microseconds


def from_micros(micros: int) -> datetime:
    """Return the moment ``to_micros`` was given."""
    return EPOCH + timedelta(microseconds=micros)


class Instant(TypeDecorator[datetime]):
    """A moment: ``timestamptz`` on PostgreSQL, whole microseconds from 1970 on SQLite."""

    impl = BigInteger
    cache_ok = True

    @property
    def python_type(self) -> type[datetime]:
        """What it is in Python."""
        return datetime

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Choose the engine's own type."""
        return dialect.type_descriptor(TIMESTAMP(timezone=True) if dialect.name == "postgresql" else Integer())

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        """Turn a moment into what the engine holds."""
        return to_micros(value) if value is not None and dialect.name == "sqlite" else value

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        """Turn what the engine holds into a moment in UTC."""
        if value is None:
            return None
        if dialect.name == "sqlite":
            return from_micros(value)
        moment: datetime = value
        return moment.astimezone(UTC)


class _PostgresJson(UserDefinedType[str]):
    """``json``, not ``jsonb``: it keeps the text, so 2.0 stays 2.0. Values pass as text, without a codec."""

    cache_ok = True

    def get_col_spec(self, **_: Any) -> str:
        return "JSON"


class JsonDocument(TypeDecorator[Document]):
    """A checked JSON document, kept as its text: ``json`` on PostgreSQL, ``TEXT`` on SQLite."""

    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Choose the engine's own type."""
        return dialect.type_descriptor(_PostgresJson() if dialect.name == "postgresql" else Text())

    def column_expression(self, column: ColumnElement[Any]) -> ColumnElement[Any]:
        """Read the text itself, not what the driver would decode it to."""
        return type_coerce(cast(column, Text), self)

    def process_bind_param(self, value: Document | None, dialect: Dialect) -> str | None:  # noqa: ARG002 - SQLAlchemy's
        """Hand the engine the text."""
        return None if value is None else value.text

    def process_result_value(self, value: Any, dialect: Dialect) -> Document | None:  # noqa: ARG002 - SQLAlchemy's
        """Trust the text: it was checked before it was stored."""
        return None if value is None else Document(value)


class fresh_id(FunctionElement[str]):  # noqa: N801 - SQLAlchemy's way: an SQL function is named as in SQL
    """An id made by the engine, for rows written by hand without one."""

    inherit_cache = True


@compiles(fresh_id)
def _fresh_id(element: fresh_id, compiler: SQLCompiler, **_: Any) -> str:  # noqa: ARG001 - SQLAlchemy's signature
    return "gen_random_uuid()::text"


@compiles(fresh_id, "sqlite")
def _fresh_id_of_sqlite(element: fresh_id, compiler: SQLCompiler, **_: Any) -> str:  # noqa: ARG001 - SQLAlchemy's
    return "(lower(hex(randomblob(16))))"
