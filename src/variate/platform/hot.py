"""Hot values: what the cache holds, under the guide's keys, and calls counted."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from variate.model import MAX_DEPTH, Document, Experiment, Json, RateLimit
from variate.model.record import experiment_from_record, experiment_record
from variate.model.rules import check_id, check_seconds
from variate.stores.ports import Cache, RateLimiter
from variate.stores.wrappers.cached import CacheAside

ASSIGNMENT_SECONDS = 3_600
FLAG_SECONDS = 300
EXPERIMENT_SECONDS = 300

T = TypeVar("T")


def experiment_key(experiment_id: str) -> str:
    """Return the key under which an experiment's record is cached."""
    return f"experiment:{experiment_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class HotValues:
    """Reads and writes of the cache. With the cache out of reach, reads go to the source and nothing raises."""

    cache: Cache
    aside: CacheAside
    experiment_at_rest: Callable[[str], Experiment | None]
    opened: Callable[[Experiment], Experiment]

    def cache_experiment_assignment(
        self, unit: str, experiment_id: str, variation: str, *, ttl_seconds: float = ASSIGNMENT_SECONDS
    ) -> bool:
        """Hold the variation for ``ttl_seconds``; return whether the cache took it."""
        key = _assignment_key(unit, experiment_id)
        return self.cache.set(key, check_id("variation", variation), ttl_seconds=check_seconds("ttl", ttl_seconds))

    def get_cached_experiment_assignment(self, unit: str, experiment_id: str) -> str | None:
        """Return the variation held, or None."""
        return self.cache.get(_assignment_key(unit, experiment_id))

    def cache_feature_flag(self, unit: str, flag_id: str, value: Json, *, ttl_seconds: float = FLAG_SECONDS) -> bool:
        """Hold the flag's value (any JSON) for the unit; return whether the cache took it."""
        text = Document.of(value, field="value", max_depth=MAX_DEPTH).text
        return self.cache.set(_flag_key(unit, flag_id), text, ttl_seconds=check_seconds("ttl", ttl_seconds))

    def get_cached_feature_flag(self, unit: str, flag_id: str) -> Json:
        """Return the flag's value held for the unit, or None. What another program wrote as plain text is text."""
        text = self.cache.get(_flag_key(unit, flag_id))
        if text is None:
            return None
        try:
            return json.loads(text)
        except (ValueError, RecursionError):
            return text

    def cache_get(self, key: str, fetch: Callable[[], T], *, ttl_seconds: float = FLAG_SECONDS) -> T:
        """Return what the cache holds for ``key``, else what ``fetch`` returns, and hold that; see ``CacheAside``."""
        value: T = self.aside.get(check_id("key", key), fetch, ttl_seconds=check_seconds("ttl", ttl_seconds))
        return value

    def get_experiment_with_cache(self, experiment_id: str) -> Experiment | None:
        """Return the experiment as it was at most five minutes ago, or None.

        A change through variate shows at once in this process and in all that share its Redis.
        """
        check_id("experiment_id", experiment_id)

        def fetch() -> Json:
            found = self.experiment_at_rest(experiment_id)
            return None if found is None else experiment_record(found)

        key = experiment_key(experiment_id)
        try:
            return self._read(self.aside.get(key, fetch, ttl_seconds=EXPERIMENT_SECONDS))
        except (KeyError, TypeError, ValueError):
            # Another program wrote something else under this key: it is to make room.
            self.aside.invalidate(key)
            return self._read(fetch())

    def _read(self, record: Json) -> Experiment | None:
        return None if record is None else self.opened(experiment_from_record(record))


@dataclass(frozen=True, slots=True, kw_only=True)
class RateLimits:
    """Limits on calls. With Redis out of reach each process counts for itself."""

    limiter: RateLimiter

    def check_rate_limit(self, key: str, max_requests: int, window_seconds: int) -> RateLimit:
        """Count this call under ``key`` in the fixed window that the first call opened, in one atomic step."""
        return self.limiter.fixed_window(key, max_requests=max_requests, window_seconds=window_seconds)

    def check_sliding_rate_limit(self, key: str, max_requests: int, window_seconds: int) -> RateLimit:
        """Count this call under ``key`` among those of the last ``window_seconds``, in one atomic step."""
        return self.limiter.sliding_window(key, max_requests=max_requests, window_seconds=window_seconds)


def _assignment_key(unit: str, experiment_id: str) -> str:
    return f"assignment:{_part('user_id', unit)}:{_part('experiment_id', experiment_id)}"


def _flag_key(unit: str, flag_id: str) -> str:
    return f"feature:{_part('feature_id', flag_id)}:user:{_part('user_id', unit)}"


def _part(field: str, value: str) -> str:
    """Check the id, and escape what separates parts, so that ("a:b", "c") and ("a", "b:c") have keys of their own."""
    text = check_id(field, value)
    return text.replace("%", "%25").replace(":", "%3A") if ":" in text or "%" in text else text
