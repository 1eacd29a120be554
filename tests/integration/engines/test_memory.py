"""Temporary files are in memory where there is room for them, and where nobody said another place."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import pytest

from tests.engines import memory


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder in place of the memory, with room for everything, in a process that has not been told a folder."""
    monkeypatch.setattr(memory, "_MEMORY", tmp_path)
    monkeypatch.setattr(memory, "_BYTES", 1)
    monkeypatch.setattr(tempfile, "tempdir", tempfile.gettempdir())
    monkeypatch.setenv("TMPDIR", "to be put back")
    monkeypatch.delenv("TMPDIR")
    return tmp_path


def test_where_there_is_room_they_are_there_and_those_of_children_too(place: Path) -> None:
    memory.keep_temporary_files_in_memory()
    assert (tempfile.gettempdir(), os.environ["TMPDIR"]) == (str(place), str(place))


def test_where_there_is_little_room_they_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "_BYTES", 1 << 60)
    memory.keep_temporary_files_in_memory()
    assert "TMPDIR" not in os.environ


def test_where_there_is_no_such_folder_they_stay(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "_MEMORY", place / "nowhere")
    memory.keep_temporary_files_in_memory()
    assert "TMPDIR" not in os.environ


def test_where_somebody_said_another_place_they_are_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMPDIR", "/elsewhere")
    memory.keep_temporary_files_in_memory()
    assert os.environ["TMPDIR"] == "/elsewhere"
