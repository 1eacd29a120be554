"""Analyse: what the recorded events say about the variations."""

from variate.analysis.outcomes import Outcome, Row, Summary
from variate.analysis.summary import summarise

__all__ = ["Outcome", "Row", "Summary", "summarise"]
