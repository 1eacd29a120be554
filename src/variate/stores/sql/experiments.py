"""The experiments and their variations in SQL."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Unpack

from sqlalchemy import Connection, Row, Select, delete, insert, select

from variate.model import AuditEntry, Experiment, ExperimentStatus, OutboxMessage, Page, Variation
from variate.model.conclusion import conclusion_from_record, conclusion_record
from variate.model.design_record import design_from_record, design_record
from variate.model.layer import Layer
from variate.model.listing import ExperimentFilters, folded
from variate.model.reading import read_stored
from variate.stores.sql.database import Database
from variate.stores.sql.definitions import LAYERS
from variate.stores.sql.paging import Listing
from variate.stores.sql.records import document_of, insert_new, replace_at, tell
from variate.stores.sql.schema import experiments, variations
from variate.stores.sql.searching import contains, may_name, member

_RECENT = Listing("experiments", (experiments.c.created_at, True), (experiments.c.id, False))


class SqlExperimentStore:
    """See ``ExperimentStore``."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def insert(
        self,
        experiment: Experiment,
        *,
        layers: Sequence[Layer] = (),
        audit: Sequence[AuditEntry],
        outbox: Sequence[OutboxMessage],
    ) -> None:
        """Store a new experiment; raise ``ConflictError`` if its id is taken."""

        def work(connection: Connection) -> None:
            insert_new(self._database, connection, experiments, _row(experiment), entity="experiment")
            connection.execute(insert(variations), _variation_rows(experiment))
            _replace_layers(connection, layers)
            tell(self._database, connection, audit=audit, outbox=outbox)

        self._database.write_once(work)

    def get(self, experiment_id: str) -> Experiment | None:
        """Return the experiment with its variations in the order they were given, or None.

        Raise ``InvalidInputError`` naming it where what is stored breaks a rule.
        """
        found = self._read(select(experiments).where(experiments.c.id == experiment_id))
        return _read(*found[0]) if found else None

    def list(
        self, *, limit: int, last_key: str | None = None, **filters: Unpack[ExperimentFilters]
    ) -> Page[Experiment]:
        """Return experiments, most recently created first (then by id), for which all the ``filters`` hold."""
        status, owner, text = filters.get("status"), filters.get("owner"), filters.get("text")
        mentions = filters.get("mentions")
        query = select(experiments)
        if status is not None:
            query = query.where(experiments.c.status == status.value)
        if owner is not None:
            query = query.where(experiments.c.owner == owner)
        if text is not None:
            hypothesis = member(experiments.c.definition, "hypothesis")
            query = query.where(contains(text, experiments.c.id, experiments.c.name, hypothesis))
        if mentions is not None:
            query = query.where(may_name(mentions, experiments.c.definition))
        listing = _RECENT.of(status, owner, None if text is None else folded(text), mentions)
        found = self._read(listing.page_of(query, limit=limit, last_key=last_key))
        parts = {row.id: rows for row, rows in found}
        rows = [row for row, _ in found]
        return listing.page_of_readable(rows, limit=limit, make=lambda row: _read(row, parts[row.id]))

    def replace(
        self,
        experiment: Experiment,
        *,
        expected_revision: int,
        layers: Sequence[Layer] = (),
        audit: Sequence[AuditEntry],
        outbox: Sequence[OutboxMessage],
    ) -> None:
        """Store ``experiment`` over the one of its id, variations included, if that is at ``expected_revision``.

        Raise ``ConflictError`` if it is at another revision, ``NotFoundError`` if there is none.
        """

        def work(connection: Connection) -> None:
            # First the update: from here on no other writer of this experiment comes between, nor in the outbox.
            row = _row(experiment)
            replace_at(connection, experiments, row, expected_revision=expected_revision, entity="experiment")
            connection.execute(delete(variations).where(variations.c.experiment_id == experiment.id))
            connection.execute(insert(variations), _variation_rows(experiment))
            _replace_layers(connection, layers)
            tell(self._database, connection, audit=audit, outbox=outbox)

        self._database.write_once(work)

    def _read(self, query: Select[Any]) -> Sequence[tuple[Row[Any], Sequence[Row[Any]]]]:
        """Return the rows of ``query``, each with its variations, in two statements however many there are."""

        def work(connection: Connection) -> Sequence[tuple[Row[Any], Sequence[Row[Any]]]]:
            found = connection.execute(query).all()
            parts: dict[str, list[Row[Any]]] = {row.id: [] for row in found}
            for part in connection.execute(_variations_of(list(parts))) if parts else ():
                parts[part.experiment_id].append(part)
            return [(row, parts[row.id]) for row in found]

        return self._database.read_together(work)


def _replace_layers(connection: Connection, layers: Sequence[Layer]) -> None:
    # In one order everywhere, so that two writes which share layers wait for each other, and never in a circle.
    for layer in sorted(layers, key=lambda each: each.id):
        LAYERS.replace(connection, layer, expected_revision=layer.revision - 1)


def _variations_of(experiment_ids: Sequence[str]) -> Select[Any]:
    return (
        select(variations)
        .where(variations.c.experiment_id.in_(experiment_ids))
        .order_by(variations.c.experiment_id, variations.c.position, variations.c.id)
    )


def _row(experiment: Experiment) -> dict[str, Any]:
    definition, conclusion = design_record(experiment.design), experiment.conclusion
    if conclusion is not None:
        definition["conclusion"] = conclusion_record(conclusion)
    return {
        "id": experiment.id,
        "name": experiment.name,
        "description": experiment.description,
        "status": experiment.status.value,
        "owner": experiment.owner,
        "version": experiment.version,
        "revision": experiment.revision,
        "definition": document_of(definition),
        "created_at": experiment.created_at,
        "updated_at": experiment.updated_at,
    }


def _variation_rows(experiment: Experiment) -> Sequence[dict[str, Any]]:
    return [
        {
            "id": variation.id,
            "experiment_id": experiment.id,
            "name": variation.name,
            "description": variation.description,
            "value": variation.value,
            "weight": float(variation.weight),
            "position": position,
            "created_at": variation.created_at,
            "updated_at": variation.updated_at,
        }
        for position, variation in enumerate(experiment.variations)
    ]


def _read(row: Row[Any], parts: Sequence[Row[Any]]) -> Experiment:
    return read_stored("experiment", row.id, lambda: _experiment(row, parts))


def _experiment(row: Row[Any], parts: Sequence[Row[Any]]) -> Experiment:
    definition = row.definition.value
    return Experiment(
        id=row.id,
        name=row.name,
        description=row.description or "",
        status=ExperimentStatus(row.status),
        owner=row.owner,
        version=row.version,
        revision=row.revision,
        design=design_from_record(definition),
        conclusion=conclusion_from_record(definition.get("conclusion")),
        created_at=row.created_at,
        updated_at=row.updated_at,
        variations=tuple(
            Variation(
                id=part.id,
                name=part.name,
                description=part.description or "",
                value=part.value,
                weight=part.weight,
                created_at=part.created_at,
                updated_at=part.updated_at,
            )
            for part in parts
        ),
    )
