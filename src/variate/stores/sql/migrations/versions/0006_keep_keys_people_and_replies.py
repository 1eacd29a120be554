"""Keep keys, people and replies."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from variate.stores.sql.columns import IdText, Instant, JsonDocument, WholeNumber

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.create_table(
        "api_keys",
        sa.Column("id", IdText, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("scopes", JsonDocument, nullable=False),
        sa.Column("environments", JsonDocument, nullable=False),
        sa.Column("secret_hash", IdText, nullable=False),
        sa.Column("hint", sa.Text(), nullable=False),
        sa.Column("created_at", Instant, nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("revision", WholeNumber, nullable=False),
        sa.Column("expires_at", Instant),
        sa.Column("revoked_at", Instant),
        sa.Column("last_used_at", Instant),
        sa.Column("replaced_by", IdText),
        sa.CheckConstraint("revision >= 1", name=op.f("ck_api_keys_revision")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_keys")),
        sa.UniqueConstraint("secret_hash", name=op.f("uq_api_keys_secret_hash")),
    )
    op.create_index("ix_api_keys_created", "api_keys", [sa.text("created_at DESC"), "id"])
    op.create_table(
        "people",
        sa.Column("id", IdText, nullable=False),
        sa.Column("email", IdText, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("created_at", Instant, nullable=False),
        sa.Column("updated_at", Instant, nullable=False),
        sa.Column("revision", WholeNumber, nullable=False),
        sa.Column("password_hash", sa.Text()),
        sa.Column("subject", IdText),
        sa.Column("disabled", sa.Boolean(), nullable=False),
        sa.Column("epoch", WholeNumber, nullable=False),
        sa.CheckConstraint("role IN ('viewer', 'editor', 'admin')", name=op.f("ck_people_role")),
        sa.CheckConstraint("revision >= 1", name=op.f("ck_people_revision")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_people")),
        sa.UniqueConstraint("email", name=op.f("uq_people_email")),
        sa.UniqueConstraint("subject", name=op.f("uq_people_subject")),
    )
    op.create_table(
        "replies",
        sa.Column("key", IdText, nullable=False),
        sa.Column("fingerprint", sa.Text(), nullable=False),
        sa.Column("token", sa.Text(), nullable=False),
        sa.Column("claimed_at", Instant, nullable=False),
        sa.Column("expires_at", Instant, nullable=False),
        sa.Column("status", WholeNumber),
        sa.Column("headers", JsonDocument),
        sa.Column("body", sa.LargeBinary()),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_replies")),
    )
    op.create_index("ix_replies_expires", "replies", ["expires_at"])
