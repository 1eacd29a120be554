"""``variate keys`` and ``variate people``."""

from __future__ import annotations

import re

import pytest
from click.testing import CliRunner

from tests.acceptance.command import InProcess
from variate.cli import main

PASSWORD = "correct horse battery"


def typed(*arguments: str, keys: str) -> tuple[int, str, str]:
    """Run a command that somebody types these lines to; return its code and what it printed."""
    done = CliRunner().invoke(main, [*arguments], prog_name="variate", input=keys)
    return done.exit_code, done.stdout, done.stderr


def test_a_secret_goes_to_standard_output_alone_and_is_shown_once(variate: InProcess) -> None:
    created = variate.ok(
        "keys", "create", "checkout", "--scope", "evaluate", "--scope", "ingest", "--environment", "prod"
    )
    assert re.fullmatch(r"vk_[A-Za-z0-9_-]{43}\n", created.out)
    assert "may evaluate, ingest in prod" in created.err
    assert created.out.strip() not in created.err
    key = variate.ok("keys", "list", "--json").json[0]
    later = "".join(
        variate.ok(*arguments).out
        for arguments in (
            ("keys", "list"),
            ("keys", "show", key["id"]),
            ("keys", "show", key["id"], "--json"),
            ("audit", "--json"),
        )
    )
    assert created.out.strip()[9:] not in later
    assert key["hint"] == created.out[:9]


def test_a_key_lives_from_creation_to_revocation(variate: InProcess) -> None:
    created = variate.ok("keys", "create", "web", "--scope", "read", "--expires-in", "30", "--json").json
    key = created["key"]
    assert created["secret"].startswith(key["hint"])
    assert (key["environments"], key["created_by"], key["expires_at"] is None) == (["*"], "tester", False)
    changed = variate.ok(
        "keys", "update", key["id"], "--scope", "write", "--environment", "dev", "--expires-in", "", "--json"
    ).json
    assert (changed["scopes"], changed["environments"], changed["expires_at"]) == (["write"], ["dev"], None)
    assert (changed["name"], changed["revision"]) == ("web", 2)
    new = variate.ok("keys", "rotate", key["id"], "--grace-hours", "1", "--json").json
    assert new["secret"] != created["secret"]
    old = variate.ok("keys", "show", key["id"]).out
    assert "\nstate         replaced\n" in old
    assert f"\nreplaced by   {new['key']['id']}\n" in old
    assert "\nstate         revoked\n" in variate.ok("keys", "revoke", new["key"]["id"]).out
    assert [line.split()[2] for line in variate.ok("keys", "list").out.splitlines()[2:]] == ["revoked", "replaced"]
    assert [entry["action"] for entry in variate.ok("audit", "--type", "key", "--json").json] == [
        "revoked",
        "created",
        "rotated",
        "updated",
        "created",
    ]


def test_a_rotation_without_grace_ends_the_old_key(variate: InProcess) -> None:
    key = variate.ok("keys", "create", "web", "--scope", "read", "--json").json["key"]
    variate.ok("keys", "rotate", key["id"], "--grace-hours", "0")
    assert "\nstate         expired\n" in variate.ok("keys", "show", key["id"]).out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("create", "web"), "give what it may do"),
        (("create", "web", "--scope", "paint"), "is not one of"),
        (("create", "web", "--scope", "read", "--environment", "moon"), "must be among dev, staging, prod"),
        (("create", "web", "--scope", "read", "--expires-in", "0"), "above 0"),
        (("create", "web", "--scope", "read", "--expires-in", "soon"), "not a number of days"),
        (("create", " ", "--scope", "read"), "must not be blank"),
        (("show", "nobody"), "key 'nobody' not found"),
        (("update", "nobody"), "give what is to change"),
        (("update", "nobody", "--name", "web"), "key 'nobody' not found"),
        (("rotate", "nobody"), "key 'nobody' not found"),
        (("rotate", "nobody", "--grace-hours", "-1"), "not in the range"),
        (("revoke", "nobody"), "key 'nobody' not found"),
    ],
)
def test_a_mistake_with_keys_is_named(variate: InProcess, arguments: tuple[str, ...], words: str) -> None:
    assert words in variate.mistake("keys", *arguments)


def test_a_person_lives_from_the_first_day_to_the_last(variate: InProcess) -> None:
    code, out, _ = typed(
        "people", "add", "root@example.com", "--role", "admin", "--password-stdin", keys=f"{PASSWORD}\n"
    )
    assert (code, "by password" in out, PASSWORD in out) == (0, True, False)
    added = variate.ok(
        "people", "add", "Ada@example.com", "--name", "Ada Lovelace", "--role", "editor", "--no-password", "--json"
    ).json
    assert (added["email"], added["role"], added["has_password"]) == ("ada@example.com", "editor", False)
    assert "not yet" in variate.ok("people", "show", "ada@example.com").out
    changed = variate.ok("people", "update", "ada@example.com", "--role", "admin", "--name", "Ada", "--json").json
    assert (changed["role"], changed["name"]) == ("admin", "Ada")
    assert "disabled" in variate.ok("people", "update", "root@example.com", "--disable").out
    assert "is the last one who administers" in variate.mistake("people", "update", "ada@example.com", "--disable")
    assert "enabled" in variate.ok("people", "update", "root@example.com", "--enable").out
    rows = [line.split()[:3] for line in variate.ok("people", "list").out.splitlines()[2:]]
    assert rows == [["ada@example.com", "admin", "enabled"], ["root@example.com", "admin", "enabled"]]
    variate.ok("people", "password", "root@example.com", "--remove")
    assert "\nsigns in        not yet\n" in variate.ok("people", "show", "root@example.com").out
    log = variate.ok("audit", "--type", "person", "--json").out
    assert PASSWORD not in log
    assert "argon2" not in log


def test_a_password_is_asked_for_twice_and_not_shown(variate: InProcess) -> None:
    variate.ok("people", "add", "ada@example.com", "--role", "editor", "--no-password")
    code, out, err = typed("people", "password", "ada@example.com", keys=f"{PASSWORD}\n{PASSWORD}\n")
    assert (code, PASSWORD in out + err) == (0, False)
    assert "password: " in err
    assert variate.ok("people", "show", "ada@example.com", "--json").json["has_password"] is True


def test_a_password_that_cannot_be_changes_nothing(variate: InProcess) -> None:
    code, out, err = typed("people", "add", "ada@example.com", "--role", "editor", "--password-stdin", keys="short\n")
    assert (code, out) == (2, "")
    assert "at least 12 characters" in err
    assert variate.ok("people", "list", "--json").json == []


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("add", "ada", "--role", "editor", "--no-password"), "must be an e-mail address"),
        (("add", "ada@example.com", "--role", "owner", "--no-password"), "is not one of"),
        (("add", "ada@example.com", "--role", "editor", "--no-password", "--password-stdin"), "give either"),
        (("show", "ada@example.com"), "person 'ada@example.com' not found"),
        (("update", "ada@example.com"), "give what is to change"),
        (("update", "ada@example.com", "--unlink"), "person 'ada@example.com' not found"),
        (("password", "ada@example.com", "--remove", "--password-stdin"), "give either"),
        (("password", "ada@example.com", "--remove"), "person 'ada@example.com' not found"),
    ],
)
def test_a_mistake_with_people_is_named(variate: InProcess, arguments: tuple[str, ...], words: str) -> None:
    assert words in variate.mistake("people", *arguments)
