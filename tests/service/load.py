"""Mixed load on a service, of which every answer is checked: what was wrong, what failed, what was acknowledged."""

from __future__ import annotations

import http.client
import json
import random
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from tests.service.alone import MOVING, Alone
from variate.platform import Platform

CHANGES = 100
UNITS = 100
TIMEOUT = 15.0
"""Seconds after which a request counts as never answered; far above what any may take."""

FLAGS = "/ofrep/v1/evaluate/flags"
EVENTS = "/v1/events"

Answer = tuple[int, Any]


@dataclass
class Tally:
    """What came of the load."""

    evaluations: int = 0
    bulks: int = 0
    wrong: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    slowest_seconds: float = 0.0
    acknowledged: set[str] = field(default_factory=set)
    refused_batches: int = 0
    changes: int = 0
    changes_put_off: int = 0

    def __str__(self) -> str:
        return (
            f"{self.evaluations:,} evaluations, {self.bulks:,} of all flags, {len(self.wrong)} wrong, "
            f"{len(self.failed)} failed, the slowest took {self.slowest_seconds:.3f} s; "
            f"{len(self.acknowledged):,} events acknowledged, {self.refused_batches} batches refused; "
            f"{self.changes} changes, {self.changes_put_off} put off"
        )


class Definitions:
    """What the load asks for, with the right answers, which the tests' own platform gives beforehand."""

    def __init__(self, platform: Platform) -> None:
        halves = {"rollout": [["on", 50], ["off", 50]]}
        platform.create_feature_flag(
            "Static",
            flag_id="static",
            status="active",
            variations=[{"name": "on", "value": "ON"}, {"name": "off", "value": "OFF"}],
            off="off",
            default=halves,
        )
        platform.create_feature_flag(
            "Moving",
            flag_id=MOVING,
            status="active",
            variations=[{"name": f"v{number}", "value": number} for number in range(CHANGES)],
            off="v0",
            default="v0",
        )
        self.secrets = {
            scope: platform.create_api_key(scope, scopes=[scope]).secret for scope in ("evaluate", "ingest")
        }
        self.plain, self.changed = (self._experiment(platform) for _ in range(2))
        self.units = [f"unit-{number}" for number in range(UNITS)]
        self.right = {("static", unit): platform.evaluate_flag(unit, "static").value for unit in self.units}
        self.right |= {(self.plain, unit): platform.decide(unit, self.plain).value for unit in self.units}
        self.right |= {(self.changed, unit): platform.decide(unit, self.changed).value for unit in self.units}

    def change_weights(self, platform: Platform) -> None:
        """Share new units out otherwise from now on: from then on the experiment asks the ledger."""
        weights = [{"name": "control", "weight": 10}, {"name": "treatment", "weight": 90}]
        platform.update_experiment(self.changed, variations=weights)

    @staticmethod
    def _experiment(platform: Platform) -> str:
        variations = [{"name": "control", "value": 1}, {"name": "treatment", "value": 2}]
        made = platform.create_experiment("Experiment", variations=variations)
        platform.update_experiment_status(made.id, "active")
        return made.id


class Connection:
    """A client's connection that is kept; one that broke is made anew."""

    def __init__(self, url: str, secret: str) -> None:
        self._address = urlsplit(url).netloc
        self._headers = {"Authorization": f"Bearer {secret}", "Content-Type": "application/json"}
        self._connection = http.client.HTTPConnection(self._address, timeout=TIMEOUT)

    def __enter__(self) -> Connection:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def post(self, path: str, body: Mapping[str, Any]) -> Answer:
        """Return status and body; a status of 0 where there was no answer."""
        try:
            self._connection.request("POST", path, json.dumps(body), self._headers)
            answer = self._connection.getresponse()
            text = answer.read()
        except (OSError, http.client.HTTPException) as error:
            self._connection.close()
            return 0, repr(error)
        return answer.status, json.loads(text) if text else None


class Load:
    """Asks, sends and changes from threads of its own until it is stopped; ``tally`` says what came of it."""

    def __init__(self, service: Alone, definitions: Definitions, platform: Platform) -> None:
        self.tally = Tally()
        self.first: dict[str, Any] = {}
        """What each unit that nobody had seen before was given first."""
        self._service = service
        self._definitions = definitions
        self._platform = platform
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self._begun = 0
        self._seen = 0

    def assign_all(self) -> None:
        """Have the service assign every unit whose answer is known, before anything changes."""
        with self._connection("evaluate") as connection:
            for unit in self._definitions.units:
                for key in (self._definitions.plain, self._definitions.changed):
                    self._ask(connection, key, unit, self._definitions.right[key, unit])

    def is_kept(self) -> bool:
        """Return whether the ledger holds for each new unit what it was given first."""
        kept = {
            unit: self._platform.get_user_assignment(unit, self._definitions.changed, version=1) for unit in self.first
        }
        values = {"control": 1, "treatment": 2}
        return all(found is not None and values[found.variation] == self.first[unit] for unit, found in kept.items())

    @contextmanager
    def running(self) -> Iterator[None]:
        """Load the service until the block ends."""
        asking = [*[self._evaluate] * 3, self._evaluate_all]
        tasks: list[tuple[Callable[..., None], tuple[Any, ...]]]
        tasks = [(self._connected, ("evaluate", ask, number)) for number, ask in enumerate(asking)]
        tasks += [(self._connected, ("ingest", self._send, 0)), (self._move, ()), (self._guess, ())]
        threads = [threading.Thread(target=task, args=args) for task, args in tasks]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            self._stop.set()
            for thread in threads:
                thread.join(4 * TIMEOUT)
                assert not thread.is_alive()

    def shows_the_last_change(self) -> bool:
        """Ask once more, of the flag that moves."""
        with self._connection("evaluate") as connection:
            _, body = connection.post(f"{FLAGS}/{MOVING}", _context("u"))
        return bool(body["value"] == self.tally.changes)

    def _connected(self, key: str, task: Callable[[Connection, int], None], number: int) -> None:
        with self._connection(key) as connection:
            task(connection, number)

    def _connection(self, scope: str) -> Connection:
        return Connection(self._service.url, self._definitions.secrets[scope])

    def _evaluate(self, connection: Connection, number: int) -> None:
        chance = random.Random(number)
        keys = ("static", self._definitions.plain, self._definitions.changed)
        own: list[str] = []
        while not self._stop.is_set():
            kind = chance.random()
            if kind < 0.7:
                key, unit = chance.choice(keys), chance.choice(self._definitions.units)
                self._ask(connection, key, unit, self._definitions.right[key, unit])
            elif kind < 0.71 or not own:
                own.append(f"new-{number}-{len(own)}")
                self._ask_again(connection, own[-1])
            elif kind < 0.8:
                self._ask_again(connection, chance.choice(own))
            else:
                self._ask_moving(connection)

    def _ask(self, connection: Connection, key: str, unit: str, right: Any) -> Any:
        began = time.monotonic()
        status, body = connection.post(f"{FLAGS}/{key}", _context(unit))
        seconds = time.monotonic() - began
        with self._lock:
            self.tally.evaluations += 1
            self.tally.slowest_seconds = max(self.tally.slowest_seconds, seconds)
            if status != 200:
                self.tally.failed.append(f"{key} of {unit}: {status} {body}")
                return None
            if right is not None and body["value"] != right:
                self.tally.wrong.append(f"{key} of {unit} was {body['value']}, not {right}: {body['reason']}")
        return body["value"]

    def _ask_again(self, connection: Connection, unit: str) -> None:
        """Ask for a unit that nobody knows beforehand: it has to stay what it was first."""
        given = self._ask(connection, self._definitions.changed, unit, self.first.get(unit))
        if given is not None:
            with self._lock:
                self.first.setdefault(unit, given)

    def _ask_moving(self, connection: Connection) -> None:
        """Ask for the flag that changes: an answer is never older than one that was seen before it was asked for."""
        least = self._seen
        found = self._ask(connection, MOVING, "u", None)
        if found is None:
            return
        with self._lock:
            if not least <= found <= self._begun:
                self.tally.wrong.append(f"{MOVING} was {found}, not from {least} to {self._begun}")
            self._seen = max(self._seen, found)

    def _evaluate_all(self, connection: Connection, _: int) -> None:
        for unit in self._in_turn():
            began = time.monotonic()
            status, body = connection.post(FLAGS, _context(unit))
            with self._lock:
                self.tally.bulks += 1
                self.tally.slowest_seconds = max(self.tally.slowest_seconds, time.monotonic() - began)
                if status != 200:
                    self.tally.failed.append(f"all of {unit}: {status} {body}")
                    continue
                for each in body["flags"]:
                    right = self._definitions.right.get((each["key"], unit))
                    if right is not None and each.get("value") != right:
                        self.tally.wrong.append(f"{each} of {unit} among all, not {right}")
            self._stop.wait(0.02)

    def _in_turn(self) -> Iterator[str]:
        while True:
            for unit in self._definitions.units:
                if self._stop.is_set():
                    return
                yield unit

    def _send(self, connection: Connection, _: int) -> None:
        """Send batches of events; one that is not acknowledged is sent again, as a client does."""
        number = 0
        while not self._stop.is_set():
            batch: list[dict[str, Any]] = [
                {"id": f"event-{number}-{each}", "user_id": f"u-{each}", "event_type": "load", "data": {}}
                for each in range(5)
            ]
            if self._is_acknowledged(connection, batch):
                self.tally.acknowledged.update(event["id"] for event in batch)
                number += 1
            else:
                self.tally.refused_batches += 1
            self._stop.wait(0.05)

    def _is_acknowledged(self, connection: Connection, batch: list[dict[str, Any]]) -> bool:
        status, body = connection.post(EVENTS, {"events": batch})
        if status not in {202, 503}:
            self.tally.failed.append(f"events: {status} {body}")
        return status == 202 and all(each["status"] in {"accepted", "duplicate"} for each in body["verdicts"])

    def _guess(self) -> None:
        """Ask with keys that nobody made: the store is asked about each, and nobody else is to wait for that."""
        number = 0
        while not self._stop.wait(1.0):
            number += 1
            with Connection(self._service.url, f"guess-{number}") as connection:
                status, body = connection.post(f"{FLAGS}/{MOVING}", _context("u"))
            if status not in {401, 429, 503}:
                self.tally.failed.append(f"a guess: {status} {body}")

    def _move(self) -> None:
        while not self._stop.is_set() and self._begun < CHANGES - 1:
            self._begun = self.tally.changes + 1
            if self._service.move(f"v{self._begun}"):
                self.tally.changes = self._begun
            else:
                self.tally.changes_put_off += 1
            self._stop.wait(0.7)


def stored(platform: Platform) -> set[str]:
    """Return the id of every event of the load that is stored."""
    found: set[str] = set()
    for number in range(5):
        last_key: str | None = None
        while True:
            page = platform.get_user_events(f"u-{number}", limit=1_000, last_key=last_key)
            found |= {event.id for event in page.items}
            last_key = page.last_key
            if last_key is None:
                break
    return found


def _context(unit: str) -> dict[str, Any]:
    return {"context": {"targetingKey": unit}}
