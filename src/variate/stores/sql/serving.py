"""The serving copy of the experiments in SQL."""

from __future__ import annotations

from sqlalchemy import Connection, select

from variate.model import Experiment
from variate.model.record import experiment_from_record, experiment_record
from variate.stores.sql.database import Database
from variate.stores.sql.records import document_of
from variate.stores.sql.schema import serving_experiments


class SqlServingStore:
    """See ``ServingStore``."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def put(self, experiment: Experiment) -> None:
        """Store it unless the copy is at its revision or a later one. Safe to repeat, in any order."""
        statement = self._database.insert(serving_experiments).values(
            id=experiment.id, revision=experiment.revision, data=document_of(experiment_record(experiment))
        )
        statement = statement.on_conflict_do_update(
            index_elements=["id"],
            set_={"revision": statement.excluded.revision, "data": statement.excluded.data},
            where=serving_experiments.c.revision < statement.excluded.revision,
        )

        def work(connection: Connection) -> None:
            connection.execute(statement)

        self._database.write(work)

    def get(self, experiment_id: str) -> Experiment | None:
        """Return the copy, strongly consistent, or None."""
        query = select(serving_experiments.c.data).where(serving_experiments.c.id == experiment_id)
        found = self._database.read(lambda connection: connection.execute(query).scalar())
        return None if found is None else experiment_from_record(found.value)
