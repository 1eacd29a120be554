"""The port of the audit log's chain: what it takes to see whether somebody altered the log.

Separate from the others, which are in ``ports``, for its length; what those have in common holds here, too.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from variate.model.audit_chain import ChainHead, Link, Unchained


class AuditChain(Protocol):
    """One chain of all entries, in the order in which they were appended.

    Each entry has a place, counted from 1 without a gap, and a hash over itself and the hash before it (see
    ``variate.model.audit_chain``). It is given them in the step that stores it, whichever store that is.
    """

    def head(self) -> ChainHead:
        """Return where the chain ends, as it was noted with the last entry: an empty chain where nothing is noted.

        An entry is in ``chain`` no later than the head tells of it.
        """

    def chain(self, *, after: int | None, limit: int) -> Sequence[Link]:
        """Return up to ``limit`` entries with a place beyond ``after`` (None: all), by place, as they are stored.

        Nothing of them is checked: somebody may have altered them.
        """

    def unchained(self, *, limit: int) -> Unchained:
        """Return how many entries have no place, with the ids of up to ``limit`` of them.

        Such entries were not appended but written by hand, where a backend lets people do that.
        """

    def missing_guards(self) -> Sequence[str]:
        """Return the names of what should keep entries from being altered, and is not there or does not work."""
