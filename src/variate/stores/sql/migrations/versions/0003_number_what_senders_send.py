"""Number what senders send, so that what never came is known."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from variate.stores.sql.columns import IdText, WholeNumber

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    # Each engine adds such a column without touching the rows.
    op.add_column("events", sa.Column("sender", IdText))
    op.add_column("events", sa.Column("number", WholeNumber))
