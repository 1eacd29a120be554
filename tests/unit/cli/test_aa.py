"""``variate aa``: how often each metric's tests were wrong, in words, and the exit code that says so."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import numpy as np
import pytest

from tests.acceptance.command import InProcess
from tests.unit.analysis.answers import build_metric
from variate.analysis.aa import SelfCheck, self_check
from variate.cli.aa_view import is_wrong_too_often, print_check
from variate.model.metric import MetricKind
from variate.platform.analysing import Analysing
from variate.stores.aggregates import UnitValues


def check_of(**values: Any) -> SelfCheck:
    """Share the values of these metrics, by unit, out 100 times."""
    metrics = [build_metric(name, kind=MetricKind.MEAN, covariate=timedelta(days=7)) for name in values]
    units = {}
    for name, given in values.items():
        rows = np.atleast_2d(np.asarray(given, dtype=float).T).T
        variables = ("y", "x1", "missing1")[: rows.shape[1]]
        nobody = np.zeros(len(rows), dtype=np.int64)
        units[name] = UnitValues(metric_id=name, variables=variables, variation=nobody, values=rows)
    return self_check(metrics, values=units, weights=(1, 1), generator=np.random.default_rng(1), runs=100)


@pytest.fixture(scope="module")
def check() -> SelfCheck:
    chance = np.random.default_rng(2)
    before = chance.normal(size=400)
    both = np.stack([before + chance.normal(size=400), before, np.zeros(400)], axis=1)
    return check_of(spend=both, constant=np.ones(400))


def test_each_test_of_each_metric_has_its_rate(check: SelfCheck, capsys: pytest.CaptureFixture[str]) -> None:
    print_check(check)
    lines = capsys.readouterr().out.splitlines()
    spend = [line.split() for line in lines if line.startswith("spend ")]
    assert [(row[1], row[2]) for row in spend] == [("plain", "400"), ("CUPED", "400")]
    assert all(row[-3:] == ["as", "it", "says"] for row in spend)
    assert any(line.startswith("constant ") and "no variance" in line for line in lines)
    assert max(map(len, lines)) <= 80


def test_nothing_to_check_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    print_check(check_of())
    assert "no metric can be checked" in capsys.readouterr().out


def test_the_exit_code_says_that_a_test_is_wrong_too_often(
    variate: InProcess, check: SelfCheck, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: dict[str, Any] = {}

    def check_aa(_analysing: Analysing, experiment_id: str, **options: Any) -> SelfCheck:
        options["advance"]("work", 1, 2)
        asked.update(options, experiment_id=experiment_id)
        return check

    monkeypatch.setattr(Analysing, "check_aa", check_aa)
    assert variate.ok("aa", "green-button", "--runs", "200", "--seed", "7").out.count("plain") == 2
    assert (asked["experiment_id"], asked["runs"], asked["seed"]) == ("green-button", 200, 7)
    assert json.loads(variate.ok("aa", "green-button", "--json").out)["runs"] == 100
    monkeypatch.setattr("variate.cli.aa.is_wrong_too_often", lambda _: True)
    assert variate("aa", "green-button").code == 1
    assert not is_wrong_too_often(check)
