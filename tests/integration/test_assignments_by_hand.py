"""Assignments by hand, and decisions that know of them, on one SQLite file that several platforms share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from variate.errors import StoreUnavailableError
from variate.platform import Platform
from variate.settings import Settings
from variate.stores.sql import SqlExperimentStore

ONLY_A = [{"name": "a", "weight": 1}, {"name": "b", "weight": 0}]


class Processes:
    """Platforms over one home, as so many processes would have them."""

    def __init__(self, home: Path) -> None:
        self.settings = Settings(home=home, change_delay_seconds=0)
        self.opened: list[Platform] = []

    def another(self) -> Platform:
        self.opened.append(Platform.open(self.settings))
        return self.opened[-1]


@pytest.fixture
def processes(tmp_path: Path) -> Iterator[Processes]:
    found = Processes(tmp_path / "home")
    yield found
    for each in found.opened:
        each.close()


def started(platform: Platform) -> Platform:
    platform.create_experiment("E", variations=ONLY_A, experiment_id="e")
    platform.update_experiment_status("e", "active")
    return platform


def test_while_the_source_is_away_nothing_is_kept_that_decisions_would_not_look_for(
    processes: Processes, monkeypatch: pytest.MonkeyPatch
) -> None:
    platform = started(processes.another())

    def away(*_: Any, **__: Any) -> None:
        raise StoreUnavailableError("away")

    with monkeypatch.context() as outage:
        outage.setattr(SqlExperimentStore, "replace", away)
        with pytest.raises(StoreUnavailableError):
            platform.create_assignment("u", "e", "b")
        assert platform.get_user_assignment("u", "e") is None
        assert platform.create_assignment("v", "e", "a").variation == "a", "the draw gives that one anyway"
    assert platform.create_assignment("u", "e", "b").variation == "b"
    assert platform.decide("u", "e").variation == "b"


def test_a_new_version_that_this_process_decides_in_is_the_one_of_its_assignments(processes: Processes) -> None:
    first, second = started(processes.another()), processes.another()
    second.decide("u", "e")
    assert second.create_assignment("u", "e", "a").version == 1
    first.start_new_version("e")
    kept = first.create_assignment("u", "e", "b")
    second.refresh(0)
    assert second.decide("u", "e").version == 2
    assert second.get_user_assignment("u", "e") == kept
    assert second.create_assignment("v", "e", "b").version == 2
