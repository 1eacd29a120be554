"""Rate limits in Redis: one script for each check, so that no two callers count at once."""

from __future__ import annotations

from math import ceil
from typing import Any

from variate.errors import InvalidInputError
from variate.model import RateLimit
from variate.stores.limits import check_limit
from variate.stores.redis.connection import Connect, Script, translated

# The count stands under the key itself, as plain digits. A key without expiry would block for ever and one opened
# under a longer rule too long: both are given the present window. What is not a count is left alone.
_FIXED = Script(
    """
    local max, window = tonumber(ARGV[1]), tonumber(ARGV[2])
    local held = redis.pcall('GET', KEYS[1])
    if held == false then
        redis.call('SET', KEYS[1], 1, 'PX', window)
        return {1, 1, window}
    end
    if type(held) ~= 'string' or #held > 15 then return {-1, 0, 0} end
    if held ~= '0' and not string.match(held, '^[1-9]%d*$') then return {-1, 0, 0} end
    local count, left = tonumber(held), redis.call('PTTL', KEYS[1])
    if left < 0 or left > window then
        redis.call('PEXPIRE', KEYS[1], window)
        left = window
    end
    if count >= max then return {0, count, left} end
    return {1, redis.call('INCR', KEYS[1]), left}
    """
)

# An exact log: one member for each call that passed, scored by the server's clock in microseconds. Reading the clock
# before writing needs Redis 5, whose scripts replicate their effects. %.0f, as Lua would print such a number rounded.
_SLIDING = Script(
    """
    local max, window = tonumber(ARGV[1]), tonumber(ARGV[2]) * 1000
    local clock = redis.call('TIME')
    local now = clock[1] * 1000000 + clock[2]
    redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', string.format('%.0f', now - window))
    local count, allowed = redis.call('ZCARD', KEYS[1]), 0
    if count < max then
        local moment = string.format('%.0f', now)
        redis.call('ZADD', KEYS[1], moment, moment .. '-' .. count)
        redis.call('PEXPIRE', KEYS[1], ARGV[2])
        count, allowed = count + 1, 1
    end
    local place = math.max(0, count - max)
    local leaver = redis.call('ZRANGE', KEYS[1], place, place, 'WITHSCORES')
    return {allowed, count, math.ceil((leaver[2] + window - now) / 1000)}
    """
)


class RedisRateLimiter:
    """A ``RateLimiter`` shared by every process, on the server's clock.

    A fixed window is the key itself, a count in plain digits; a sliding window is a sorted set beside it, under
    ``variate:sliding:<key>``, with one member for each call that passed. A key that holds anything but a count raises
    ``InvalidInputError`` and is left alone.
    """

    def __init__(self, connection: Connect) -> None:
        self._connection = connection

    def fixed_window(self, key: str, *, max_requests: int, window_seconds: int) -> RateLimit:
        """Count this call in the window that the first call opened; a refused call is not counted."""
        check_limit(key, max_requests=max_requests, window_seconds=window_seconds)
        with translated:
            answer = _FIXED.run(self._connection(), key, max_requests, window_seconds * 1_000)
        if answer[0] < 0:
            raise InvalidInputError("key", "holds something that is not a count of calls: use another key")
        return _rate_limit(answer, window_seconds=window_seconds)

    def sliding_window(self, key: str, *, max_requests: int, window_seconds: int) -> RateLimit:
        """Count this call among those of the last ``window_seconds``; a refused call is not counted."""
        check_limit(key, max_requests=max_requests, window_seconds=window_seconds)
        with translated:
            beside = f"variate:sliding:{key}"
            answer = _SLIDING.run(self._connection(), beside, max_requests, window_seconds * 1_000)
        return _rate_limit(answer, window_seconds=window_seconds)


def _rate_limit(answer: Any, *, window_seconds: int) -> RateLimit:
    allowed, count, milliseconds_left = answer
    reset = min(window_seconds, max(1, ceil(milliseconds_left / 1_000)))
    return RateLimit(allowed=allowed == 1, count=count, reset_seconds=reset)
