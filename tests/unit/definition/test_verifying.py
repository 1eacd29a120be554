"""Verifying walks the whole chain, however long, and whatever is appended meanwhile."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.unit.testing.reference import Memory, ReferenceAuditLog
from variate.definition.verifying import Break, Fault, verify
from variate.errors import InvalidInputError
from variate.model.audit_chain import NO_HASH
from variate.testing.builders import build_audit_entry


@pytest.fixture
def memory() -> Memory:
    return Memory()


@pytest.fixture
def log(memory: Memory) -> ReferenceAuditLog:
    """An audit log of 2,500 entries: three pages."""
    log = ReferenceAuditLog(memory)
    log.append([build_audit_entry(f"e{number}") for number in range(1, 2_501)])
    return log


def test_it_goes_through_all_pages_and_tells_how_far_it_is(log: ReferenceAuditLog) -> None:
    told: list[tuple[str, int, int]] = []
    found = verify(log, advance=lambda *each: told.append(each))
    assert (found.entries, found.broken, found.head) == (2_500, None, log.head().hash)
    assert told == [("audit log", 1_000, 2_500), ("audit log", 2_000, 2_500), ("audit log", 2_500, 2_500)]


def test_what_is_appended_meanwhile_is_looked_at_too(log: ReferenceAuditLog) -> None:
    def append(_: str, done: int, __: int) -> None:
        if done in (1_000, 2_501):
            log.append([build_audit_entry(f"after {done}")])

    found = verify(log, advance=append)
    assert (found.entries, found.broken) == (2_502, None)


def test_a_break_on_a_later_page_is_found_and_the_entry_that_belongs_there(
    memory: Memory, log: ReferenceAuditLog
) -> None:
    memory.links[1_499], memory.links[2_399] = (
        replace(memory.links[2_399], place=1_500),
        replace(memory.links[1_499], place=2_400),
    )
    found = verify(log)
    assert found.entries == 1_499
    assert found.broken == Break(
        place=1_500,
        fault=Fault.OUT_OF_ORDER,
        detail="this entry was not appended at 1500; the entry that was appended here stands at 2400",
        entry_id="e2400",
    )


def test_any_head_that_was_noted_is_known_again(log: ReferenceAuditLog) -> None:
    for place in (1, 1_000, 2_500):
        (link,) = log.chain(after=place - 1, limit=1)
        assert verify(log, noted=link.hash).broken is None
    assert verify(log, noted=NO_HASH).broken is None  # the head of the log when it was empty
    found = verify(log, noted="f" * 64).broken
    assert found is not None
    assert (found.fault, found.place) == (Fault.REWRITTEN, None)


@pytest.mark.parametrize("head", ["", "f" * 63, "F" * 64, "f" * 65, "é" * 64])
def test_what_is_no_hash_is_refused(log: ReferenceAuditLog, head: str) -> None:
    with pytest.raises(InvalidInputError, match="head"):
        verify(log, noted=head)
