"""Verifying the audit log: walking its chain from the first entry to the head, in constant memory."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from variate.errors import InvalidInputError
from variate.model import MAX_PAGE
from variate.model.audit_chain import NO_HASH, ChainHead, Link, Unchained
from variate.model.record import Record
from variate.model.rules import check_text, shown
from variate.stores.audit_chain import AuditChain

if TYPE_CHECKING:  # it comes with numpy, which only analyses wait for
    from variate.stores.aggregates import Advance

_WORK = "audit log"
_HASH = re.compile(r"[0-9a-f]{64}")
_UNCHAINED_NAMED = 100


class Fault(StrEnum):
    """What is wrong where a chain breaks."""

    ALTERED = "altered"
    """The entry, or its hash, is not what it was when it was appended."""
    MISSING = "missing"
    """There is no entry at this place, and there are later ones."""
    OUT_OF_ORDER = "out_of_order"
    """Another entry stands here than the one that was appended here, which stands elsewhere."""
    TRUNCATED = "truncated"
    """The chain ends before this place, and was longer."""
    UNACCOUNTED = "unaccounted"
    """The chain was noted to end before this place, so this entry was not appended."""
    REWRITTEN = "rewritten"
    """The chain is whole, but is not the one that was noted: from some place on it was made anew."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Break:
    """The first place at which the chain does not hold, and why. What comes after it is not vouched for."""

    place: int | None
    """None where nothing tells which it is: a chain that was made anew agrees with itself."""
    fault: Fault
    detail: str
    entry_id: str | None = None
    """The id of the entry that stands there, where one does."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditVerification:
    """What came of verifying the audit log."""

    entries: int
    """How many entries of the chain were looked at and hold."""
    head: str
    """The hash of the last of these: to be noted elsewhere, and given to a later verification."""
    broken: Break | None
    unchained: Unchained
    """Entries written by hand since the last was appended; the next one takes them in."""
    missing_guards: tuple[str, ...]
    """What should keep entries from being altered, and is not there."""

    @property
    def is_whole(self) -> bool:
        """Whether the chain holds, and what guards it stands."""
        return self.broken is None and not self.missing_guards


def verify(log: AuditChain, *, noted: str | None = None, advance: Advance | None = None) -> AuditVerification:
    """Walk the chain; with ``noted``, a hash that was once its head, see that it is still in it.

    Entries that are appended meanwhile are looked at, too.
    """
    if noted is not None and _HASH.fullmatch(check_text("head", noted, max_bytes=len(NO_HASH))) is None:
        raise InvalidInputError("head", f"must be a hash of {len(NO_HASH)} hexadecimal digits, not {shown(noted)}")
    walk = _Walk(log, noted, advance)
    broken = walk.first_break()
    return AuditVerification(
        entries=walk.end.length,
        head=walk.end.hash,
        broken=broken,
        unchained=log.unchained(limit=_UNCHAINED_NAMED),
        missing_guards=tuple(log.missing_guards()),
    )


@dataclass(slots=True)
class _Walk:
    """How far the chain was seen to hold: up to ``end``."""

    log: AuditChain
    noted: str | None
    advance: Advance | None
    end: ChainHead = field(default_factory=ChainHead)
    was_met: bool = False
    """Whether ``noted`` was met on the way."""

    def first_break(self) -> Break | None:
        """Walk on until the end or the first break."""
        self.was_met = self.noted in (None, self.end.hash)
        while True:
            # Read before the page: an entry that the head tells of is in the chain by then.
            head = self.log.head()
            page = self.log.chain(after=self._last_place, limit=MAX_PAGE)
            if not page:
                return self._wrong_with_end(head)
            for link in page:
                if (broken := self._wrong_with(link)) is not None:
                    return broken
                self.end = ChainHead.at(link)
                self.was_met = self.was_met or link.hash == self.noted
            if self.advance is not None:
                self.advance(_WORK, self.end.length, max(head.length, self.end.length))

    @property
    def _last_place(self) -> int | None:
        return self.end.length or None  # before the first, also an entry that somebody placed before it

    def _wrong_with(self, link: Link) -> Break | None:
        place = self.end.length + 1
        if link.place > place:
            return Break(place=place, fault=Fault.MISSING, detail=f"there is no entry, and the next is at {link.place}")
        if link.place == place and link.entry.hash_at(place, previous=self.end.hash) == link.hash:
            return None
        home = self._where_it_stands(place)
        if home is not None or link.place < place:
            where = f"; the entry that was appended here stands at {home}" if home not in (None, place) else ""
            detail = f"this entry was not appended at {link.place}{where}"
            return Break(place=place, fault=Fault.OUT_OF_ORDER, detail=detail, entry_id=link.entry.id)
        detail = "the entry and its hash do not agree"
        return Break(place=place, fault=Fault.ALTERED, detail=detail, entry_id=link.entry.id)

    def _where_it_stands(self, place: int) -> int | None:
        """Return the place of the entry that was appended at ``place``, where it is among the others."""
        for link in self._rest():
            if link.entry.hash_at(place, previous=self.end.hash) == link.hash:
                return link.place
        return None

    def _rest(self) -> Iterator[Link]:
        last = self._last_place
        while page := self.log.chain(after=last, limit=MAX_PAGE):
            yield from page
            last = page[-1].place

    def _wrong_with_end(self, head: ChainHead) -> Break | None:
        if head.length > self.end.length:
            detail = f"the chain ends here, and was noted to have {head.length} entries"
            return Break(place=self.end.length + 1, fault=Fault.TRUNCATED, detail=detail)
        if head.length < self.end.length:
            detail = f"the chain goes on, and was noted to have {head.length} entries"
            return Break(place=head.length + 1, fault=Fault.UNACCOUNTED, detail=detail)
        if head.hash != self.end.hash:
            detail = f"the last entry's hash is not the one that was noted with it, {head.hash}"
            return Break(place=head.length, fault=Fault.REWRITTEN, detail=detail)
        if not self.was_met:
            detail = f"no entry has the hash {self.noted}: from some place on the log was truncated or made anew"
            return Break(place=None, fault=Fault.REWRITTEN, detail=detail)
        return None


def verification_record(found: AuditVerification) -> Record:
    """Return what came of it as JSON."""
    broken = found.broken
    return {
        "whole": found.is_whole,
        "entries": found.entries,
        "head": found.head,
        "break": None
        if broken is None
        else {"place": broken.place, "fault": broken.fault, "entry_id": broken.entry_id, "detail": broken.detail},
        "unchained": {"count": found.unchained.count, "ids": [*found.unchained.ids]},
        "missing_guards": [*found.missing_guards],
    }
