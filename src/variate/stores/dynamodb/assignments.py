"""The ledger in DynamoDB: one conditional put makes "the first stands" true however many callers come at once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from heapq import nsmallest
from itertools import islice

from variate.model import Assignment, AssignmentSample, Page, assignment_id
from variate.stores.cursor import CursorValue
from variate.stores.dynamodb.attributes import Item, epoch, microseconds, read_epoch, text, whole
from variate.stores.dynamodb.conditions import alive, fills, is_alive, lifetime, read_end, vacant
from variate.stores.dynamodb.item_table import ItemTable
from variate.stores.dynamodb.queries import IndexQuery, Position, check_page_limit, page_of, scope_of
from variate.stores.dynamodb.source import TableSource
from variate.stores.dynamodb.writes import Put


class DynamoDBAssignmentStore:
    """An ``AssignmentStore`` in the guide's ``assignments`` table."""

    def __init__(self, tables: TableSource) -> None:
        self._table = ItemTable(tables, "assignments")

    def keep(self, assignments: Sequence[Assignment]) -> Sequence[Assignment]:
        """See ``AssignmentStore.keep``."""
        ids = [assignment.id for assignment in assignments]
        pending: dict[str, Assignment] = {}
        for assignment_key, assignment in zip(ids, assignments, strict=True):
            pending.setdefault(assignment_key, assignment)
        standing: dict[str, Assignment] = {}
        while pending:
            puts = [_put(assignment_key, assignment) for assignment_key, assignment in pending.items()]
            for put, refusal in zip(puts, self._table.put_all(puts), strict=True):
                if refusal is None:
                    standing[put.id] = pending.pop(put.id)
                    continue
                # Not every engine says what stands; and what stood may be deleted by now, which leaves it pending.
                item = refusal.standing or self._table.get(put.id)
                if item is not None and fills(item, at=pending[put.id].assigned_at):
                    standing[put.id] = self._read(item)
                    del pending[put.id]
        return [standing[assignment_key] for assignment_key in ids]

    def get(self, *, unit: str, experiment_id: str, version: int = 1, at: datetime) -> Assignment | None:
        """See ``AssignmentStore.get``."""
        item = self._table.get(assignment_id(experiment_id=experiment_id, version=version, unit=unit))
        return None if item is None or not is_alive(item, at=at) else self._read(item)

    def get_many(
        self, units: Sequence[str], *, experiment_id: str, version: int = 1, at: datetime
    ) -> Mapping[str, Assignment]:
        """See ``AssignmentStore.get_many``."""
        ids = [assignment_id(experiment_id=experiment_id, version=version, unit=unit) for unit in units]
        items = self._table.get_all(ids).values()
        return {each.unit: each for each in (self._read(item) for item in items if is_alive(item, at=at))}

    def of_unit(self, unit: str, *, at: datetime, limit: int, last_key: str | None = None) -> Page[Assignment]:
        """See ``AssignmentStore.of_unit``."""
        check_page_limit(limit)
        after, scope = None, scope_of("assignments of unit", unit)
        if last_key is not None:
            position = Position(last_key, scope=scope, length=3)
            after = (position.id(), position.version(), position.id())
        query = IndexQuery(
            index="user-experiment-index",
            partition="user_id",
            value=unit,
            sort="experiment_id",
            low=None if after is None else text(after[0]),
            filters=(alive(at),),
        )
        items = self._table.ordered(
            query, limit=limit, tie=lambda item: item["experiment_id"]["S"], order=_unit_order, after=after
        )
        return page_of(items, limit=limit, read=self._read, scope=scope, position=_unit_order)

    def of_experiment(
        self, experiment_id: str, *, at: datetime, limit: int, last_key: str | None = None
    ) -> Page[Assignment]:
        """See ``AssignmentStore.of_experiment``."""
        check_page_limit(limit)
        query = _newest_of_experiment(experiment_id, at=at)
        scope = scope_of("assignments of experiment", experiment_id)
        # A bulk import gives thousands the same moment, so the engine's own order decides a tie here.
        start = None if last_key is None else _start_after(last_key, scope=scope, experiment_id=experiment_id)
        items = self._table.query(query, page_size=limit + 1, start=start)
        return page_of(items, limit=limit, read=self._read, scope=scope, position=_experiment_position)

    def sample(self, experiment_id: str, *, version: int, at: datetime, limit: int, newest: int) -> AssignmentSample:
        """See ``AssignmentStore.sample``."""
        seen = total = 0

        def of_version() -> Iterator[Item]:
            nonlocal seen, total
            found = self._table.query(_newest_of_experiment(experiment_id, at=at), page_size=newest)
            for item in islice(found, newest):
                seen += 1
                if _version(item) == version:
                    total += 1
                    yield item

        # The id is a hash that no draw is made of: those of the smallest ids are chosen by chance.
        chosen = nsmallest(limit, of_version(), key=lambda item: item["id"]["S"])
        return AssignmentSample(assignments=tuple(map(self._read, chosen)), total=total, is_cut=seen == newest)

    def purge(self, *, expired_before: datetime) -> int:  # noqa: ARG002 - DynamoDB deletes by ``ttl`` itself
        """See ``AssignmentStore.purge``."""
        return 0

    def _read(self, item: Item) -> Assignment:
        return self._table.read(_read_assignment, item)


def _newest_of_experiment(experiment_id: str, *, at: datetime) -> IndexQuery:
    return IndexQuery(
        index="experiment-index",
        partition="experiment_id",
        value=experiment_id,
        sort="assigned_at",
        forward=False,
        filters=(alive(at),),
    )


def _put(assignment_key: str, assignment: Assignment) -> Put:
    item = {
        "id": text(assignment_key),
        "user_id": text(assignment.unit),
        "experiment_id": text(assignment.experiment_id),
        "version": whole(assignment.version),
        "variation": text(assignment.variation),
        "assigned_at": epoch(assignment.assigned_at),
        **lifetime(assignment.expires_at),
    }
    return Put(item=item, condition=vacant(assignment.assigned_at), answer="ALL_OLD")


def _read_assignment(item: Item) -> Assignment:
    return Assignment(
        unit=item["user_id"]["S"],
        experiment_id=item["experiment_id"]["S"],
        version=_version(item),
        variation=item["variation"]["S"],
        assigned_at=read_epoch(item["assigned_at"]),
        expires_at=read_end(item),
    )


def _version(item: Item) -> int:
    """The guide's own items have none."""
    return int(item["version"]["N"]) if "version" in item else 1


def _unit_order(item: Item) -> tuple[str, int, str]:
    return item["experiment_id"]["S"], _version(item), item["id"]["S"]


def _experiment_position(item: Item) -> list[CursorValue]:
    return [microseconds(read_epoch(item["assigned_at"])), item["id"]["S"]]


def _start_after(last_key: str, *, scope: str, experiment_id: str) -> Item:
    position = Position(last_key, scope=scope, length=2)
    return {
        "experiment_id": text(experiment_id),
        "assigned_at": epoch(position.moment()),
        "id": text(position.id()),
    }
