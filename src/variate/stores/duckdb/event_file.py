"""Analysing exported events: a Parquet file, an Arrow table or an Arrow data set with the columns of the platform's."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from variate.stores.aggregates import Advance, Answer, Question, UnitValues
from variate.stores.duckdb.event_analysis import answer_events, event_unit_values
from variate.stores.duckdb.event_source import event_source
from variate.stores.duckdb.session import MEMORY, Session


class EventFile:
    """An ``Aggregator`` over ``source``, which has each event once; see ``event_source.SCHEMA`` for its columns.

    ``expires_at``, ``sender`` and ``number`` may be missing. Nothing is kept between questions. Raise
    ``InvalidInputError`` naming the file and the column that is wrong.
    """

    def __init__(self, source: Path | Any, *, memory: str = MEMORY) -> None:
        self._source = source
        self._memory = memory

    def answer(self, question: Question, *, advance: Advance | None = None) -> Answer:
        """Return the moments of every metric of the question."""
        with Session(memory=self._memory, advance=advance) as session:
            return answer_events(session, event_source(session, self._source), question, are_all=True)

    def unit_values(self, question: Question, *, advance: Advance | None = None) -> Mapping[str, UnitValues]:
        """Return the rows of every metric that has moments."""
        with Session(memory=self._memory, advance=advance) as session:
            return event_unit_values(session, event_source(session, self._source), question)
