"""Make the tables."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from variate.stores.sql.columns import IdText, Instant, JsonDocument, WholeNumber, fresh_id

revision = "0001"
down_revision = None


def upgrade() -> None:
    _experiments()
    _variations()
    _audit_logs()
    _outbox()
    _feature_flags()
    _assignments()
    _overrides()
    _events()
    _serving_experiments()


def _experiments() -> None:
    op.create_table(
        "experiments",
        sa.Column("id", IdText, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("description", sa.Text()),
        sa.Column("status", sa.Text(), server_default="draft", nullable=False),
        sa.Column("created_at", Instant, nullable=False),
        sa.Column("updated_at", Instant, nullable=False),
        sa.Column("owner", IdText),
        sa.Column("version", WholeNumber, server_default=sa.text("1"), nullable=False),
        sa.Column("revision", WholeNumber, server_default=sa.text("1"), nullable=False),
        sa.CheckConstraint(
            "status IN ('draft', 'active', 'paused', 'completed', 'archived')", name=op.f("ck_experiments_status")
        ),
        sa.CheckConstraint("version >= 1", name=op.f("ck_experiments_version")),
        sa.CheckConstraint("revision >= 1", name=op.f("ck_experiments_revision")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_experiments")),
    )
    op.create_index("ix_experiments_created", "experiments", [sa.text("created_at DESC"), "id"])
    op.create_index("ix_experiments_owner_created", "experiments", ["owner", sa.text("created_at DESC"), "id"])
    op.create_index("ix_experiments_status_created", "experiments", ["status", sa.text("created_at DESC"), "id"])


def _variations() -> None:
    op.create_table(
        "variations",
        sa.Column("id", IdText, nullable=False),
        sa.Column("experiment_id", IdText, nullable=False),
        sa.Column("name", IdText, nullable=False),
        sa.Column("description", sa.Text()),
        sa.Column("value", JsonDocument, server_default="{}", nullable=False),
        sa.Column("weight", sa.Double(), server_default=sa.text("1"), nullable=False),
        sa.Column("position", WholeNumber, sa.Identity(), nullable=False),
        sa.Column("created_at", Instant, nullable=False),
        sa.Column("updated_at", Instant, nullable=False),
        sa.PrimaryKeyConstraint("experiment_id", "id", name=op.f("pk_variations")),
        sa.UniqueConstraint("experiment_id", "name", name=op.f("uq_variations_experiment_id_name")),
        sa.CheckConstraint("weight >= 0 AND weight <= 1.7e308", name=op.f("ck_variations_weight")),
        sa.ForeignKeyConstraint(
            ["experiment_id"],
            ["experiments.id"],
            name=op.f("fk_variations_experiment_id_experiments"),
            ondelete="CASCADE",
        ),
    )


def _audit_logs() -> None:
    op.create_table(
        "audit_logs",
        sa.Column("sequence", WholeNumber, sa.Identity(), nullable=False),
        sa.Column("id", IdText, server_default=fresh_id(), nullable=False),
        sa.Column("entity_type", IdText, nullable=False),
        sa.Column("entity_id", IdText, nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("actor", sa.Text(), server_default="unknown", nullable=False),
        sa.Column("data", JsonDocument, server_default="{}", nullable=False),
        sa.Column("created_at", Instant, nullable=False),
        sa.PrimaryKeyConstraint("sequence", name=op.f("pk_audit_logs")),
        sa.UniqueConstraint("id", name=op.f("uq_audit_logs_id")),
    )
    op.create_index("ix_audit_logs_created", "audit_logs", ["created_at", "sequence"])
    op.create_index("ix_audit_logs_entity_created", "audit_logs", ["entity_id", "created_at", "sequence"])
    op.create_index("ix_audit_logs_type_created", "audit_logs", ["entity_type", "created_at", "sequence"])


def _outbox() -> None:
    op.create_table(
        "outbox",
        sa.Column("sequence", WholeNumber, sa.Identity(), nullable=False),
        sa.Column("id", IdText, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("entity_id", sa.Text(), nullable=False),
        sa.Column("data", JsonDocument, nullable=False),
        sa.Column("created_at", Instant, nullable=False),
        sa.PrimaryKeyConstraint("sequence", name=op.f("pk_outbox")),
        sa.UniqueConstraint("id", name=op.f("uq_outbox_id")),
    )


def _feature_flags() -> None:
    op.create_table(
        "feature_flags",
        sa.Column("id", IdText, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), server_default="", nullable=False),
        sa.Column("rules", JsonDocument, server_default="{}", nullable=False),
        sa.Column("status", sa.Text(), server_default="inactive", nullable=False),
        sa.Column("revision", WholeNumber, server_default=sa.text("1"), nullable=False),
        sa.Column("created_at", Instant, nullable=False),
        sa.Column("updated_at", Instant, nullable=False),
        sa.CheckConstraint("status IN ('inactive', 'active', 'archived')", name=op.f("ck_feature_flags_status")),
        sa.CheckConstraint("revision >= 1", name=op.f("ck_feature_flags_revision")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_feature_flags")),
    )
    op.create_index("ix_feature_flags_status_updated", "feature_flags", ["status", sa.text("updated_at DESC"), "id"])
    op.create_index("ix_feature_flags_updated", "feature_flags", [sa.text("updated_at DESC"), "id"])


def _assignments() -> None:
    op.create_table(
        "assignments",
        sa.Column("user_id", IdText, nullable=False),
        sa.Column("experiment_id", IdText, nullable=False),
        sa.Column("version", WholeNumber, autoincrement=False, nullable=False),
        sa.Column("variation", sa.Text(), nullable=False),
        sa.Column("assigned_at", Instant, nullable=False),
        sa.Column("expires_at", Instant),
        sa.PrimaryKeyConstraint("user_id", "experiment_id", "version", name=op.f("pk_assignments")),
        sqlite_with_rowid=False,
    )
    op.create_index(
        "ix_assignments_experiment_assigned",
        "assignments",
        ["experiment_id", sa.text("assigned_at DESC"), "version", "user_id"],
    )
    op.create_index(
        "ix_assignments_expires",
        "assignments",
        ["expires_at"],
        postgresql_where=sa.text("expires_at IS NOT NULL"),
        sqlite_where=sa.text("expires_at IS NOT NULL"),
    )


def _overrides() -> None:
    op.create_table(
        "overrides",
        sa.Column("type", IdText, nullable=False),
        sa.Column("target_id", IdText, nullable=False),
        sa.Column("user_id", IdText, nullable=False),
        sa.Column("value", sa.Text()),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("created_at", Instant, nullable=False),
        sa.Column("expires_at", Instant),
        sa.CheckConstraint("type IN ('experiment', 'flag')", name=op.f("ck_overrides_type")),
        sa.PrimaryKeyConstraint("type", "target_id", "user_id", name=op.f("pk_overrides")),
        sqlite_with_rowid=False,
    )
    op.create_index(
        "ix_overrides_expires",
        "overrides",
        ["expires_at"],
        postgresql_where=sa.text("expires_at IS NOT NULL"),
        sqlite_where=sa.text("expires_at IS NOT NULL"),
    )
    op.create_index("ix_overrides_unit", "overrides", ["user_id", "type", "target_id"])


def _events() -> None:
    op.create_table(
        "events",
        sa.Column("sequence", WholeNumber, sa.Identity(), nullable=False),
        sa.Column("id", IdText, nullable=False),
        sa.Column("user_id", IdText, nullable=False),
        sa.Column("event_type", IdText, nullable=False),
        sa.Column("data", JsonDocument, nullable=False),
        sa.Column("at", Instant, nullable=False),
        sa.Column("experiment_id", IdText),
        sa.Column("expires_at", Instant),
        sa.PrimaryKeyConstraint("sequence", name=op.f("pk_events")),
        sa.UniqueConstraint("id", name=op.f("uq_events_id")),
    )
    op.create_index("ix_events_at", "events", ["at", "sequence"])
    op.create_index(
        "ix_events_experiment_at",
        "events",
        ["experiment_id", "at", "sequence"],
        postgresql_where=sa.text("experiment_id IS NOT NULL"),
        sqlite_where=sa.text("experiment_id IS NOT NULL"),
    )
    op.create_index(
        "ix_events_experiment_type_unit",
        "events",
        ["experiment_id", "event_type", "user_id", "at", "expires_at"],
        postgresql_where=sa.text("experiment_id IS NOT NULL AND octet_length(event_type) <= 256"),
        sqlite_where=sa.text("experiment_id IS NOT NULL"),
    )
    op.create_index(
        "ix_events_expires",
        "events",
        ["expires_at"],
        postgresql_where=sa.text("expires_at IS NOT NULL"),
        sqlite_where=sa.text("expires_at IS NOT NULL"),
    )
    op.create_index("ix_events_unit_at", "events", ["user_id", sa.text("at DESC"), "id"])


def _serving_experiments() -> None:
    op.create_table(
        "serving_experiments",
        sa.Column("id", IdText, nullable=False),
        sa.Column("revision", WholeNumber, nullable=False),
        sa.Column("data", JsonDocument, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_serving_experiments")),
    )
