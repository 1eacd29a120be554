"""``variate import-results`` loads a finished experiment, whole or not at all, and once however often it is run."""

from __future__ import annotations

import signal
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.command import InProcess, Variate
from tests.experiment_data import experiment_file

SMALL = "id,group,bought,spent\nu1,control,1,10\nu2,blue,0,0\nu3,control,0,0\nu4,blue,TRUE,2.5\n"
OPTIONS = ("--unit", "id", "--variation", "group", "--event", "buy=bought", "--event", "spend=spent")


@pytest.fixture
def hillstrom() -> Path:
    """The e-mail test that Kevin Hillstrom published in 2008; its bytes are not part of this repository."""
    return experiment_file("hillstrom_email.csv")


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


def _estimates(found: dict[str, Any]) -> dict[str, dict[str, float]]:
    """Return what each variation is estimated at, the control first, by metric."""
    estimates = {}
    for metric in found["metrics"]:
        overall = metric["slices"][0]
        treated = {each["variation"]: each["estimate"] for each in overall["comparisons"]}
        estimates[metric["metric_id"]] = {found["control"]: overall["control"], **treated}
    return estimates


def _units(found: dict[str, Any]) -> dict[str, int]:
    return {each["name"]: each["units"] for each in found["variations"]}


@pytest.mark.slow
def test_hillstroms_e_mail_test_gives_the_published_rates(variate: Variate, hillstrom: Path) -> None:
    options = ("--unit", "row", "--variation", "segment")
    events = ("--event", "visit=visit", "--event", "conversion=conversion", "--event", "spend=spend")
    first = variate.ok("import-results", hillstrom, *options, *events, "--json").json
    assert _units(first) == {"No E-Mail": 21_306, "Mens E-Mail": 21_307, "Womens E-Mail": 21_387}
    estimates = _estimates(first)
    assert estimates["visit"] == {
        "No E-Mail": pytest.approx(0.1062, abs=0.00005),
        "Mens E-Mail": pytest.approx(0.1828, abs=0.00005),
        "Womens E-Mail": pytest.approx(0.1514, abs=0.00005),
    }
    lifts = {
        (metric, name): estimate - of["No E-Mail"]
        for metric, of in estimates.items()
        for name, estimate in of.items()
        if name != "No E-Mail"
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

    again = variate.ok("import-results", hillstrom, *options, *events)
    assert "nothing to do" in again.err
    assert "Ship: Mens E-Mail" in again.out
    assert max(map(len, again.out.splitlines())) <= 80


def test_each_row_becomes_an_assignment_an_exposure_and_an_event_for_each_outcome(
    command: InProcess, small: Path
) -> None:
    found = command.ok("import-results", small, *OPTIONS, "--name", "Colours", "--json").json
    assert (found["name"], found["control"]) == ("Colours", "control")
    assert _units(found) == {"control": 2, "blue": 2}
    assert _estimates(found) == {"buy": {"control": 0.5, "blue": 0.5}, "spend": {"control": 5, "blue": 1.25}}
    assert [(metric["kind"], metric["role"]) for metric in found["metrics"]] == [
        ("proportion", "goal"),
        ("mean", "goal"),
    ]
    experiment = command.ok("experiments", "show", found["experiment_id"], "--json").json
    assert (experiment["status"], experiment["name"]) == ("completed", "Colours")
    assert [each["metric"] for each in experiment["metrics"]] == ["buy", "spend"]
    assert "small.csv" in experiment["description"]
    events = command.ok("events", "list", "u4", "--json").json
    assert {(event["event_type"], str(event["data"])) for event in events} == {
        ("exposure", "{'variation': 'blue'}"),
        ("buy", "{'value': 1}"),
        ("spend", "{'value': 2.5}"),
    }


@pytest.mark.slow
def test_an_outcome_that_never_happened_is_shown_all_the_same(command: InProcess, tmp_path: Path) -> None:
    path = tmp_path / "none.csv"
    path.write_text("id,group,bought\nu1,a,0\nu2,b,no\nu3,a,\nu4,b,false\n", encoding="utf-8")
    found = command.ok("import-results", path, *OPTIONS[:4], "--event", "buy=bought", "--json").json
    assert _estimates(found) == {"buy": {"a": 0, "b": 0}}


@pytest.mark.slow
def test_values_of_a_user_with_several_rows_are_added_up(command: InProcess, tmp_path: Path) -> None:
    path = tmp_path / "orders.csv"
    path.write_text("id,group,spent\nu1,a,2\nu1,a,3\nu2,b,4\nu3,a,0\nu4,b,2\n", encoding="utf-8")
    found = command.ok("import-results", path, *OPTIONS[:4], "--event", "spend=spent", "--json").json
    assert (_units(found), _estimates(found)) == ({"a": 2, "b": 2}, {"spend": {"a": 2.5, "b": 3}})


def test_a_second_run_counts_nothing_twice_and_says_the_same(variate: Variate, small: Path) -> None:
    first, second = (variate.ok("import-results", small, *OPTIONS, "--json").json for _ in range(2))
    for each in ("experiment_id", "verdict", "variations", "metrics"):
        assert second[each] == first[each]
    assert len(variate.ok("events", "list", "u4", "--json").json) == 3


@pytest.mark.slow
def test_a_file_says_the_same_where_it_is_loaded_and_where_it_is_only_analyzed(
    command: InProcess, tmp_path: Path
) -> None:
    path = tmp_path / "both.csv"
    rows = (f"u{n},{'ab'[n % 2]},{int(n % 7 < 3 + n % 2)},{n % 5 + n % 2}\n" for n in range(400))
    path.write_text("id,group,bought,spent\n" + "".join(rows), encoding="utf-8")
    loaded = command.ok("import-results", path, *OPTIONS, "--json").json
    options = (*OPTIONS[:4], "--metric", "proportion:bought,name=buy", "--metric", "mean:spent,name=spend")
    analyzed = command.ok("analyze", path, *options, "--json").json
    assert loaded["verdict"]["kind"] == analyzed["verdict"]["kind"] == "ship"
    for one, other in zip(loaded["metrics"], analyzed["metrics"], strict=True):
        assert one["slices"][0] == _nearly(other["slices"][0])


def _nearly(value: Any) -> Any:
    """Return what equals ``value`` but for the last digits of its numbers: two engines add in two orders."""
    if isinstance(value, dict):
        return {name: _nearly(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_nearly(each) for each in value]
    return pytest.approx(value, rel=1e-9) if isinstance(value, float) else value


@pytest.mark.slow
def test_a_metric_that_measures_the_same_is_taken_as_it_is(command: InProcess, small: Path) -> None:
    made = command.ok(
        *("metrics", "create", "spend", "--kind", "mean", "--event", "spend", "--sum"),
        *("--direction", "decrease", "--name", "What is spent", "--json"),
    ).json
    found = command.ok("import-results", small, *OPTIONS, "--json").json
    assert [(metric["name"], metric["direction"]) for metric in found["metrics"]] == [
        ("buy", "increase"),
        ("What is spent", "decrease"),
    ]
    assert command.ok("metrics", "show", "spend", "--json").json == made


@pytest.mark.slow
def test_a_metric_that_measures_something_else_is_left_and_nothing_is_loaded(command: InProcess, small: Path) -> None:
    made = command.ok(
        "metrics", "create", "spend", "--kind", "mean", "--event", "spend", "--sum", "--within", "7d", "--json"
    ).json
    outcome = command("import-results", small, *OPTIONS)
    assert outcome.code == 2
    assert outcome.err == (
        "error: --event: 'spend' is a metric already and measures something else (mean: sum of spend, a user, within"
        " 7 days): choose another name\n"
    )
    assert command.ok("metrics", "list", "--json").json == [made]
    assert command.ok("experiments", "list", "--json").json == []


@pytest.mark.slow
def test_another_choice_of_events_or_control_is_another_experiment(command: InProcess, small: Path) -> None:
    runs = (OPTIONS, OPTIONS[:-2], (*OPTIONS, "--control", "blue"), (*OPTIONS, "--name", "other"))
    ids = [command.ok("import-results", small, *options, "--json").json["experiment_id"] for options in runs]
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
    command: InProcess, small: Path, arguments: tuple[str, ...], words: str
) -> None:
    outcome = command("import-results", small, *arguments)
    assert outcome.code == 2
    assert words in outcome.err
    assert "Traceback" not in outcome.err


def test_a_bad_cell_is_named_by_line_and_column_and_nothing_is_loaded(command: InProcess, tmp_path: Path) -> None:
    path = tmp_path / "bad.csv"
    path.write_text(SMALL + "u5,blue,perhaps,0\nu6,blue,1,nan\n", encoding="utf-8")
    outcome = command("import-results", path, *OPTIONS)
    assert outcome.code == 2
    assert outcome.err.startswith("error: bad.csv line 6, column 'bought'")
    assert "and 1 more fault" in outcome.err
    assert len(outcome.err.splitlines()) == 1
    assert command.ok("experiments", "list", "--json").json == []


def test_a_unit_in_two_variations_is_refused_and_nothing_is_loaded(command: InProcess, tmp_path: Path) -> None:
    path = tmp_path / "crossed.csv"
    path.write_text(SMALL + "u1,blue,0,0\n", encoding="utf-8")
    outcome = command("import-results", path, *OPTIONS)
    assert outcome.code == 2
    assert "line 6" in outcome.err
    assert "line 2" in outcome.err
    assert not (tmp_path / "home" / "variate.db").exists()


@pytest.mark.slow
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
    assert _units(after.json) == {"a": 1_500, "b": 1_500}
    assert _estimates(after.json) == {"buy": {"a": 1, "b": 1}}, "a mean of 0, 1 and 2: no value counted twice"
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
