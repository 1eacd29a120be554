"""Deciding for many units, with the ledger read for many of them at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice

from variate.decision.asked import Attributes
from variate.decision.context import Ahead, Decide, Kept
from variate.decision.tolerant import tolerantly
from variate.model.decision import Decision

AT_ONCE = 10_000

Asked = tuple[bytes, Attributes]


def decided_together(asked: Iterable[Asked], *, asking: Callable[[Kept], Decide], ahead: Ahead) -> Iterator[Decision]:
    """Yield the decision for each unit in order, as ``asking`` makes it of what the ledger holds."""
    rest = iter(asked)
    while chunk := list(islice(rest, AT_ONCE)):
        yield from _decided(chunk, asking, ahead)


def _decided(chunk: Sequence[Asked], asking: Callable[[Kept], Decide], ahead: Ahead) -> list[Decision]:
    # Only a decision knows whether it has to ask: so all are made as if nothing were kept, and those that ask again.
    wanted: list[tuple[str, int, str]] = []

    def note(experiment_id: str, version: int, unit: str) -> None:
        wanted.append((experiment_id, version, unit))

    decide = asking(note)
    decisions, places = list[Decision](), list[int]()
    for place, each in enumerate(chunk):
        before = len(wanted)
        decisions.append(tolerantly(decide, *each))
        if len(wanted) > before:
            places.append(place)
    if places:
        experiment_id, version, _ = wanted[0]
        decide = asking(ahead(experiment_id, version, [unit for _, _, unit in wanted]))
        for place in places:
            decisions[place] = tolerantly(decide, *chunk[place])
    return decisions
