"""Keep looks and reports."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from variate.stores.sql.columns import IdText, Instant, JsonDocument, WholeNumber

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.create_table(
        "looks",
        sa.Column("experiment_id", IdText, nullable=False),
        sa.Column("version", WholeNumber, autoincrement=False, nullable=False),
        sa.Column("number", WholeNumber, autoincrement=False, nullable=False),
        sa.Column("at", Instant, nullable=False),
        sa.Column("units", WholeNumber, nullable=False),
        sa.Column("fraction", sa.Double(), nullable=False),
        sa.Column("alpha", sa.Double(), nullable=False),
        sa.Column("spent", sa.Double(), nullable=False),
        sa.Column("critical", sa.Double(), nullable=False),
        sa.CheckConstraint("number >= 1", name=op.f("ck_looks_number")),
        sa.PrimaryKeyConstraint("experiment_id", "version", "number", name=op.f("pk_looks")),
    )
    op.create_table(
        "reports",
        sa.Column("id", IdText, nullable=False),
        sa.Column("experiment_id", IdText, nullable=False),
        sa.Column("version", WholeNumber, nullable=False),
        sa.Column("verdict", sa.Text(), nullable=False),
        sa.Column("variation", sa.Text()),
        sa.Column("at", Instant, nullable=False),
        sa.Column("data", JsonDocument, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reports")),
    )
    op.create_index("ix_reports_at", "reports", [sa.text("at DESC"), "id"])
    op.create_index("ix_reports_experiment_at", "reports", ["experiment_id", sa.text("at DESC"), "id"])
