"""How often a sample ratio mismatch is flagged. Bounds: statistics.md, section 7, 6."""

from __future__ import annotations

import numpy as np
import pytest

from variate.stats.srm import sample_ratio, sequential_sample_ratio

RUNS, LOOKS = 20_000, 20


def test_daily_looks_at_a_fair_split_rarely_flag_it() -> None:
    treated = np.random.default_rng(6).binomial(1_000, 0.5, (RUNS, LOOKS)).cumsum(axis=1)
    counts = np.stack([treated, 1_000 * np.arange(1, LOOKS + 1) - treated], axis=-1)
    flagged = sample_ratio(counts, weights=[50, 50]).flagged.any(axis=1).mean()
    assert 0.006 <= flagged <= 0.014
    always = sequential_sample_ratio(counts, weights=[50, 50])
    assert (always.p_value[:, -1] < 0.01).mean() <= 0.01, "valid at every look; 0.26 % was measured"


def test_51_to_49_of_twenty_thousand_is_flagged_a_third_of_the_time() -> None:
    treated = np.random.default_rng(7).binomial(20_000, 0.51, RUNS)
    found = sample_ratio(np.stack([treated, 20_000 - treated], axis=-1), weights=[1, 1])
    assert found.flagged.mean() == pytest.approx(0.32, abs=0.015)
