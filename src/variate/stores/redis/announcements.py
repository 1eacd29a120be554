"""Announcements over Redis's publish and subscribe."""

from __future__ import annotations

import os
import socket
import threading
import time
from typing import Any

from variate.errors import StoreError, StoreUnavailableError
from variate.model.rules import check_id, check_seconds
from variate.stores.limits import check_announcement, check_timeout
from variate.stores.redis.connection import Connect, own_connection, translated

from redis import Redis  # isort: skip - the line above says what to install where it is missing
from redis import exceptions as driver  # isort: skip

_LONGEST_READ_SECONDS = 3_600.0
"""Some of the system's own waits take no more than 24 days."""


class RedisAnnouncements:
    """``Announcements`` to every process on the same Redis and database.

    The channel in Redis is ``variate:<database>:<channel>``, since Redis itself does not keep the databases' channels
    apart. Each subscription has a connection of its own, which counts towards no pool and which only the subscription
    closes. When one heard nothing for ``quiet_seconds`` it asks, within ``next``, whether the server is still there; no
    answer for as long again is a loss.
    """

    def __init__(self, connection: Connect, *, quiet_seconds: float = 15.0) -> None:
        self._connection = connection
        self._quiet_seconds = check_seconds("quiet_seconds", quiet_seconds)

    def announce(self, channel: str, text: str) -> None:
        """Tell whoever listens to ``channel`` now."""
        check_announcement(channel, text)
        with translated:
            client = self._connection()
            # As bytes, which a client passes on whatever its encoding.
            client.publish(_name(client, channel), text.encode())

    def listen(self, channel: str) -> RedisSubscription:
        """Begin to listen: what is announced after this returned is heard, in the order it was announced in."""
        check_id("channel", channel)
        with translated:
            client = self._connection()
            own = own_connection(client)
            try:
                own.connect()
                own.send_command("SUBSCRIBE", _name(client, channel))
                own.read_response()
            except BaseException:
                own.disconnect()
                raise
        return RedisSubscription(own, quiet_seconds=self._quiet_seconds)


class RedisSubscription:
    """What one listener of ``RedisAnnouncements`` hears. It stays with the process that began it."""

    def __init__(self, connection: Any, *, quiet_seconds: float) -> None:
        self._connection = connection
        # redis-py has no public name for it, and the same private one since ever.
        self._socket: socket.socket = connection._sock
        self._process = os.getpid()
        self._reading = threading.Lock()
        self._quiet_seconds = quiet_seconds
        self._quiet_until = time.monotonic() + quiet_seconds
        self._asked = False
        self._closed = False
        self._lost = False

    def next(self, *, timeout_seconds: float) -> str | None:
        """Return the next message, or None where there is none for that long, or once this is closed.

        Raise ``StoreUnavailableError``, then and ever after, once the connection is lost.
        """
        longest = check_timeout(timeout_seconds)
        if self._process != os.getpid():
            raise StoreUnavailableError("this process began after its parent listened to Redis: listen anew")
        deadline = time.monotonic() + longest
        if not self._reading.acquire(timeout=min(longest, threading.TIMEOUT_MAX)):
            return None
        try:
            return self._next(deadline)
        finally:
            self._reading.release()
            if self._closed:
                self._let_go()

    def close(self) -> None:
        """Stop listening, and wake whoever waits in ``next``."""
        if not self._closed:
            self._closed = True
            self._wake()
        self._let_go()

    def _next(self, deadline: float) -> str | None:
        if self._lost and not self._closed:
            raise StoreUnavailableError("the connection that listened to Redis is lost: listen anew")
        try:
            with translated:
                return self._wait(deadline)
        except StoreError as error:
            if self._closed:
                return None
            self._lost = True
            self._connection.disconnect()
            raise StoreUnavailableError(f"the connection that listened to Redis is lost: {error}") from error

    def _wait(self, deadline: float) -> str | None:
        while not self._closed:
            answer = self._read(min(deadline, self._quiet_until) - time.monotonic())
            now = time.monotonic()
            if answer is not None:
                self._asked, self._quiet_until = False, now + self._quiet_seconds
                if answer[0] == b"message":
                    # Of another program it may be anything; ours is UTF-8.
                    return str(answer[2], "utf-8", errors="replace")
            elif now >= self._quiet_until:
                self._ask(now)
            elif now >= deadline:
                return None
        return None

    def _read(self, seconds: float) -> list[Any] | None:
        if not self._connection.can_read(min(max(0.0, seconds), _LONGEST_READ_SECONDS)):
            return None
        try:
            answer: list[Any] = self._connection.read_response(disconnect_on_error=False)
        except driver.TimeoutError:
            # The rest of a long message is on its way. What has come of it is kept, so the next read goes on there.
            return None
        return answer

    def _ask(self, now: float) -> None:
        if self._asked:
            raise StoreUnavailableError(f"Redis did not answer for {self._quiet_seconds:g} seconds")
        self._connection.send_command("PING")
        self._asked, self._quiet_until = True, now + self._quiet_seconds

    def _wake(self) -> None:
        if self._process != os.getpid():
            return
        try:
            # Whoever reads meets the end of the stream. The socket is not closed under the reader, whose number another
            # file could then have; and for TLS this passes by its own shutdown, which is not for two threads.
            socket.socket.shutdown(self._socket, socket.SHUT_RDWR)
        except OSError:
            return  # it has no connection any more, and so nobody waits

    def _let_go(self) -> None:
        # Where a reader holds the lock, it has still to come by here: it looks at `_closed` after it released it.
        if self._reading.acquire(blocking=False):
            try:
                self._connection.disconnect()
            finally:
                self._reading.release()


def _name(client: Redis, channel: str) -> bytes:
    database = client.connection_pool.connection_kwargs.get("db") or 0
    return f"variate:{database}:{channel}".encode()
