"""``variate snapshots``, and what ``variate doctor`` says of them."""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.command import InProcess
from variate.cli.words import age
from variate.model.snapshot import Publication
from variate.stores.sql import SqlSnapshotStore


@pytest.fixture
def published(variate: InProcess, flag: str) -> str:
    """A flag that was switched off, each of its two states published."""
    variate.ok("evaluate", "--unit", "u1", "--flag", flag)
    variate.ok("flags", "status", flag, "inactive")
    return flag


def test_what_was_published_is_listed_and_shown(variate: InProcess, published: str) -> None:
    second, first = variate.ok("snapshots", "list", "--json").json
    assert (first["sequence"], second["sequence"], second["kind"], second["actor"]) == (1, 2, "publish", "tester")
    for name, enabled in (("1", True), ("2", False), (first["digest"], True), (second["digest"][:12], False)):
        content = variate.ok("snapshots", "show", name)
        assert content.json["flags"][published]["enabled"] is enabled
    table = variate.ok("snapshots", "list").out.splitlines()
    assert table[2].split()[:3] == ["2", second["digest"][:12], "publish"]
    assert max(map(len, table)) <= 80
    limited = variate.ok("snapshots", "list", "--limit", "1", "--json")
    assert limited.json == [second]
    assert "raise --limit" in limited.err


def test_of_however_many_publications_the_one_of_a_sequence_is_asked_for(
    variate: InProcess, published: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []
    publications = SqlSnapshotStore.publications

    def asking(store: SqlSnapshotStore, environment: str, *, limit: int, **more: Any) -> Sequence[Publication]:
        asked.append(limit)
        return publications(store, environment, limit=limit, **more)

    monkeypatch.setattr(SqlSnapshotStore, "publications", asking)
    assert published in variate.ok("snapshots", "show", "1").json["flags"]
    assert asked == [1]


def test_a_rollback_holds_until_somebody_publishes(variate: InProcess, published: str) -> None:
    evaluate = ("evaluate", "--unit", "u1", "--flag", published, "--json")
    assert variate.ok(*evaluate).json["reason"] == "off"
    rolled = variate.ok("snapshots", "rollback", "1", "--reason", "too dark", "--json").json
    assert (rolled["sequence"], rolled["kind"], rolled["reason"]) == (3, "rollback", "too dark")
    assert variate.ok(*evaluate).json["reason"] != "off"
    variate.ok("flags", "update", published, "--name", "Darker")
    status = variate.ok("snapshots", "status", "--json").json
    assert (status["sequence"], status["held"], status["problem"]) == (3, True, None)
    assert "changes are kept but not served" in variate.ok("snapshots", "status").out
    doctor = variate.ok("doctor").out
    assert f"snapshot: 3 is in force in dev ({rolled['digest'][:12]}), published " in doctor
    assert "it is a rollback: changes are not served until you run: variate snapshots publish" in doctor

    freed = variate.ok("snapshots", "publish", "--reason", "fine again", "--json").json
    assert (freed["sequence"], freed["kind"], freed["held"], freed["problems"]) == (4, "publish", False, [])
    assert variate.ok("snapshots", "status", "--json").json["held"] is False
    assert "held" not in variate.ok("snapshots", "status").out
    assert variate.ok(*evaluate).json["reason"] == "off"


def test_the_status_says_for_how_long_it_has_been_in_force(variate: InProcess, published: str) -> None:
    (latest, _) = variate.ok("snapshots", "list", "--json").json
    before = datetime.now(UTC)
    status = variate.ok("snapshots", "status", "--json").json
    since = datetime.fromisoformat(latest["at"])
    assert (before - since).total_seconds() <= status["in_force_seconds"] <= (datetime.now(UTC) - since).total_seconds()
    fields = dict(line.split(maxsplit=1) for line in variate.ok("snapshots", "status").out.splitlines())
    assert fields["published"].startswith(f"{latest['at'][:19].replace('T', ' ')} UTC, ")
    assert re.fullmatch(r".*, \d+ seconds? ago, by tester", fields["published"])
    assert (fields["digest"], published) == (latest["digest"], "dark-mode")


def test_publishing_says_what_it_held_back(variate: InProcess, published: str, tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "home" / "variate.db")) as connection, connection:
        (text,) = connection.execute("SELECT targeting FROM feature_flags").fetchone()
        broken = json.dumps({**json.loads(text), "off": "nothing"})
        connection.execute("UPDATE feature_flags SET targeting = ?", (broken,))
    said = variate.ok("snapshots", "publish").out.splitlines()[-1]
    assert said.startswith(f"held back: flag '{published}' (as it was before is served): off: must be one of")
    (problem,) = variate.ok("snapshots", "publish", "--json").json["problems"]
    assert (problem["kind"], problem["id"], problem["served"]) == ("flag", published, "as it was before")


def test_each_environment_has_its_own_history(variate: InProcess, published: str) -> None:
    assert variate.ok("snapshots", "status", "--environment", "prod", "--json").json is None
    assert "nothing was published in prod yet" in variate.ok("snapshots", "status", "--environment", "prod").out
    assert variate.ok("snapshots", "publish", "--environment", "prod", "--json").json["environment"] == "prod"
    assert [each["sequence"] for each in variate.ok("snapshots", "list", "--environment", "prod", "--json").json] == [1]
    assert variate.ok("snapshots", "status", "--json").json["sequence"] == 2
    assert published in variate.ok("snapshots", "show", "1", "--environment", "prod").json["flags"]


def test_a_snapshot_that_is_not_there_is_a_problem_of_the_status(
    variate: InProcess, published: str, tmp_path: Path
) -> None:
    with closing(sqlite3.connect(tmp_path / "home" / "variate.db")) as connection, connection:
        connection.execute("DELETE FROM snapshots")
    assert published
    assert "is not there" in variate.ok("snapshots", "status", "--json").json["problem"]
    assert "is not there" in variate.ok("snapshots", "status").out


def test_the_doctor_says_that_nothing_was_published_yet(variate: InProcess) -> None:
    variate.ok("migrate")
    assert "snapshot: none yet: the first decision publishes one" in variate.ok("doctor").out


@pytest.mark.parametrize(
    ("passed", "said"),
    [
        (timedelta(seconds=-1), "0 seconds"),
        (timedelta(seconds=1), "1 second"),
        (timedelta(seconds=59), "59 seconds"),
        (timedelta(minutes=1), "1 minute"),
        (timedelta(hours=23, minutes=59), "23 hours"),
        (timedelta(days=3, hours=23), "3 days"),
    ],
)
def test_an_age_is_told_in_its_largest_unit(passed: timedelta, said: str) -> None:
    assert age(passed) == said


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("rollback", "9"), "publication '9' not found"),
        (("rollback", "0"), "publication '0' not found"),
        (("rollback", "abc"), "must be a sequence, or at least 12 digits"),
        (("rollback", "0" * 64), "not found"),
        (("rollback", "x" * 64), "must be a digest of 64 hexadecimal digits"),
        (("show", "abcdefabcdef"), "publication 'abcdefabcdef' not found"),
        (("show", "0" * 64), "not found"),
        (("status", "--environment", "mars"), "--environment: must be one of VARIATE_ENVIRONMENTS: dev, staging, prod"),
        (("publish", "--environment", ""), "ENVIRONMENT: must not be empty"),
    ],
)
def test_a_mistake_ends_in_words(variate: InProcess, published: str, arguments: tuple[str, ...], words: str) -> None:
    assert published
    assert words in variate.mistake("snapshots", *arguments)
    assert variate.ok("snapshots", "status", "--json").json["sequence"] == 2
