"""p-values adjusted for how many there are. A family is a vector, or the last axis; NaN in it is passed over."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from variate.stats.moments import Floats


def bonferroni(p_values: npt.ArrayLike) -> Floats:
    """Return the p-values times how many there are; keeps the chance of any false one (Dunn 1961)."""
    given = np.asarray(p_values, dtype=np.float64)
    return np.minimum(given * _size(given), 1)


def holm(p_values: npt.ArrayLike) -> Floats:
    """Return the step-down p-values; keeps the chance of any false one, whatever depends on what (Holm 1979)."""
    given = np.asarray(p_values, dtype=np.float64)
    order = np.argsort(given, axis=-1)
    place = np.arange(given.shape[-1])
    stepped = np.take_along_axis(given, order, -1) * np.maximum(_size(given) - place, 1)
    return _unsorted(np.minimum(np.maximum.accumulate(stepped, axis=-1), 1), order)


def benjamini_hochberg(p_values: npt.ArrayLike) -> Floats:
    """Return the step-up p-values; keeps the share of false ones among those found (Benjamini & Hochberg 1995)."""
    given = np.asarray(p_values, dtype=np.float64)
    order = np.argsort(given, axis=-1)
    place = np.arange(1, given.shape[-1] + 1)
    stepped = np.take_along_axis(given, order, -1) * _size(given) / place
    smallest = np.fmin.accumulate(stepped[..., ::-1], axis=-1)[..., ::-1]
    return _unsorted(np.where(np.isnan(stepped), np.nan, np.minimum(smallest, 1)), order)


def _size(given: Floats) -> npt.NDArray[np.int64]:
    return np.count_nonzero(~np.isnan(given), axis=-1, keepdims=True)


def _unsorted(values: Floats, order: npt.NDArray[np.intp]) -> Floats:
    found = np.empty_like(values)
    np.put_along_axis(found, order, values, -1)
    return found
