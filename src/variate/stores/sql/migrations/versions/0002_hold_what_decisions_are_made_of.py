"""Hold what decisions are made of: designs, targeting, definitions by name, snapshots."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from variate.stores.sql.columns import IdText, Instant, JsonDocument, WholeNumber

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    # Each engine adds such a column without touching the rows.
    op.add_column("experiments", sa.Column("definition", JsonDocument, server_default="{}", nullable=False))
    op.add_column("feature_flags", sa.Column("targeting", JsonDocument))
    _definitions()
    _snapshots()
    _publications()


def _definitions() -> None:
    op.create_table(
        "definitions",
        sa.Column("kind", IdText, nullable=False),
        sa.Column("id", IdText, nullable=False),
        sa.Column("revision", WholeNumber, nullable=False),
        sa.Column("data", JsonDocument, nullable=False),
        sa.Column("created_at", Instant, nullable=False),
        sa.Column("updated_at", Instant, nullable=False),
        sa.CheckConstraint("revision >= 1", name=op.f("ck_definitions_revision")),
        sa.PrimaryKeyConstraint("kind", "id", name=op.f("pk_definitions")),
    )


def _snapshots() -> None:
    op.create_table(
        "snapshots",
        sa.Column("digest", IdText, nullable=False),
        sa.Column("used_at", Instant, nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_snapshots")),
    )
    op.create_index("ix_snapshots_used", "snapshots", ["used_at"])


def _publications() -> None:
    op.create_table(
        "publications",
        sa.Column("environment", IdText, nullable=False),
        sa.Column("sequence", WholeNumber, autoincrement=False, nullable=False),
        sa.Column("digest", IdText, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("at", Instant, nullable=False),
        sa.CheckConstraint("sequence >= 1", name=op.f("ck_publications_sequence")),
        sa.PrimaryKeyConstraint("environment", "sequence", name=op.f("pk_publications")),
    )
    op.create_index("ix_publications_digest", "publications", ["digest"])
