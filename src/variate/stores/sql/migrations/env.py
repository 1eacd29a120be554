"""Alembic runs this file; ``variate.stores.sql.migrating`` gives it the connection, in a transaction."""

from __future__ import annotations

from typing import Any

from alembic import context

from variate.stores.sql.schema import VERSION_TABLE, metadata


def _note(ctx: Any, step: Any, heads: Any, run_args: Any) -> None:  # noqa: ARG001 - Alembic's signature
    done: list[str] = context.config.attributes["done"]
    done.append(f"{step.up_revision_id}: {step.up_revision.doc}")


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    version_table=VERSION_TABLE,
    # SQLite alters a table by copying it, which is what Alembic calls a batch.
    render_as_batch=True,
    on_version_apply=_note,
)
with context.begin_transaction():
    context.run_migrations()
