"""Cache, rate limits and announcements in Redis (5 or later), shared by every process."""

from variate.stores.redis.announcements import RedisAnnouncements
from variate.stores.redis.cache import RedisCache
from variate.stores.redis.rate_limiter import RedisRateLimiter

__all__ = ["RedisAnnouncements", "RedisCache", "RedisRateLimiter"]
