"""Stores of assignments, overrides, events, and of what lives for a while only: see ``reference.py``."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from threading import RLock

from tests.unit.testing.pages import cut, micros
from variate.model import (
    Assignment,
    AssignmentSample,
    Event,
    Override,
    OverrideTarget,
    Page,
    RateLimit,
    VerdictStatus,
    override_id,
)
from variate.stores.events import NewestEvents


def alive(thing: Assignment | Override | Event, at: datetime) -> bool:
    """Whether an assignment, an override or an event has not expired."""
    return thing.expires_at is None or thing.expires_at > at


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

    def get_many(
        self, units: Sequence[str], *, experiment_id: str, version: int = 1, at: datetime
    ) -> Mapping[str, Assignment]:
        wanted = {(unit, experiment_id, version) for unit in units}
        return {e.unit: e for e in self._alive(at) if (e.unit, e.experiment_id, e.version) in wanted}

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

    def sample(self, experiment_id: str, *, version: int, at: datetime, limit: int, newest: int) -> AssignmentSample:
        found = [each for each in self._alive(at) if each.experiment_id == experiment_id]
        seen = sorted(found, key=lambda each: each.assigned_at, reverse=True)[:newest]
        of_version = sorted((each for each in seen if each.version == version), key=lambda each: each.id)
        return AssignmentSample(
            assignments=tuple(of_version[:limit]), total=len(of_version), is_cut=len(seen) == newest
        )

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

    def of_type(
        self, target: OverrideTarget, *, at: datetime, limit: int, last_key: str | None = None
    ) -> Page[Override]:
        found = [each for each in self._alive(at) if each.target is target]
        of = ("of_type", target)
        return cut(found, by=lambda each: (each.target_id, each.unit), of=of, limit=limit, last_key=last_key)

    def purge(self, *, expired_before: datetime) -> int:
        with self.lock:
            ended = [
                key for key, each in self.overrides.items() if each.expires_at and each.expires_at < expired_before
            ]
            for key in ended:
                del self.overrides[key]
            return len(ended) + self.forget(expired_before)

    def forget(self, before: datetime) -> int:
        old = [key for key, at in self.removals.items() if before - at > timedelta(days=90)]
        for key in old:
            del self.removals[key]
        return len(old)

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

    def newest(
        self,
        *,
        start: datetime,
        end: datetime,
        experiment_id: str | None = None,
        event_type: str | None = None,
        at: datetime,
        limit: int,
        among: int,
    ) -> NewestEvents:
        within = sorted((each for each in self._alive(at) if start <= each.at < end), key=lambda each: each.id)
        within.sort(key=lambda each: each.at, reverse=True)
        found = [
            each
            for each in within[:among]
            if experiment_id in (None, each.experiment_id) and event_type in (None, each.event_type)
        ]
        return NewestEvents(events=tuple(found[:limit]), is_cut=len(found) < limit and len(within) >= among)

    def purge(self, *, expired_before: datetime) -> int:
        with self.lock:
            gone = [key for key, each in self.events.items() if each.expires_at and each.expires_at < expired_before]
            for key in gone:
                del self.events[key]
            return len(gone)

    def _alive(self, at: datetime) -> list[Event]:
        with self.lock:
            return [each for each in self.events.values() if alive(each, at)]


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
