"""Sums over events of which some may be sealed: inside the engine those are no numbers and name no variation."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from variate.stores.aggregates import Advance, Aggregator, Answer, Question, UnitValues


class EncryptedAggregator:
    """See ``Aggregator``. Sums up in the engine, and reads events opened where exposures may have been sealed before.

    To the engine a sealed exposure is one that names no variation. So where it counts none of these, none is sealed.
    """

    def __init__(self, engine: Callable[[], Aggregator], *, opened: Callable[[], Aggregator]) -> None:
        self._engine = engine
        self._opened = opened

    def answer(self, question: Question, *, advance: Advance | None = None) -> Answer:
        """Return the moments of every metric of the question."""
        found = self._engine().answer(question, advance=advance)
        return self._opened().answer(question, advance=advance) if found.unknown else found

    def unit_values(self, question: Question, *, advance: Advance | None = None) -> Mapping[str, UnitValues]:
        """Return the rows of every metric that has moments: for rank tests, the bootstrap and A/A checks only."""
        aggregator = self._engine()
        if aggregator.answer(question, advance=advance).unknown:
            aggregator = self._opened()
        return aggregator.unit_values(question, advance=advance)
