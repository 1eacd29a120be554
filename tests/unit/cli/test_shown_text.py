"""What users named their things does not steer a terminal, and passwords are not shown."""

from __future__ import annotations

import pytest

from variate.cli.doctor import sqlite_note, without_password
from variate.cli.text import shown


@pytest.mark.parametrize(
    ("text", "safe"),
    [
        ("Grüße, 名前 😀", "Grüße, 名前 😀"),
        ("a\x1b[31mb", "a\\x1b[31mb"),
        ("two\nlines", "two\\nlines"),
        ("\ud800", "\\ud800"),
        ("\u202eevil", "\\u202eevil"),
    ],
)
def test_control_characters_are_written_as_escapes(text: str, safe: str) -> None:
    assert shown(text) == safe


@pytest.mark.parametrize(
    ("url", "hidden"),
    [
        ("postgresql://me:s3cret@host:5432/db", "postgresql://me:***@host:5432/db"),
        ("postgresql://me:s3:cr@et@host/db", "postgresql://me:***@host/db"),
        ("rediss://:s3cret@host:6379/0", "rediss://:***@host:6379/0"),
        ("postgresql://host/db?user=me&password=s3cret&x=1", "postgresql://host/db?user=me&password=***&x=1"),
        ("postgresql://me@host/db", "postgresql://me@host/db"),
        ("http://127.0.0.1:4566", "http://127.0.0.1:4566"),
    ],
)
def test_a_password_in_a_url_is_hidden(url: str, hidden: str) -> None:
    assert without_password(url) == hidden


@pytest.mark.parametrize(
    ("version", "has_bug"),
    [
        ((3, 40, 1), True),
        ((3, 44, 5), True),
        ((3, 44, 6), False),
        ((3, 45, 0), True),
        ((3, 50, 6), True),
        ((3, 50, 7), False),
        ((3, 51, 2), True),
        ((3, 51, 3), False),
        ((3, 53, 0), False),
    ],
)
def test_the_versions_of_sqlite_with_the_wal_reset_bug_are_told(version: tuple[int, ...], has_bug: bool) -> None:
    # https://sqlite.org/wal.html#the_wal_reset_bug: 3.7.0 to 3.51.2, mended also in 3.44.6 and 3.50.7.
    assert ("WAL-reset" in sqlite_note(version)) is has_bug
