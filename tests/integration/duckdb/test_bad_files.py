"""What is wrong with a file is said in one sentence, naming the file, the line or row, and the column."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from tests.integration.duckdb.files import REVENUE, answered, asked, cell, csv, parquet_file, variables
from variate.errors import InvalidInputError
from variate.model.metric import MetricKind
from variate.stores.duckdb.file_question import FileMetric, FileQuestion
from variate.stores.duckdb.session import Session
from variate.stores.duckdb.unit_file import UnitFile

GOOD = "user,variation,revenue\nu,a,1\nv,b,2\n"


def fault(source: Any, *metrics: FileMetric, **given: Any) -> str:
    """Return what is said of the file."""
    with pytest.raises(InvalidInputError) as found:
        answered(source, *(metrics or (REVENUE,)), **given)
    return str(found.value)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "users.csv: is empty"),
        ("user,variation,revenue\n", "users.csv: has no rows"),
        ("user,revenue\nu,1\n", "users.csv: has no column 'variation'; its header has user, revenue"),
        ("user,variation,revenue,revenue\nu,a,1,2\n", "users.csv: has the column 'revenue' more than once"),
        (GOOD + "w,b,much\n", "users.csv line 4, column 'revenue': must be a number, TRUE, FALSE, yes, no or empty"),
        (GOOD + '"w\nx",b,much\n', "users.csv line 5, column 'revenue': must be a number"),
        (GOOD + "w,b,1_000\n", "users.csv line 4, column 'revenue': must be a number"),
        (GOOD + "w,b,٣\n", "users.csv line 4, column 'revenue': must be a number"),
        (GOOD + "w,b\n", "users.csv line 4: has 2 cells where the header has 3"),
        (GOOD + "w,b,1,2\n", "users.csv line 4: has 4 cells where the header has 3"),
        (GOOD + '"w,b,1\n', "users.csv line 4: is not CSV: unexpected end of data"),
        (GOOD + ",b,1\n", "users.csv column 'user': is empty in 1 row:"),
        ("user,variation,revenue\nu,,1\n", "users.csv column 'variation': is empty in every row"),
        (
            "user,variation,revenue\n" + "".join(f"u{n},v{n},1\n" for n in range(200)),
            "users.csv column 'variation': has more than",
        ),
    ],
)
def test_a_csv_file_that_is_wrong_says_where(tmp_path: Path, text: str, said: str) -> None:
    assert fault(csv(tmp_path, text)).startswith(said)


@pytest.mark.parametrize("text", [b"user,variation,revenue\nu,a\xff,1\n", b"\xff\xfeu\x00s\x00e\x00r\x00"])
def test_text_that_is_not_utf_8_says_so(tmp_path: Path, text: bytes) -> None:
    assert "is not UTF-8 text" in fault(csv(tmp_path, text))


def test_a_day_that_is_none_says_so(tmp_path: Path) -> None:
    path = csv(tmp_path, "user,variation,revenue,day\nu,a,1,2026-01-01\nv,b,1,soon\n")
    assert fault(path, day="day").startswith("users.csv column 'day': must be a date or a moment")


def test_a_file_that_is_not_parquet_says_so(tmp_path: Path) -> None:
    for name, content in (("users.parquet", GOOD), ("users.parquet", "PAR1"), ("users.csv", "PAR1 and more")):
        assert f"{name}: is not a Parquet file that can be read" in fault(csv(tmp_path, content, name=name))
    assert fault(csv(tmp_path, GOOD, name="users.xlsx")).startswith("users.xlsx: must be a CSV file")
    assert fault(tmp_path / "none.csv").startswith("none.csv: cannot be read: No such file")
    assert "cannot be read" in fault(tmp_path)
    assert fault("users.csv").startswith("source: must be a path, an Arrow table")


def test_parquet_columns_that_are_wrong_say_so(tmp_path: Path) -> None:
    columns = {"user": [1, 2], "variation": ["a", "b"], "revenue": ["1", "x"], "list": [[1], [2]], "day": [0, 1]}
    path = parquet_file(tmp_path, columns)
    assert fault(path) == (
        "users.parquet row 2, column 'revenue': must be a number, TRUE, FALSE, yes, no or empty, not 'x'"
    )
    listed = FileMetric(name="m", column="list", kind=MetricKind.MEAN)
    assert fault(path, listed) == "users.parquet column 'list': must hold numbers, not bigint[]"
    assert "has no column 'size'" in fault(path, FileMetric(name="m", column="size"))
    assert "is empty in 1 row:" in fault(pa.table({"user": [None, 1], "variation": ["a", "b"], "revenue": [1, 2]}))


def test_a_control_that_is_not_there_says_so(tmp_path: Path) -> None:
    assert fault(csv(tmp_path, GOOD), control="c") == "control: must be one of a, b, not 'c'"
    assert fault(csv(tmp_path, GOOD), control="c", variations=("a", "b")) == "control: must be one of a, b, not 'c'"


def test_variations_that_are_not_there_have_no_units(tmp_path: Path) -> None:
    answer = answered(csv(tmp_path, GOOD), REVENUE, variations=("x", "y"))
    assert answer.unknown == 2
    assert answer.units.count.tolist() == []
    assert variables(answer, "revenue") == ("y",)


@pytest.mark.parametrize("value", [math.inf, -math.inf, math.nan, 1e300])
def test_values_that_are_no_finite_number_stay_so_without_a_word(tmp_path: Path, value: float) -> None:
    metrics = [
        FileMetric(name="mean", column="revenue", kind=MetricKind.MEAN, covariates=("before",)),
        FileMetric(name="share", column="revenue", kind=MetricKind.PROPORTION),
        FileMetric(name="ratio", column="revenue", denominator="before", kind=MetricKind.RATIO),
        FileMetric(name="median", column="revenue", kind=MetricKind.QUANTILE, quantile=0.5),
        FileMetric(name="capped", column="revenue", kind=MetricKind.MEAN, cap_quantile=0.5),
    ]
    columns = {
        "user": range(4),
        "variation": ["a", "a", "b", "b"],
        "revenue": [1.0, value, 2, 3],
        "before": [1, 2, 3, 4],
    }
    answer = answered(parquet_file(tmp_path, columns), *metrics)
    found = cell(answer, "mean", 0)
    assert found.count == 2
    assert not np.isfinite(found.products[0, 0])
    assert np.isfinite(found.products[1, 1])
    assert np.isfinite(cell(answer, "mean", 1).products).all()
    # What is too great is cut, but no number is not great.
    assert np.isnan(cell(answer, "capped", 0).mean[0]) == np.isnan(value)
    text = csv(tmp_path, f"user,variation,revenue,before\nu,a,{value},1\nv,a,1,2\nw,b,2,3\nx,b,3,4\n")
    assert not np.isfinite(cell(answered(text, *metrics), "mean", 0).products[0, 0])


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"column": "", "name": "m"}, "must name a column"),
        ({"column": "y", "name": "m", "kind": MetricKind.RATIO}, "must have a denominator"),
        (
            {"column": "y", "name": "m", "denominator": "d"},
            "must have a denominator where it is a ratio, and only there",
        ),
        ({"column": "y", "name": "m", "kind": MetricKind.QUANTILE}, "must have a quantile"),
        ({"column": "y", "name": "m", "kind": MetricKind.QUANTILE, "quantile": 1.0}, "must be between 0 and 1"),
        ({"column": "y", "name": "m", "kind": MetricKind.FUNNEL}, "not funnel"),
        ({"column": "y", "name": "m", "kind": MetricKind.PROPORTION, "cap_quantile": 0.9}, "has a cap"),
        ({"column": "y", "name": "m", "covariates": ("x", "x")}, "covariates"),
        ({"column": "y", "name": "m", "covariates": ("x", "y")}, "metric 'm'"),
        ({"column": "y", "name": "m", "cap_quantile": 2.0}, "must be between 0 and 1"),
    ],
)
def test_a_metric_that_cannot_be_is_refused(given: dict[str, Any], said: str) -> None:
    with pytest.raises(InvalidInputError, match=said):
        FileMetric(**given)


@pytest.mark.parametrize("name", ["u", "v"])
def test_the_unit_and_its_variation_are_no_dimensions(name: str) -> None:
    with pytest.raises(InvalidInputError, match="dimension: must be another column"):
        FileQuestion(source=None, unit="u", variation="v", metrics=(REVENUE,), dimensions=(name,))


def test_a_question_without_metrics_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="must be from 1 to"):
        FileQuestion(source=None, unit="u", variation="v", metrics=())


def test_nothing_is_asked_of_the_network_and_nothing_is_left_behind(tmp_path: Path) -> None:
    with Session() as session:
        settings = dict(session.rows("SELECT name, value FROM duckdb_settings() WHERE name LIKE 'auto%extensions'"))
        assert set(settings.values()) == {"false"}
        folder = session.folder
    assert not folder.exists()
    with pytest.raises(InvalidInputError):
        UnitFile(asked(tmp_path / "none.csv", REVENUE))
