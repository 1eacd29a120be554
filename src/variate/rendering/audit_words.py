"""What came of verifying the audit log, as people read it."""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from typing import NamedTuple

from variate.definition.verifying import AuditVerification, Break

_IDS_SHOWN = 10


class Tone(StrEnum):
    """How a sentence is meant."""

    PLAIN = "plain"
    WRONG = "wrong"
    DETAIL = "detail"
    """It says more of the one before it."""


class Sentence(NamedTuple):
    """One sentence."""

    text: str
    tone: Tone = Tone.PLAIN


def verification_words(found: AuditVerification) -> Iterator[Sentence]:
    """Yield what was found, all but the head."""
    if found.broken is not None:
        yield from _break_words(found.broken)
    elif found.entries:
        counted = "1 entry stands as it was" if found.entries == 1 else f"{found.entries:,} entries stand as they were"
        yield Sentence(f"{counted} written.")
    else:
        yield Sentence("The log is empty.")
    if found.unchained.count:
        ids = ", ".join(found.unchained.ids[:_IDS_SHOWN])
        more = ", ..." if found.unchained.count > _IDS_SHOWN else ""
        yield Sentence(
            f"Outside the chain, written by hand, until the next change takes them in: {found.unchained.count:,}"
        )
        yield Sentence(f"{ids}{more}", Tone.DETAIL)
    if found.missing_guards:
        yield Sentence(f"The guards against alteration are gone: {', '.join(found.missing_guards)}.", Tone.WRONG)
        yield Sentence("Find out who removed them; variate migrate makes them again.")


def _break_words(broken: Break) -> Iterator[Sentence]:
    place = "" if broken.place is None else f" at place {broken.place:,}"
    named = "" if broken.entry_id is None else f", entry {broken.entry_id}"
    yield Sentence(f"BROKEN{place}{named}: {broken.fault.replace('_', ' ')}.", Tone.WRONG)
    yield Sentence(f"{broken.detail[0].upper()}{broken.detail[1:]}.", Tone.DETAIL)
    if broken.place is not None:
        yield Sentence("What stands before that place is as it was written; what comes after it is not vouched for.")
