"""Stores of dicts behind one lock, so simple that they are obviously right: what the suites are tried on."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from threading import RLock
from typing import Any, TypeVar

from variate.errors import ConflictError, InvalidInputError, NotFoundError
from variate.model import (
    Assignment,
    AuditEntry,
    Event,
    Experiment,
    ExperimentStatus,
    FeatureFlag,
    FlagStatus,
    OutboxMessage,
    Override,
    OverrideTarget,
    Page,
    RateLimit,
    VerdictStatus,
    override_id,
)
from variate.stores.cursor import decode_cursor, encode_cursor

T = TypeVar("T")
Position = tuple[int | str, ...]


def cut(
    items: Iterable[T], *, by: Callable[[T], Position], of: object, limit: int, last_key: str | None, width: int = 2
) -> Page[T]:
    """Return the page after ``last_key`` of the items in order of ``by``; ``of`` names the list and its filters."""
    ordered = sorted(items, key=by)
    if last_key is not None:
        name, *after = decode_cursor(last_key, length=width + 1)
        position = tuple(after)
        kinds = [type(value) for value in by(ordered[0])] if ordered else []
        if name != repr(of) or [type(value) for value in position] != kinds:
            raise InvalidInputError("last_key", "is of another list")
        ordered = [item for item in ordered if by(item) > position]
    page = ordered[:limit]
    return Page(tuple(page), encode_cursor([repr(of), *by(page[-1])]) if len(ordered) > limit else None)


def micros(moment: datetime) -> int:
    """Return whole microseconds, exactly."""
    since = moment - datetime(1970, 1, 1, tzinfo=UTC)
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds


def alive(thing: Any, at: datetime) -> bool:
    """Whether an assignment, an override or an event has not expired."""
    return thing.expires_at is None or thing.expires_at > at


@dataclass
class Memory:
    """What the stores of one backend share."""

    lock: Any = field(default_factory=RLock)
    experiments: dict[str, Experiment] = field(default_factory=dict)
    flags: dict[str, FeatureFlag] = field(default_factory=dict)
    audit: dict[str, AuditEntry] = field(default_factory=dict)
    messages: dict[str, OutboxMessage] = field(default_factory=dict)

    def note(self, audit: Sequence[AuditEntry], outbox: Sequence[OutboxMessage]) -> None:
        """Store what is not there yet."""
        for entry in audit:
            self.audit.setdefault(entry.id, entry)
        for message in outbox:
            self.messages.setdefault(message.id, message)


class ReferenceExperimentStore:
    def __init__(self, memory: Memory) -> None:
        self.memory = memory

    def insert(self, experiment: Experiment, *, audit: Sequence[AuditEntry], outbox: Sequence[OutboxMessage]) -> None:
        with self.memory.lock:
            if experiment.id in self.memory.experiments:
                raise ConflictError("taken")
            self.memory.experiments[experiment.id] = experiment
            self.memory.note(audit, outbox)

    def get(self, experiment_id: str) -> Experiment | None:
        return self.memory.experiments.get(experiment_id)

    def list(
        self,
        *,
        status: ExperimentStatus | None = None,
        owner: str | None = None,
        limit: int,
        last_key: str | None = None,
    ) -> Page[Experiment]:
        with self.memory.lock:
            found = [
                each
                for each in self.memory.experiments.values()
                if status in (None, each.status) and (owner is None or owner == each.owner)
            ]
        of = ("experiments", status, owner)
        return cut(found, by=lambda each: (-micros(each.created_at), each.id), of=of, limit=limit, last_key=last_key)

    def replace(
        self,
        experiment: Experiment,
        *,
        expected_revision: int,
        audit: Sequence[AuditEntry],
        outbox: Sequence[OutboxMessage],
    ) -> None:
        with self.memory.lock:
            standing = self.memory.experiments.get(experiment.id)
            if standing is None:
                raise NotFoundError("experiment", experiment.id)
            if standing.revision != expected_revision:
                raise ConflictError("changed")
            self.memory.experiments[experiment.id] = experiment
            self.memory.note(audit, outbox)


class ReferenceAuditLog:
    def __init__(self, memory: Memory) -> None:
        self.memory = memory

    def append(self, entries: Sequence[AuditEntry], *, outbox: Sequence[OutboxMessage] = ()) -> None:
        with self.memory.lock:
            self.memory.note(entries, outbox)

    def list(
        self, *, entity_type: str | None = None, entity_id: str | None = None, limit: int, last_key: str | None = None
    ) -> Page[AuditEntry]:
        with self.memory.lock:
            found = [
                each
                for each in self.memory.audit.values()
                if entity_type in (None, each.entity_type) and entity_id in (None, each.entity_id)
            ]
        of = ("audit", entity_type, entity_id)
        return cut(found, by=lambda each: (-micros(each.created_at), each.id), of=of, limit=limit, last_key=last_key)


class ReferenceOutbox:
    def __init__(self, memory: Memory) -> None:
        self.memory = memory

    def pending(self, *, limit: int) -> Sequence[OutboxMessage]:
        with self.memory.lock:
            return sorted(self.memory.messages.values(), key=lambda each: each.created_at)[:limit]

    def settle(self, message_ids: Sequence[str]) -> None:
        with self.memory.lock:
            for message_id in message_ids:
                self.memory.messages.pop(message_id, None)


class ReferenceFlagStore:
    def __init__(self, memory: Memory) -> None:
        self.memory = memory

    def insert(self, flag: FeatureFlag, *, audit: AuditEntry) -> None:
        with self.memory.lock:
            if flag.id in self.memory.flags:
                raise ConflictError("taken")
            self.memory.flags[flag.id] = flag
            self.memory.note([audit], [])

    def get(self, flag_id: str) -> FeatureFlag | None:
        return self.memory.flags.get(flag_id)

    def list(self, *, status: FlagStatus | None = None, limit: int, last_key: str | None = None) -> Page[FeatureFlag]:
        with self.memory.lock:
            found = [each for each in self.memory.flags.values() if status in (None, each.status)]
        of = ("flags", status)
        return cut(found, by=lambda each: (-micros(each.updated_at), each.id), of=of, limit=limit, last_key=last_key)

    def replace(self, flag: FeatureFlag, *, expected_revision: int, audit: AuditEntry) -> None:
        with self.memory.lock:
            standing = self.memory.flags.get(flag.id)
            if standing is None:
                raise NotFoundError("flag", flag.id)
            if standing.revision != expected_revision:
                raise ConflictError("changed")
            self.memory.flags[flag.id] = flag
            self.memory.note([audit], [])


class ReferenceAssignmentStore:
    def __init__(self) -> None:
        self.lock = RLock()
        self.kept: dict[str, Assignment] = {}

    def keep(self, assignments: Sequence[Assignment]) -> Sequence[Assignment]:
        with self.lock:
            answers = []
            for new in assignments:
                standing = self.kept.get(new.id)
                if standing is None or not alive(standing, new.assigned_at):
                    self.kept[new.id] = new
                answers.append(self.kept[new.id])
            return answers

    def get(self, *, unit: str, experiment_id: str, version: int = 1, at: datetime) -> Assignment | None:
        of_unit = [each for each in self._alive(at) if each.unit == unit and each.version == version]
        return next((each for each in of_unit if each.experiment_id == experiment_id), None)

    def of_unit(self, unit: str, *, at: datetime, limit: int, last_key: str | None = None) -> Page[Assignment]:
        found = [each for each in self._alive(at) if each.unit == unit]
        of = ("of_unit", unit)
        return cut(found, by=lambda each: (each.experiment_id, each.version), of=of, limit=limit, last_key=last_key)

    def of_experiment(
        self, experiment_id: str, *, at: datetime, limit: int, last_key: str | None = None
    ) -> Page[Assignment]:
        found = [each for each in self._alive(at) if each.experiment_id == experiment_id]
        of = ("of_experiment", experiment_id)
        return cut(found, by=lambda each: (-micros(each.assigned_at), each.id), of=of, limit=limit, last_key=last_key)

    def purge(self, *, expired_before: datetime) -> int:
        with self.lock:
            gone = [key for key, each in self.kept.items() if each.expires_at and each.expires_at < expired_before]
            for key in gone:
                del self.kept[key]
            return len(gone)

    def _alive(self, at: datetime) -> list[Assignment]:
        with self.lock:
            return [each for each in self.kept.values() if alive(each, at)]


class ReferenceOverrideStore:
    def __init__(self) -> None:
        self.lock = RLock()
        self.overrides: dict[str, Override] = {}
        self.removals: dict[str, datetime] = {}

    def put(self, override: Override) -> None:
        with self.lock:
            standing, removed = self.overrides.get(override.id), self.removals.get(override.id)
            if standing is not None and standing.created_at >= override.created_at:
                return
            if removed is not None and removed >= override.created_at:
                return
            self.overrides[override.id] = override

    def remove(self, *, unit: str, target: OverrideTarget, target_id: str, at: datetime) -> bool:
        with self.lock:
            key = override_id(target=target, target_id=target_id, unit=unit)
            self.removals[key] = max(at, self.removals.get(key, at))
            standing = self.overrides.get(key)
            if standing is None or standing.created_at >= at:
                return False
            del self.overrides[key]
            return True

    def get(self, *, unit: str, target: OverrideTarget, target_id: str, at: datetime) -> Override | None:
        key = override_id(target=target, target_id=target_id, unit=unit)
        return next((each for each in self._alive(at) if each.id == key), None)

    def of_target(
        self, *, target: OverrideTarget, target_id: str, at: datetime, limit: int, last_key: str | None = None
    ) -> Page[Override]:
        found = [each for each in self._alive(at) if (each.target, each.target_id) == (target, target_id)]
        of = ("of_target", target, target_id)
        return cut(found, by=lambda each: (each.unit,), of=of, limit=limit, last_key=last_key, width=1)

    def of_unit(self, unit: str, *, at: datetime, limit: int, last_key: str | None = None) -> Page[Override]:
        found = [each for each in self._alive(at) if each.unit == unit]
        of = ("of_unit", unit)
        return cut(found, by=lambda each: (each.target.value, each.target_id), of=of, limit=limit, last_key=last_key)

    def purge(self, *, expired_before: datetime) -> int:
        with self.lock:
            ended = [
                key for key, each in self.overrides.items() if each.expires_at and each.expires_at < expired_before
            ]
            for key in ended:
                del self.overrides[key]
            return len(ended)

    def _alive(self, at: datetime) -> list[Override]:
        with self.lock:
            return [each for each in self.overrides.values() if alive(each, at)]


class ReferenceEventStore:
    def __init__(self) -> None:
        self.lock = RLock()
        self.events: dict[str, Event] = {}

    def append(self, events: Sequence[Event], *, at: datetime) -> Sequence[VerdictStatus]:
        with self.lock:
            verdicts = []
            for event in events:
                standing = self.events.get(event.id)
                taken = standing is not None and alive(standing, at)
                if not taken:
                    self.events[event.id] = event
                verdicts.append(VerdictStatus.DUPLICATE if taken else VerdictStatus.ACCEPTED)
            return verdicts

    def of_unit(
        self,
        unit: str,
        *,
        event_type: str | None = None,
        start: datetime | None = None,
        end: datetime | None = None,
        at: datetime,
        limit: int,
        last_key: str | None = None,
    ) -> Page[Event]:
        found = [
            each
            for each in self._alive(at)
            if each.unit == unit
            and event_type in (None, each.event_type)
            and (start is None or each.at >= start)
            and (end is None or each.at <= end)
        ]
        of = ("of_unit", unit, event_type, start, end)
        return cut(found, by=lambda each: (-micros(each.at), each.id), of=of, limit=limit, last_key=last_key)

    def window(
        self,
        *,
        start: datetime,
        end: datetime,
        experiment_id: str | None = None,
        event_type: str | None = None,
        at: datetime,
        limit: int,
        last_key: str | None = None,
    ) -> Page[Event]:
        found = [
            each
            for each in self._alive(at)
            if start <= each.at < end
            and experiment_id in (None, each.experiment_id)
            and event_type in (None, each.event_type)
        ]
        of = ("window", start, end, experiment_id, event_type)
        return cut(found, by=lambda each: (micros(each.at), each.id), of=of, limit=limit, last_key=last_key)

    def purge(self, *, expired_before: datetime) -> int:
        with self.lock:
            gone = [key for key, each in self.events.items() if each.expires_at and each.expires_at < expired_before]
            for key in gone:
                del self.events[key]
            return len(gone)

    def _alive(self, at: datetime) -> list[Event]:
        with self.lock:
            return [each for each in self.events.values() if alive(each, at)]


class ReferenceServingStore:
    def __init__(self) -> None:
        self.lock = RLock()
        self.copies: dict[str, Experiment] = {}

    def put(self, experiment: Experiment) -> None:
        with self.lock:
            standing = self.copies.get(experiment.id)
            if standing is None or standing.revision < experiment.revision:
                self.copies[experiment.id] = experiment

    def get(self, experiment_id: str) -> Experiment | None:
        return self.copies.get(experiment_id)


class ReferenceCache:
    def __init__(self) -> None:
        self.lock = RLock()
        self.values: dict[str, tuple[str, float]] = {}
        self.leases: dict[str, tuple[str, float]] = {}

    def get(self, key: str) -> str | None:
        with self.lock:
            return self._current(self.values, key)

    def set(self, key: str, value: str, *, ttl_seconds: float) -> bool:
        with self.lock:
            self.values[key] = (value, time.monotonic() + ttl_seconds)
            return True

    def delete(self, *keys: str) -> None:
        with self.lock:
            for key in keys:
                self.values.pop(key, None)
                self.leases.pop(key, None)

    def lease(self, key: str, token: str, *, ttl_seconds: float) -> bool:
        with self.lock:
            if self._current(self.leases, key) not in (None, token):
                return False
            self.leases[key] = (token, time.monotonic() + ttl_seconds)
            return True

    def fill(self, key: str, token: str, value: str, *, ttl_seconds: float) -> bool:
        with self.lock:
            if self._current(self.leases, key) != token:
                return False
            del self.leases[key]
            return self.set(key, value, ttl_seconds=ttl_seconds)

    def release(self, key: str, token: str) -> None:
        with self.lock:
            if self._current(self.leases, key) == token:
                del self.leases[key]

    @staticmethod
    def _current(entries: dict[str, tuple[str, float]], key: str) -> str | None:
        text, ends = entries.get(key, ("", 0.0))
        return text if ends > time.monotonic() else None


class ReferenceRateLimiter:
    def __init__(self) -> None:
        self.lock = RLock()
        self.passed: dict[tuple[str, str], list[float]] = {}

    def fixed_window(self, key: str, *, max_requests: int, window_seconds: int) -> RateLimit:
        with self.lock:
            now = time.monotonic()
            calls = self.passed.setdefault(("fixed", key), [])
            if calls and now - calls[0] >= window_seconds:
                calls.clear()
            return self._answer(calls, now, max_requests, window_seconds)

    def sliding_window(self, key: str, *, max_requests: int, window_seconds: int) -> RateLimit:
        with self.lock:
            now = time.monotonic()
            calls = self.passed.setdefault(("sliding", key), [])
            calls[:] = [each for each in calls if now - each < window_seconds]
            return self._answer(calls, now, max_requests, window_seconds)

    @staticmethod
    def _answer(calls: list[float], now: float, max_requests: int, window_seconds: int) -> RateLimit:
        allowed = len(calls) < max_requests
        if allowed:
            calls.append(now)
        left = calls[0] + window_seconds - now
        return RateLimit(allowed=allowed, count=len(calls), reset_seconds=max(1, min(window_seconds, int(left) + 1)))
