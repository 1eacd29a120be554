"""Decide: which variation a unit gets. Pure: no I/O, no clock, no chance."""

from variate.decision.allocation import Allocation
from variate.decision.bucketing import bucket, buckets, draw_salt
from variate.decision.compiled import CompiledSnapshot
from variate.decision.context import Surroundings
from variate.decision.engine import NO_VARIATION, Engine
from variate.decision.ladder import Explanation, Ladder, Rung
from variate.model.decision import BUCKETS

__all__ = [
    "BUCKETS",
    "NO_VARIATION",
    "Allocation",
    "CompiledSnapshot",
    "Engine",
    "Explanation",
    "Ladder",
    "Rung",
    "Surroundings",
    "bucket",
    "buckets",
    "draw_salt",
]
