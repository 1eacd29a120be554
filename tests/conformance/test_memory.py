"""The memory backend keeps the promises of its ports."""

from __future__ import annotations

import pytest

from variate.stores.memory import MemoryCache, MemoryRateLimiter
from variate.stores.ports import Cache, RateLimiter
from variate.testing.conformance import CacheConformance, RateLimiterConformance


class TestMemoryCache(CacheConformance):
    @pytest.fixture
    def store(self) -> Cache:
        return MemoryCache()


class TestMemoryRateLimiter(RateLimiterConformance):
    @pytest.fixture
    def store(self) -> RateLimiter:
        return MemoryRateLimiter()
