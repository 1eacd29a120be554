"""The files of real and made experiments that lie beside the project; their README says where each is from."""

from __future__ import annotations

import csv
import functools
import os
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from variate.stats.moments import Floats

Column = npt.NDArray[np.str_]

_BESIDE = Path(__file__).parents[2] / "shared" / "data"


def experiment_file(name: str) -> Path:
    """Return where the file is; skips the test where it is not there."""
    path = Path(os.environ.get("VARIATE_TEST_DATA", _BESIDE)) / name
    if not path.exists():
        pytest.skip(f"{name} is not in {path.parent}; VARIATE_TEST_DATA says where else")
    return path


def columns(name: str) -> Mapping[str, Column]:
    """Return the columns of a file as text; skips the test where the file is not there."""
    return _read(experiment_file(name))


def numbers(column: Column) -> Floats:
    """Return a column of numbers, or of TRUE and FALSE as 1 and 0."""
    if column[0] in ("TRUE", "FALSE"):
        return np.asarray(column == "TRUE", dtype=np.float64)
    return column.astype(np.float64)


@functools.cache
def _read(path: Path) -> Mapping[str, Column]:
    with path.open(newline="", encoding="utf-8") as lines:
        rows = csv.reader(lines)
        names = next(rows)
        return {name: np.array(values) for name, values in zip(names, zip(*rows, strict=True), strict=True)}
