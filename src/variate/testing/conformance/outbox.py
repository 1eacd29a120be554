"""The suite of ``Outbox``."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TypeAlias

import pytest

from variate.stores.ports import Outbox
from variate.testing.clocks import START
from variate.testing.conformance.concurrency import together
from variate.testing.conformance.samples import plain

Emit: TypeAlias = Callable[[datetime], str]
"""Make one change at this moment and return the id of the one message it leaves in the outbox."""


class OutboxConformance:
    """Subclass it and provide ``store``, empty, and ``emit``, which makes a change that leaves one message there."""

    @pytest.fixture
    def store(self) -> Outbox:
        raise NotImplementedError("provide a fixture `store`: an empty Outbox")

    @pytest.fixture
    def emit(self) -> Emit:
        raise NotImplementedError("provide a fixture `emit`: makes one change at a moment, returns its message's id")

    def test_where_nothing_changed_nothing_is_pending(self, store: Outbox) -> None:
        assert list(store.pending(limit=10)) == []

    def test_a_change_is_pending_until_it_is_settled(self, store: Outbox, emit: Emit) -> None:
        message_id = emit(START)
        assert [each.id for each in store.pending(limit=10)] == [message_id]
        store.settle([message_id])
        assert list(store.pending(limit=10)) == []

    def test_a_message_is_the_same_at_each_delivery(self, store: Outbox, emit: Emit) -> None:
        emit(START)
        first, second = store.pending(limit=10), store.pending(limit=10)
        assert plain(list(first)) == plain(list(second))
        assert first[0].created_at == START

    def test_the_oldest_come_first_and_no_more_than_asked_for(self, store: Outbox, emit: Emit) -> None:
        ids = [emit(START + timedelta(microseconds=number)) for number in range(25)]
        assert [each.id for each in store.pending(limit=1)] == ids[:1]
        assert [each.id for each in store.pending(limit=7)] == ids[:7]
        assert [each.id for each in store.pending(limit=1_000)] == ids

    def test_settling_makes_room_for_the_next(self, store: Outbox, emit: Emit) -> None:
        ids = [emit(START + timedelta(seconds=number)) for number in range(25)]
        delivered: list[str] = []
        while batch := [each.id for each in store.pending(limit=7)]:
            store.settle(batch)
            delivered += batch
        assert delivered == ids

    def test_messages_may_be_settled_out_of_order(self, store: Outbox, emit: Emit) -> None:
        ids = [emit(START + timedelta(seconds=number)) for number in range(6)]
        store.settle([ids[4], ids[1]])
        assert [each.id for each in store.pending(limit=10)] == [ids[0], ids[2], ids[3], ids[5]]

    def test_settling_again_or_what_is_unknown_or_nothing_is_passed_over(self, store: Outbox, emit: Emit) -> None:
        gone, left = emit(START), emit(START + timedelta(seconds=1))
        store.settle([gone])
        store.settle([gone, "nobody", gone])
        store.settle([])
        assert [each.id for each in store.pending(limit=10)] == [left]

    def test_a_hundred_and_thirty_are_settled_at_once(self, store: Outbox, emit: Emit) -> None:
        ids = [emit(START + timedelta(seconds=number)) for number in range(131)]
        store.settle(ids[:130])
        assert [each.id for each in store.pending(limit=1_000)] == ids[130:]

    def test_changes_of_one_moment_are_each_pending_once(self, store: Outbox, emit: Emit) -> None:
        ids = [emit(START) for _ in range(10)]
        assert sorted(each.id for each in store.pending(limit=1_000)) == sorted(ids)

    def test_changes_made_while_others_are_settled_are_not_lost(self, store: Outbox, emit: Emit) -> None:
        old = [emit(START) for _ in range(10)]

        def act(number: int) -> str | None:
            if number % 2:
                return emit(START + timedelta(seconds=number))
            store.settle([old[number // 2]])
            return None

        new = [each for each in together(20, act) if each is not None]
        assert sorted(each.id for each in store.pending(limit=1_000)) == sorted(new)
