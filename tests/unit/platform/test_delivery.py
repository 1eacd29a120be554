"""What a message does when it arrives is done once, however often, late or out of order it comes."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from tests.unit.publishing.world import World
from tests.unit.testing.reference import ReferenceServingStore
from variate.model import OutboxMessage, OverrideTarget, Page, format_instant
from variate.model.record import audit_record, override_record
from variate.platform.delivery import Delivery
from variate.testing.builders import build_audit_entry, build_outbox_message, build_override
from variate.testing.clocks import START


class Delivered(World):
    """A world whose messages are carried out; it notes what a cache is told to forget."""

    def __init__(self) -> None:
        super().__init__()
        self.copies = ReferenceServingStore()
        self.forgotten: list[str] = []
        aside = SimpleNamespace(invalidate=self.forgotten.append)
        backends: Any = SimpleNamespace(
            experiments=self.store,
            serving=self.copies,
            overrides=self.override_store,
            audit=self.audit,
            hot=SimpleNamespace(aside=aside),
        )
        self.handlers = Delivery(backends, self.catalogue).handlers

    def deliver(self, *messages: OutboxMessage) -> None:
        for message in messages:
            self.handlers[message.kind](message)


@pytest.fixture
def delivered() -> Delivered:
    return Delivered()


def removal(target: str = "experiment", *, minutes: float) -> OutboxMessage:
    at = format_instant(START + timedelta(minutes=minutes))
    return build_outbox_message(
        kind="override_removed", data={"user_id": "u", "type": target, "target_id": "e", "at": at}
    )


def putting(value: str, target: OverrideTarget = OverrideTarget.EXPERIMENT, *, minutes: float) -> OutboxMessage:
    made = build_override("u", target=target, target_id="e", value=value, created_at=START + timedelta(minutes=minutes))
    return build_outbox_message(kind="override_put", data=override_record(made))


def in_force(delivered: Delivered, target: OverrideTarget = OverrideTarget.EXPERIMENT) -> list[str]:
    """Return the values that the next snapshot holds."""
    return [each.value for each in delivered.catalogue.read().overrides.get((target, "e"), ())]


def test_there_is_a_receiver_for_every_kind_of_message_that_is_left(delivered: Delivered) -> None:
    delivered.audiences.create_audience("beta", condition={"attribute": "plan", "operator": "exists"})
    delivered.started()
    delivered.overrides.create_override("u", "e", "a")
    delivered.flags.create_feature_flag("nav", flag_id="f")
    kinds = {message.kind for message in delivered.messages()}
    assert kinds <= set(delivered.handlers)
    assert {"audit", "flag_changed", "override_removed"} <= set(delivered.handlers)


def test_the_serving_copy_follows_and_the_cache_forgets(delivered: Delivered) -> None:
    made = delivered.started()
    delivered.deliver(*delivered.messages(), *delivered.messages())
    assert delivered.copies.get("e") == made
    assert len(delivered.forgotten) == 4
    assert all("e" in key for key in delivered.forgotten)


def test_a_message_of_an_experiment_that_is_not_there_makes_the_cache_forget_it_all_the_same(
    delivered: Delivered,
) -> None:
    delivered.deliver(build_outbox_message(kind="experiment_changed", entity_id="gone"))
    assert (delivered.copies.get("gone"), len(delivered.forgotten)) == (None, 1)


@pytest.mark.parametrize(
    ("messages", "values"),
    [
        ([putting("a", minutes=1), putting("b", minutes=2)], ["b"]),
        ([putting("b", minutes=2), putting("a", minutes=1)], ["b"]),
        ([putting("a", minutes=1), removal(minutes=2)], []),
        ([removal(minutes=2), putting("a", minutes=1)], []),
        ([removal(minutes=1), putting("a", minutes=2)], ["a"]),
        ([putting("a", minutes=2), removal(minutes=1)], ["a"]),
        ([putting("a", minutes=1), putting("a", minutes=1), removal(minutes=2), removal(minutes=2)], []),
    ],
)
def test_of_overrides_and_removals_the_latest_counts_in_whatever_order_they_come(
    delivered: Delivered, messages: list[OutboxMessage], values: list[str]
) -> None:
    delivered.time.advance(minutes=5)
    delivered.deliver(*messages)
    assert in_force(delivered) == values


def test_an_override_of_a_flag_is_not_one_of_an_experiment(delivered: Delivered) -> None:
    delivered.deliver(putting("on", OverrideTarget.FLAG, minutes=0))
    assert (in_force(delivered), in_force(delivered, OverrideTarget.FLAG)) == ([], ["on"])
    delivered.deliver(removal("flag", minutes=1))
    assert in_force(delivered, OverrideTarget.FLAG) == []


@pytest.mark.parametrize("kind", ["flag_changed", "audit"])
def test_a_flag_that_changed_is_read_by_its_id_for_the_next_snapshot(
    delivered: Delivered, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    delivered.flags.create_feature_flag("nav", flag_id="f")
    entry = build_audit_entry(entity_type="flag", entity_id="f", created_at=START)
    data = audit_record(entry) if kind == "audit" else {}
    monkeypatch.setattr(delivered.flag_store, "list", lambda **_: Page((), None))  # an index that is late
    assert list(delivered.catalogue.read().flags) == []
    delivered.deliver(build_outbox_message(kind=kind, entity_id="f", data=data, created_at=START))
    assert list(delivered.catalogue.read().flags) == ["f"]


def test_an_audit_entry_comes_into_the_log_once(delivered: Delivered) -> None:
    entry = build_audit_entry(entity_type="experiment", action="updated")
    message = build_outbox_message(kind="audit", data=audit_record(entry))
    delivered.deliver(message, message)
    assert delivered.entries() == [entry]
