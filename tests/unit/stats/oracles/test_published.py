"""Two real experiments, and three made ones whose truth is known, through the whole of the statistics.

Published figures are those of the files' README.
"""

from __future__ import annotations

import numpy as np
import pytest

from tests.experiment_data import columns, numbers
from tests.unit.stats.samples import by_variation, stacked
from variate.stats.clusters import cluster_freedom, cluster_totals
from variate.stats.cuped import cuped_sides
from variate.stats.differences import Difference, Lift, difference
from variate.stats.heterogeneity import Heterogeneity, heterogeneity
from variate.stats.mean_sides import mean_side
from variate.stats.moments import Floats
from variate.stats.multiplicity import benjamini_hochberg, holm
from variate.stats.quantiles import quantile_of_rows
from variate.stats.ratios import ratio_side
from variate.stats.sides import Side
from variate.stats.skewness import too_skewed
from variate.stats.strata import post_stratified


def _shown(treatment: Side, control: Side, *, freedom: Floats | None = None) -> Difference:
    found = difference(treatment, control, freedom=freedom).at(())
    assert isinstance(found, Difference)
    return found


def _lift(found: Difference) -> tuple[float, float]:
    assert isinstance(found.lift, Lift)
    assert isinstance(found.lift.low, float)
    assert isinstance(found.lift.high, float)
    return found.lift.low, found.lift.high


def _split(file: str, *names: str, by: str, order: tuple[str, ...]) -> list[Floats]:
    given = columns(file)
    rows = np.column_stack([numbers(given[name]) for name in names])
    return [rows[given[by] == value] for value in order]


class TestCookieCats:
    _ORDER = ("gate_30", "gate_40")

    def _side(self, metric: str) -> Side:
        return mean_side(by_variation(*_split("cookie_cats.csv", metric, by="version", order=self._ORDER)))

    def test_day_1_retention(self) -> None:
        side = self._side("retention_1")
        assert side.estimate == pytest.approx([0.4482, 0.4423], abs=5e-5)
        assert _shown(side[1], side[0]).p_value == pytest.approx(0.0744, abs=5e-5)

    def test_day_7_retention(self) -> None:
        side = self._side("retention_7")
        assert side.estimate == pytest.approx([0.1902, 0.1820], abs=5e-5)
        found = _shown(side[1], side[0])
        assert found.value == pytest.approx(-0.0082, abs=5e-5)
        assert (found.low, found.high) == pytest.approx((-0.0133, -0.0031), abs=5e-5)
        assert found.p_value == pytest.approx(0.0016, abs=5e-5)

    def test_the_player_of_49_854_rounds_makes_a_mean_not_to_be_trusted(self) -> None:
        moments = by_variation(*_split("cookie_cats.csv", "sum_gamerounds", by="version", order=self._ORDER))
        assert too_skewed(moments).tolist() == [True, False]


class TestHillstrom:
    _ORDER = ("No E-Mail", "Mens E-Mail", "Womens E-Mail")

    def _rows(self, *names: str) -> list[Floats]:
        return _split("hillstrom_email.csv", *names, by="segment", order=self._ORDER)

    @pytest.mark.parametrize(
        ("metric", "mens", "womens", "within"),
        [("visit", 0.0766, 0.0452, 5e-5), ("conversion", 0.0068, 0.0031, 5e-5), ("spend", 0.77, 0.42, 5e-3)],
    )
    def test_published_differences(self, metric: str, mens: float, womens: float, within: float) -> None:
        side = mean_side(by_variation(*self._rows(metric)))
        assert difference(side[1:], side[0]).difference == pytest.approx([mens, womens], abs=within)

    def test_all_six_hold_when_adjusted_for_being_six(self) -> None:
        rows = by_variation(*self._rows("visit", "conversion", "spend"))
        sides = [mean_side(rows, variable=each) for each in range(3)]
        found = np.concatenate([difference(side[1:], side[0]).p_value for side in sides])
        assert (holm(found) < 0.01).all()
        assert (benjamini_hochberg(found) <= holm(found)).all()

    def test_mens_spend_keeps_its_p_value_on_both_scales(self) -> None:
        # gbstats gives 1.2e-7 for the difference and 2.7e-4 for the lift of the same data: see the design's traps.
        side = mean_side(by_variation(*self._rows("spend")))
        found = _shown(side[1], side[0])
        assert found.p_value == pytest.approx(1.2e-7, rel=0.05)
        assert _lift(found)[0] > 0

    def test_a_weak_covariate_takes_off_little_and_leaves_the_difference(self) -> None:
        moments = by_variation(*self._rows("visit", "history"))
        plain, adjusted = mean_side(moments), cuped_sides(moments, covariates=[1])
        one, other = _shown(plain[1], plain[0]), _shown(adjusted[1], adjusted[0])
        assert other.value == pytest.approx(one.value, abs=0.1 * one.standard_error)
        assert 0.98 * one.standard_error < other.standard_error < one.standard_error

    def test_strata_and_slices_agree_with_the_whole(self) -> None:
        given = columns("hillstrom_email.csv")
        visit = numbers(given["visit"])
        cells = [
            by_variation(
                *[visit[(given["channel"] == each) & (given["segment"] == segment)] for segment in self._ORDER]
            )
            for each in np.unique(given["channel"])
        ]
        found = post_stratified(mean_side(stacked(cells)))
        whole = mean_side(stacked(cells).merged(0))
        assert found.left_out.sum() == 0
        assert _shown(found.sides[1], found.sides[0]).value == pytest.approx(
            _shown(whole[1], whole[0]).value, abs=0.1 * float(np.sqrt(whole.squared_error[0]))
        )
        sides = mean_side(stacked(cells))
        spread = heterogeneity(difference(sides[:, 1], sides[:, 0])).at(())
        assert isinstance(spread, Heterogeneity)
        assert spread.freedom == 2


class TestMadeUsers:
    def _moments(self, country: str, *names: str) -> tuple[Side, Side]:
        given = columns("synthetic_users.csv")
        rows = np.column_stack([numbers(given[name]) for name in names])
        order = [(given["country"] == country) & (given["variant"] == each) for each in ("control", "treatment")]
        moments = by_variation(*[rows[each] for each in order])
        return ratio_side(moments), cuped_sides(moments, covariates=[(2, 3)], lower=1)

    @pytest.mark.parametrize(("country", "truth"), [("US", 0.15), ("DE", 0.0), ("JP", 0.0)])
    def test_orders_per_session_rise_in_one_country_only(self, country: str, truth: float) -> None:
        plain, adjusted = self._moments(country, "orders", "sessions", "orders_pre", "sessions_pre")
        for side in (plain, adjusted):
            low, high = _lift(_shown(side[1], side[0]))
            assert low < truth < high
        assert (low > 0) == (country == "US")
        assert (adjusted.variance < plain.variance).all()

    def test_sessions_are_unaffected(self) -> None:
        side = mean_side(by_variation(*_split("synthetic_users.csv", "sessions", by="variant", order=_ORDER)))
        found = _shown(side[1], side[0])
        assert found.low < 0 < found.high


_ORDER = ("control", "treatment")


@pytest.mark.parametrize("nu", [0.5, 0.9, 0.99])
def test_latency_is_5_percent_up_at_every_quantile(nu: float) -> None:
    rows = _split("synthetic_latency_events.csv", "latency_ms", "user_id", by="variant", order=_ORDER)
    sides = [quantile_of_rows(each[:, 0], units=each[:, 1].astype(np.int64), nu=nu) for each in rows]
    low, high = _lift(_shown(sides[1], sides[0]))
    assert low < 0.05 < high
    for side, each in zip(sides, rows, strict=True):
        below = np.column_stack([each[:, 0] <= side.estimate, np.ones(len(each))]).astype(np.float64)
        share = ratio_side(by_variation(cluster_totals(below[:, 0], clusters=each[:, 1].astype(np.int64))))
        assert 2 <= share.squared_error[0] / (nu * (1 - nu) / len(each)) < 3.85, "the README: 2 to 3.8 times an iid one"


def test_stores_are_the_units_of_what_their_customers_spend() -> None:
    rows = _split("synthetic_store_clusters.csv", "y", "y_pre", "store_id", by="variant", order=_ORDER)
    moments = by_variation(*[cluster_totals(each[:, :2], clusters=each[:, 2].astype(np.int64)) for each in rows])
    plain, adjusted = ratio_side(moments, lower=2), cuped_sides(moments, covariates=[(1, 2)], lower=2)
    naive = mean_side(by_variation(*rows))
    freedom = cluster_freedom(plain[1], plain[0])
    assert freedom == 58
    for side, error in ((naive, 0.041), (plain, 0.072)):
        assert _shown(side[1], side[0]).standard_error == pytest.approx(error, abs=1.5e-3)
    found = _shown(adjusted[1], adjusted[0], freedom=freedom)
    # The README's 0.038 is of a regression of customers. One that has the stores' means as well has 0.034, as ours.
    assert found.standard_error == pytest.approx(0.034, abs=1e-3)
    assert found.low < 0.15 < found.high
