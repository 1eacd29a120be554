"""Announcements over Redis: across processes and platforms, what stands in Redis, and how long one may wait."""

from __future__ import annotations

import subprocess
import sys
import time
from contextlib import ExitStack, closing
from pathlib import Path

import pytest
import redis

from tests.engines.redis import PrivateRedis
from variate.platform.profiles import open_backends
from variate.settings import Settings
from variate.stores.redis import RedisAnnouncements
from variate.testing.conformance.announcements import Waiting, hear
from variate.testing.waiting import wait_until

LONG = 60.0


@pytest.fixture
def announcements(client: redis.Redis) -> RedisAnnouncements:
    return RedisAnnouncements(lambda use_reader=False: client)


PROGRAM = """
import os, sys
import redis
from variate.errors import StoreUnavailableError
from variate.stores.redis import RedisAnnouncements

client = redis.Redis.from_url(sys.argv[1])
announcements = RedisAnnouncements(lambda use_reader=False: client)
subscription = announcements.listen("questions")
announcements.announce("answers", "ready")
announcements.announce("answers", subscription.next(timeout_seconds=60) + "!")
child = os.fork()
if child == 0:
    try:
        subscription.next(timeout_seconds=0)
    except StoreUnavailableError:
        subscription.close()
        os._exit(7)
    os._exit(1)
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
announcements.announce("questions", "still heard?")
print(subscription.next(timeout_seconds=60))
"""


def test_other_processes_hear_it_and_a_child_does_not_listen_in_its_parents_place(
    redis_url: str, announcements: RedisAnnouncements
) -> None:
    with closing(announcements.listen("answers")) as answers:
        other = subprocess.Popen([sys.executable, "-c", PROGRAM, redis_url], stdout=subprocess.PIPE, text=True)
        assert answers.next(timeout_seconds=LONG) == "ready"
        announcements.announce("questions", "who 😀")
        assert answers.next(timeout_seconds=LONG) == "who 😀!"
        assert other.communicate(timeout=LONG)[0] == "7\nstill heard?\n"


def test_the_channel_says_whose_it_is_and_ends_with_its_subscription(
    announcements: RedisAnnouncements, client: redis.Redis
) -> None:
    name = f"variate:{client.connection_pool.connection_kwargs['db']}:channel"
    subscription = announcements.listen("channel")
    assert client.pubsub_numsub(name) == [(name, 1)]
    subscription.close()
    wait_until(lambda: client.pubsub_numsub(name) == [(name, 0)], what="the end of the subscription")


def test_another_database_is_another_place(redis_server: PrivateRedis) -> None:
    url = redis_server.url.removesuffix("/0")
    with redis.Redis.from_url(f"{url}/1") as one, redis.Redis.from_url(f"{url}/2") as two:
        first, second = (RedisAnnouncements(lambda use_reader=False, client=client: client) for client in (one, two))
        with closing(first.listen("channel")) as subscription:
            second.announce("channel", "to two")
            first.announce("channel", "to one")
            assert hear(subscription) == ["to one"]


def test_what_other_programs_say_there_is_heard_as_text(announcements: RedisAnnouncements, client: redis.Redis) -> None:
    with closing(announcements.listen("channel")) as subscription:
        client.publish(f"variate:{client.connection_pool.connection_kwargs['db']}:channel", b"\xff text")
        assert hear(subscription) == ["\ufffd text"]


def test_many_listen_though_the_pool_holds_one_connection(redis_url: str) -> None:
    with redis.Redis.from_url(redis_url, max_connections=1) as client, ExitStack() as stack:
        announcements = RedisAnnouncements(lambda use_reader=False: client)
        listening = [stack.enter_context(closing(announcements.listen("channel"))) for _ in range(10)]
        announcements.announce("channel", "text")
        assert [hear(each) for each in listening] == [["text"]] * 10


def test_waiting_longer_than_the_sockets_timeout_is_no_loss(redis_url: str) -> None:
    with redis.Redis.from_url(redis_url, socket_timeout=0.05) as client:
        announcements = RedisAnnouncements(lambda use_reader=False: client)
        with closing(announcements.listen("channel")) as subscription:
            assert subscription.next(timeout_seconds=0.3) is None
            announcements.announce("channel", "text")
            assert hear(subscription) == ["text"]


def test_a_long_quiet_is_no_loss_while_the_server_answers(redis_url: str) -> None:
    # The client's own questions about health would take a subscription's answers for wrong ones.
    with redis.Redis.from_url(redis_url, health_check_interval=0.01) as client:
        announcements = RedisAnnouncements(lambda use_reader=False: client, quiet_seconds=0.02)
        with closing(announcements.listen("channel")) as subscription:
            # Many questions, and their answers: heard by one long wait, by short ones, and beside a message.
            assert subscription.next(timeout_seconds=0.3) is None
            for _ in range(10):
                assert subscription.next(timeout_seconds=0.03) is None
            told = Waiting(lambda: subscription.next(timeout_seconds=LONG), pause=0.1)
            announcements.announce("channel", "text")
            assert told.result() == "text"


def test_an_answer_that_waited_unread_counts(client: redis.Redis) -> None:
    announcements = RedisAnnouncements(lambda use_reader=False: client, quiet_seconds=0.05)
    with closing(announcements.listen("channel")) as subscription:
        assert subscription.next(timeout_seconds=0.06) is None
        for _ in range(5):
            time.sleep(0.12)  # nobody reads for longer than an answer may take: the time itself is the case
            assert subscription.next(timeout_seconds=0) is None


def test_a_very_long_time_is_waited_for_too(client: redis.Redis) -> None:
    announcements = RedisAnnouncements(lambda use_reader=False: client, quiet_seconds=1_000_000_000)
    with closing(announcements.listen("channel")) as subscription:
        told = Waiting(lambda: subscription.next(timeout_seconds=1_000_000_000))
        announcements.announce("channel", "text")
        assert told.result() == "text"


@pytest.mark.parametrize("waited_for", [False, True])
def test_a_closed_one_leaves_no_socket_open(announcements: RedisAnnouncements, waited_for: bool) -> None:
    subscription = announcements.listen("channel")
    waiting = Waiting(lambda: waited_for and subscription.next(timeout_seconds=LONG))
    subscription.close()
    waiting.result()
    assert subscription._socket.fileno() == -1


def test_platforms_on_one_redis_hear_one_another(redis_url: str, tmp_path: Path) -> None:
    backends = [open_backends(Settings(redis_url=redis_url, home=tmp_path / str(number))) for number in range(2)]
    with closing(backends[0].hot.announcements.listen("channel")) as subscription:
        backends[1].hot.announcements.announce("channel", "text")
        assert hear(subscription) == ["text"]
    for each in backends:
        each.close()
