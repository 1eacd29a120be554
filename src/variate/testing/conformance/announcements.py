"""The suite of ``Announcements``."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import Future, wait
from contextlib import ExitStack, closing
from threading import Thread
from typing import Generic, TypeVar

import pytest

from variate.errors import InvalidInputError
from variate.stores.ports import Announcements, Subscription
from variate.testing.conformance.concurrency import together
from variate.testing.conformance.samples import ALIKE, every_text
from variate.testing.waiting import wait_until

T = TypeVar("T")

PATIENCE = 10.0
"""Seconds within which a message that was announced arrives; far above what it takes."""
MOMENT = 0.05
"""Seconds in which a thread comes to wait."""
LONG_TEXTS = {"64 KB": "k" * 65_536, "64 KB of emoji": "😀" * 16_384}


class AnnouncementsConformance:
    """Subclass it and provide the fixture ``store``, to which nobody listens."""

    @pytest.fixture
    def store(self) -> Announcements:
        raise NotImplementedError("provide a fixture `store`: Announcements to which nobody listens")

    def test_what_is_announced_is_heard_once(self, store: Announcements) -> None:
        with closing(store.listen("channel")) as subscription:
            store.announce("channel", "first")
            store.announce("channel", "last")
            assert hear(subscription, 2) == ["first", "last"]
            assert subscription.next(timeout_seconds=MOMENT) is None

    def test_a_hundred_are_heard_in_the_order_they_were_announced_in(self, store: Announcements) -> None:
        texts = [str(number) for number in range(100)]
        with closing(store.listen("channel")) as subscription:
            for each in texts:
                store.announce("channel", each)
            assert hear(subscription, 100) == texts

    def test_everybody_who_listens_hears_everything(self, store: Announcements) -> None:
        with ExitStack() as stack:
            listening = [stack.enter_context(closing(store.listen("channel"))) for _ in range(10)]
            store.announce("channel", "a")
            store.announce("channel", "b")
            assert [hear(each, 2) for each in listening] == [["a", "b"]] * 10

    def test_with_nobody_listening_it_is_said_to_nobody(self, store: Announcements) -> None:
        store.announce("channel", "before")
        with closing(store.listen("channel")) as subscription:
            store.announce("channel", "after")
            assert hear(subscription) == ["after"]

    def test_who_begins_later_hears_what_comes_later(self, store: Announcements) -> None:
        with closing(store.listen("channel")) as early:
            store.announce("channel", "before")
            with closing(store.listen("channel")) as late:
                store.announce("channel", "after")
                assert hear(late) == ["after"]
            assert hear(early, 2) == ["before", "after"]

    def test_other_channels_are_not_heard(self, store: Announcements) -> None:
        with ExitStack() as stack:
            listening = {each: stack.enter_context(closing(store.listen(each))) for each in [*ALIKE, "*", "a?", "[a]"]}
            for each in listening:
                store.announce(each, f"to {each}")
            for each in listening:
                store.announce(each, "the end")
            heard = {each: hear(subscription, 2) for each, subscription in listening.items()}
        assert heard == {each: [f"to {each}", "the end"] for each in listening}

    @every_text
    def test_text_is_heard_as_it_was_given(self, store: Announcements, text: str) -> None:
        with closing(store.listen(text)) as subscription:
            store.announce(text, text)
            assert hear(subscription) == [text]

    @pytest.mark.parametrize("text", list(LONG_TEXTS.values()), ids=list(LONG_TEXTS))
    def test_64_kb_are_heard_as_they_were_given(self, store: Announcements, text: str) -> None:
        with closing(store.listen("channel")) as subscription:
            for _ in range(5):
                store.announce("channel", text)
            assert hear(subscription, 5) == [text] * 5

    def test_empty_text_is_a_message(self, store: Announcements) -> None:
        with closing(store.listen("channel")) as subscription:
            store.announce("channel", "")
            assert hear(subscription) == [""]

    def test_where_nothing_is_announced_next_is_none_in_its_time_and_goes_on_listening(
        self, store: Announcements
    ) -> None:
        with closing(store.listen("channel")) as subscription:
            begun = time.monotonic()
            assert subscription.next(timeout_seconds=0.3) is None
            assert 0.29 < time.monotonic() - begun < PATIENCE
            store.announce("channel", "after")
            assert hear(subscription) == ["after"]

    def test_no_seconds_are_a_look_at_what_is_there(self, store: Announcements) -> None:
        with closing(store.listen("channel")) as subscription:
            assert subscription.next(timeout_seconds=0) is None
            store.announce("channel", "a")
            store.announce("channel", "b")
            assert hear(subscription) == ["a"]
            heard: list[str] = []

            def look() -> bool:
                text = subscription.next(timeout_seconds=0)
                heard.extend([] if text is None else [text])
                return heard != []

            wait_until(look, what="the second message")
            assert heard == ["b"]

    def test_who_waits_is_told_at_once(self, store: Announcements) -> None:
        with closing(store.listen("channel")) as subscription:
            told = Waiting(lambda: subscription.next(timeout_seconds=10 * PATIENCE))
            store.announce("channel", "now")
            assert told.result() == "now"

    def test_closing_wakes_who_waits(self, store: Announcements) -> None:
        subscription = store.listen("channel")
        woken = Waiting(lambda: subscription.next(timeout_seconds=10 * PATIENCE))
        subscription.close()
        assert woken.result() is None

    def test_closing_wakes_all_who_wait(self, store: Announcements) -> None:
        subscription = store.listen("channel")
        woken = [Waiting(lambda: subscription.next(timeout_seconds=10 * PATIENCE)) for _ in range(5)]
        subscription.close()
        assert [each.result() for each in woken] == [None] * 5

    def test_a_closed_one_says_nothing_more_and_does_not_wait(self, store: Announcements) -> None:
        subscription = store.listen("channel")
        store.announce("channel", "unheard")
        subscription.close()
        store.announce("channel", "later")
        begun = time.monotonic()
        assert subscription.next(timeout_seconds=10 * PATIENCE) is None
        assert time.monotonic() - begun < PATIENCE

    def test_closing_may_be_repeated_and_the_others_go_on_listening(self, store: Announcements) -> None:
        with closing(store.listen("channel")) as other:
            subscription = store.listen("channel")
            together(10, lambda _: subscription.close())
            subscription.close()
            store.announce("channel", "still")
            assert hear(other) == ["still"]

    def test_closing_while_others_announce_and_wait_harms_nobody(self, store: Announcements) -> None:
        def act(number: int) -> None:
            if number % 3 == 0:
                store.announce("channel", str(number))
            subscription = store.listen("channel")
            waiting = Waiting(lambda: subscription.next(timeout_seconds=10 * PATIENCE), pause=number / 10_000)
            store.announce("channel", str(number))
            subscription.close()
            waiting.result()

        with closing(store.listen("channel")) as other:
            together(15, act)
            assert len(hear(other, 20)) == 20

    def test_of_several_who_ask_one_subscription_each_message_goes_to_one(self, store: Announcements) -> None:
        with closing(store.listen("channel")) as subscription:
            asking = [Waiting(lambda: hear(subscription, 5)) for _ in range(4)]
            for number in range(20):
                store.announce("channel", str(number))
            heard = [text for each in asking for text in each.result()]
        assert sorted(heard) == sorted(str(number) for number in range(20))

    def test_of_twenty_who_announce_at_once_nothing_is_lost_and_each_is_heard_in_order(
        self, store: Announcements
    ) -> None:
        def announce(number: int) -> None:
            for count in range(20):
                store.announce("channel", f"{number}:{count}")

        with ExitStack() as stack:
            listening = [stack.enter_context(closing(store.listen("channel"))) for _ in range(3)]
            together(20, announce)
            for each in listening:
                counts: dict[str, list[int]] = {}
                for text in hear(each, 400):
                    number, count = text.split(":")
                    counts.setdefault(number, []).append(int(count))
                assert counts == {str(number): list(range(20)) for number in range(20)}

    @pytest.mark.parametrize("channel", ["", "c" * 1_025, "a\x00b", "\ud800", None])
    def test_a_channel_that_is_none_is_refused(self, store: Announcements, channel: str) -> None:
        for call in (lambda: store.listen(channel), lambda: store.announce(channel, "text")):
            with pytest.raises(InvalidInputError) as raised:
                call()
            assert raised.value.field == "channel"

    @pytest.mark.parametrize("text", ["k" * 65_537, "a\x00b", "\ud800", None, b"bytes"])
    def test_a_text_that_is_none_is_refused_and_not_heard(self, store: Announcements, text: str) -> None:
        with closing(store.listen("channel")) as subscription:
            with pytest.raises(InvalidInputError) as raised:
                store.announce("channel", text)
            assert raised.value.field == "text"
            store.announce("channel", "after")
            assert hear(subscription) == ["after"]

    @pytest.mark.parametrize("timeout_seconds", [-1, float("nan"), float("inf"), "1", None, True])
    def test_a_timeout_that_is_none_is_refused(self, store: Announcements, timeout_seconds: float) -> None:
        with closing(store.listen("channel")) as subscription:
            with pytest.raises(InvalidInputError) as raised:
                subscription.next(timeout_seconds=timeout_seconds)
            assert raised.value.field == "timeout_seconds"


def hear(subscription: Subscription, count: int = 1) -> list[str]:
    """Return the next messages."""
    heard: list[str] = []
    for _ in range(count):
        text = subscription.next(timeout_seconds=PATIENCE)
        assert text is not None, f"after {len(heard)} of {count} messages none comes"
        heard.append(text)
    return heard


class Waiting(Generic[T]):
    """A call in a thread of its own that begins to wait, since what it waits for is still to come."""

    def __init__(self, call: Callable[[], T], *, pause: float = MOMENT) -> None:
        self._call = call
        self._outcome: Future[T] = Future()
        # Not one of a pool's, for whose end a failed test would wait too.
        thread = Thread(target=self._run, daemon=True)
        thread.start()
        thread.join(pause)

    def result(self) -> T:
        """Return or raise what the call does, within the patience of this suite."""
        assert wait([self._outcome], PATIENCE).done, "it still waits"
        return self._outcome.result()

    def _run(self) -> None:
        try:
            self._outcome.set_result(self._call())
        except BaseException as error:  # noqa: BLE001 - for `result` to raise
            self._outcome.set_exception(error)
