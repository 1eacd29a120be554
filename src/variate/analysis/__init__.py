"""Analyse: what the recorded events say about the variations."""

from variate.analysis.outcomes import Outcome, Row, Summary
from variate.analysis.record import summary_record
from variate.analysis.results import Results
from variate.analysis.summary import summarise

__all__ = ["Outcome", "Results", "Row", "Summary", "summarise", "summary_record"]
