"""The cache in Redis."""

from __future__ import annotations

from variate.model.rules import check_seconds
from variate.stores.limits import check_key
from variate.stores.redis.connection import Connect, Script, as_text, milliseconds, translated

_LEASE = Script(
    """
    if redis.call('SET', KEYS[1], ARGV[1], 'NX', 'PX', ARGV[2]) then return 1 end
    if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
    return redis.call('PEXPIRE', KEYS[1], ARGV[2])
    """
)

_FILL = Script(
    """
    if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
    redis.call('SET', KEYS[2], ARGV[2], 'PX', ARGV[3])
    return redis.call('DEL', KEYS[1])
    """
)

_RELEASE = Script(
    """
    if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
    return redis.call('DEL', KEYS[1])
    """
)


class RedisCache:
    """A ``Cache`` in Redis. Keys and values stand there as they are given, so other programs can read them.

    ``get`` asks a replica where ``connection`` knows one, and may then see a key some milliseconds late.
    """

    def __init__(self, connection: Connect) -> None:
        self._connection = connection

    def get(self, key: str) -> str | None:
        """Return the value, or None when there is none or it has expired."""
        check_key(key)
        with translated:
            return as_text(self._connection(use_reader=True).get(key))

    def set(self, key: str, value: str, *, ttl_seconds: float) -> bool:
        """Store the value for ``ttl_seconds`` and return True."""
        check_key(key)
        check_seconds("ttl_seconds", ttl_seconds)
        with translated:
            self._connection().set(key, value, px=milliseconds(ttl_seconds))
        return True

    def delete(self, *keys: str) -> None:
        """Remove the keys and revoke their leases, each key and its lease in one step."""
        for key in keys:
            check_key(key)
        if not keys:
            return
        with translated, self._connection().pipeline(transaction=False) as pipe:
            # One command for each key, since in a cluster the keys may stand on different nodes.
            for key in keys:
                pipe.delete(lease_key(key), key)
            pipe.execute()

    def lease(self, key: str, token: str, *, ttl_seconds: float) -> bool:
        """Take the right to fill ``key``, or prolong it, and return True, unless another token holds it."""
        check_key(key)
        check_seconds("ttl_seconds", ttl_seconds)
        with translated:
            return bool(_LEASE.run(self._connection(), lease_key(key), token, milliseconds(ttl_seconds)))

    def fill(self, key: str, token: str, value: str, *, ttl_seconds: float) -> bool:
        """If ``token`` still holds the lease, store the value, give the lease back and return True; else False."""
        check_key(key)
        check_seconds("ttl_seconds", ttl_seconds)
        with translated:
            args = (token, value, milliseconds(ttl_seconds))
            return bool(_FILL.run(self._connection(), lease_key(key), key, *args, keys=2))

    def release(self, key: str, token: str) -> None:
        """Give the lease back if ``token`` holds it."""
        check_key(key)
        with translated:
            _RELEASE.run(self._connection(), lease_key(key), token)


def lease_key(key: str) -> str:
    """Return the key of the lease on ``key``, in the same slot of a cluster: by its hash tag, or else by all of it.

    A key with a ``}`` but no hash tag has no neighbour in its slot; outside a cluster that does not matter.
    """
    opening = key.find("{")
    tagged = opening >= 0 and key.find("}", opening + 1) > opening + 1
    return f"variate:lease:{key}" if tagged else f"variate:lease:{{{key}}}"
