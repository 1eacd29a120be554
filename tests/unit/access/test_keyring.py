"""The keyring: who asks is known from memory, also while the store is away."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

import pytest

from tests.engines.waiting import wait_until
from variate.access import keyring
from variate.access.keyring import Keyring, secret_hash
from variate.errors import StoreUnavailableError, UnauthenticatedError
from variate.model.access import ApiKey
from variate.patience import seconds_left
from variate.testing.access_builders import build_key
from variate.testing.clocks import START, SettableClock

NEVER = 3_600.0


class Store:
    """Keys that are read, and what was told of their use."""

    def __init__(self, *keys: ApiKey) -> None:
        self.keys: Sequence[ApiKey] = keys
        self.used: dict[str, datetime] = {}
        self.reads = 0
        self.is_away = False
        self.fault: Exception | None = None
        self.gate = threading.Event()
        self.gate.set()

    def counting(self) -> Sequence[ApiKey]:
        """Return the keys, once the gate is open."""
        self.reads += 1
        self.gate.wait(30)
        if self.is_away:
            raise StoreUnavailableError("away")
        fault, self.fault = self.fault, None
        if fault is not None:
            raise fault
        return self.keys

    def note_use(self, used: Mapping[str, datetime]) -> None:
        """Note it."""
        if self.is_away:
            raise StoreUnavailableError("away")
        self.used |= used


@pytest.fixture
def clock() -> SettableClock:
    return SettableClock()


@pytest.fixture(autouse=True)
def _no_rest_between_reads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keyring, "_LOOK_AGAIN_SECONDS", -1.0)


def ring(store: Store, clock: SettableClock, *, poll_seconds: float = NEVER) -> Keyring:
    return Keyring(load=store.counting, note_use=store.note_use, clock=clock, poll_seconds=poll_seconds)


def of(secret: str, **fields: object) -> ApiKey:
    return build_key(secret_hash=secret_hash(secret), **fields)  # type: ignore[arg-type] # of any


def test_a_key_is_known_by_its_secret_alone(clock: SettableClock) -> None:
    key = of("vk_1")
    keys = ring(Store(key, of("vk_2")), clock)
    assert keys.find("vk_1") is None, "nothing was read yet"
    assert keys.need("vk_1") == key
    assert keys.find("vk_1") == key
    for other in ("", "vk_", "VK_1", key.secret_hash, "vk_1 ", "\ud800", "é"):
        with pytest.raises(UnauthenticatedError):
            keys.need(other)
    keys.close()


def test_a_known_key_asks_no_store(clock: SettableClock) -> None:
    store = Store(of("vk_1"))
    keys = ring(store, clock)
    for _ in range(100):
        keys.need("vk_1")
    assert store.reads == 1
    keys.close()


def test_guessing_does_not_ask_the_store_more_than_once_a_second(
    clock: SettableClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keyring, "_LOOK_AGAIN_SECONDS", 60.0)
    store = Store()
    keys = ring(store, clock)
    for number in range(100):
        with pytest.raises(UnauthenticatedError):
            keys.need(f"vk_{number}")
    assert store.reads == 1
    keys.close()


def test_a_key_counts_until_the_moment_it_expires(clock: SettableClock) -> None:
    keys = ring(Store(of("vk_1", expires_at=START + timedelta(hours=1))), clock)
    keys.need("vk_1")
    clock.advance(hours=1, seconds=-0.000001)
    keys.need("vk_1")
    clock.advance(seconds=0.000001)
    with pytest.raises(UnauthenticatedError):
        keys.need("vk_1")
    keys.close()


def test_while_the_store_is_away_known_keys_count_and_of_others_nobody_can_say(
    clock: SettableClock, caplog: pytest.LogCaptureFixture
) -> None:
    store = Store(of("vk_1", expires_at=START + timedelta(hours=1)))
    keys = ring(store, clock)
    keys.need("vk_1")
    store.is_away = True
    keys.reread()
    keys.reread()
    assert caplog.text.count("the keys cannot be read") == 1, "an outage fills no log"
    with pytest.raises(StoreUnavailableError):
        keys.need("vk_2")
    keys.need("vk_1")
    clock.advance(hours=2)
    with pytest.raises(UnauthenticatedError):
        keys.need("vk_1")
    store.is_away = False
    with pytest.raises(UnauthenticatedError):
        keys.need("vk_2")
    keys.close()


def test_a_key_is_found_by_its_id_while_it_counts_and_that_is_no_use_of_it(clock: SettableClock) -> None:
    key = of("vk_1", expires_at=START + timedelta(hours=1))
    store = Store(key)
    keys = ring(store, clock)
    assert keys.of_id(key.id) is None, "nothing was read yet"
    keys.look_again()
    assert (keys.of_id(key.id), keys.of_id("nobody")) == (key, None)
    clock.advance(hours=1)
    assert keys.of_id(key.id) is None
    keys.close()
    assert store.used == {}


def test_where_the_store_was_never_there_a_key_is_not_called_wrong(clock: SettableClock) -> None:
    store = Store(of("vk_1"))
    store.is_away = True
    keys = ring(store, clock)
    with pytest.raises(StoreUnavailableError):
        keys.need("vk_1")
    store.is_away = False
    keys.need("vk_1")
    keys.close()


def test_while_the_store_is_away_one_thread_waits_for_it_and_no_other(clock: SettableClock) -> None:
    store = Store()
    store.is_away = True
    keys = ring(store, clock)
    with pytest.raises(StoreUnavailableError):
        keys.need("vk_1")
    store.gate.clear()
    waiting = threading.Thread(target=keys.look_again)
    waiting.start()
    wait_until(lambda: store.reads == 2, seconds=10, what="the thread that waits")
    with pytest.raises(StoreUnavailableError):
        keys.need("vk_1")
    assert store.reads == 2
    store.gate.set()
    waiting.join(10)
    keys.close()


def test_while_the_store_hangs_nobody_waits_long_for_it_and_no_key_is_called_wrong(
    clock: SettableClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keyring, "_WAIT_SECONDS", 0.05)
    store = Store(of("vk_1"))
    keys = ring(store, clock)
    keys.need("vk_1")
    store.gate.clear()
    waiting = threading.Thread(target=keys.look_again)
    waiting.start()
    wait_until(lambda: store.reads == 2, seconds=10, what="the thread that waits")
    for _ in range(3):
        with pytest.raises(StoreUnavailableError):
            keys.need("vk_2")
    assert keys.need("vk_1").secret_hash == secret_hash("vk_1")
    store.gate.set()
    waiting.join(10)
    with pytest.raises(UnauthenticatedError):
        keys.need("vk_2")
    keys.close()


def test_to_read_the_keys_and_to_note_their_use_are_given_up_after_a_while(clock: SettableClock) -> None:
    had: list[float] = []

    def counting() -> Sequence[ApiKey]:
        had.append(seconds_left())
        return [of("vk_1")]

    keys = Keyring(load=counting, note_use=lambda _: had.append(seconds_left()), clock=clock, poll_seconds=NEVER)
    keys.need("vk_1")
    keys.close()
    assert len(had) == 2
    assert max(had) <= 5


def test_what_was_revoked_elsewhere_is_heard_of_within_the_poll(clock: SettableClock) -> None:
    store = Store(of("vk_1"), of("vk_2"))
    keys = ring(store, clock, poll_seconds=0.01)
    keys.need("vk_1")
    store.fault = RuntimeError("a fault of ours, which ends no thread")
    wait_until(lambda: store.fault is None, seconds=10, what="the fault to be met")
    store.keys = [of("vk_2")]
    wait_until(lambda: keys.find("vk_1") is None, seconds=10, what="the revocation to be heard of")
    assert keys.find("vk_2") is not None
    keys.close()


def test_what_was_changed_here_is_in_force_at_once(clock: SettableClock) -> None:
    store = Store(of("vk_1"))
    keys = ring(store, clock)
    keys.reread()
    assert store.reads == 0, "nobody asked yet"
    keys.need("vk_1")
    store.keys = []
    keys.reread()
    assert keys.find("vk_1") is None
    keys.close()


def test_use_is_noted_by_the_poll_and_at_the_end(clock: SettableClock) -> None:
    one, two = of("vk_1"), of("vk_2")
    store = Store(one, two)
    keys = ring(store, clock, poll_seconds=0.01)
    keys.need("vk_1")
    wait_until(lambda: store.used == {one.id: START}, seconds=10, what="the use to be noted")
    clock.advance(seconds=59)
    keys.need("vk_1")
    reads = store.reads
    wait_until(lambda: store.reads > reads + 2, seconds=10, what="two more polls")
    assert store.used == {one.id: START}, "it is noted once a minute"
    keys.need("vk_2")
    keys.close()
    assert store.used == {one.id: clock(), two.id: clock()}


def test_a_store_that_is_away_at_the_end_does_not_keep_it_from_closing(clock: SettableClock) -> None:
    store = Store(of("vk_1"))
    keys = ring(store, clock)
    keys.need("vk_1")
    store.is_away = True
    keys.close()
    keys.close()
