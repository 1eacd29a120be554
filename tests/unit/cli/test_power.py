"""``variate power``: two of units, effect and power give the third, and a mistake names its option."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest
from statsmodels.stats.power import tt_ind_solve_power

from tests.acceptance.command import InProcess

PROPORTION = ("power", "proportion", "--baseline", "0.1")
MEAN = ("power", "mean", "--baseline", "14", "--deviation", "40", "--looks", "1")


def found(variate: InProcess, *arguments: str) -> dict[str, Any]:
    answer: dict[str, Any] = json.loads(variate.ok(*arguments, "--json").out)
    return answer


def test_an_effect_gives_the_units(variate: InProcess) -> None:
    answer = found(variate, *PROPORTION, "--mde", "0.01", "--looks", "1", "--daily-units", "5000")
    # By hand: (1.959964 + 0.841621)^2 (0.10 * 0.90 + 0.11 * 0.89) / 0.01^2 = 14,748.2 a side.
    assert answer["units_by_variation"] == [14_749, 14_749]
    assert (answer["solved"], answer["units"], answer["days"]) == ("units", 29_498, 6)
    assert answer["lift"] == pytest.approx(0.1)


def test_looks_take_some_more_units_and_fewer_on_average(variate: InProcess) -> None:
    answer = found(variate, *PROPORTION, "--mde", "0.01")
    # The design's own figure for 20 looks by O'Brien and Fleming's spending: 1.046 times.
    assert answer["units"] / 29_498 == pytest.approx(1.046, abs=0.001)
    assert answer["expected_units"] < 29_498
    assert (answer["looks"], len(answer["critical"])) == (20, 20)


def test_units_give_the_smallest_effect(variate: InProcess) -> None:
    answer = found(variate, *MEAN, "--units", "10000")
    expected = tt_ind_solve_power(nobs1=5_000, alpha=0.05, power=0.8, alternative="two-sided")
    assert answer["solved"] == "mde"
    assert answer["effect"] / 40 == pytest.approx(expected, rel=1e-3)


def test_units_and_an_effect_give_the_power(variate: InProcess) -> None:
    answer = found(variate, *MEAN, "--units", "10000", "--mde", "0.1", "--relative")
    expected = tt_ind_solve_power(effect_size=1.4 / 40, nobs1=5_000, alpha=0.05, alternative="two-sided")
    assert (answer["solved"], answer["effect"]) == ("power", pytest.approx(1.4))
    assert answer["power"] == pytest.approx(expected, abs=1e-3)


def test_a_covariate_saves_its_squared_correlation(variate: InProcess) -> None:
    plain = found(variate, *MEAN, "--mde", "1")
    adjusted = found(variate, *MEAN, "--mde", "1", "--covariate-correlation", "0.6")
    assert adjusted["units"] / plain["units"] == pytest.approx(1 - 0.36, abs=1e-3)


def test_clusters_cost_the_design_effect(variate: InProcess) -> None:
    plain = found(variate, *MEAN, "--mde", "1")
    clustered = found(variate, *MEAN, "--mde", "1", "--cluster-size", "11", "--icc", "0.05")
    assert clustered["units"] / plain["units"] == pytest.approx(1.5, abs=1e-3)


def test_uneven_shares_and_several_goals_are_allowed_for(variate: InProcess) -> None:
    answer = found(variate, *MEAN, "--mde", "1", "--shares", "80,10,10", "--goals", "2")
    assert answer["tests"] == 4
    control, *others = answer["units_by_variation"]
    assert control / others[0] == pytest.approx(8, abs=0.01)
    # By hand: the quantiles at 0.05 / 8 and at 0.8, with 40^2 (1 / 0.8 + 1 / 0.1) of variance.
    assert answer["units"] == pytest.approx((2.497705 + 0.841621) ** 2 * 1_600 * 11.25, abs=3)


def test_a_margin_is_judged_one_sided_by_a_sequence_unless_told_otherwise(variate: InProcess) -> None:
    options = ("power", "mean", "--baseline", "200", "--deviation", "40", "--margin", "2", "--direction", "decrease")
    answer = found(variate, *options, "--looks", "1")
    # By hand: 2 * 2 (1.644854 + 0.841621)^2 40^2 / 2^2.
    assert answer["units"] == pytest.approx(4 * (1.644854 + 0.841621) ** 2 * 1_600 / 4, abs=2)
    assert "confidence sequence" in variate.ok(*options).out
    assert "group sequential" in variate.ok(*options, "--spending", "pocock").out


def test_units_say_which_margin_they_rule_out(variate: InProcess) -> None:
    options = ("power", "mean", "--baseline", "200", "--deviation", "40", "--looks", "1", "--margin", "2")
    answer = found(variate, *options, "--units", "5000")
    again = found(variate, *options[:-1], str(answer["smallest_margin"]), "--units", "5000")
    assert answer["power"] < 0.8
    assert again["power"] == pytest.approx(0.8)


def test_a_ratio_and_a_quantile_have_their_own_variance(variate: InProcess) -> None:
    sides = ("--numerator-mean", "20", "--denominator-mean", "2", "--numerator-deviation", "10")
    more = ("--denominator-deviation", "1", "--correlation", "0.5", "--looks", "1", "--mde", "0.5")
    ratio = found(variate, "power", "ratio", *sides, *more)
    # By hand: (10^2 - 2 * 10 * 5 + 10^2 * 1) / 2^2 = 25, and 4 * 25 * 7.848880 / 0.5^2.
    assert ratio["units"] == pytest.approx(100 * 7.848880 / 0.25, abs=2)
    known = ("--baseline", "200", "--standard-error", "3", "--from-units", "1000", "--mde", "5", "--looks", "1")
    assert found(variate, "power", "quantile", *known)["units"] == pytest.approx(4 * 9_000 * 7.848880 / 25, abs=2)


def test_people_read_it_in_their_units(variate: InProcess) -> None:
    lines = variate.ok(*PROPORTION, "--mde", "0.01", "--daily-units", "5000").out.splitlines()
    assert lines[:4] == [
        "baseline    10.00 %",
        "effect      +1.00 pp (to 11.00 %, +10.00 %)",
        "power       80.00 %",
        "units       30,862 in all: 15,431, 15,431",
    ]
    assert any(line.split()[:2] == ["+0.50", "pp"] and line.split()[-1] == "25" for line in lines)
    assert max(map(len, lines)) <= 80


def test_units_that_tell_nothing_say_so(variate: InProcess) -> None:
    assert (
        "none that the metric can have"
        in variate.ok(*PROPORTION, "--units", "2", "--looks", "1", "--alpha", "0.0001").out
    )


@pytest.mark.parametrize(
    ("arguments", "option"),
    [
        ((), "--mde"),
        (("--mde", "0.01", "--units", "100", "--power", "0.8"), "--power"),
        (("--mde", "0"), "--mde"),
        (("--mde", "-0.01"), "--mde"),
        (("--mde", "nan"), "--mde"),
        (("--mde", "0.95"), "--mde"),
        (("--mde", "0.01", "--power", "0.01"), "--power"),
        (("--mde", "0.01", "--power", "1"), "--power"),
        (("--mde", "0.01", "--alpha", "0"), "--alpha"),
        (("--units", "-5"), "--units"),
        (("--units", "inf"), "--units"),
        (("--mde", "0.01", "--shares", "50,0"), "--shares"),
        (("--mde", "0.01", "--shares", "50,50", "--variations", "3"), "--shares"),
        (("--mde", "0.01", "--shares", "half"), "--shares"),
        (("--mde", "0.01", "--icc", "0.1"), "--cluster-size"),
        (("--mde", "0.01", "--icc", "2", "--cluster-size", "5"), "--icc"),
        (("--mde", "0.01", "--covariate-correlation", "1"), "--covariate-correlation"),
        (("--mde", "0.01", "--daily-units", "0"), "--daily-units"),
        (("--units", "100", "--daily-units", "0"), "--daily-units"),
        (("--mde", "0.01", "--expected", "0.1"), "--expected"),
        (("--mde", "0.01", "--margin", "0.1"), "--mde"),
        (("--margin", "0.01", "--expected", "-0.02"), "--expected"),
        (("--margin", "-1"), "--margin"),
        (("--mde", "0.01", "--always-valid", "--spending", "pocock"), "--spending"),
        (("--mde", "0.01", "--looks", "0"), "--looks"),
    ],
)
def test_a_mistake_names_its_option(variate: InProcess, arguments: tuple[str, ...], option: str) -> None:
    error = variate.mistake(*PROPORTION, *arguments).splitlines()[-1]
    assert error.lower().startswith("error: ")
    assert option in error.split(" ", 1)[1].split(",")[0]


def test_a_baseline_that_cannot_be_names_its_option(variate: InProcess) -> None:
    assert "--baseline" in variate.mistake("power", "proportion", "--baseline", "1.1", "--mde", "0.01")
    assert "--deviation" in variate.mistake("power", "mean", "--baseline", "1", "--deviation", "0", "--mde", "1")
    zero = ("power", "mean", "--baseline", "0", "--deviation", "1", "--mde", "0.1", "--relative")
    assert "--relative" in variate.mistake(*zero)


def test_extreme_numbers_end_in_words(variate: InProcess) -> None:
    for arguments in (("--mde", "1e-12"), ("--units", "1e300"), ("--units", "2"), ("--mde", "1e-300")):
        outcome = variate(*PROPORTION, *arguments)
        assert outcome.code in (0, 2), arguments
        assert "nan" not in outcome.out.split()
    assert "too far apart" in variate.mistake(*PROPORTION, "--mde", "1e-300")
    wild = ("--baseline", "1", "--standard-error", "1e200", "--from-units", "10", "--units", "10")
    assert "too far apart" in variate.mistake("power", "quantile", *wild)
    assert math.isfinite(found(variate, *PROPORTION, "--units", "1e12")["effect"])
