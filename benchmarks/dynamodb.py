"""DynamoDB: a platform of the aws profile beside boto3's low-level client, each on tables of its own in one engine."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import boto3

from benchmarks.contest import Contest, Figure, Turn
from benchmarks.engines import Engines, fresh_name
from benchmarks.line import Aim, Line
from benchmarks.rows import END, EXPERIMENT, NOW, Given, event_turns, pair
from variate import DynamoDBClient, Platform, Settings
from variate.model import VerdictStatus, assignment_id, format_instant
from variate.settings import Profile
from variate.stores.dynamodb import DynamoDBTables

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient as LowLevelClient

CALLS = 10
"""Few, and many turns instead: at some hundredths of a second each, what else the machine does meets both sides."""
BATCH = 500
AIM = Aim(1.25)
REGION = "us-east-1"
UNIT, VARIATION = pair(10**9)
UNLESS_THERE = "attribute_not_exists(id)"

Item = dict[str, Any]
T = TypeVar("T")


def lines(engines: Engines, *, turns: int) -> Iterator[Line]:
    """Yield the lines of DynamoDB."""
    name, endpoint = engines.dynamodb()
    ours, beside = (_settings(endpoint) for _ in ("ours", "beside"))
    for settings in (ours, beside):
        DynamoDBTables(DynamoDBClient(settings=settings)).migrate()
    client = boto3.client(
        "dynamodb", endpoint_url=endpoint, region_name=REGION, aws_access_key_id="x", aws_secret_access_key="x"
    )
    with Platform.open(ours) as platform:
        for contest in _contests(f"DynamoDB ({name})", platform, BareBoto(client, beside.environment), turns=turns):
            yield contest.run()


def _settings(endpoint: str) -> Settings:
    """The aws profile. Its PostgreSQL and Redis take no part here, so nothing listens where they are said to be."""
    return Settings(
        profile=Profile.AWS,
        environment=fresh_name(),
        dynamodb_endpoint=endpoint,
        aws_region=REGION,
        database_url="postgresql://127.0.0.1:1/none",
        redis_url="redis://127.0.0.1:1/0",
    )


class BareBoto:
    """``boto3``'s low-level client, its requests ready: it only sends them."""

    def __init__(self, client: LowLevelClient, environment: str) -> None:
        self._client = client
        self._assignments = f"experimentation-assignments-{environment}"
        self._events = f"experimentation-events-{environment}"

    def put_assignment(self, item: Item) -> None:
        """Put it unless its id is taken."""
        self._client.put_item(TableName=self._assignments, Item=item, ConditionExpression=UNLESS_THERE)

    def get_assignment(self, item_id: str) -> None:
        """Get it, strongly consistent."""
        key = {"id": {"S": item_id}}
        assert "Item" in self._client.get_item(TableName=self._assignments, Key=key, ConsistentRead=True)

    def put_event(self, item: Item) -> None:
        """Put it unless its id is taken."""
        self._client.put_item(TableName=self._events, Item=item, ConditionExpression=UNLESS_THERE)

    def put_together(self, items: Sequence[Item]) -> None:
        """Put up to 100 events in one transaction, each unless its id is taken."""
        put = {"TableName": self._events, "ConditionExpression": UNLESS_THERE}
        self._client.transact_write_items(TransactItems=[{"Put": {**put, "Item": item}} for item in items])  # type: ignore[typeddict-item] # the stubs want each key by name

    def put_batch(self, items: Sequence[Item]) -> None:
        """Put up to 25 events, whatever is there: one that has the same id is overwritten."""
        requests: list[Any] = [{"PutRequest": {"Item": item}} for item in items]
        while requests:
            answer = self._client.batch_write_item(RequestItems={self._events: requests})
            requests = list(answer["UnprocessedItems"].get(self._events, []))

    def query_events(self, unit: str) -> None:
        """Ask for a unit's 50 latest events."""
        answer = self._client.query(
            TableName=self._events,
            IndexName="user-event-index",
            KeyConditionExpression="user_id = :unit",
            ExpressionAttributeValues={":unit": {"S": unit}},
            ScanIndexForward=False,
            Limit=50,
        )
        assert len(answer["Items"]) == 50


def _contests(engine: str, platform: Platform, bare: BareBoto, *, turns: int) -> Iterator[Contest]:
    def contest(what: str, sides: tuple[Turn, Turn], *, operations: int, turns: int) -> Contest:
        ours, beside = sides
        return Contest(
            what=f"{engine}: {what}",
            ours=ours,
            bare=beside,
            operations=operations,
            turns=turns,
            figure=Figure.COST,
            aim=AIM,
        )

    many = 4 * turns
    for what, sides in (
        ("create_assignment, beside PutItem", _new_assignments(platform, bare, turns=many)),
        ("get_user_assignment, beside GetItem", _one_assignment(platform, bare)),
        ("record_event, beside PutItem", _new_events(platform, bare, turns=many)),
        ("get_user_events, 50, beside Query", _one_units_events(platform, bare)),
    ):
        yield contest(what, sides, operations=CALLS, turns=many)
    for beside, size, write in (
        ("TransactWriteItems of 100", 100, bare.put_together),
        ("BatchWriteItem of 25", 25, bare.put_batch),
    ):
        sides = _event_batches(platform, write, size=size, turns=turns)
        what = f"batch_create_events of {BATCH}, an event, beside {beside}"
        yield contest(what, sides, operations=BATCH, turns=turns)


def _new_assignments(platform: Platform, bare: BareBoto, *, turns: int) -> tuple[Turn, Turn]:
    given = [pair(number) for number in range((turns + 1) * CALLS)]
    items = [_assignment_item(*of_unit) for of_unit in given]

    def ours(turn: int) -> None:
        for unit, variation in _part(given, turn, CALLS):
            platform.create_assignment(unit, EXPERIMENT, variation)

    def beside(turn: int) -> None:
        for item in _part(items, turn, CALLS):
            bare.put_assignment(item)

    return ours, beside


def _one_assignment(platform: Platform, bare: BareBoto) -> tuple[Turn, Turn]:
    bare.put_assignment(_assignment_item(UNIT, VARIATION))
    platform.create_assignment(UNIT, EXPERIMENT, VARIATION)
    item_id = assignment_id(experiment_id=EXPERIMENT, version=1, unit=UNIT)

    def ours(_: int) -> None:
        for _ in range(CALLS):
            assert platform.get_user_assignment(UNIT, EXPERIMENT)

    def beside(_: int) -> None:
        for _ in range(CALLS):
            bare.get_assignment(item_id)

    return ours, beside


def _new_events(platform: Platform, bare: BareBoto, *, turns: int) -> tuple[Turn, Turn]:
    events = event_turns(turns, CALLS)

    def ours(turn: int) -> None:
        for event in events[turn]:
            platform.record_event(
                event["user_id"],
                event["event_type"],
                event["data"],
                experiment_id=event["experiment_id"],
                event_id=event["id"],
            )

    items = [[_event_item(event) for event in of_turn] for of_turn in events]

    def beside(turn: int) -> None:
        for item in items[turn]:
            bare.put_event(item)

    return ours, beside


def _one_units_events(platform: Platform, bare: BareBoto) -> tuple[Turn, Turn]:
    events = event_turns(0, 100, lambda _: UNIT)[0]
    platform.batch_create_events(events)
    bare.put_together([_event_item(event) for event in events])

    def ours(_: int) -> None:
        for _ in range(CALLS):
            assert len(platform.get_user_events(UNIT)) == 50

    def beside(_: int) -> None:
        for _ in range(CALLS):
            bare.query_events(UNIT)

    return ours, beside


def _event_batches(
    platform: Platform, write: Callable[[Sequence[Item]], None], *, size: int, turns: int
) -> tuple[Turn, Turn]:
    events = event_turns(turns, BATCH)
    items = [[_event_item(event) for event in of_turn] for of_turn in events]

    def ours(turn: int) -> None:
        verdicts = platform.batch_create_events(events[turn])
        assert all(verdict.status is VerdictStatus.ACCEPTED for verdict in verdicts)

    def beside(turn: int) -> None:
        for start in range(0, BATCH, size):
            write(items[turn][start : start + size])

    return ours, beside


def _part(rows: Sequence[T], turn: int, size: int) -> Sequence[T]:
    return rows[turn * size : (turn + 1) * size]


def _assignment_item(unit: str, variation: str) -> Item:
    return {
        "id": {"S": assignment_id(experiment_id=EXPERIMENT, version=1, unit=unit)},
        "user_id": {"S": unit},
        "experiment_id": {"S": EXPERIMENT},
        "version": {"N": "1"},
        "variation": {"S": variation},
        "assigned_at": {"N": f"{NOW.timestamp():.6f}"},
        "ttl": {"N": f"{END.timestamp():.0f}"},
    }


def _event_item(event: Given) -> Item:
    return {
        "id": {"S": event["id"]},
        "timestamp": {"S": format_instant(NOW)},
        "user_id": {"S": event["user_id"]},
        "event_type": {"S": event["event_type"]},
        "data": {"S": json.dumps(event["data"], separators=(",", ":"))},
        "experiment_id": {"S": event["experiment_id"]},
        "slot": {"S": "00"},
        "ttl": {"N": f"{END.timestamp():.0f}"},
    }
