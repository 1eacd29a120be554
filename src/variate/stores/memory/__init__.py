"""Cache, limits and announcements in the memory of one process: the local profile's, and the fallback of the others."""

from variate.stores.memory.announcements import MemoryAnnouncements
from variate.stores.memory.cache import MemoryCache
from variate.stores.memory.rate_limiter import MemoryRateLimiter

__all__ = ["MemoryAnnouncements", "MemoryCache", "MemoryRateLimiter"]
