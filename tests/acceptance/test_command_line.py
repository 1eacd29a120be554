"""The command line as a user meets it: plain output, one line for an error, and what to do about it."""

from __future__ import annotations

import re
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from tests.acceptance.command import InProcess, Variate
from variate._version import __version__

COMMANDS = (
    "aa",
    "analyze",
    "audiences",
    "audit",
    "decide",
    "demo",
    "doctor",
    "evaluate",
    "events",
    "experiments",
    "explain",
    "flags",
    "holdouts",
    "import-results",
    "keys",
    "layers",
    "metrics",
    "migrate",
    "overrides",
    "people",
    "power",
    "purge",
    "relay",
    "report",
    "serve",
    "snapshots",
)


@pytest.fixture
def experiment(command: InProcess) -> str:
    """The id of an active experiment of control and green."""
    arguments = ("--variation", "control", "--variation", "green=3", "--owner", "ann", "--json")
    created = command.ok("experiments", "create", "Green button", *arguments).json
    command.ok("experiments", "status", created["id"], "active")
    return str(created["id"])


def test_help_names_every_command_and_fits_eighty_columns(variate: Variate, command: InProcess) -> None:
    for arguments in ((), ("--help",), *((command, "--help") for command in COMMANDS)):
        printed = command(*arguments)
        text = printed.out + printed.err
        assert text.startswith("Usage: variate")
        assert max(map(len, text.splitlines())) <= 80
    listed = variate.ok("--help").out
    assert [line.split()[0] for line in listed.split("Commands:")[1].splitlines() if line[2:3].strip()] == [*COMMANDS]


def test_version_is_the_packages(variate: Variate) -> None:
    assert variate.ok("--version").out == f"variate {__version__}\n"


def test_the_command_line_is_imported_without_a_store_a_driver_or_rich() -> None:
    heavy = ("sqlalchemy", "alembic", "boto3", "redis", "psycopg", "rich", "variate.platform")
    code = f"import sys, variate.cli; print([name for name in {heavy} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_an_experiment_is_created_listed_shown_moved_and_handed_over(command: InProcess, experiment: str) -> None:
    shown = command.ok("experiments", "show", experiment, "--json").json
    assert [(row["name"], row["weight"]) for row in shown["variations"]] == [("control", 1), ("green", 3)]
    assert (shown["status"], shown["owner"]) == ("active", "ann")
    assert experiment in command.ok("experiments", "list", "--status", "active").out
    assert experiment not in command.ok("experiments", "list", "--status", "draft").out
    assert "bob" in command.ok("experiments", "transfer", experiment, "bob").out
    command.ok("experiments", "status", experiment, "completed")
    assert "archived" in command.ok("experiments", "archive", experiment).out
    entries = command.ok("audit", "--entity", experiment, "--json").json
    assert {entry["actor"] for entry in entries} == {"tester"}
    assert [entry["action"] for entry in entries][::-1] == [
        "created",
        "status_change",
        "ownership_change",
        "status_change",
        "status_change",
    ]


def test_a_flag_is_created_listed_switched_and_archived(variate: Variate, tmp_path: Path) -> None:
    rules = tmp_path / "rules.json"
    rules.write_text('[{"country": "DE"}]', encoding="utf-8")
    created = variate.ok("flags", "create", "dark-mode", "--rules", f"@{rules}", "--json").json
    assert (created["rules"], created["status"]) == ([{"country": "DE"}], "inactive")
    assert variate.ok("flags", "status", created["id"], "active", "--json").json["status"] == "active"
    assert [row["id"] for row in variate.ok("flags", "list", "--status", "active", "--json").json] == [created["id"]]
    variate.ok("flags", "archive", created["id"])
    assert "archived" in variate.ok("flags", "show", created["id"]).out


def test_events_are_recorded_and_listed_by_user_and_by_time(command: InProcess) -> None:
    data = '{"value": 1.5, "note": "größer"}'
    command.ok("events", "record", "u1", "visit", "--data", data, "--id", "once")
    command.ok("events", "record", "u1", "visit", "--data", data, "--id", "once")
    command.ok("events", "record", "u2", "buy")
    assert [event["data"] for event in command.ok("events", "list", "u1", "--json").json] == [
        {"value": 1.5, "note": "größer"}
    ]
    assert [event["user_id"] for event in command.ok("events", "tail", "--json").json] == ["u1", "u2"]
    assert [event["user_id"] for event in command.ok("events", "tail", "--limit", "1", "--json").json] == ["u2"]
    assert command.ok("events", "tail", "--type", "never", "--json").json == []
    assert command.ok("events", "list", "u1", "--until", "2020-01-01T00:00:00Z", "--json").json == []
    assert "größer" in command.ok("events", "list", "u1").out


def test_an_override_is_set_listed_and_removed(command: InProcess, experiment: str) -> None:
    command.ok("overrides", "set", "u1", experiment, "green", "--reason", "to look at it")
    for arguments in ((experiment,), ("--user", "u1")):
        (found,) = command.ok("overrides", "list", *arguments, "--json").json
        assert (found["user_id"], found["value"], found["reason"]) == ("u1", "green", "to look at it")
    command.ok("overrides", "remove", "u1", experiment)
    assert command.ok("overrides", "list", experiment, "--json").json == []
    assert command("overrides", "remove", "u1", experiment).code == 2


def test_a_list_says_when_there_is_more(command: InProcess) -> None:
    for number in range(3):
        command.ok("flags", "create", f"flag-{number}")
    printed = command.ok("flags", "list", "--limit", "2", "--json")
    assert len(printed.json) == 2
    assert "raise --limit" in printed.err
    assert command.ok("flags", "list", "--limit", "3", "--json").err == ""


def test_migrate_says_what_it_did_and_then_that_nothing_is_to_do(variate: Variate) -> None:
    assert variate.ok("migrate").out
    assert variate.ok("migrate").out == "up to date: nothing to do\n"


def test_relay_and_purge_say_how_much_they_did(command: InProcess, experiment: str) -> None:
    assert command.ok("relay").out == "0 delivered, 0 pending\n"
    names = ("assignments", "overrides", "events", "snapshots", "replies", "analyses")
    assert command.ok("purge").out.splitlines() == [f"{name}: 0 deleted" for name in names]
    assert experiment


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("experiments", "show", "nobody"), "experiment 'nobody' not found"),
        (("report", "nobody"), "experiment 'nobody' not found"),
        (("experiments", "create", "  ", "--variation", "a"), "must not be blank"),
        (("experiments", "create", "x", "--variation", "a", "--variation", "a"), "'a' stands twice"),
        (("experiments", "create", "x", "--variation", "a=-1"), "must be finite and not negative"),
        (("experiments", "create", "x", "--variation", "a=much"), "'much' is not a weight"),
        (("events", "record", "u", "visit", "--data", "{"), "is not JSON"),
        (("events", "record", "u", "visit", "--data", "NaN"), "must not contain NaN"),
        (("events", "record", "", "visit"), "user_id: must not be empty"),
        (("events", "tail", "--since", "yesterday"), "10m, 2h, 7d"),
        (("flags", "create", "x", "--rules", "@/nowhere/rules.json"), "cannot read"),
        (("flags", "archive", "nobody"), "flag 'nobody' not found"),
        (("overrides", "list"), "give either an EXPERIMENT_ID or --user"),
        (("nonsense",), "No such command"),
    ],
)
def test_a_mistake_ends_in_words_and_code_two(command: InProcess, arguments: tuple[str, ...], words: str) -> None:
    outcome = command(*arguments)
    assert (outcome.code, outcome.out) == (2, "")
    assert words in outcome.err
    assert "Traceback" not in outcome.err


def test_an_illegal_move_names_the_legal_ones(variate: Variate, experiment: str) -> None:
    outcome = variate("experiments", "status", experiment, "draft")
    assert outcome.code == 2
    assert outcome.err.startswith("error: status: active cannot become draft")
    assert len(outcome.err.splitlines()) == 1


def test_nothing_has_to_be_set_up_for_the_local_profile(variate: Variate) -> None:
    assert variate.ok("experiments", "list", "--json").json == []


def test_wrong_settings_are_named(command: InProcess) -> None:
    outcome = command("experiments", "list", VARIATE_PROFILE="cloud")
    assert outcome.code == 2
    assert outcome.err.startswith("error: VARIATE_PROFILE: must be local, postgres or aws")


def test_doctor_is_content_with_a_migrated_file_and_names_the_versions(command: InProcess) -> None:
    command.ok("migrate")
    service = {f"VARIATE_OIDC_{name}": f"https://{name}.example" for name in ("ISSUER", "CLIENT_ID", "CLIENT_SECRET")}
    service |= {"VARIATE_PORT": "8099", "VARIATE_CORS_ORIGINS": "https://a.example,https://b.example"}
    printed = command("doctor", **service)
    assert printed.code == 0
    for shown in (r"ENVIRONMENT +dev", r"VARIATE_PORT +8099", r"CORS_ORIGINS +https://a.example, https://b.example"):
        assert re.search(shown, printed.out)
    assert "https://CLIENT_SECRET" not in printed.out
    assert "VARIATE_PROFILE" in printed.out
    assert "sqlalchemy" in printed.out
    assert f"SQLite {sqlite3.sqlite_version} answers, tables up to date" in printed.out
    assert command.ok("doctor", "--json").json["versions"]["variate"] == __version__


@pytest.mark.parametrize(
    ("profile", "answering"),
    [("postgres", ("PostgreSQL 1", "Redis ")), ("aws", ("PostgreSQL 1", "DynamoDB", "Redis "))],
)
def test_every_profile_runs_the_demo_and_contents_the_doctor(
    variate: Variate, request: pytest.FixtureRequest, profile: str, answering: tuple[str, ...]
) -> None:
    environ = request.getfixturevalue(f"{profile}_deployment").environ
    demo = variate("demo", "--users", "200", "--json", **environ)
    assert demo.code == 0, demo.err
    assert sum(each["units"] for each in demo.json["variations"]) == 200
    assert demo.err == ""
    doctor = variate("doctor", **environ)
    assert doctor.code == 0, doctor.out
    for server in answering:
        assert server in doctor.out
    assert doctor.out.count("answers") == len(answering)


def test_doctor_says_what_to_run_where_nothing_is_migrated_and_ends_with_one(
    variate: Variate, postgres_url: str
) -> None:
    printed = variate("doctor", VARIATE_PROFILE="postgres", VARIATE_DATABASE_URL=postgres_url)
    assert printed.code == 1
    assert "BROKEN" in printed.out
    assert "run: variate migrate" in printed.out


def test_doctor_is_content_with_a_new_folder_and_makes_nothing_in_it(variate: Variate) -> None:
    printed = variate.ok("doctor")
    assert "the first use makes it" in printed.out
    assert not variate.home.exists()


def test_doctor_says_that_a_server_cannot_be_reached_and_hides_the_password(command: InProcess) -> None:
    url = "postgresql://me:s3cret@127.0.0.1:1/nothing?connect_timeout=2"
    printed = command("doctor", VARIATE_PROFILE="postgres", VARIATE_DATABASE_URL=url)
    assert printed.code == 1
    assert "BROKEN" in printed.out
    assert "s3cret" not in printed.out + printed.err
    assert "Traceback" not in printed.err


def test_a_reader_that_goes_away_ends_the_command_quietly(variate: Variate) -> None:
    variate.ok("demo", "--users", "2000")
    for form in ((), ("--json",)):
        running = variate.started("events", "tail", "--limit", "10000", *form)
        assert running.stdout is not None
        assert running.stderr is not None
        running.stdout.read(10)
        running.stdout.close()
        err = running.stderr.read()
        running.stderr.close()
        running.wait(timeout=60)
        assert err == ""


def test_names_with_control_characters_are_shown_as_escapes(command: InProcess) -> None:
    name = "evil \x1b[31m name\nwith a [bold]break"
    created = command.ok("experiments", "create", name, "--variation", "a\x1b[2J", "--json").json
    assert created["name"] == name
    for arguments in (("list",), ("show", created["id"])):
        printed = command.ok("experiments", *arguments)
        assert "\x1b" not in printed.out
        assert "[bold]" in "".join(line[57:].strip() for line in printed.out.splitlines()) or "[bold]" in printed.out


def test_what_the_terminal_cannot_show_is_escaped(variate: Variate, command: InProcess) -> None:
    created = command.ok("flags", "create", "größer 名前", "--json").json
    outcome = variate("flags", "show", created["id"], PYTHONIOENCODING="latin-1")
    assert outcome.code == 0
    assert "\\u540d\\u524d" in outcome.out
