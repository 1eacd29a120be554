"""Messages wait for a publication that tells of them, and publishing takes a small part of a process's time."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from variate.errors import StoreUnavailableError
from variate.model import OutboxMessage
from variate.publishing.awaiting import SHORTEST_PAUSE, Awaiting


class Settled:
    """An outbox that only notes what is settled."""

    def __init__(self) -> None:
        self.ids: list[str] = []

    def pending(self, *, limit: int) -> Sequence[OutboxMessage]:
        return []

    def settle(self, message_ids: Sequence[str]) -> None:
        self.ids += message_ids


class Publishing:
    """Takes so long, by a clock of its own, and may fail."""

    def __init__(self) -> None:
        self.now = 1_000.0
        self.seconds = 0.0
        self.error: Exception | None = None
        self.times = 0
        self.served = True
        self.awaiting = Awaiting(self, monotonic=lambda: self.now)

    def __call__(self) -> bool:
        self.times += 1
        self.now += self.seconds
        if self.error is not None:
            raise self.error
        return self.served


@pytest.fixture
def publishing() -> Publishing:
    return Publishing()


def test_the_first_publication_is_due_at_once(publishing: Publishing) -> None:
    assert publishing.awaiting.seconds_to_wait() == 0


def test_what_waits_is_settled_after_the_publication_in_the_outbox_it_is_from(publishing: Publishing) -> None:
    first, second = Settled(), Settled()
    for message_id, outbox in (("1", first), ("2", second), ("3", first)):
        publishing.awaiting.add(message_id, outbox)
    assert (len(publishing.awaiting), "2" in publishing.awaiting, "4" in publishing.awaiting) == (3, True, False)
    assert (first.ids, second.ids, publishing.times) == ([], [], 0)
    assert publishing.awaiting.publish() == 3
    assert (first.ids, second.ids, publishing.times) == (["1", "3"], ["2"], 1)
    assert (len(publishing.awaiting), publishing.awaiting.publish()) == (0, 0)


@pytest.mark.parametrize(("seconds", "pause"), [(0.0, SHORTEST_PAUSE), (0.01, SHORTEST_PAUSE), (0.5, 2.5), (4, 20)])
def test_the_next_one_is_due_after_a_pause_five_times_as_long_as_it_took(
    publishing: Publishing, seconds: float, pause: float
) -> None:
    publishing.seconds = seconds
    publishing.awaiting.publish()
    assert publishing.awaiting.seconds_to_wait() == pytest.approx(pause)
    publishing.now += pause / 2
    assert publishing.awaiting.seconds_to_wait() == pytest.approx(pause / 2)
    publishing.now += pause
    assert publishing.awaiting.seconds_to_wait() == 0


def test_where_nothing_is_served_the_next_one_need_not_wait(publishing: Publishing) -> None:
    publishing.served = False
    publishing.seconds = 4
    publishing.awaiting.publish()
    assert publishing.awaiting.seconds_to_wait() == 0


def test_what_fails_leaves_all_waiting_and_due(publishing: Publishing) -> None:
    outbox = Settled()
    publishing.awaiting.add("1", outbox)
    publishing.error = StoreUnavailableError("away")
    with pytest.raises(StoreUnavailableError):
        publishing.awaiting.publish()
    assert (len(publishing.awaiting), outbox.ids, publishing.awaiting.seconds_to_wait()) == (1, [], 0)
    publishing.error = None
    assert publishing.awaiting.publish() == 1
    assert outbox.ids == ["1"]


def test_a_message_added_twice_is_settled_once(publishing: Publishing) -> None:
    outbox = Settled()
    for _ in range(2):
        publishing.awaiting.add("1", outbox)
    assert publishing.awaiting.publish() == 1
    assert outbox.ids == ["1"]
