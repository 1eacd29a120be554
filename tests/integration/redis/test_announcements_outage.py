"""Announcements when the connection or the server goes, and when it seems so."""

from __future__ import annotations

import socket
import sys
from collections.abc import Iterator
from contextlib import closing
from functools import partial
from pathlib import Path
from threading import Event, Thread

import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from tests.engines.redis import PrivateRedis
from tests.integration.clients.tls import TlsFront, certificate_for
from variate.clients import RedisClient
from variate.errors import StoreError, StoreUnavailableError
from variate.settings import Settings
from variate.stores.redis import RedisAnnouncements
from variate.testing.conformance.announcements import Waiting, hear
from variate.testing.waiting import wait_until

LONG = 60.0
QUIET = 0.2


@pytest.fixture
def private_client(redis_server: PrivateRedis) -> Iterator[RedisClient]:
    client = RedisClient(settings=Settings(redis_url=redis_server.url))
    yield client
    client.close_connections()


@pytest.fixture
def private(private_client: RedisClient) -> RedisAnnouncements:
    """Announcements of the platform's own client, over a server that may be stopped."""
    return RedisAnnouncements(private_client.get_redis_connection)


@pytest.fixture
def admin(redis_server: PrivateRedis) -> Iterator[redis.Redis]:
    with redis.Redis.from_url(redis_server.url, decode_responses=True) as client:
        yield client


class HoldsBack:
    """Stands before Redis and, told to, passes on the beginning of what it says, and the rest when it is let go."""

    def __init__(self, port: int) -> None:
        self.rest = Event()
        self.rest.set()
        self.holding = Event()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._redis = socket.create_connection(("127.0.0.1", port))
        self.port: int = self._listener.getsockname()[1]
        Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        near = self._listener.accept()[0]
        Thread(target=self._back, args=(near,), daemon=True).start()
        with near:
            while data := near.recv(65_536):
                self._redis.sendall(data)
            self._redis.shutdown(socket.SHUT_RDWR)

    def _back(self, near: socket.socket) -> None:
        while data := self._redis.recv(1_000):
            near.sendall(data)
            if not self.rest.is_set():
                self.holding.set()
                self.rest.wait(LONG)
        self._redis.close()
        self._listener.close()


def test_a_long_message_that_comes_in_parts_is_no_loss(redis_server: PrivateRedis, admin: redis.Redis) -> None:
    slow = HoldsBack(redis_server.port)
    with redis.Redis(port=slow.port, socket_timeout=0.05, socket_connect_timeout=LONG) as client:
        subscription = RedisAnnouncements(lambda use_reader=False: client).listen("channel")
        text = "k" * 60_000
        slow.rest.clear()
        told = Waiting(lambda: subscription.next(timeout_seconds=LONG))
        RedisAnnouncements(lambda use_reader=False: admin).announce("channel", text)
        assert slow.holding.wait(LONG)
        assert subscription.next(timeout_seconds=0.2) is None  # more than the socket's timeout, beside who waits
        slow.rest.set()
        assert told.result() == text
        subscription.close()


class TestWhenRedisGoes:
    """Each is a loss: somebody may have announced meanwhile, so it is said, and not hidden by connecting anew."""

    def test_a_stop_is_told_to_who_waits_and_when_it_is_back_one_listens_anew(
        self, private: RedisAnnouncements, redis_server: PrivateRedis
    ) -> None:
        subscription = private.listen("channel")
        waiting = Waiting(lambda: subscription.next(timeout_seconds=LONG))
        redis_server.stop()
        with pytest.raises(StoreUnavailableError, match="lost"):
            waiting.result()
        with pytest.raises(StoreUnavailableError):
            private.announce("channel", "unheard")
        with pytest.raises(StoreUnavailableError):
            private.listen("channel")
        redis_server.start()
        with pytest.raises(StoreUnavailableError, match="listen anew"):
            subscription.next(timeout_seconds=LONG)
        subscription.close()
        assert subscription.next(timeout_seconds=LONG) is None
        with closing(private.listen("channel")) as anew:
            private.announce("channel", "heard")
            assert hear(anew) == ["heard"]

    def test_a_kill_between_two_calls_is_not_hidden(
        self, private: RedisAnnouncements, redis_server: PrivateRedis
    ) -> None:
        with closing(private.listen("channel")) as subscription:
            private.announce("channel", "before")
            assert hear(subscription) == ["before"]
            redis_server.kill()
            redis_server.start()
            with pytest.raises(StoreUnavailableError):
                subscription.next(timeout_seconds=LONG)

    def test_a_connection_that_the_server_ends_is_lost(self, private: RedisAnnouncements, admin: redis.Redis) -> None:
        with closing(private.listen("channel")) as lost, closing(private.listen("other")) as other:
            waiting = [Waiting(partial(each.next, timeout_seconds=LONG)) for each in (lost, other)]
            admin.client_kill_filter(_type="pubsub")
            for each in waiting:
                with pytest.raises(StoreUnavailableError):
                    each.result()

    def test_a_server_that_hangs_is_lost_in_a_while(
        self, private_client: RedisClient, redis_server: PrivateRedis
    ) -> None:
        announcements = RedisAnnouncements(private_client.get_redis_connection, quiet_seconds=QUIET)
        with closing(announcements.listen("channel")) as subscription:
            redis_server.pause()
            waiting = Waiting(lambda: subscription.next(timeout_seconds=LONG))
            with pytest.raises(StoreUnavailableError, match="did not answer"):
                waiting.result()
            redis_server.resume()

    def test_closing_wakes_who_waits_for_a_server_that_hangs(
        self, private: RedisAnnouncements, redis_server: PrivateRedis
    ) -> None:
        subscription = private.listen("channel")
        redis_server.pause()
        waiting = Waiting(lambda: subscription.next(timeout_seconds=LONG))
        subscription.close()
        assert waiting.result() is None
        redis_server.resume()

    def test_who_does_not_keep_up_is_told_that_it_missed_some(
        self, private: RedisAnnouncements, admin: redis.Redis
    ) -> None:
        admin.config_set("client-output-buffer-limit", "pubsub 1mb 1mb 1")
        with closing(private.listen("channel")) as subscription:
            text = "k" * 65_536

            def overrun() -> bool:
                private.announce("channel", text)
                return admin.pubsub_numsub("variate:0:channel") == [("variate:0:channel", 0)]

            wait_until(overrun, what="the server to give up on who does not listen")
            with pytest.raises(StoreUnavailableError):
                hear(subscription, sys.maxsize)

    def test_who_may_not_listen_is_told_so_and_leaves_no_connection(
        self, redis_server: PrivateRedis, admin: redis.Redis
    ) -> None:
        admin.acl_setuser("reader", enabled=True, passwords=["+secret"], categories=["+@all"], reset_channels=True)
        with redis.Redis.from_url(redis_server.url, username="reader", password="secret") as client:
            announcements = RedisAnnouncements(lambda use_reader=False: client)
            with pytest.raises(StoreError) as raised:
                announcements.listen("channel")
            assert not isinstance(raised.value, StoreUnavailableError)
            wait_until(lambda: len(admin.client_list()) == 1, what="the end of the connection")


def test_in_tls_long_texts_and_closing_are_as_without(redis_server: PrivateRedis, tmp_path: Path) -> None:
    certificate = certificate_for("localhost", folder=tmp_path)
    with TlsFront(certificate, target=redis_server.port) as front:
        url = f"rediss://localhost:{front.port}/0?ssl_ca_certs={certificate.certificate}"
        client = RedisClient(settings=Settings(redis_url=url))
        announcements = RedisAnnouncements(client.get_redis_connection)
        texts = [f"{number}" * 60_000 for number in range(5)]
        with closing(announcements.listen("channel")) as subscription:
            for each in texts:
                announcements.announce("channel", each)
            assert hear(subscription, 5) == texts
            waiting = Waiting(lambda: subscription.next(timeout_seconds=LONG))
        assert waiting.result() is None
        client.close_connections()


def test_a_client_that_retries_by_itself_does_not_hide_a_loss(redis_server: PrivateRedis) -> None:
    with redis.Redis.from_url(redis_server.url, retry=Retry(NoBackoff(), 10), retry_on_timeout=True) as client:
        announcements = RedisAnnouncements(lambda use_reader=False: client)
        with closing(announcements.listen("channel")) as subscription:
            redis_server.stop()
            redis_server.start()
            with pytest.raises(StoreUnavailableError):
                subscription.next(timeout_seconds=LONG)
