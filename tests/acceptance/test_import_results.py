"""``variate import-results`` loads a finished experiment, whole or not at all, and once however often it is run."""

from __future__ import annotations

import os
import signal
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.command import Variate

HERE = Path(__file__)
SMALL = "id,group,bought,spent\nu1,control,1,10\nu2,blue,0,0\nu3,control,0,0\nu4,blue,TRUE,2.5\n"
OPTIONS = ("--unit", "id", "--variation", "group", "--event", "buy=bought", "--event", "spend=spent")


@pytest.fixture
def hillstrom() -> Path:
    """The e-mail test that Kevin Hillstrom published in 2008; its bytes are not part of this repository."""
    folder = Path(os.environ.get("VARIATE_TEST_DATA") or HERE.parents[3] / "shared" / "data")
    path = folder / "hillstrom_email.csv"
    if not path.exists():
        pytest.skip(f"{path.name} is not there: set VARIATE_TEST_DATA to its folder")
    return path


@pytest.fixture
def small(tmp_path: Path) -> Path:
    path = tmp_path / "small.csv"
    path.write_text(SMALL, encoding="utf-8")
    return path


@pytest.fixture
def many(tmp_path: Path) -> Path:
    """A file that takes a while to load in batches of one row."""
    path = tmp_path / "many.csv"
    rows = (f"u{number},{'a' if number % 2 else 'b'},{number % 3}\n" for number in range(3_000))
    path.write_text("id,group,bought\n" + "".join(rows), encoding="utf-8")
    return path


def _counts(found: dict[str, Any]) -> list[tuple[str, list[tuple[str, int, int]]]]:
    return [
        (outcome["event_type"], [(row["variation"], row["users"], row["converted"]) for row in outcome["rows"]])
        for outcome in found["outcomes"]
    ]


def test_hillstroms_e_mail_test_gives_the_published_rates(variate: Variate, hillstrom: Path) -> None:
    options = ("--unit", "row", "--variation", "segment")
    events = ("--event", "visit=visit", "--event", "conversion=conversion", "--event", "spend=spend")
    printed = variate.ok("import-results", hillstrom, *options, *events)
    lines = [line for line in printed.out.splitlines() if "E-Mail" in line]
    shown = [(line.split("  ")[0], line.split()[2], line.split()[4]) for line in lines[:3]]
    assert shown == [
        ("No E-Mail", "21,306", "10.62"),
        ("Mens E-Mail", "21,307", "18.28"),
        ("Womens E-Mail", "21,387", "15.14"),
    ]
    assert max(map(len, printed.out.splitlines())) <= 80

    again = variate.ok("import-results", hillstrom, *options, *events, "--json")
    assert "nothing to do" in again.err
    lifts = {
        (outcome["event_type"], row["variation"]): row["mean_difference"]["value"]
        for outcome in again.json["outcomes"]
        for row in outcome["rows"][1:]
    }
    # Published for Hillstrom's challenge: mens +7.66 pp, +0.68 pp, +$0.77; womens +4.52 pp, +0.31 pp, +$0.42.
    assert lifts == {
        ("visit", "Mens E-Mail"): pytest.approx(0.0766, abs=0.00005),
        ("conversion", "Mens E-Mail"): pytest.approx(0.0068, abs=0.00005),
        ("spend", "Mens E-Mail"): pytest.approx(0.77, abs=0.005),
        ("visit", "Womens E-Mail"): pytest.approx(0.0452, abs=0.00005),
        ("conversion", "Womens E-Mail"): pytest.approx(0.0031, abs=0.00005),
        ("spend", "Womens E-Mail"): pytest.approx(0.42, abs=0.005),
    }


def test_each_row_becomes_an_assignment_an_exposure_and_an_event_for_each_outcome(
    variate: Variate, small: Path
) -> None:
    found = variate.ok("import-results", small, *OPTIONS, "--name", "Colours", "--json").json
    assert (found["name"], found["control"]) == ("Colours", "control")
    assert _counts(found) == [
        ("buy", [("control", 2, 1), ("blue", 2, 1)]),
        ("spend", [("control", 2, 1), ("blue", 2, 1)]),
    ]
    assert [row["mean"] for row in found["outcomes"][1]["rows"]] == [5, 1.25]
    experiment = variate.ok("experiments", "show", found["experiment_id"], "--json").json
    assert (experiment["status"], experiment["name"]) == ("completed", "Colours")
    assert "small.csv" in experiment["description"]
    events = variate.ok("events", "list", "u4", "--json").json
    assert {(event["event_type"], str(event["data"])) for event in events} == {
        ("exposure", "{'variation': 'blue'}"),
        ("buy", "{'value': 1}"),
        ("spend", "{'value': 2.5}"),
    }


def test_an_outcome_that_never_happened_is_shown_all_the_same(variate: Variate, tmp_path: Path) -> None:
    path = tmp_path / "none.csv"
    path.write_text("id,group,bought\nu1,a,0\nu2,b,no\n", encoding="utf-8")
    found = variate.ok("import-results", path, *OPTIONS[:4], "--event", "buy=bought", "--json").json
    assert _counts(found) == [("buy", [("a", 1, 0), ("b", 1, 0)])]


def test_values_of_a_user_with_several_rows_are_added_up(variate: Variate, tmp_path: Path) -> None:
    path = tmp_path / "orders.csv"
    path.write_text("id,group,spent\nu1,a,2\nu1,a,3\nu2,b,4\n", encoding="utf-8")
    found = variate.ok("import-results", path, *OPTIONS[:4], "--event", "spend=spent", "--json").json
    assert [(row["users"], row["mean"]) for row in found["outcomes"][0]["rows"]] == [(1, 5), (1, 4)]


def test_another_choice_of_events_or_control_is_another_experiment(variate: Variate, small: Path) -> None:
    runs = (OPTIONS, OPTIONS[:-2], (*OPTIONS, "--control", "blue"), (*OPTIONS, "--name", "other"))
    ids = [variate.ok("import-results", small, *options, "--json").json["experiment_id"] for options in runs]
    assert len(set(ids)) == 4


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--unit", "id", "--variation", "colour"), "no column 'colour'; its header has id, group, bought, spent"),
        (("--unit", "nobody", "--variation", "group"), "no column 'nobody'"),
        ((*OPTIONS, "--event", "buy=spent"), "names 'buy' twice"),
        ((*OPTIONS, "--control", "red"), "--control: must be one of blue, control"),
        ((*OPTIONS, "--event", "nonsense"), "must be NAME=COLUMN"),
        (("--unit", "id", "--variation", "group", "--event", "exposure=bought"), "may not be called 'exposure'"),
        (("--unit", "id"), "Missing option '--variation'"),
    ],
)
def test_wrong_options_end_in_words_and_code_two(
    variate: Variate, small: Path, arguments: tuple[str, ...], words: str
) -> None:
    outcome = variate("import-results", small, *arguments)
    assert outcome.code == 2
    assert words in outcome.err
    assert "Traceback" not in outcome.err


def test_a_bad_cell_is_named_by_line_and_column_and_nothing_is_loaded(variate: Variate, tmp_path: Path) -> None:
    path = tmp_path / "bad.csv"
    path.write_text(SMALL + "u5,blue,perhaps,0\nu6,blue,1,nan\n", encoding="utf-8")
    outcome = variate("import-results", path, *OPTIONS)
    assert outcome.code == 2
    assert outcome.err.startswith("error: bad.csv line 6, column 'bought'")
    assert "and 1 more fault" in outcome.err
    assert len(outcome.err.splitlines()) == 1
    assert variate.ok("experiments", "list", "--json").json == []


def test_a_unit_in_two_variations_is_refused_and_nothing_is_loaded(variate: Variate, tmp_path: Path) -> None:
    path = tmp_path / "crossed.csv"
    path.write_text(SMALL + "u1,blue,0,0\n", encoding="utf-8")
    outcome = variate("import-results", path, *OPTIONS)
    assert outcome.code == 2
    assert "line 6" in outcome.err
    assert "line 2" in outcome.err
    assert not (variate.home / "variate.db").exists()


@pytest.mark.parametrize("blow", [signal.SIGINT, signal.SIGKILL])
def test_an_import_that_was_cut_off_goes_on_where_it_stopped(
    variate: Variate, many: Path, blow: signal.Signals
) -> None:
    arguments = ("import-results", many, *OPTIONS[:4], "--event", "buy=bought", "--json")
    running = variate.started(*arguments, "--batch", "1")
    for count in _events_loaded(variate):
        if count >= 20:
            break
        assert running.poll() is None, "the import ended before it could be cut off"
    running.send_signal(blow)
    _, err = running.communicate(timeout=60)
    assert "Traceback" not in err
    if blow is signal.SIGINT:
        assert running.returncode == 130
        assert "run the same command again" in err

    after = variate.ok(*arguments)
    assert "by an earlier run" in after.err
    assert _counts(after.json) == [("buy", [("a", 1_500, 1_000), ("b", 1_500, 1_000)])]
    assert sum(row["mean"] for row in after.json["outcomes"][0]["rows"]) == pytest.approx(2.0), "no value counted twice"
    assert len(variate.ok("experiments", "list", "--json").json) == 1


def _events_loaded(variate: Variate) -> Iterator[int]:
    """Yield how many events the file holds, again and again, for at most a minute."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            with closing(sqlite3.connect(f"file:{variate.home / 'variate.db'}?mode=ro", uri=True)) as connection:
                yield connection.execute("SELECT count(*) FROM events").fetchone()[0]
        except sqlite3.OperationalError:
            yield 0
        time.sleep(0.02)  # another process writes the file, and SQLite tells nobody when
    raise AssertionError("no event was loaded within a minute")
