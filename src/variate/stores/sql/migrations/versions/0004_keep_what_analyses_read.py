"""Keep what analyses read in columns and indexes, and what they made of it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from variate.stores.sql.columns import IdText, Instant, WholeNumber

revision = "0004"
down_revision = "0003"

# Each fills the columns of the rows there are, as the store does at their intake.
_FILL_ON_SQLITE = """
UPDATE events SET
    value = CASE WHEN json_type(data, '$.value') IN ('integer', 'real', 'true', 'false')
        THEN CAST(json_extract(data, '$.value') AS REAL) END,
    variation = CASE WHEN event_type = 'exposure' AND json_type(data, '$.variation') = 'text'
        AND length(CAST(json_extract(data, '$.variation') AS BLOB)) <= 200 THEN json_extract(data, '$.variation') END
WHERE json_type(data, '$.value') IS NOT NULL OR event_type = 'exposure'
"""
_FILL_ON_POSTGRES = """
UPDATE events SET
    value = CASE json_typeof(data -> 'value')
        WHEN 'number' THEN CASE
            WHEN length(ltrim(data ->> 'value', '-')) <= 308 THEN (data ->> 'value')::double precision
            WHEN data ->> 'value' LIKE '-%' THEN '-Infinity' ELSE 'Infinity' END
        WHEN 'boolean' THEN CASE data ->> 'value' WHEN 'true' THEN 1 ELSE 0 END END,
    variation = CASE WHEN event_type = 'exposure' AND json_typeof(data -> 'variation') = 'string'
        AND octet_length(data ->> 'variation') <= 200 THEN data ->> 'variation' END
WHERE json_typeof(data) = 'object' AND (data -> 'value' IS NOT NULL OR event_type = 'exposure')
"""
_OF_EXPOSURES = "event_type = 'exposure' AND experiment_id IS NOT NULL"
_MEASURED = "event_type != 'exposure'"
_NUMBERED = "sender IS NOT NULL"


def upgrade() -> None:
    op.add_column("events", sa.Column("value", sa.Double()))
    op.add_column("events", sa.Column("variation", IdText))
    on_sqlite = op.get_bind().dialect.name == "sqlite"
    op.drop_index("ix_events_experiment_type_unit", "events")
    op.execute(sa.text(_FILL_ON_SQLITE if on_sqlite else _FILL_ON_POSTGRES))
    _indexes()
    _analyses()


def _indexes() -> None:
    for name, columns, where, on_postgres in (
        (
            "ix_events_exposures",
            ["experiment_id", "user_id", "at", "variation", "expires_at", "event_type"],
            _OF_EXPOSURES,
            _OF_EXPOSURES,
        ),
        (
            "ix_events_measured",
            ["event_type", "user_id", "at", "value", "experiment_id", "expires_at"],
            _MEASURED,
            f"{_MEASURED} AND octet_length(event_type) <= 256",
        ),
        ("ix_events_numbered", ["sender", "at", "number"], _NUMBERED, _NUMBERED),
    ):
        op.create_index(name, "events", columns, sqlite_where=sa.text(where), postgresql_where=sa.text(on_postgres))


def _analyses() -> None:
    op.create_table(
        "analyses",
        sa.Column("id", WholeNumber, sa.Identity(), nullable=False),
        sa.Column("experiment_id", IdText, nullable=False),
        sa.Column("scope", IdText, nullable=False),
        sa.Column("through", WholeNumber, nullable=False),
        sa.Column("at", Instant, nullable=False),
        sa.Column("looked_through", WholeNumber),
        sa.Column("looked_at", Instant),
        sa.Column("layout", sa.Text(), nullable=False),
        sa.Column("overridden", IdText, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_analyses")),
        sa.UniqueConstraint("experiment_id", "scope", name=op.f("uq_analyses_experiment_id_scope")),
    )
    op.create_table(
        "analysis_units",
        sa.Column("analysis", WholeNumber, autoincrement=False, nullable=False),
        sa.Column("page", WholeNumber, autoincrement=False, nullable=False),
        sa.Column("user_id", IdText, nullable=False),
        sa.Column("variation", WholeNumber, nullable=False),
        sa.Column("overridden", WholeNumber, nullable=False),
        sa.Column("first_at", Instant, nullable=False),
        sa.Column("day", WholeNumber, nullable=False),
        sa.Column("dimensions", sa.Text()),
        sa.Column("expires_at", Instant),
        *(sa.Column(f"v{place}", sa.Double()) for place in range(16)),
        sa.PrimaryKeyConstraint("analysis", "page", "user_id", name=op.f("pk_analysis_units")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "analysis_overridden",
        sa.Column("analysis", WholeNumber, autoincrement=False, nullable=False),
        sa.Column("user_id", IdText, nullable=False),
        sa.PrimaryKeyConstraint("analysis", "user_id", name=op.f("pk_analysis_overridden")),
        sqlite_with_rowid=False,
    )
