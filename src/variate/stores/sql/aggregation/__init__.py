"""The sums of recorded exposures and events in SQL: see ``variate.stores.aggregates``. Needs numpy: import it late."""

from __future__ import annotations

from variate.stores.sql.aggregation.aggregator import SqlAggregator

__all__ = ["SqlAggregator"]
