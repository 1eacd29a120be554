"""Cache-aside: answers from the cache, and fetches from the source what is not there or grows old."""

from __future__ import annotations

import json
import logging
import random
import threading
import time
from collections.abc import Callable
from concurrent.futures import CancelledError, Future
from typing import NamedTuple, NoReturn
from uuid import uuid4

from variate.model import Document, Json
from variate.model.rules import check_seconds, check_whole
from variate.stores.ports import Cache
from variate.stores.wrappers.breaker import CircuitBreaker
from variate.stores.wrappers.resilient import ResilientCache

MAX_VALUE_BYTES = 16_000_000

_FRESH_SHARE = 0.8
"""The share of its time in which a value is surely fresh; in the rest it comes up for refreshing, at random."""
_POLL_SECONDS = 0.025
_VALUE = "$value"
_REFRESH_AT = "$refresh_at"

logger = logging.getLogger("variate.cache")


def _refuse(constant: str) -> NoReturn:
    """NaN and Infinity are not JSON, though Python's decoder takes them: such a text is text."""
    raise ValueError(constant)


_decode = json.JSONDecoder(parse_constant=_refuse).decode


class Hit(NamedTuple):
    """What the cache held: ``value``, which may be None, and the epoch second from which it wants refreshing."""

    value: Json
    refresh_at: float = float("inf")


class CacheAside:
    """Answers from ``cache``; what is missing there is fetched, by one caller for all.

    * Values are JSON. ``False``, ``0``, ``""``, ``[]`` and ``{}`` are values like any other; ``None`` ("there is
      none") is kept too, but for ``none_ttl_seconds`` at most. What is returned is a copy of the caller's own.
    * ``ttl_seconds`` is the most a value may be old, counted from the start of its fetch. At a random moment in the
      last fifth of it, it is refreshed in the background, by one caller in all processes; the others, and that one
      too, get the value there is. So keys stored together do not expire together, and nobody waits for a hot key.
    * Where there is no value, one caller in this process fetches and the others wait for it; what it raises, they
      raise. A ``fetch`` may ask for keys itself: within one nobody waits, so that no two wait for each other.
      Processes agree by the cache's lease: the others look again until the value is there, for ``wait_seconds`` at
      most, and then fetch for themselves. A fetch should take less than ``lease_seconds``.
    * What was fetched, or began to be fetched, before an ``invalidate`` is not stored after it, and no later call in
      this process gets it.
    * While the cache cannot be reached, which ``breaker`` finds out, values are fetched and not kept, still by one
      caller at a time in this process.

    A key that another program wrote, as JSON or plain text, is a hit: its JSON value, or else the text.
    """

    def __init__(
        self,
        cache: Cache,
        *,
        breaker: CircuitBreaker | None = None,
        clock: Callable[[], float] = time.time,
        chance: Callable[[], float] = random.random,
        sleep: Callable[[float], None] = time.sleep,
        none_ttl_seconds: float = 10.0,
        lease_seconds: float = 30.0,
        wait_seconds: float = 2.0,
        max_refreshes: int = 4,
    ) -> None:
        self._cache = ResilientCache(cache, breaker or CircuitBreaker(name="the cache"))
        self._clock = clock
        self._chance = chance
        self._sleep = sleep
        self._none_ttl_seconds = check_seconds("none_ttl_seconds", none_ttl_seconds)
        self._lease_seconds = check_seconds("lease_seconds", lease_seconds)
        self._polls = max(1, round(check_seconds("wait_seconds", wait_seconds) / _POLL_SECONDS))
        self._lock = threading.Lock()
        self._flights: dict[str, Future[str]] = {}
        self._of_thread = _OfThread()
        self._refreshing: set[str] = set()
        self._max_refreshes = check_whole("max_refreshes", max_refreshes, minimum=1, maximum=1_000)

    def get(self, key: str, fetch: Callable[[], Json], *, ttl_seconds: float) -> Json:
        """Return the value of ``key``, at most ``ttl_seconds`` old; where there is none, that of ``fetch()``, stored.

        Raise what ``fetch`` raises, and ``InvalidInputError`` for the field ``value`` where it returns what is not
        JSON: a datetime, a UUID, a Decimal.
        """
        check_seconds("ttl_seconds", ttl_seconds)
        hit = self.peek(key)
        if hit is None:
            return _opened(self._fetched_by_one(key, fetch, ttl_seconds)).value
        if hit.refresh_at <= self._clock():
            self._refresh_behind(key, fetch, ttl_seconds)
        return hit.value

    def peek(self, key: str) -> Hit | None:
        """Return what the cache holds, or None where that is nothing."""
        text = self._cache.get(key)
        return None if text is None else _opened(text)

    def put(self, key: str, value: Json, *, ttl_seconds: float) -> bool:
        """Store ``value``; a fetch under way no longer will. Return False if the cache is away."""
        check_seconds("ttl_seconds", ttl_seconds)
        text, left = self._wrapped(_document(value), ttl_seconds, born=self._clock())
        self.invalidate(key)
        return self._cache.set(key, text, ttl_seconds=left)

    def invalidate(self, *keys: str) -> None:
        """Remove the keys. Call it once the source has changed; while the cache is away only this process hears it."""
        with self._lock:
            for key in keys:
                self._flights.pop(key, None)
        self._cache.delete(*keys)

    def _fetched_by_one(self, key: str, fetch: Callable[[], Json], ttl_seconds: float) -> str:
        """Fetch, or wait for the thread that does; return the text as stored, for each caller to decode its own."""
        while True:
            with self._lock:
                flight = self._flights.get(key)
                if flight is None:
                    mine = self._flights[key] = Future()
                    break
            if self._of_thread.is_fetching:
                return self._wrapped(_document(fetch()), ttl_seconds, born=self._clock())[0]
            try:
                return flight.result()
            except CancelledError:
                # The thread that fetched was interrupted: this one may take its place.
                continue
        try:
            text = self._fetched_by_one_process(key, fetch, ttl_seconds)
        except BaseException as error:
            self._land(key, mine)
            if isinstance(error, Exception):
                mine.set_exception(error)
            else:
                mine.cancel()
            raise
        self._land(key, mine)
        mine.set_result(text)
        return text

    def _land(self, key: str, flight: Future[str]) -> None:
        with self._lock:
            if self._flights.get(key) is flight:
                del self._flights[key]

    def _fetched_by_one_process(self, key: str, fetch: Callable[[], Json], ttl_seconds: float) -> str:
        """Fetch under the lease, or take the value that another process stores meanwhile."""
        token = uuid4().hex
        for _ in range(self._polls):
            leased = self._cache.lease(key, token, ttl_seconds=self._lease_seconds)
            # Also with the lease: between the miss and now another process may have stored the value.
            text = self._cache.get(key)
            if text is not None:
                self._cache.release(key, token)
                return text
            if leased or self._of_thread.is_fetching:
                break
            self._sleep(_POLL_SECONDS)
        return self._fetched(key, fetch, ttl_seconds, token=token)

    def _fetched(self, key: str, fetch: Callable[[], Json], ttl_seconds: float, *, token: str) -> str:
        """Fetch, and store the value if ``token`` still has the lease: then nobody invalidated the key meanwhile."""
        born = self._clock()
        outer, self._of_thread.is_fetching = self._of_thread.is_fetching, True
        try:
            document = _document(fetch())
        except BaseException:
            self._cache.release(key, token)
            raise
        finally:
            self._of_thread.is_fetching = outer
        text, left = self._wrapped(document, ttl_seconds, born=born)
        if left > 0:
            self._cache.fill(key, token, text, ttl_seconds=left)
        else:
            self._cache.release(key, token)
        return text

    def _wrapped(self, document: Document, ttl_seconds: float, *, born: float) -> tuple[str, float]:
        """Return the text to store, and how long it may stay."""
        ttl = min(ttl_seconds, self._none_ttl_seconds) if document.text == "null" else ttl_seconds
        refresh_at = born + ttl * (_FRESH_SHARE + (1 - _FRESH_SHARE) * self._chance())
        text = f'{{"{_VALUE}":{document.text},"{_REFRESH_AT}":{refresh_at:.3f}}}'
        return text, min(ttl, born + ttl - self._clock())

    def _refresh_behind(self, key: str, fetch: Callable[[], Json], ttl_seconds: float) -> None:
        """Refresh in a thread of its own, unless one does or no more are allowed: then a later call asks again."""
        with self._lock:
            if key in self._refreshing or len(self._refreshing) >= self._max_refreshes:
                return
            self._refreshing.add(key)
        thread = threading.Thread(
            target=self._refresh, args=(key, fetch, ttl_seconds), name="variate-refresh", daemon=True
        )
        try:
            thread.start()
        except RuntimeError:
            # The interpreter is ending, or the system has no thread left; the value there is still serves.
            self._refreshing.discard(key)

    def _refresh(self, key: str, fetch: Callable[[], Json], ttl_seconds: float) -> None:
        token = uuid4().hex
        try:
            if not self._cache.lease(key, token, ttl_seconds=self._lease_seconds):
                return
            hit = self.peek(key)
            if hit is None or hit.refresh_at > self._clock():
                self._cache.release(key, token)
            else:
                self._fetched(key, fetch, ttl_seconds, token=token)
        except Exception:
            logger.warning("refreshing %r failed; its value serves until its time is up", key, exc_info=True)
        finally:
            self._refreshing.discard(key)


class _OfThread(threading.local):
    """Whether the calling thread is within a fetch."""

    is_fetching: bool = False


def _document(value: Json) -> Document:
    return Document.of(value, field="value", max_bytes=MAX_VALUE_BYTES)


def _opened(text: str) -> Hit:
    try:
        value = _decode(text)
    except (ValueError, RecursionError):
        return Hit(text)
    if type(value) is dict and len(value) == 2 and _VALUE in value and type(value.get(_REFRESH_AT)) is float:
        return Hit(value[_VALUE], value[_REFRESH_AT])
    return Hit(value)
