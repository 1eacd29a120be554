"""Cache and rate limits in the memory of one process: the local profile's, and the fallback of the others."""

from variate.stores.memory.cache import MemoryCache
from variate.stores.memory.rate_limiter import MemoryRateLimiter

__all__ = ["MemoryCache", "MemoryRateLimiter"]
