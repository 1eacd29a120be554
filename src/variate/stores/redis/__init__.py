"""Cache and rate limits in Redis (5 or later), shared by every process."""

from variate.stores.redis.cache import RedisCache
from variate.stores.redis.rate_limiter import RedisRateLimiter

__all__ = ["RedisCache", "RedisRateLimiter"]
