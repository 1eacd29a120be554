"""Tell beside a report how its data's health is, how many units it has and how fast they come."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from variate.stores.sql.columns import WholeNumber

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    # Each engine adds such a column without touching the rows: of a report that stands they stay unknown.
    op.add_column("reports", sa.Column("health", sa.Text()))
    op.add_column("reports", sa.Column("concern", sa.Text()))
    op.add_column("reports", sa.Column("units", WholeNumber))
    op.add_column("reports", sa.Column("units_per_day", sa.Double()))
