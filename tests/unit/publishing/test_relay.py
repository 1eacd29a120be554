"""The relay delivers everything in the end, and lets one bad message hold up nothing."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime

import pytest

from variate.errors import StoreError, StoreUnavailableError
from variate.model import Document, OutboxMessage
from variate.publishing.relay import Relay

_NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


class ListOutbox:
    """An outbox in a list."""

    def __init__(self, *ids: str, kind: str = "note") -> None:
        self.messages = [
            OutboxMessage(id=each, kind=kind, entity_id="e", document=Document("{}"), created_at=_NOON) for each in ids
        ]

    def pending(self, *, limit: int) -> Sequence[OutboxMessage]:
        return self.messages[:limit]

    def settle(self, message_ids: Sequence[str]) -> None:
        self.messages = [message for message in self.messages if message.id not in message_ids]


class Receiver:
    """Takes messages, and raises what it is told to for chosen ids."""

    def __init__(self) -> None:
        self.received: list[str] = []
        self.failures: dict[str, Exception] = {}

    def __call__(self, message: OutboxMessage) -> None:
        if message.id in self.failures:
            raise self.failures[message.id]
        self.received.append(message.id)


@pytest.fixture
def receiver() -> Receiver:
    return Receiver()


@pytest.fixture
def relay_of(receiver: Receiver) -> Iterator[Callable[..., Relay]]:
    made: list[Relay] = []

    def make(*outboxes: ListOutbox, retry_seconds: float = 3_600.0) -> Relay:
        made.append(Relay(outboxes, {"note": receiver}, retry_seconds=retry_seconds))
        return made[-1]

    yield make
    for relay in made:
        relay.close()


RelayOf = Callable[..., Relay]


def test_messages_are_delivered_in_order_and_settled(receiver: Receiver, relay_of: RelayOf) -> None:
    outbox = ListOutbox("1", "2", "3")
    assert relay_of(outbox).deliver() == 3
    assert receiver.received == ["1", "2", "3"]
    assert outbox.messages == []


def test_more_than_a_batch_is_delivered_at_once(receiver: Receiver, relay_of: RelayOf) -> None:
    ids = [f"{number:04}" for number in range(250)]
    assert relay_of(ListOutbox(*ids)).deliver() == 250
    assert receiver.received == ids


def test_what_follows_a_message_whose_store_is_away_waits_for_it(receiver: Receiver, relay_of: RelayOf) -> None:
    outbox = ListOutbox("1", "2", "3")
    receiver.failures["2"] = StoreUnavailableError("away")
    relay = relay_of(outbox)
    assert relay.deliver() == 1
    assert [message.id for message in outbox.messages] == ["2", "3"]
    receiver.failures.clear()
    assert relay.deliver() == 2
    assert receiver.received == ["1", "2", "3"]


def test_an_outbox_whose_receiver_is_away_holds_up_no_other(receiver: Receiver, relay_of: RelayOf) -> None:
    receiver.failures["1"] = StoreUnavailableError("away")
    assert relay_of(ListOutbox("1"), ListOutbox("2")).deliver() == 1
    assert receiver.received == ["2"]


def test_a_refused_message_stays_is_logged_and_holds_up_nothing(
    receiver: Receiver, relay_of: RelayOf, caplog: pytest.LogCaptureFixture
) -> None:
    outbox = ListOutbox("1", "2", "3")
    receiver.failures["2"] = StoreError("refused")
    with caplog.at_level(logging.ERROR, logger="variate.relay"):
        assert relay_of(outbox).deliver() == 2
    assert [message.id for message in outbox.messages] == ["2"]
    assert "message 2 of kind note was refused" in caplog.text


def test_a_message_of_a_kind_nobody_knows_stays(relay_of: RelayOf) -> None:
    outbox = ListOutbox("1", kind="of-a-later-version")
    relay = relay_of(outbox)
    assert relay.deliver() == 0
    assert relay.backlog() == len(outbox.messages) == 1


def test_what_was_put_off_is_tried_again_by_itself(receiver: Receiver, relay_of: RelayOf) -> None:
    delivered = threading.Event()
    outbox = ListOutbox("1")
    receiver.failures["1"] = StoreUnavailableError("away")
    settle = outbox.settle

    def settle_and_tell(message_ids: Sequence[str]) -> None:
        settle(message_ids)
        delivered.set()

    outbox.settle = settle_and_tell  # type: ignore[method-assign]  # to await the event in place of a time
    relay = relay_of(outbox, retry_seconds=0.01)
    assert relay.deliver() == 0
    receiver.failures.clear()
    assert delivered.wait(10)
    assert receiver.received == ["1"]


def test_after_close_nothing_is_tried_again(receiver: Receiver, relay_of: RelayOf) -> None:
    receiver.failures["1"] = StoreUnavailableError("away")
    relay = relay_of(ListOutbox("1"), retry_seconds=0.01)
    relay.close()
    relay.deliver()
    assert not [thread for thread in threading.enumerate() if isinstance(thread, threading.Timer)]


def test_whoever_makes_a_change_does_not_wait_for_a_store_known_to_be_away(
    receiver: Receiver, relay_of: RelayOf
) -> None:
    outbox = ListOutbox("1", "2")
    receiver.failures["1"] = StoreUnavailableError("away")
    relay = relay_of(outbox)
    relay.announce()
    receiver.failures.clear()
    relay.announce()
    assert receiver.received == []
    assert relay.deliver() == 2
    outbox.messages = ListOutbox("3").messages
    relay.announce()
    assert receiver.received == ["1", "2", "3"]


def test_an_announcement_raises_nothing(relay_of: RelayOf, caplog: pytest.LogCaptureFixture) -> None:
    class Broken(ListOutbox):
        def pending(self, *, limit: int) -> Sequence[OutboxMessage]:
            raise StoreError("refused")

    relay_of(Broken()).announce()
    assert "delivery failed" in caplog.text


def test_threads_that_deliver_at_once_deliver_each_message_once(receiver: Receiver, relay_of: RelayOf) -> None:
    relay = relay_of(ListOutbox(*(str(number) for number in range(50))))
    threads = [threading.Thread(target=relay.deliver) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(receiver.received, key=int) == [str(number) for number in range(50)]
