"""The memory backend keeps the promises of its ports."""

from __future__ import annotations

import pytest

from variate.stores.memory import MemoryAnnouncements, MemoryCache, MemoryRateLimiter
from variate.stores.ports import Announcements, Cache, RateLimiter
from variate.testing.conformance import AnnouncementsConformance, CacheConformance, RateLimiterConformance


class TestMemoryCache(CacheConformance):
    @pytest.fixture
    def store(self) -> Cache:
        return MemoryCache()


class TestMemoryRateLimiter(RateLimiterConformance):
    @pytest.fixture
    def store(self) -> RateLimiter:
        return MemoryRateLimiter()


class TestMemoryAnnouncements(AnnouncementsConformance):
    @pytest.fixture
    def store(self) -> Announcements:
        return MemoryAnnouncements()
