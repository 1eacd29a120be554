"""The table of results fits 80 columns, is plain text, and says why a number is not there."""

from __future__ import annotations

import pytest

from variate.analysis.outcomes import Summary, outcome
from variate.cli.results_table import print_summary


def _summary(*outcomes: tuple[str, dict[str, list[float]]], users: dict[str, int]) -> Summary:
    return Summary(
        experiment_id="e",
        name="n",
        users=users,
        crossed=3,
        unknown=1,
        outcomes=tuple(outcome(name, users=users, values=values) for name, values in outcomes),
    )


def _printed(summary: Summary, capsys: pytest.CaptureFixture[str]) -> list[str]:
    print_summary(summary)
    return [line.rstrip() for line in capsys.readouterr().out.splitlines()]


def test_a_binary_outcome_shows_the_difference_in_percentage_points(capsys: pytest.CaptureFixture[str]) -> None:
    summary = _summary(("visit", {"a": [1.0] * 100, "b": [1.0] * 140}), users={"a": 1000, "b": 1000})
    lines = _printed(summary, capsys)
    assert lines[0].split() == ["visit", "users", "converted", "rate", "mean", "difference", "95", "%", "interval"]
    assert lines[2].split() == ["a", "1,000", "100", "10.00", "%", "0.1000", "control"]
    assert lines[3].split() == ["b", "1,000", "140", "14.00", "%", "0.1400", "+4.00", "pp", "[+1.16,", "+6.84]"]


def test_an_amount_shows_the_difference_of_the_means(capsys: pytest.CaptureFixture[str]) -> None:
    values = {"a": [10.0, 20.0] * 20, "b": [15.0, 25.0] * 20}
    lines = _printed(_summary(("spend", values), users={"a": 80, "b": 80}), capsys)
    assert lines[2].split() == ["a", "80", "40", "50.00", "%", "7.500", "control"]
    # By hand: variances (10,000 - 80 * 7.5^2) / 79 and (17,000 - 80 * 10^2) / 79, so 2.5 +- 1.96 * 1.5147.
    assert lines[3].split()[-3:] == ["+2.5000", "[-0.4687,", "+5.4687]"]


def test_where_there_is_no_interval_the_reason_stands(capsys: pytest.CaptureFixture[str]) -> None:
    users = {"a": 1000, "b": 29, "c": 1000, "d": 0}
    values: dict[str, list[float]] = {"a": [1.0] * 10, "b": [1.0], "c": [], "d": []}
    lines = _printed(_summary(("visit", values), users=users), capsys)
    assert [line.split("-", 1)[-1].strip() for line in lines[3:5]] == ["too few units", "no variance"]
    assert lines[5].split() == ["d", "0", "0", "-", "-", "-", "no", "units"]


def test_who_was_left_out_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    lines = _printed(_summary(users={"a": 5, "b": 6}), capsys)
    assert lines == [
        "no events of exposed users yet; exposures: a 5, b 6; what others did does not count",
        "users left out because they met more than one variation: 3",
        "exposures left out because they name no variation of this experiment: 1",
    ]


def test_long_and_hostile_names_keep_to_eighty_plain_columns(capsys: pytest.CaptureFixture[str]) -> None:
    users = {"control": 1_000_000, "a\x1b[31m[red]very long name of a variation :smile: " * 3: 1_000_000}
    values = {name: [123456.789, 1.0] * 5_000 for name in users}
    print_summary(_summary(("revenue", values), users=users))
    printed = capsys.readouterr().out
    assert "\x1b" not in printed
    name = "".join(line.split("  ")[0].strip() for line in printed.splitlines()[3:])
    assert "[red]" in name
    assert ":smile:" in name
    assert max(map(len, printed.splitlines())) <= 80
    assert "1,000,000" in printed


def test_on_a_narrow_terminal_nothing_is_cut(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    summary = _summary(("visit", {"a": [1.0] * 100, "b": [1.0] * 140}), users={"a": 1000, "b": 1000})
    lines = _printed(summary, capsys)
    assert lines[3].split() == ["b", "1,000", "140", "14.00", "%", "0.1400", "+4.00", "pp", "[+1.16,", "+6.84]"]
