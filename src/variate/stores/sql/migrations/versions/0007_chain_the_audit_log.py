"""Chain the audit log: each entry is bound by its hash to the one before."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

from variate.model.audit_chain import ChainHead, Link, StoredEntry
from variate.stores.sql.columns import WholeNumber

revision = "0007"
down_revision = "0006"

_ROWS_A_TIME = 5_000
_MICROSECONDS = {
    "postgresql": "trim_scale(extract(epoch FROM created_at) * 1000000)",
    "sqlite": "created_at",
}
_FIELDS = ("id", "entity_type", "entity_id", "action", "actor", "data", "created_at")


def upgrade() -> None:
    # Each engine adds such a column without touching the rows.
    op.add_column("audit_logs", sa.Column("place", WholeNumber))
    op.add_column("audit_logs", sa.Column("hash", sa.Text()))
    op.create_table(
        "audit_chain",
        sa.Column("id", WholeNumber, autoincrement=False, nullable=False),
        sa.Column("length", WholeNumber, nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_audit_chain_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_chain")),
    )
    head = _chained(op.get_bind())
    insert = sa.text("INSERT INTO audit_chain (id, length, hash) VALUES (1, :length, :hash)")
    op.get_bind().execute(insert, {"length": head.length, "hash": head.hash})
    op.create_index("ix_audit_logs_place", "audit_logs", ["place"], unique=True)
    op.create_index(
        "ix_audit_logs_unchained",
        "audit_logs",
        ["sequence"],
        postgresql_where=sa.text("place IS NULL"),
        sqlite_where=sa.text("place IS NULL"),
    )
    op.create_index("ix_audit_logs_actor_created", "audit_logs", ["actor", "created_at", "sequence"])
    op.create_index("ix_audit_logs_action_created", "audit_logs", ["action", "created_at", "sequence"])


def _chained(connection: sa.Connection) -> ChainHead:
    """Give the rows that stand their places, in the order they came in, and return where the chain ends."""
    micros = _MICROSECONDS[connection.dialect.name]
    read = sa.text(
        "SELECT sequence, id, entity_type, entity_id, action, actor, CAST(data AS TEXT) AS data, "  # noqa: S608 - our own words
        f"CAST({micros} AS TEXT) AS created_at FROM audit_logs WHERE sequence > :after ORDER BY sequence LIMIT :limit"
    )
    write = sa.text("UPDATE audit_logs SET place = :place, hash = :hash WHERE sequence = :sequence")
    head, after = ChainHead(), -1
    while rows := connection.execute(read, {"after": after, "limit": _ROWS_A_TIME}).all():
        placed: list[dict[str, Any]] = []
        for row in rows:
            entry = StoredEntry(**{name: row._mapping[name] for name in _FIELDS})
            link = Link.after(head, entry)
            placed.append({"place": link.place, "hash": link.hash, "sequence": row.sequence})
            head = ChainHead.at(link)
        connection.execute(write, placed)
        after = rows[-1].sequence
    return head
