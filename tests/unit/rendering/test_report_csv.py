"""The CSV is tidy, holds the report's own numbers, and runs nothing in a spreadsheet."""

from __future__ import annotations

import csv
import re
from dataclasses import replace
from io import StringIO

import pytest

from tests.unit.rendering.sample import comparison, effect, metric, missing, report
from variate.analysis.report import Report
from variate.rendering.report_csv import COLUMNS, file_name, report_csv
from variate.stats.not_estimable import NotEstimableReason


def rows_of(found: Report) -> list[dict[str, str]]:
    reader = csv.DictReader(StringIO(report_csv(found), newline=""), strict=True)
    rows = list(reader)
    assert reader.fieldnames == [*COLUMNS]
    return rows


def test_each_metric_dimension_value_variation_and_estimator_has_a_row_of_its_own() -> None:
    rows = rows_of(report())
    key = ("metric_id", "dimension", "value", "variation", "estimator")
    keys = [tuple(row[name] for name in key) for row in rows]
    assert len(set(keys)) == len(keys)
    assert ("Purchase", "", "", "new-checkout", "raw") in keys
    assert ("Purchase", "", "", "new-checkout", "cuped") in keys
    assert ("Purchase", "country", "DE", "express", "cuped") in keys
    assert ("Purchase", "country", "", "express", "cuped") in keys
    assert ("Revenue a user", "", "", "new-checkout", "uncapped") in keys


def test_numbers_are_the_report_s_own_to_the_last_digit() -> None:
    found = effect(1 / 3, error=0.1, base=0.7)
    (raw, judged) = rows_of(report((metric("m", (comparison("new-checkout", found),)),)))
    assert [raw["is_judged"], judged["is_judged"]] == ["false", "true"]
    assert float(judged["difference"]) == found.difference
    assert float(judged["low"]) == found.low
    assert float(judged["standard_error"]) == found.standard_error
    assert (judged["finding"], raw["finding"]) == ("better", "")
    assert (judged["role"], judged["units"], judged["control"]) == ("goal", "10000", "control")


def test_what_is_not_estimable_says_why_in_place_of_numbers() -> None:
    rows = rows_of(report())
    (undefined,) = (row for row in rows if row["metric_id"] == "nps")
    assert (undefined["not_estimable"], undefined["variation"]) == ("not_defined", "")
    few = metric("m", (missing("new-checkout", NotEstimableReason.TOO_FEW_UNITS),))
    for row in rows_of(report((few,))):
        assert (row["difference"], row["estimate"], row["not_estimable"]) == ("", "", "too_few_units")


@pytest.mark.parametrize("name", ["=1+1", "+1", "-2", "@SUM(A1)", "\t=1", "\r\n=cmd|' /C calc'!A0", '=HYPERLINK("x")'])
def test_a_name_that_a_spreadsheet_would_run_is_text(name: str) -> None:
    found = replace(report((metric(name, (comparison(name, effect(-0.1, error=0.1, base=1)),)),)), experiment_id=name)
    for row in rows_of(found):
        texts = [row[column] for column in ("metric_id", "metric", "variation", "experiment_id")]
        assert all(re.match(r"'\s*[=+@-]", text) for text in texts)
        assert row["difference"].startswith("-0.1")  # a number is one


def test_names_that_differ_in_blanks_differ() -> None:
    sides = (comparison("a b", effect(1, error=0.1, base=1)), comparison("a  b ", effect(2, error=0.1, base=1)))
    assert {row["variation"] for row in rows_of(report((metric("sales", sides),)))} == {"a b", "a  b "}


def test_files_have_plain_names_whatever_the_experiment_is_called() -> None:
    assert file_name(report(), "csv") == "checkout-2026-03-15T0930.csv"
    named = replace(report(), experiment_id='../"x"; a=\r\nB ü' + "y" * 200)
    assert re.fullmatch(r"x-a-b-y+-2026-03-15T0930\.json", file_name(named, "json"))
    assert len(file_name(named, "json")) < 110
    assert file_name(replace(report(), experiment_id="名前"), "html").startswith("experiment-2026")
