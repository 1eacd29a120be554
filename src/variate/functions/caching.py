"""Hot values."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from variate.model import Json
from variate.platform import default_platform

T = TypeVar("T")


def cache_experiment_assignment(user_id: str, experiment_id: str, variation: str, ttl: float = 3600) -> bool:
    """Hold the variation in the cache for ``ttl`` seconds; return whether the cache took it."""
    return default_platform().cache_experiment_assignment(user_id, experiment_id, variation, ttl_seconds=ttl)


def get_cached_experiment_assignment(user_id: str, experiment_id: str) -> str | None:
    """Return the variation held, or None."""
    return default_platform().get_cached_experiment_assignment(user_id, experiment_id)


def cache_feature_flag(user_id: str, feature_id: str, value: Json, ttl: float = 300) -> bool:
    """Hold the flag's value for the user for ``ttl`` seconds; return whether the cache took it."""
    return default_platform().cache_feature_flag(user_id, feature_id, value, ttl_seconds=ttl)


def get_cached_feature_flag(user_id: str, feature_id: str) -> Json:
    """Return the flag's value held for the user, or None."""
    return default_platform().get_cached_feature_flag(user_id, feature_id)


def cache_get(key: str, fetch_func: Callable[[], T], ttl: float = 300) -> T:
    """Return what the cache holds for ``key``, else what ``fetch_func`` returns, and hold that for ``ttl`` seconds.

    The value is JSON; 0, False, "", [] and None are values like others (None for a shorter time). Of many callers at
    once, one fetches. With the cache out of reach the source is asked.
    """
    return default_platform().cache_get(key, fetch_func, ttl_seconds=ttl)
