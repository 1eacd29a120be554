"""Units in files: what counts, by whose sums, in which cell."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.dataset as arrow_dataset
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyarrow import parquet

from tests.integration.duckdb.files import (
    REVENUE,
    answered,
    asked,
    assert_moments,
    cell,
    csv,
    parquet_file,
    quantiles,
    variables,
)
from variate.model.metric import MetricKind
from variate.stats.quantiles import quantile_of_rows
from variate.stores.aggregates import MetricMoments
from variate.stores.duckdb.file_question import ROW, ROWS, FileMetric
from variate.stores.duckdb.unit_file import UnitFile

WITH_COVARIATE = FileMetric(name="revenue", column="revenue", kind=MetricKind.MEAN, covariates=("before",))
PER_ROW = FileMetric(name="per row", column="revenue", kind=MetricKind.RATIO, denominator=ROWS)
MEDIAN = FileMetric(name="median", column="revenue", kind=MetricKind.QUANTILE, quantile=0.5)

TWO_VARIATIONS = """user,variation,revenue,before,country,day
1,control,1,10,DE,2026-01-01
2,control,4,20,DE,2026-01-02
3,green,6,40,FR,2026-01-01
4,green,2,10,,2026-01-01
5,green,0,5,DE,2026-01-02
"""


def test_a_row_is_a_unit(tmp_path: Path) -> None:
    answer = answered(csv(tmp_path, TWO_VARIATIONS), WITH_COVARIATE)
    assert variables(answer, "revenue") == ("y", "x1")
    assert_moments(cell(answer, "revenue", 0), [(1, 10), (4, 20)])
    assert_moments(cell(answer, "revenue", 1), [(6, 40), (2, 10), (0, 5)])
    assert answer.units.count.tolist() == [2, 3]
    assert (answer.crossed, answer.unknown, answer.overridden, answer.late, answer.completeness) == (
        0,
        0,
        0,
        None,
        None,
    )


def test_parquet_arrow_tables_and_data_sets_say_the_same(tmp_path: Path) -> None:
    table = pa.table({"user": [1, 2, 3], "variation": ["a", "a", "b"], "revenue": [1.5, 2.0, 4.0]})
    path = tmp_path / "users.parquet"
    parquet.write_table(table, path)
    for source in (path, table, arrow_dataset.dataset(path)):
        answer = answered(source, REVENUE)
        assert_moments(cell(answer, "revenue", 0), [[1.5], [2.0]])
        assert answer.units.count.tolist() == [2, 1]


def test_cells_are_by_dimension_and_by_day(tmp_path: Path) -> None:
    answer = answered(csv(tmp_path, TWO_VARIATIONS), REVENUE, dimensions=("country",), day="day")
    first = 20_454  # 2026-01-01, in days from 1970: 56 years of 365 days and 14 leap days
    assert_moments(cell(answer, "revenue", 1, day=first), [[6], [2]])
    assert_moments(cell(answer, "revenue", 1, dimension="country", value="FR", day=first), [[6]])
    assert_moments(cell(answer, "revenue", 1, dimension="country", value=None, day=first), [[2]])
    assert_moments(cell(answer, "revenue", 1, dimension="country", value="DE", day=first + 1), [[0]])


def test_moments_add_up_over_days_and_dimensions(tmp_path: Path) -> None:
    answer = answered(csv(tmp_path, TWO_VARIATIONS), REVENUE, dimensions=("country",), day="day")
    found = answer.metrics["revenue"]
    assert isinstance(found, MetricMoments)
    for name in ("", "country"):
        places = [
            place
            for place, dimension in enumerate(found.cells.dimension)
            if dimension == name and found.cells.variation[place] == 1
        ]
        assert_moments(found.moments[places].merged(), [[6], [2], [0]])


@pytest.mark.parametrize(
    ("given", "day"),
    [
        (pa.array([20_454]), 20_454),
        (pa.array([20_454], pa.int32()).cast(pa.date32()), 20_454),
        (pa.array([20_454 * 86_400 + 86_399], pa.timestamp("s")), 20_454),
        (pa.array([20_454 * 86_400 + 86_399], pa.timestamp("s", "Asia/Tokyo")), 20_454),
        (pa.array(["2026-01-01T23:30:00-02:00"]), 20_455),
        (pa.array(["1969-12-31"]), -1),
        (pa.array([None], pa.date32()), -1),
    ],
)
def test_a_day_is_a_number_a_date_or_a_moment_in_utc(given: pa.Array, day: int) -> None:
    table = pa.table({"user": [1], "variation": ["a"], "revenue": [1], "day": given})
    assert answered(table, REVENUE, day="day").units.cells.day.tolist() == [day]


def test_rows_of_a_unit_are_added_up(tmp_path: Path) -> None:
    path = csv(
        tmp_path,
        "user,variation,revenue,before,country,day\n"
        "u,a,1,10,DE,2026-01-02\nu,a,2,5,FR,2026-01-01\nv,a,4,1,DE,2026-01-01\nw,b,,7,DE,2026-01-01\nw,b,3,8,DE,2026-01-01\n",
    )
    answer = answered(path, WITH_COVARIATE, PER_ROW, dimensions=("country",), day="day")
    first = 20_454
    assert_moments(cell(answer, "revenue", 0, day=first), [(3, 15), (4, 1)])
    assert_moments(cell(answer, "revenue", 1, day=first), [(3, 15)])
    # A unit's dimension is what it was on its first day.
    assert_moments(cell(answer, "revenue", 0, dimension="country", value="FR", day=first), [(3, 15)])
    # A row without a value is no row of a ratio by rows.
    assert_moments(cell(answer, "per row", 0, day=first), [(3, 2), (4, 1)])
    assert_moments(cell(answer, "per row", 1, day=first), [(3, 1)])


def test_a_unit_in_two_variations_is_left_out_and_counted(tmp_path: Path) -> None:
    for ids in (["u", "v", "u", "w"], [7, 8, 7, 9], [7.0, 8.0, 7.0, 9.0], [10**15, 3, 10**15, 1]):
        path = parquet_file(tmp_path, {"user": ids, "variation": ["a", "a", "b", "b"], "revenue": [1, 2, 3, 4]})
        answer = answered(path, REVENUE, MEDIAN)
        assert answer.crossed == 1
        assert answer.units.count.tolist() == [1, 1]
        assert_moments(cell(answer, "revenue", 0), [[2]])
        assert quantiles(answer, "median").quantile.tolist() == [2, 4]


def test_rows_of_another_variation_are_counted_and_do_not_cross(tmp_path: Path) -> None:
    path = csv(tmp_path, "user,variation,revenue\nu,a,1\nu,old,2\nv,b,4\nw,,8\n")
    answer = answered(path, REVENUE, variations=("a", "b"))
    assert (answer.unknown, answer.crossed) == (2, 0)
    assert_moments(cell(answer, "revenue", 0), [[1]])


def test_rows_without_a_variation_are_counted() -> None:
    table = pa.table({"user": range(4), "variation": ["a", "b", None, ""], "revenue": [1, 2, 3, 4]})
    answer = answered(table, REVENUE)
    assert (answer.unknown, answer.units.count.tolist()) == (2, [1, 1])


def test_the_control_comes_first(tmp_path: Path) -> None:
    path = csv(tmp_path, "user,variation,revenue\nu,blue,1\nv,the control,2\nw,red,3\n")
    for said, names in (
        ({}, ("the control", "blue", "red")),
        ({"control": "red"}, ("red", "blue", "the control")),
        ({"variations": ("red", "blue")}, ("red", "blue")),
        ({"variations": ("red", "blue"), "control": "blue"}, ("blue", "red")),
    ):
        with UnitFile(asked(path, REVENUE, **said)) as file:
            assert file.question.variations == names


def test_each_row_may_be_a_unit_of_its_own(tmp_path: Path) -> None:
    path = csv(tmp_path, "variation,revenue\na,1\na,1\nb,3\n")
    assert answered(path, REVENUE, unit=ROW).units.count.tolist() == [2, 1]


def test_a_unit_without_a_value_is_not_in_the_metric(tmp_path: Path) -> None:
    path = csv(tmp_path, "user,variation,revenue,visits\nu,a,1,1\nv,a,,5\nw,a,2,\nx,b,2,3\n")
    ratio = FileMetric(name="ratio", column="revenue", denominator="visits", kind=MetricKind.RATIO)
    answer = answered(path, REVENUE, ratio, MEDIAN)
    assert_moments(cell(answer, "revenue", 0), [[1], [2]])
    assert_moments(cell(answer, "ratio", 0), [(1, 1)])
    assert [answer.metrics[name].unmeasured for name in ("revenue", "ratio", "median")] == [1, 2, 1]
    assert answer.units.count.tolist() == [3, 1]


def test_a_missing_covariate_is_a_constant_and_a_variable_that_says_so(tmp_path: Path) -> None:
    path = csv(tmp_path, "user,variation,revenue,before\nu,a,1,10\nv,a,3,\nw,b,2,20\nx,b,,\n")
    answer = answered(path, WITH_COVARIATE)
    assert variables(answer, "revenue") == ("y", "x1", "missing1")
    assert_moments(cell(answer, "revenue", 0), [(1, 10, 0), (3, 15, 1)])
    assert_moments(cell(answer, "revenue", 1), [(2, 20, 0)])


def test_a_covariate_that_is_only_missing_where_there_is_no_value_is_not_missing(tmp_path: Path) -> None:
    path = csv(tmp_path, "user,variation,revenue,before\nu,a,1,10\nv,a,,\nw,b,2,20\n")
    assert variables(answered(path, WITH_COVARIATE), "revenue") == ("y", "x1")


def test_a_covariate_nobody_has_is_missing_for_all(tmp_path: Path) -> None:
    columns = {"user": [1, 2], "variation": ["a", "b"], "revenue": [1, 2], "before": pa.nulls(2)}
    answer = answered(parquet_file(tmp_path, columns), WITH_COVARIATE)
    assert_moments(cell(answer, "revenue", 0), [(1, 0, 1)])


def test_a_proportion_is_of_the_units_whose_value_is_not_zero(tmp_path: Path) -> None:
    path = csv(tmp_path, "user,variation,revenue\nu,a,5\nu,a,0\nv,a,0\nw,b,-1\n")
    share = FileMetric(name="bought", column="revenue", kind=MetricKind.PROPORTION)
    answer = answered(path, share)
    assert_moments(cell(answer, "bought", 0), [[1], [0]])
    assert_moments(cell(answer, "bought", 1), [[1]])


def test_the_data_tell_a_proportion_from_a_mean(tmp_path: Path) -> None:
    path = csv(tmp_path, "user,variation,bought,count,empty\nu,a,TRUE,1,\nv,b,no,2,\nw,b,,0,\n")
    metrics = [FileMetric(name=name, column=name) for name in ("bought", "count", "empty")]
    with UnitFile(asked(path, *metrics)) as file:
        kinds = [metric.kind for metric in file.question.metrics]
    assert kinds == [MetricKind.PROPORTION, MetricKind.MEAN, MetricKind.MEAN]


def test_values_are_cut_to_the_exact_quantile_of_all_units_and_kept_raw_beside(tmp_path: Path) -> None:
    values = [float(each) for each in range(1, 101)]
    path = parquet_file(tmp_path, {"user": range(100), "variation": ["a", "b"] * 50, "revenue": values})
    # 0.55 * 100 is above 55 in binary: the place has to be the 55th all the same.
    capped = FileMetric(name="revenue", column="revenue", kind=MetricKind.MEAN, cap_quantile=0.55)
    answer = answered(path, capped)
    found = answer.metrics["revenue"]
    assert isinstance(found, MetricMoments)
    assert found.cap == 55
    assert found.variables == ("y", "raw")
    assert_moments(cell(answer, "revenue", 0), [(min(each, 55), each) for each in values[::2]])


def test_a_quantile_is_of_rows_clustered_in_units() -> None:
    random = np.random.default_rng(7)
    users = random.integers(0, 60, size=600)
    values = random.exponential(size=600) + users / 30
    table = pa.table(
        {"user": users, "variation": np.where(users % 2, "a", "b"), "revenue": values, "country": ["DE"] * 600}
    )
    metric = FileMetric(name="p90", column="revenue", kind=MetricKind.QUANTILE, quantile=0.9)
    found = quantiles(answered(table, metric, dimensions=("country",)), "p90")
    assert found.cells.dimension == ("", "", "country", "country")
    for place, variation in enumerate(found.cells.variation):
        rows = users % 2 == 1 - variation
        side = quantile_of_rows(values[rows], units=users[rows], nu=0.9)
        assert found.quantile[place] == side.estimate
        assert found.units[place] == side.count
        assert found.events[place] == rows.sum()
        assert found.standard_error[place] ** 2 * found.units[place] == pytest.approx(float(side.variance), rel=1e-9)


def test_a_quantile_of_units_is_clustered_in_none() -> None:
    values = np.random.default_rng(7).exponential(size=500)
    table = pa.table({"user": range(500), "variation": ["a"] * 500, "revenue": values})
    found = quantiles(answered(table, MEDIAN), "median")
    side = quantile_of_rows(values, units=np.arange(500), nu=0.5)
    assert found.quantile.tolist() == [side.estimate]
    assert found.standard_error[0] ** 2 * 500 == pytest.approx(float(side.variance), rel=1e-9)


def test_the_rows_behind_the_moments_have_the_same_moments(tmp_path: Path) -> None:
    path = csv(tmp_path, "user,variation,revenue,before\nu,a,1,10\nv,a,3,\nw,b,2,20\nx,b,,\ny,b,9,1\n")
    metric = FileMetric(
        name="revenue", column="revenue", kind=MetricKind.MEAN, covariates=("before",), cap_quantile=0.7
    )
    with UnitFile(asked(path, metric)) as file:
        answer, rows = file.answer(), file.unit_values()["revenue"]
    assert rows.variables == variables(answer, "revenue") == ("y", "x1", "missing1", "raw")
    assert sorted(rows.variation.tolist()) == [0, 0, 1, 1]
    kept = [0, 2, 3]  # the constant of a missing covariate may be another
    for variation in (0, 1):
        assert_moments(cell(answer, "revenue", variation).of(kept), rows.values[rows.variation == variation][:, kept])


@pytest.mark.parametrize("column", ['a "quoted" one', "with space", "two\nlines", "semi;colon", "select", "ünï", "'"])
def test_columns_may_have_any_name(tmp_path: Path, column: str) -> None:
    metric = FileMetric(name="m", column=column, kind=MetricKind.MEAN)
    quoted = '"' + column.replace('"', '""') + '"'
    path = csv(tmp_path, f"user,variation,{quoted},Revenue,revenue\r\nu,a,5,1,2\r\nv,b,7,3,4\r\n")
    assert_moments(cell(answered(path, metric), "m", 1), [[7]])
    path = parquet_file(tmp_path, {"user": ["u"], "variation": ["a"], column: [5.0], "Revenue": [1], "revenue": [2]})
    answer = answered(path, metric, REVENUE)
    assert_moments(cell(answer, "m", 0), [[5]])
    assert_moments(cell(answer, "revenue", 0), [[2]])


def test_columns_may_have_the_names_that_our_statements_have(tmp_path: Path) -> None:
    names = ("variation", "v", "last_v", "day", "n", "g0", "value", "number", "row_unit", "a0", "c0", "k0", "unit")
    columns = {name: [place, place + 1, place + 2] for place, name in enumerate(names)} | {"variation": ["a", "a", "b"]}
    metrics = [
        FileMetric(name="mean", column="last_v", kind=MetricKind.MEAN, covariates=("a0", "c0")),
        FileMetric(name="median", column="n", kind=MetricKind.QUANTILE, quantile=0.5),
    ]
    for unit in ("v", "unit", "value", "number"):
        for rows in (1, 2):
            table = pa.concat_tables([pa.table(columns)] * rows)
            answer = answered(table, *metrics, unit=unit, dimensions=("g0", "day"), day="row_unit")
            assert_moments(cell(answer, "mean", 1, day=10), [(4 * rows, 11 * rows, 12 * rows)])
            assert quantiles(answer, "median").quantile[:2].tolist() == [4, 6]


@pytest.mark.parametrize("name", ["[ab].csv", "*.csv", "a?.csv", "day=1.csv", "it's.csv", "ü.csv"])
def test_a_path_stands_for_one_file(tmp_path: Path, name: str) -> None:
    csv(tmp_path, "user,variation,revenue\nx,a,100\ny,b,100\n", name="a.csv")
    csv(tmp_path, "user,variation,revenue\nx,a,100\ny,b,100\n", name="ab.csv")
    path = csv(tmp_path, "user,variation,revenue\nu,a,5\nv,b,7\n", name=name)
    assert_moments(cell(answered(path, REVENUE), "revenue", 1), [[7]])


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_how_a_csv_file_is_written_is_found_out(tmp_path: Path, end: str, delimiter: str) -> None:
    rows = [("user", "variation", "revenue"), ('"u\n1"', "a", "1"), ("", "", ""), ("v", "b", '" 7 "')]
    text = "\ufeff" + end.join(delimiter.join(row) if any(row) else "" for row in rows)
    assert_moments(cell(answered(csv(tmp_path, text), REVENUE), "revenue", 1), [[7]])


@pytest.mark.parametrize(
    ("text", "number"),
    [("TRUE", 1), ("false", 0), ("Yes", 1), ("no", 0), (" 1.5 ", 1.5), ("1e3", 1000), ("+.5", 0.5), ("-0", 0)],
)
def test_words_and_spaces_in_cells_are_numbers(tmp_path: Path, text: str, number: float) -> None:
    columns = {"user": [1, 2], "variation": ["a", "b"], "revenue": [text, "2"]}
    for source in (
        csv(tmp_path, f"user,variation,revenue\n1,a,{text}\n2,b,2\n"),
        parquet_file(tmp_path, columns),
    ):
        assert_moments(cell(answered(source, REVENUE), "revenue", 0), [[number]])


def test_numbers_of_every_type_count(tmp_path: Path) -> None:
    for column in (
        pa.array([True, False]),
        pa.array([1, 0], pa.uint8()),
        pa.array([1, 0], pa.float32()),
        pa.array([1, 0], pa.decimal128(5, 2)),
        pa.array(["1", "0"]).dictionary_encode(),
    ):
        table = pa.table({"user": [1, 2], "variation": pa.array(["a", "b"]).dictionary_encode(), "revenue": column})
        assert_moments(cell(answered(table, REVENUE), "revenue", 0), [[1]])


@pytest.mark.parametrize("missing", [0, 6_000])
def test_digits_hold_however_far_from_zero_the_values_are(missing: int) -> None:
    """As of timestamps; and where the rows that are glanced at have no value to find a constant by."""
    values = 1e12 + np.random.default_rng(5).normal(size=500)
    table = pa.table(
        {
            "user": range(missing + 500),
            "variation": ["a"] * (missing + 500),
            "revenue": pa.array([None] * missing + values.tolist(), pa.float64()),
        }
    )
    found = cell(answered(table, REVENUE), "revenue", 0)
    assert found.count == 500
    assert found.variance(0) == pytest.approx(np.var(values - 1e12, ddof=1), rel=1e-6)
    assert found.cubes[0] == pytest.approx(((values - values.mean()) ** 3).sum(), rel=1e-2)


VALUES = st.one_of(st.none(), st.integers(-3, 3), st.floats(-100, 100), st.just(1e4))


@settings(max_examples=25, deadline=None)
@given(
    rows=st.lists(
        st.tuples(st.integers(0, 12), st.sampled_from("ab"), VALUES, VALUES, st.sampled_from(["x", "y", None])),
        min_size=1,
        max_size=40,
    ),
    offset=st.sampled_from([0.0, 1e6]),
)
def test_moments_are_those_of_the_rows(
    rows: list[tuple[int, str, float | None, float | None, str | None]], offset: float
) -> None:
    """The same, worked out one unit at a time in Python."""
    columns = list(zip(*rows, strict=True))
    moved = [None if each is None else each + offset for each in columns[2]]
    table = pa.table(
        {
            "user": pa.array(columns[0]),
            "variation": pa.array(columns[1]),
            "revenue": pa.array(moved, pa.float64()),
            "before": pa.array(columns[3], pa.float64()),
        }
    )
    units: dict[int, list[tuple[str, float | None, float | None]]] = defaultdict(list)
    for (user, variation, _, before, _), value in zip(rows, moved, strict=True):
        units[user].append((variation, value, before))
    names = sorted({name for user in units.values() for name, _, _ in user})
    kept = {user: seen for user, seen in units.items() if len({name for name, _, _ in seen}) == 1}
    answer = answered(table, WITH_COVARIATE, variations=("a", "b"))
    assert answer.crossed == len(units) - len(kept)
    sums = [sum(each or 0 for each in parts) for seen in units.values() for parts in list(zip(*seen, strict=True))[1:]]
    farthest = max(sums) - min(sums)
    for place, name in enumerate("ab"):
        expected = []
        for seen in kept.values():
            values = [value for _, value, _ in seen if value is not None]
            befores = [before for _, _, before in seen if before is not None]
            if seen[0][0] == name and values:
                expected.append((sum(values), sum(befores) if befores else None))
        if not expected or name not in names:
            continue
        found = cell(answer, "revenue", place)
        assert_moments(found.of([0]), [[value] for value, _ in expected], farthest=farthest)
        if all(before is not None for _, before in expected):
            assert_moments(found.of([0, 1]), [(value, before or 0.0) for value, before in expected], farthest=farthest)
