"""Draws are even over all buckets, and independent of one another.

The ids are fixed, so each figure is the same in every run: a bound tells whether these hashes look like chance, and is
never missed by bad luck. A p-value is to be neither too small nor too near to 1, which would be too even for chance.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import combinations

import pytest

from tests.unit.decision.chances import binomial_tails, chi_square_tail
from tests.unit.decision.snapshots import active_experiment, content_of, engine_of
from variate.decision import BUCKETS, buckets, draw_salt
from variate.decision.bucketing import group_salt

CHUNK = 100_000
FAMILIES = {"integers": "{}", "names": "user-{:08}", "addresses": "{}@example.com"}


def _units(family: str, count: int) -> Iterator[list[str]]:
    """Yield so many ids of a family, a hundred thousand at a time."""
    for start in range(0, count, CHUNK):
        yield [FAMILIES[family].format(number) for number in range(start, start + CHUNK)]


@pytest.mark.parametrize(
    ("statistic", "degrees", "tail"),
    [
        (3.841, 1, 0.05),
        (10.828, 1, 0.001),
        (27.877, 9, 0.001),
        (124.342, 100, 0.05),
        (148.230, 99, 0.001),
        (1_074.679, 1_000, 0.05),
        (1_143.917, 1_000, 0.001),
    ],
)
def test_the_tails_of_chi_square_are_those_of_its_tables(statistic: float, degrees: int, tail: float) -> None:
    """The points are those of the NIST/SEMATECH e-Handbook, 1.3.6.7.4; of 1,000 degrees, those of R's qchisq."""
    assert chi_square_tail(statistic, degrees) == pytest.approx(tail, rel=2e-3)


def test_the_tails_of_the_binomial_are_its_exact_sums() -> None:
    assert binomial_tails(3, 10, 0.5) == pytest.approx((176 / 1_024, 968 / 1_024))


@pytest.mark.slow
@pytest.mark.parametrize("family", ["integers", "names"])
def test_ten_million_ids_fill_the_ten_thousand_buckets_evenly(family: str) -> None:
    counts: Counter[int] = Counter()
    for units in _units(family, 10_000_000):
        counts.update(buckets(draw_salt("variation", salt="even", version=1), units))
    statistic = sum((counts[place] - 1_000) ** 2 / 1_000 for place in range(BUCKETS))
    assert 0.001 < chi_square_tail(statistic, BUCKETS - 1) < 0.999


@pytest.mark.slow
def test_two_hundred_experiments_are_independent_of_one_another_pair_by_pair() -> None:
    """Each of the 19,900 pairs puts 100,000 units into a table of 2 by 2: chi-square has 1 degree of freedom."""
    (units,) = _units("names", CHUNK)
    halves = [
        _as_bits(place < BUCKETS // 2 for place in buckets(draw_salt("variation", salt=f"e{number}", version=1), units))
        for number in range(200)
    ]
    tails = sorted(chi_square_tail(_two_by_two(*pair), 1) for pair in combinations(halves, 2))
    assert len(tails) == 19_900
    assert tails[0] > 0.01 / 19_900, "Bonferroni: by chance, some pair is below that once in a hundred times"
    # Kolmogorov and Smirnov: by chance, p-values are even between 0 and 1. Beyond 1.95 / sqrt(n): once in a thousand.
    gap = max(abs(tail - (number + 0.5) / 19_900) for number, tail in enumerate(tails)) + 0.5 / 19_900
    assert gap < 1.95 / 19_900**0.5


def _as_bits(truths: Iterable[bool]) -> int:
    return int("".join("1" if each else "0" for each in truths), 2)


def _two_by_two(left: int, right: int) -> float:
    """Return Pearson's chi-square of the table of those in either, from its four cells."""
    both, one, other = (left & right).bit_count(), left.bit_count(), right.bit_count()
    cells = (both, one - both, other - both, CHUNK - one - other + both)
    margins = one * other * (CHUNK - one) * (CHUNK - other)
    return CHUNK * (cells[0] * cells[3] - cells[1] * cells[2]) ** 2 / margins


def _draws() -> dict[str, str]:
    """Return the salt of each draw that has one and the same salt behind it."""
    experiments = {f"{draw} {version}": (draw, version) for draw in ("variation", "traffic") for version in (1, 2)}
    salts = {name: draw_salt(draw, salt="e", version=version) for name, (draw, version) in experiments.items()}
    return salts | {draw: group_salt(draw, salt="e") for draw in ("layer", "holdout", "rollout")} | {"percentage": "e"}


@pytest.mark.slow
def test_all_draws_of_one_salt_are_independent_pair_by_pair() -> None:
    """Each of the 28 pairs puts a million units into a table of 10 by 10, against 10,000 expected in each cell."""
    tenths: dict[str, list[int]] = {name: [] for name in _draws()}
    for units in _units("integers", 1_000_000):
        for name, salt in _draws().items():
            tenths[name] += [place // 1_000 for place in buckets(salt, units)]
    tails = {
        (first, second): _evenness([10 * a + b for a, b in zip(tenths[first], tenths[second], strict=True)], 100)
        for first, second in combinations(tenths, 2)
    }
    assert len(tails) == 28
    assert min(tails.values()) > 0.01 / 28, "Bonferroni: by chance, some pair is below that once in a hundred times"
    assert max(tails.values()) < 1 - 0.01 / 28


@pytest.mark.slow
def test_traffic_variation_layer_and_holdout_are_independent_taken_all_together() -> None:
    """A million units in a table of 4 by 4 by 4 by 4: two draws could be independent where three are not."""
    names = ("traffic 1", "variation 1", "layer", "holdout")
    cells: list[int] = []
    for units in _units("addresses", 1_000_000):
        quarters = ([place // 2_500 for place in buckets(_draws()[name], units)] for name in names)
        cells += [64 * a + 16 * b + 4 * c + d for a, b, c, d in zip(*quarters, strict=True)]
    assert 0.001 < _evenness(cells, 256) < 0.999


def _evenness(cells: Sequence[int], count: int) -> float:
    """Return the p-value of cells that are expected to be equally full."""
    counts, expected = Counter(cells), len(cells) / count
    return chi_square_tail(sum((counts[cell] - expected) ** 2 / expected for cell in range(count)), count - 1)


@pytest.mark.slow
@pytest.mark.parametrize(("weights", "rare"), [([1, 9_999], 0), ([4_999, 1, 5_000], 1), ([9_999, 1], 1)])
def test_a_weight_of_one_in_ten_thousand_gets_its_share(weights: list[int], rare: int) -> None:
    engine = engine_of(content_of(experiments={"e": active_experiment(salt="rare", weights=weights)}))
    found = sum(engine.decide_many("e", units).count(rare) for units in _units("integers", 5_000_000))
    assert min(binomial_tails(found, 5_000_000, 1 / 10_000)) > 0.001


@pytest.mark.slow
def test_who_passes_holdout_layer_and_traffic_is_split_as_the_weights_say() -> None:
    experiment = active_experiment(
        salt="e",
        weights=[1, 3],
        traffic=2_000,
        layer={"id": "l", "salt": "e", "start": 5_000, "end": 9_000},
        holdouts=[{"id": "h", "salt": "e", "buckets": 1_000}],
    )
    engine = engine_of(content_of(experiments={"e": experiment}))
    found: Counter[int] = Counter()
    for units in _units("names", 2_000_000):
        found.update(engine.decide_many("e", units))
    for variation, share in ((0, 0.25), (1, 0.75)):
        passed = 0.9 * 0.4 * 0.2 * share
        assert min(binomial_tails(found[variation], 2_000_000, passed)) > 0.001
