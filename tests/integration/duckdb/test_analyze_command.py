"""``variate analyze`` and ``variate events export``, on real files."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import parquet
from scipy import stats

from tests.acceptance.command import InProcess
from tests.integration.duckdb.files import csv
from variate.platform import Platform

COLUMNS = ("--unit", "user", "--variation", "variation")


@pytest.fixture
def users(tmp_path: Path) -> Path:
    """A file of 400 users; those of green spend more, and as much more as they did before."""
    random = np.random.default_rng(3)
    before = random.exponential(10, 400)
    is_green = np.arange(400) % 2 == 1
    table = pa.table(
        {
            "user": [f"user-{number}" for number in range(400)],
            "variation": np.where(is_green, "green", "control"),
            "before": before,
            "revenue": before + random.normal(size=400) + 2 * is_green,
            "visits": random.integers(1, 9, 400),
            "bought": (random.random(400) < 0.3).astype(int),
            "country": random.choice(["DE", "FR"], 400),
            "day": random.integers(20_454, 20_461, 400),
        }
    )
    parquet.write_table(table, tmp_path / "users.parquet")
    return tmp_path / "users.parquet"


def reported(variate: InProcess, *arguments: str | Path) -> dict[str, Any]:
    """Return the report as JSON."""
    found: dict[str, Any] = json.loads(variate.ok("analyze", *arguments, "--json").out)
    return found


def test_a_file_is_reported_by_the_numbers_of_scipy(variate: InProcess, users: Path) -> None:
    report = reported(variate, users, *COLUMNS, "--metric", "revenue", "--metric", "bought,role=secondary")
    assert [metric["kind"] for metric in report["metrics"]] == ["mean", "proportion"]
    rows = parquet.read_table(users)
    is_green = np.asarray(rows["variation"]) == "green"
    revenue = np.asarray(rows["revenue"])
    raw = report["metrics"][0]["slices"][0]["comparisons"][0]["raw"]
    expected = stats.ttest_ind(revenue[is_green], revenue[~is_green], equal_var=False)
    assert raw["difference"] == pytest.approx(revenue[is_green].mean() - revenue[~is_green].mean(), rel=1e-9)
    assert raw["p_value"] == pytest.approx(expected.pvalue, rel=1e-9)
    assert (report["name"], report["control"]) == ("users.parquet", "control")
    assert [each["units"] for each in report["variations"]] == [200, 200]


def test_every_kind_of_metric_is_reported_with_dimensions_and_days(variate: InProcess, users: Path) -> None:
    specs = ("revenue,cap=0.99", "proportion:bought", "ratio:revenue/visits", "quantile:visits@0.5")
    metrics = [each for spec in specs for each in ("--metric", spec)]
    options = (
        "--dimension",
        "country",
        "--day",
        "day",
        "--covariate",
        "revenue=before",
        "--weights",
        "control=1,green=1",
    )
    shown = variate.ok("analyze", users, *COLUMNS, *metrics, *options).out
    for word in ("revenue", "bought", "revenue/visits", "visits@0.5", "CUPED", "country", "green"):
        assert word in shown


def test_tests_of_rows_are_added(variate: InProcess, users: Path) -> None:
    arguments = (users, *COLUMNS, "--metric", "revenue", "--metric", "ratio:revenue/visits")
    report = reported(variate, *arguments, "--rank-test", "--bootstrap", "200")
    rows = parquet.read_table(users)
    is_green = np.asarray(rows["variation"]) == "green"
    revenue = np.asarray(rows["revenue"])
    [ranks] = report["rank_tests"]
    assert ranks["p_value"] == pytest.approx(stats.mannwhitneyu(revenue[is_green], revenue[~is_green]).pvalue, rel=1e-9)
    assert [each["metric"] for each in report["bootstrap"]] == ["revenue", "revenue/visits"]
    for each in report["bootstrap"]:
        assert each["low"] < each["value"] < each["high"]
    shown = variate.ok("analyze", *arguments, "--rank-test", "--bootstrap", "100").out
    assert "Rank test" in shown
    assert "Bootstrap" in shown


def test_a_ratio_over_nothing_is_said_not_to_be_told(variate: InProcess, tmp_path: Path) -> None:
    path = csv(tmp_path, "user,variation,y,d\n1,a,1,0\n2,a,2,0\n3,b,1,0\n4,b,5,0\n")
    report = reported(variate, path, *COLUMNS, "--metric", "ratio:y/d", "--bootstrap", "100")
    assert report["bootstrap"] == [{"metric": "y/d", "variation": "b", "not_estimable": "zero_denominator"}]
    assert "NaN" not in json.dumps(report)


def test_values_that_cannot_be_counted_have_reasons_and_no_traceback(variate: InProcess, tmp_path: Path) -> None:
    rows = ["1,a,inf,,1,x", "2,a,1,,1,y", "3,b,2,,1,x", "4,b,,,1,", "5,c,3,,1,x", "6,,3,,1,x", "1,b,0,,1,x"]
    path = csv(tmp_path, "user,variation,y,nothing,same,g\n" + "\n".join(rows) + "\n")
    report = reported(
        variate,
        *(path, *COLUMNS, "--dimension", "g", "--weights", "a=1,b=1,c=1,d=1"),
        *("--metric", "y", "--metric", "same", "--metric", "nothing", "--metric", "quantile:y@0.5,name=q"),
        *("--metric", "ratio:y/same", "--covariate", "y=nothing"),
    )
    assert "NaN" not in json.dumps(report)
    assert "Infinity" not in json.dumps(report)
    assert report["verdict"]["kind"] == "invalid"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--metric", "size"), "has no column 'size'; its header has user, variation"),
        (("--metric", "ratio:a"), "must be ratio:COLUMN/COLUMN"),
        (("--metric", "revenue", "--covariate", "x=y"), "--covariate: 'x=y' must be METRIC=COL"),
        (("--metric", "revenue", "--weights", "a"), "--weights: must be NAME=WEIGHT"),
        (("--metric", "revenue", "--control", "red"), "control: must be one of control, green, not 'red'"),
        (("--metric", "revenue", "--alpha", "2"), "plan.alpha: must be from 0.0001 to 0.5"),
        (("--metric", "revenue", "--rank-test", "--markdown"), "are shown in the terminal and by --json"),
        (("--metric", "revenue", "--metric", "mean:revenue"), "metric"),
        ((), "Missing option '--metric'"),
    ],
)
def test_mistakes_are_told_in_a_line(variate: InProcess, users: Path, arguments: tuple[str, ...], said: str) -> None:
    assert said in " ".join(variate.mistake("analyze", users, *COLUMNS, *arguments).split())


def test_without_the_extra_the_error_names_it(variate: InProcess, users: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.startswith("variate.stores.duckdb.")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "duckdb", None)
    said = variate.mistake("analyze", users, *COLUMNS, "--metric", "revenue")
    assert "duckdb is not installed: run pip install 'variate[duckdb]'" in " ".join(said.split())
    assert "mean:revenue" in variate.ok("analyze", "--help").out


def test_events_are_exported_whole(variate: InProcess, tmp_path: Path) -> None:
    with Platform.open() as platform:
        platform.migrate()
        experiment = platform.create_experiment("test", variations=[{"name": "a"}, {"name": "b"}])
        other = platform.create_experiment("other", variations=[{"name": "a"}, {"name": "b"}])
        platform.record_event("u", "exposure", {"variation": "a"}, experiment_id=experiment.id)
        event = platform.record_event("u", "buy", {"value": 1.5}, sender="s", number=7)
        platform.record_event("u", "buy", {"value": 3}, experiment_id=other.id)
    path = tmp_path / "events.parquet"
    assert "2 events written to" in variate.ok("events", "export", path, "--experiment", experiment.id).err
    rows = {row["event_type"]: row for row in parquet.read_table(path).to_pylist()}
    assert rows["buy"]["data"] == '{"value":1.5}'
    assert (rows["buy"]["id"], rows["buy"]["at"], rows["buy"]["user_id"]) == (event.id, event.at, "u")
    assert (rows["buy"]["sender"], rows["buy"]["number"], rows["buy"]["experiment_id"]) == ("s", 7, None)
    assert rows["exposure"]["experiment_id"] == experiment.id
    variate.ok("events", "export", path, "--start", "1h")
    assert parquet.read_table(path).num_rows == 3
    assert [each.name for each in tmp_path.iterdir() if "part" in each.name] == []


def test_an_export_that_cannot_be_says_why(variate: InProcess, tmp_path: Path) -> None:
    variate.ok("migrate")
    assert "--start: must be given, or --experiment" in variate.mistake("events", "export", tmp_path / "a.parquet")
    said = variate.mistake("events", "export", tmp_path / "none" / "a.parquet", "--start", "1h")
    assert "cannot be written" in said
    assert "not found" in variate.mistake("events", "export", tmp_path / "a.parquet", "--experiment", "none")
    assert "before --end" in variate.mistake("events", "export", tmp_path / "a.parquet", "--start", "1m", "--end", "1h")
