"""One platform a process, at rest until used."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

import variate
from variate.platform import Platform, default_platform
from variate.settings import Settings

AB = [{"name": "a"}, {"name": "b"}]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv("VARIATE_HOME", str(tmp_path / "home"))
    yield tmp_path / "home"
    default_platform().close()


def test_opening_touches_nothing(home: Path) -> None:
    default_platform()
    assert not home.exists()


def test_every_call_acts_on_one_platform_also_from_many_threads(home: Path) -> None:
    found: list[Platform] = []
    threads = [threading.Thread(target=lambda: found.append(default_platform())) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({id(platform) for platform in found}) == 1


def test_after_close_the_environment_is_read_again(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = variate.create_experiment("Here", "", AB)
    default_platform().close()
    monkeypatch.setenv("VARIATE_HOME", str(tmp_path / "elsewhere"))
    assert variate.get_experiment(made["id"]) is None
    default_platform().close()
    monkeypatch.setenv("VARIATE_HOME", str(home))
    assert variate.get_experiment(made["id"]) == made


def test_the_file_stays_the_same_when_the_process_changes_its_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with Platform.open(Settings(home=Path("here"))) as platform:
        (tmp_path / "other").mkdir()
        monkeypatch.chdir(tmp_path / "other")
        platform.create_experiment("Here", variations=AB)
    assert (tmp_path / "here" / "variate.db").exists()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_a_forked_child_opens_its_own_and_the_parent_goes_on(home: Path) -> None:
    made = variate.create_experiment("Here", "", AB)
    parents = default_platform()
    child = os.fork()
    if child == 0:
        status = 1
        try:
            own = default_platform() is not parents
            variate.create_assignment("child", made["id"], "a")
            status = 0 if own else 2
        finally:
            os._exit(status)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    variate.create_assignment("parent", made["id"], "b")
    kept = variate.get_experiment_assignments(made["id"])["items"]
    assert {row["user_id"] for row in kept} == {"child", "parent"}


_FORKS = """
import atexit, os, sys, variate
from variate.platform.default import opened_platform

platform = None
# Runs after what is registered when the platform is opened.
atexit.register(lambda: os.write(1, f"{'child' if child == 0 else 'parent'} {platform.closed}\\n".encode()))
platform = variate.default_platform()
variate.create_experiment("Prices", "", [{"name": "a"}, {"name": "b"}], experiment_id="e")
variate.update_experiment_status("e", "active")
variate.assign("parents", "e")
child = os.fork()
if child == 0:
    assert opened_platform() is None
    sys.exit(0)
assert os.waitpid(child, 0)[1] == 0
assert opened_platform() is platform
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
def test_a_forked_child_that_ends_does_not_close_what_is_its_parents(home: Path) -> None:
    ended = subprocess.run(
        [sys.executable, "-W", "ignore::DeprecationWarning", "-c", _FORKS],
        env={**os.environ, "VARIATE_HOME": str(home)},
        capture_output=True,
        check=False,
        text=True,
        timeout=60,
    )
    assert (ended.returncode, ended.stdout.split("\n"), ended.stderr) == (0, ["child False", "parent True", ""], "")
    assert [each["user_id"] for each in variate.get_experiment_assignments("e")["items"]] == ["parents"]


def test_a_stores_rows_are_purged_once_they_expired(home: Path) -> None:
    platform = default_platform()
    platform.create_assignment("u", "e", "a", ttl_days=1e-9)
    platform.record_event("u", "order", 1, ttl_days=1e-9)
    platform.record_event("u", "order", 1)
    kept = {"assignments": 0, "overrides": 0, "events": 0, "snapshots": 0, "replies": 0, "analyses": 0}
    assert platform.purge_expired() == kept | {"assignments": 1, "events": 1}
    assert platform.purge_expired() == kept


def test_migrating_says_what_it_did_and_the_second_time_nothing(home: Path) -> None:
    assert default_platform().migrate() != []
    assert default_platform().migrate() == []
    assert [(check.subject, check.healthy) for check in default_platform().checks()] == [("sqlite", True)]


def test_before_it_is_migrated_the_check_says_what_to_run(home: Path) -> None:
    (check,) = default_platform().checks()
    assert not check.healthy
    assert "variate migrate" in check.advice
