"""The tables: one schema for SQLite and PostgreSQL.

``experiments``, ``variations`` and ``audit_logs`` have the guide's columns; every further column has a default, so that
a row written by hand with the guide's own SQL is a whole row. A unit's column is ``user_id``, as in the guide.

Those of keys and people are in ``access_schema.py``.

The widest index entries hold two ids of 1,024 bytes: PostgreSQL's limit is 2,704.
"""

from __future__ import annotations

from enum import StrEnum

from sqlalchemy import (
    CheckConstraint,
    Column,
    Double,
    ForeignKey,
    Identity,
    Index,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
    and_,
    func,
    text,
)

from variate.model import ExperimentStatus, FlagStatus, OverrideTarget
from variate.stores.sql.columns import IdText, Instant, JsonDocument, WholeNumber, fresh_id

HEAD = "0008"
"""The migration that makes these tables; a test compares it with the newest one shipped."""

VERSION_TABLE = "variate_version"
"""Where the migration of a database stands; not Alembic's own name, which an application may use beside us."""

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def one_of(column: str, choices: type[StrEnum]) -> str:
    """Return the rule that the column holds one of these."""
    return f"{column} IN ({', '.join(repr(str(choice)) for choice in choices)})"


experiments = Table(
    "experiments",
    metadata,
    Column("id", IdText, primary_key=True),
    Column("name", Text, nullable=False),
    Column("description", Text),
    Column("status", Text, nullable=False, server_default="draft"),
    Column("created_at", Instant, nullable=False),
    Column("updated_at", Instant, nullable=False),
    Column("owner", IdText),
    Column("version", WholeNumber, nullable=False, server_default=text("1")),
    Column("revision", WholeNumber, nullable=False, server_default=text("1")),
    Column("definition", JsonDocument, nullable=False, server_default="{}"),
    CheckConstraint(one_of("status", ExperimentStatus), name="status"),
    CheckConstraint("version >= 1", name="version"),
    CheckConstraint("revision >= 1", name="revision"),
)
Index("ix_experiments_created", experiments.c.created_at.desc(), experiments.c.id)
Index("ix_experiments_status_created", experiments.c.status, experiments.c.created_at.desc(), experiments.c.id)
Index("ix_experiments_owner_created", experiments.c.owner, experiments.c.created_at.desc(), experiments.c.id)

variations = Table(
    "variations",
    metadata,
    Column("id", IdText, nullable=False),
    Column("experiment_id", IdText, ForeignKey("experiments.id", ondelete="CASCADE"), nullable=False),
    Column("name", IdText, nullable=False),
    Column("description", Text),
    Column("value", JsonDocument, nullable=False, server_default="{}"),
    Column("weight", Double, nullable=False, server_default=text("1")),
    # Rows written by hand keep the order they were written in; the store counts from 0 within an experiment.
    Column("position", WholeNumber, Identity(), nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("updated_at", Instant, nullable=False),
    PrimaryKeyConstraint("experiment_id", "id"),
    UniqueConstraint("experiment_id", "name"),
    # The upper bound keeps out infinity, and NaN, which PostgreSQL holds to be above every number.
    CheckConstraint("weight >= 0 AND weight <= 1.7e308", name="weight"),
)

audit_logs = Table(
    "audit_logs",
    metadata,
    Column("sequence", WholeNumber, Identity(), primary_key=True),
    Column("id", IdText, nullable=False, unique=True, server_default=fresh_id()),
    Column("entity_type", IdText, nullable=False),
    Column("entity_id", IdText, nullable=False),
    Column("action", Text, nullable=False),
    Column("actor", Text, nullable=False, server_default="unknown"),
    Column("data", JsonDocument, nullable=False, server_default="{}"),
    Column("created_at", Instant, nullable=False),
    # The entry's place in the chain and its hash there. None in a row written by hand, until the next entry comes.
    Column("place", WholeNumber),
    Column("hash", Text),
)
Index("ix_audit_logs_created", audit_logs.c.created_at, audit_logs.c.sequence)
Index("ix_audit_logs_entity_created", audit_logs.c.entity_id, audit_logs.c.created_at, audit_logs.c.sequence)
Index("ix_audit_logs_type_created", audit_logs.c.entity_type, audit_logs.c.created_at, audit_logs.c.sequence)
Index("ix_audit_logs_actor_created", audit_logs.c.actor, audit_logs.c.created_at, audit_logs.c.sequence)
Index("ix_audit_logs_action_created", audit_logs.c.action, audit_logs.c.created_at, audit_logs.c.sequence)
Index("ix_audit_logs_place", audit_logs.c.place, unique=True)
_is_unchained = audit_logs.c.place.is_(None)
Index(
    "ix_audit_logs_unchained",
    audit_logs.c.sequence,
    postgresql_where=_is_unchained,
    sqlite_where=_is_unchained,
)

audit_chain = Table(
    "audit_chain",
    metadata,
    # One row, where the chain ends. Who appends holds it until the end of the transaction.
    Column("id", WholeNumber, primary_key=True, autoincrement=False),
    Column("length", WholeNumber, nullable=False),
    Column("hash", Text, nullable=False),
    CheckConstraint("id = 1", name="id"),
)

outbox = Table(
    "outbox",
    metadata,
    Column("sequence", WholeNumber, Identity(), primary_key=True),
    Column("id", IdText, nullable=False, unique=True),
    Column("kind", Text, nullable=False),
    Column("entity_id", Text, nullable=False),
    Column("data", JsonDocument, nullable=False),
    Column("created_at", Instant, nullable=False),
)

feature_flags = Table(
    "feature_flags",
    metadata,
    Column("id", IdText, primary_key=True),
    Column("name", Text, nullable=False),
    Column("description", Text, nullable=False, server_default=""),
    Column("rules", JsonDocument, nullable=False, server_default="{}"),
    Column("status", Text, nullable=False, server_default="inactive"),
    Column("revision", WholeNumber, nullable=False, server_default=text("1")),
    Column("created_at", Instant, nullable=False),
    Column("updated_at", Instant, nullable=False),
    Column("targeting", JsonDocument),
    CheckConstraint(one_of("status", FlagStatus), name="status"),
    CheckConstraint("revision >= 1", name="revision"),
)
Index("ix_feature_flags_updated", feature_flags.c.updated_at.desc(), feature_flags.c.id)
Index("ix_feature_flags_status_updated", feature_flags.c.status, feature_flags.c.updated_at.desc(), feature_flags.c.id)

assignments = Table(
    "assignments",
    metadata,
    Column("user_id", IdText, primary_key=True),
    Column("experiment_id", IdText, primary_key=True),
    Column("version", WholeNumber, primary_key=True, autoincrement=False),
    Column("variation", Text, nullable=False),
    Column("assigned_at", Instant, nullable=False),
    Column("expires_at", Instant),
    sqlite_with_rowid=False,
)
Index(
    "ix_assignments_experiment_assigned",
    assignments.c.experiment_id,
    assignments.c.assigned_at.desc(),
    assignments.c.version,
    assignments.c.user_id,
)

overrides = Table(
    "overrides",
    metadata,
    Column("type", IdText, primary_key=True),
    Column("target_id", IdText, primary_key=True),
    Column("user_id", IdText, primary_key=True),
    # None stands for a removal: it has to outlive the override, so that an older one that comes late stays out.
    Column("value", Text),
    Column("reason", Text, nullable=False, server_default=""),
    Column("created_at", Instant, nullable=False),
    Column("expires_at", Instant),
    CheckConstraint(one_of("type", OverrideTarget), name="type"),
    sqlite_with_rowid=False,
)
Index("ix_overrides_unit", overrides.c.user_id, overrides.c.type, overrides.c.target_id)

events = Table(
    "events",
    metadata,
    Column("sequence", WholeNumber, Identity(), primary_key=True),
    Column("id", IdText, nullable=False, unique=True),
    Column("user_id", IdText, nullable=False),
    Column("event_type", IdText, nullable=False),
    Column("data", JsonDocument, nullable=False),
    Column("at", Instant, nullable=False),
    Column("experiment_id", IdText),
    Column("expires_at", Instant),
    Column("sender", IdText),
    Column("number", WholeNumber),
    # What analyses read of the data, so that an index has it: see ``read_columns``.
    Column("value", Double),
    Column("variation", IdText),
)
Index("ix_events_unit_at", events.c.user_id, events.c.at.desc(), events.c.id)
Index("ix_events_at", events.c.at, events.c.sequence)
_of_experiment = events.c.experiment_id.is_not(None)
Index(
    "ix_events_experiment_at",
    events.c.experiment_id,
    events.c.at,
    events.c.sequence,
    postgresql_where=_of_experiment,
    sqlite_where=_of_experiment,
)
# An analysis reads these two indexes alone, in the order of units, and each event is in one of them. Two ids and a type
# may be too long for PostgreSQL's index entries, so a query there says, too, ``octet_length(event_type) <= 256``.
_is_exposure = events.c.event_type == text("'exposure'")
_of_exposures = and_(_is_exposure, _of_experiment)
Index(
    "ix_events_exposures",
    events.c.experiment_id,
    events.c.user_id,
    events.c.at,
    events.c.variation,
    events.c.expires_at,
    events.c.event_type,  # one and the same, but SQLite would read the row for it
    postgresql_where=_of_exposures,
    sqlite_where=_of_exposures,
)
_is_measured = events.c.event_type != text("'exposure'")
Index(
    "ix_events_measured",
    events.c.event_type,
    events.c.user_id,
    events.c.at,
    events.c.value,
    events.c.experiment_id,
    events.c.expires_at,
    postgresql_where=and_(_is_measured, func.octet_length(events.c.event_type) <= text("256")),
    sqlite_where=_is_measured,
)
_is_numbered = events.c.sender.is_not(None)
Index(
    "ix_events_numbered",
    events.c.sender,
    events.c.at,
    events.c.number,
    postgresql_where=_is_numbered,
    sqlite_where=_is_numbered,
)

for _table in (assignments, overrides, events):
    _expires = _table.c.expires_at.is_not(None)
    Index(f"ix_{_table.name}_expires", _table.c.expires_at, postgresql_where=_expires, sqlite_where=_expires)

serving_experiments = Table(
    "serving_experiments",
    metadata,
    Column("id", IdText, primary_key=True),
    Column("revision", WholeNumber, nullable=False),
    Column("data", JsonDocument, nullable=False),
)

definitions = Table(
    "definitions",
    metadata,
    Column("kind", IdText, primary_key=True),
    Column("id", IdText, primary_key=True),
    Column("revision", WholeNumber, nullable=False),
    Column("data", JsonDocument, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("updated_at", Instant, nullable=False),
    CheckConstraint("revision >= 1", name="revision"),
)

snapshots = Table(
    "snapshots",
    metadata,
    Column("digest", IdText, primary_key=True),
    # Moves forward when it is put, published or superseded, so that a purge of the past leaves it alone.
    Column("used_at", Instant, nullable=False),
    Column("data", LargeBinary, nullable=False),
)
Index("ix_snapshots_used", snapshots.c.used_at)

publications = Table(
    "publications",
    metadata,
    Column("environment", IdText, primary_key=True),
    Column("sequence", WholeNumber, primary_key=True, autoincrement=False),
    Column("digest", IdText, nullable=False),
    Column("kind", Text, nullable=False),
    Column("actor", Text, nullable=False),
    Column("reason", Text, nullable=False, server_default=""),
    Column("at", Instant, nullable=False),
    CheckConstraint("sequence >= 1", name="sequence"),
)
Index("ix_publications_digest", publications.c.digest)

analyses = Table(
    "analyses",
    metadata,
    Column("id", WholeNumber, Identity(), primary_key=True),
    Column("experiment_id", IdText, nullable=False),
    # A digest of what decides who enters: the variations, the dimensions, and from when until when.
    Column("scope", IdText, nullable=False),
    # All events up to this sequence, dated before ``at``, are in the rows of ``analysis_units``.
    Column("through", WholeNumber, nullable=False),
    Column("at", Instant, nullable=False),
    Column("looked_through", WholeNumber),
    Column("looked_at", Instant),
    # Which column of which page holds what, and which pages are still being filled.
    Column("layout", Text, nullable=False),
    Column("overridden", IdText, nullable=False),
    UniqueConstraint("experiment_id", "scope"),
)

PAGE_COLUMNS = 16
"""How many sums a row of ``analysis_units`` holds."""

analysis_units = Table(
    "analysis_units",
    metadata,
    # No foreign key: it would be looked up for each of a million rows, and the aggregator alone writes them.
    Column("analysis", WholeNumber, primary_key=True, autoincrement=False),
    Column("page", WholeNumber, primary_key=True, autoincrement=False),
    Column("user_id", IdText, primary_key=True),
    # A place in the question's variations, or -1 for a unit that met two.
    Column("variation", WholeNumber, nullable=False),
    Column("overridden", WholeNumber, nullable=False),
    Column("first_at", Instant, nullable=False),
    Column("day", WholeNumber, nullable=False),
    Column("dimensions", Text),
    # When the first of the events that the row is made of expires.
    Column("expires_at", Instant),
    *(Column(f"v{place}", Double) for place in range(PAGE_COLUMNS)),
    sqlite_with_rowid=False,
)

analysis_overridden = Table(
    "analysis_overridden",
    metadata,
    Column("analysis", WholeNumber, primary_key=True, autoincrement=False),
    Column("user_id", IdText, primary_key=True),
    sqlite_with_rowid=False,
)

looks = Table(
    "looks",
    metadata,
    Column("experiment_id", IdText, primary_key=True),
    Column("version", WholeNumber, primary_key=True, autoincrement=False),
    Column("number", WholeNumber, primary_key=True, autoincrement=False),
    Column("at", Instant, nullable=False),
    Column("units", WholeNumber, nullable=False),
    Column("fraction", Double, nullable=False),
    Column("alpha", Double, nullable=False),
    Column("spent", Double, nullable=False),
    Column("critical", Double, nullable=False),
    CheckConstraint("number >= 1", name="number"),
)

reports = Table(
    "reports",
    metadata,
    Column("id", IdText, primary_key=True),
    Column("experiment_id", IdText, nullable=False),
    Column("version", WholeNumber, nullable=False),
    Column("verdict", Text, nullable=False),
    Column("variation", Text),
    Column("at", Instant, nullable=False),
    Column("data", JsonDocument, nullable=False),
    Column("health", Text),
    Column("concern", Text),
    Column("units", WholeNumber),
    Column("units_per_day", Double),
)
Index("ix_reports_at", reports.c.at.desc(), reports.c.id)
Index("ix_reports_experiment_at", reports.c.experiment_id, reports.c.at.desc(), reports.c.id)
