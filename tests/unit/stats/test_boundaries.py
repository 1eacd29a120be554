"""Boundaries spend alpha, no more, however the looks fall; published ones are met to their last digit."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from variate.errors import InvalidInputError
from variate.model.plan import Spending
from variate.stats.boundaries import Boundary, Look, evenly_spaced, overall_error, planned_looks
from variate.stats.crossing import MAX_CRITICAL, drift_for

POCOCK = Boundary(spending=Spending.POCOCK)
OBRIEN_FLEMING = Boundary()


def test_five_even_looks_are_rpacts() -> None:
    # rpact 4, getDesignGroupSequential(sided = 2, alpha = 0.05, kMax = 5), typeOfDesign "asOF" and "asP".
    found = planned_looks(OBRIEN_FLEMING, information=evenly_spaced(5))
    assert [look.critical for look in found] == pytest.approx([4.8769, 3.3570, 2.6803, 2.2898, 2.0310], abs=6e-5)
    found = planned_looks(POCOCK, information=evenly_spaced(5))
    assert [look.critical for look in found] == pytest.approx([2.4380, 2.4268, 2.4101, 2.3966, 2.3859], abs=1.1e-4)


def test_one_look_at_the_end_is_the_usual_test() -> None:
    assert OBRIEN_FLEMING.final_look((), information=0.7).critical == pytest.approx(1.959964, abs=1e-6)
    assert OBRIEN_FLEMING.next_look((), information=1).critical == pytest.approx(1.959964, abs=1e-6)


@pytest.mark.parametrize(("looks", "factor"), [(1, 1.0), (5, 1.025), (20, 1.046)])
def test_looks_cost_little_sample(looks: int, factor: float) -> None:
    # statistics.md, section 5.10, from rpact: the sample size for 80 % power over that of one look.
    times = evenly_spaced(looks)
    critical = [look.critical for look in planned_looks(OBRIEN_FLEMING, information=times)]
    assert (drift_for(0.8, times=times, critical=critical) / 2.801585) ** 2 == pytest.approx(factor, abs=6e-4)


steps = st.lists(st.floats(0.005, 0.4), min_size=1, max_size=12)


@settings(max_examples=25, deadline=None)
@given(steps=steps, alpha=st.floats(1e-5, 0.3), spending=st.sampled_from(Spending))
def test_what_is_spent_is_the_chance_of_crossing_and_never_above_alpha(
    steps: list[float], alpha: float, spending: Spending
) -> None:
    boundary = Boundary(alpha=alpha, spending=spending)
    times = [sum(steps[: place + 1]) for place in range(len(steps))]
    looks = planned_looks(boundary, information=times)
    assert all(one.spent <= other.spent for one, other in pairwise(looks))
    assert looks[-1].spent <= alpha
    error = overall_error([look.information for look in looks], critical=[look.critical for look in looks])
    assert error == pytest.approx(looks[-1].spent, rel=1e-6, abs=1e-12)


def test_a_look_depends_on_what_was_before_it_only() -> None:
    whole = planned_looks(OBRIEN_FLEMING, information=evenly_spaced(8))
    assert OBRIEN_FLEMING.next_look(whole[:5], information=0.75) == whole[5]


def test_units_above_the_planned_spend_what_is_left_and_no_more() -> None:
    past = planned_looks(OBRIEN_FLEMING, information=[0.5, 0.9])
    last = OBRIEN_FLEMING.next_look(past, information=1.3)
    assert last.spent == 0.05
    assert last.information == 1.3
    assert OBRIEN_FLEMING.next_look([*past, last], information=1.5) is last
    assert overall_error([0.5, 0.9, 1.3], critical=[look.critical for look in [*past, last]]) == pytest.approx(0.05)


def test_an_end_fixed_in_advance_spends_the_rest_with_fewer_units() -> None:
    past = planned_looks(OBRIEN_FLEMING, information=[0.3, 0.6])
    last = OBRIEN_FLEMING.final_look(past, information=0.7)
    assert last.spent == 0.05
    assert overall_error([0.3, 0.6, 0.7], critical=[look.critical for look in [*past, last]]) == pytest.approx(0.05)
    assert last.critical < OBRIEN_FLEMING.next_look(past, information=0.7).critical


def test_a_second_look_at_the_same_units_is_the_first() -> None:
    past = planned_looks(OBRIEN_FLEMING, information=[0.3, 0.6])
    for information in (0.6, 0.600001, 0.55):
        assert OBRIEN_FLEMING.next_look(past, information=information) is past[-1]
    assert OBRIEN_FLEMING.next_look([*past, past[-1]], information=0.8) == OBRIEN_FLEMING.next_look(
        past, information=0.8
    )


def test_a_plan_made_greater_spends_nothing_until_it_has_caught_up() -> None:
    look = OBRIEN_FLEMING.next_look([Look(information=0.2, spent=0.04, critical=2.05)], information=0.4)
    assert look == Look(information=0.4, spent=0.04, critical=MAX_CRITICAL)


def test_an_early_look_is_not_told_from_none() -> None:
    look = OBRIEN_FLEMING.next_look((), information=0.001)
    assert look.critical == MAX_CRITICAL
    assert look.spent < 1e-30


def test_a_share_of_alpha_asks_for_more_at_each_look() -> None:
    whole = planned_looks(OBRIEN_FLEMING, information=evenly_spaced(5))
    share = planned_looks(Boundary(alpha=0.05 / 6), information=evenly_spaced(5))
    assert all(one.critical > other.critical for one, other in zip(share, whole, strict=True))
    assert share[-1].spent == 0.05 / 6


@pytest.mark.parametrize("information", [0, -1, float("nan"), float("inf")])
def test_a_look_without_information_is_refused(information: float) -> None:
    with pytest.raises(InvalidInputError, match="information"):
        OBRIEN_FLEMING.next_look((), information=information)


@pytest.mark.parametrize("alpha", [0, 1, -0.1, float("nan")])
def test_an_alpha_that_is_no_chance_is_refused(alpha: float) -> None:
    with pytest.raises(InvalidInputError, match="alpha"):
        Boundary(alpha=alpha)
