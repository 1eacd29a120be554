"""The serving copy of the experiments in DynamoDB."""

from __future__ import annotations

import json

from variate.model import Experiment
from variate.model.record import experiment_from_record, experiment_record
from variate.stores.dynamodb.attributes import Item, check_item, instant, text, whole
from variate.stores.dynamodb.conditions import Condition
from variate.stores.dynamodb.item_table import ItemTable
from variate.stores.dynamodb.source import TableSource
from variate.stores.dynamodb.writes import Put

_RESERVED = ("snapshot#", "publication#", "experiment#")
"""How the ids of this table's other items begin, and those of experiments that would be taken for one."""


class DynamoDBServingStore:
    """A ``ServingStore`` in the guide's ``experiments`` table.

    Snapshots and publications are items of this table too. An experiment whose id begins as theirs do has its copy
    under that id with ``experiment#`` before it, so that no id means two things.
    """

    def __init__(self, tables: TableSource) -> None:
        self._table = ItemTable(tables, "experiments")

    def put(self, experiment: Experiment) -> None:
        """See ``ServingStore.put``."""
        condition = Condition(
            "attribute_not_exists(#revision) OR #revision < :revision",
            {"#revision": "revision"},
            {":revision": whole(experiment.revision)},
        )
        self._table.put(Put(item=_item(experiment), condition=condition))

    def get(self, experiment_id: str) -> Experiment | None:
        """See ``ServingStore.get``. An item without the whole record, as the guide's own update left it, is no copy."""
        item = self._table.get(_item_id(experiment_id))
        return None if item is None or "document" not in item else self._table.read(_read, item)


def _item_id(experiment_id: str) -> str:
    return f"experiment#{experiment_id}" if experiment_id.startswith(_RESERVED) else experiment_id


def _item(experiment: Experiment) -> Item:
    record = json.dumps(experiment_record(experiment), ensure_ascii=False, separators=(",", ":"))
    item = {
        "id": text(_item_id(experiment.id)),
        "name": text(experiment.name),
        "status": text(experiment.status),
        "revision": whole(experiment.revision),
        "created_at": instant(experiment.created_at),
        "updated_at": instant(experiment.updated_at),
        "document": text(record),
    }
    if experiment.owner is not None:
        item["owner"] = text(experiment.owner)
    return check_item("experiment", item)


def _read(item: Item) -> Experiment:
    return experiment_from_record(json.loads(item["document"]["S"]))
