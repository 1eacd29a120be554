"""Files for the tests, questions about them, and what a person would work out from their rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from pyarrow import parquet

from variate.model.metric import MetricKind
from variate.stats.moments import Moments
from variate.stores.aggregates import OVERALL, Answer, MetricMoments, MetricQuantiles
from variate.stores.duckdb.file_question import FileMetric, FileQuestion
from variate.stores.duckdb.unit_file import UnitFile

REVENUE = FileMetric(name="revenue", column="revenue", kind=MetricKind.MEAN)


def csv(folder: Path, text: str | bytes, *, name: str = "users.csv") -> Path:
    """Write a CSV file and return its path."""
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def parquet_file(folder: Path, columns: Mapping[str, Any], *, name: str = "users.parquet") -> Path:
    """Write a Parquet file and return its path."""
    path = folder / name
    parquet.write_table(pa.table(columns), path)
    return path


def asked(source: Any, *metrics: FileMetric, **given: Any) -> FileQuestion:
    """Return a question about the columns ``user`` and ``variation``."""
    return FileQuestion(**{"source": source, "unit": "user", "variation": "variation", "metrics": metrics, **given})


def answered(source: Any, *metrics: FileMetric, **given: Any) -> Answer:
    """Return the answer to such a question."""
    with UnitFile(asked(source, *metrics, **given)) as file:
        return file.answer()


def cell(
    answer: Answer, metric: str, variation: int, *, dimension: str = OVERALL, value: str | None = None, day: int = -1
) -> Moments:
    """Return the moments of a metric in one cell."""
    found = answer.metrics[metric]
    assert isinstance(found, MetricMoments)
    cells = found.cells
    keys = list(zip(cells.variation.tolist(), cells.dimension, cells.value, cells.day.tolist(), strict=True))
    return found.moments[keys.index((variation, dimension, value, day))]


def quantiles(answer: Answer, metric: str) -> MetricQuantiles:
    """Return the quantiles of a metric."""
    found = answer.metrics[metric]
    assert isinstance(found, MetricQuantiles)
    return found


def variables(answer: Answer, metric: str) -> tuple[str, ...]:
    """Return the variables of a metric."""
    found = answer.metrics[metric]
    assert isinstance(found, MetricMoments)
    return found.variables


def assert_moments(found: Moments, rows: Sequence[Sequence[float]], *, farthest: float = 0.0) -> None:
    """See that the moments are numpy's of these rows.

    ``farthest`` is how far a value of another cell may be: sums are about a constant of all cells, so in one of values
    that are far from it and close to each other rounding leaves more.
    """
    values = np.asarray(rows, dtype=np.float64).reshape(len(rows), -1)
    assert found.count == len(values)
    mean = values.mean(axis=0)
    scale = np.abs(values).max() + 1
    np.testing.assert_allclose(found.mean, mean, rtol=1e-9, atol=1e-12 * scale)
    products = np.cov(values.T, ddof=0).reshape(found.products.shape) * len(values)
    np.testing.assert_allclose(
        found.products, products, rtol=1e-9, atol=max(1e-11 * scale**2, 1e-15 * farthest**2) * len(values)
    )
    cubes = ((values - mean) ** 3).sum(axis=0)
    np.testing.assert_allclose(
        found.cubes, cubes, rtol=1e-9, atol=max(1e-10 * scale**3, 1e-15 * farthest**3) * len(values)
    )
