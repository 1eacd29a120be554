"""Experiments that randomise clusters, such as stores, and measure what is in them, such as customers.

The mean over all customers is a ratio over clusters, of their totals over their sizes (Deng, Knoblich & Lu 2018).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from variate.stats.moments import Floats
from variate.stats.sides import Side

FEW_CLUSTERS = 40
"""With fewer clusters on both sides together, the t-test of the clusters' own means is to be shown beside."""


def cluster_totals(values: Floats, *, clusters: npt.NDArray[np.int64]) -> Floats:
    """Return a row for each cluster of the rows (n, k): its totals (k), and last its size.

    ``ratio_side`` of a total and the size is the side of that column's mean. ``mean_side`` of the one divided by the
    other is that of the clusters' means, each counted once.
    """
    rows = np.asarray(values, dtype=np.float64)
    rows = rows[:, None] if rows.ndim == 1 else rows
    numbers, places = np.unique(clusters, return_inverse=True)
    columns = [np.bincount(places, weights=column, minlength=len(numbers)) for column in rows.T]
    return np.stack([*columns, np.bincount(places, minlength=len(numbers))], axis=1).astype(np.float64)


def cluster_freedom(treatment: Side, control: Side) -> Floats:
    """Return the degrees of freedom of two sides of clusters, for ``difference(..., freedom=...)``: clusters - 2."""
    return treatment.count + control.count - 2


def few_clusters(treatment: Side, control: Side) -> npt.NDArray[np.bool_]:
    """Return where the sides have fewer than ``FEW_CLUSTERS`` clusters between them."""
    return np.asarray(treatment.count + control.count < FEW_CLUSTERS)
