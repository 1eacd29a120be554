"""The tables of who may ask: keys, people, and replies to repeated requests; ``schema.py`` has all others."""

from __future__ import annotations

from sqlalchemy import Boolean, CheckConstraint, Column, Index, LargeBinary, Table, Text

from variate.model.access import Role
from variate.stores.sql.columns import IdText, Instant, JsonDocument, WholeNumber
from variate.stores.sql.schema import metadata, one_of

api_keys = Table(
    "api_keys",
    metadata,
    Column("id", IdText, primary_key=True),
    Column("name", Text, nullable=False),
    Column("scopes", JsonDocument, nullable=False),
    Column("environments", JsonDocument, nullable=False),
    Column("secret_hash", IdText, nullable=False, unique=True),
    Column("hint", Text, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("created_by", Text, nullable=False),
    Column("revision", WholeNumber, nullable=False),
    Column("expires_at", Instant),
    Column("revoked_at", Instant),
    Column("last_used_at", Instant),
    Column("replaced_by", IdText),
    CheckConstraint("revision >= 1", name="revision"),
)
Index("ix_api_keys_created", api_keys.c.created_at.desc(), api_keys.c.id)

people = Table(
    "people",
    metadata,
    Column("id", IdText, primary_key=True),
    Column("email", IdText, nullable=False, unique=True),
    Column("name", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("updated_at", Instant, nullable=False),
    Column("revision", WholeNumber, nullable=False),
    Column("password_hash", Text),
    Column("subject", IdText, unique=True),
    Column("disabled", Boolean, nullable=False),
    Column("epoch", WholeNumber, nullable=False),
    CheckConstraint(one_of("role", Role), name="role"),
    CheckConstraint("revision >= 1", name="revision"),
)

replies = Table(
    "replies",
    metadata,
    Column("key", IdText, primary_key=True),
    Column("fingerprint", Text, nullable=False),
    Column("token", Text, nullable=False),
    Column("claimed_at", Instant, nullable=False),
    Column("expires_at", Instant, nullable=False),
    # None until the request is answered.
    Column("status", WholeNumber),
    Column("headers", JsonDocument),
    Column("body", LargeBinary),
)
Index("ix_replies_expires", replies.c.expires_at)
