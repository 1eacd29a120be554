"""Decide: which variation a unit gets. Pure: no I/O, no clock, no chance."""

from variate.decision.allocation import Allocation
from variate.decision.bucketing import BUCKETS, bucket, buckets, draw_salt
from variate.decision.choice import choose

__all__ = ["BUCKETS", "Allocation", "bucket", "buckets", "choose", "draw_salt"]
