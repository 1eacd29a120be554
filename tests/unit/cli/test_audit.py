"""``variate audit`` lists changes and sees whether they stand as they were written."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.acceptance.command import InProcess


@pytest.fixture
def log(variate: InProcess) -> InProcess:
    """Three changes of three layers."""
    for name in ("one", "two", "three"):
        variate.ok("layers", "create", name)
    return variate


def by_hand(home: Path, *statements: str) -> None:
    """Write to the tables as their owner can."""
    (file,) = home.glob("*.db")
    with closing(sqlite3.connect(file)) as connection, connection:
        for statement in statements:
            connection.execute(statement)


def test_without_a_sub_command_it_lists_what_is_asked_for(log: InProcess) -> None:
    assert log.ok("audit").out.count("created") == 3
    rows = log.ok(
        "audit", "--entity", "one", "--actor", "tester", "--action", "created", "--since", "1h", "--json"
    ).json
    assert [(row["entity_id"], row["actor"]) for row in rows] == [("one", "tester")]
    for nothing in (
        ("--actor", "nobody"),
        ("--action", "removed"),
        ("--since", "2100-01-01T00:00:00Z"),
        ("--until", "1h"),
    ):
        assert log.ok("audit", *nothing, "--json").json == []
    assert "10m, 2h, 7d" in log("audit", "--since", "yesterday").err


def test_a_whole_log_is_said_to_be_with_the_head_to_note(log: InProcess) -> None:
    found = log.ok("audit", "verify", "--json").json
    assert found == {
        "whole": True,
        "entries": 3,
        "head": found["head"],
        "break": None,
        "unchained": {"count": 0, "ids": []},
        "missing_guards": [],
    }
    assert log.ok("audit", "verify", "--head", found["head"]).out == (
        f"3 entries stand as they were written.\nhead  {found['head']}\n"
    )


def test_an_empty_log_is_whole(variate: InProcess) -> None:
    assert variate.ok("audit", "verify").out.startswith("The log is empty.\nhead  0000")


def test_a_broken_log_exits_with_one_and_says_where_and_how(log: InProcess, tmp_path: Path) -> None:
    by_hand(
        tmp_path / "home",
        "DROP TRIGGER audit_logs_altered",
        "UPDATE audit_logs SET actor = 'somebody else' WHERE entity_id = 'two'",
        "INSERT INTO audit_logs (id, entity_type, entity_id, action, created_at) VALUES ('by-hand', 'e', 'e', 'a', 0)",
    )
    done = log("audit", "verify")
    assert done.code == 1
    assert "BROKEN at place 2, entry " in done.out
    assert ": altered." in done.out
    assert "takes them in: 1\n  by-hand\n" in done.out
    assert "are gone: audit_logs_altered." in done.out
    found = log("audit", "verify", "--json")
    assert (found.code, found.json["whole"], found.json["break"]["place"]) == (1, False, 2)
    assert (found.json["break"]["fault"], found.json["missing_guards"]) == ("altered", ["audit_logs_altered"])


def test_a_head_that_was_noted_and_is_gone_breaks_the_log(log: InProcess) -> None:
    done = log("audit", "verify", "--head", "a" * 64)
    assert done.code == 1
    assert "BROKEN: rewritten." in done.out
    assert "64 hexadecimal digits" in log.mistake("audit", "verify", "--head", "a")
