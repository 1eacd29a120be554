"""Experiments for the tests of pages."""

from __future__ import annotations

from typing import Any

from variate.platform import Platform

TWO = [{"name": "control", "value": {"price": 10}}, {"name": "blue", "value": {"price": 12}}]


def draft(platform: Platform, experiment_id: str, **given: Any) -> None:
    """Create a draft of two variations."""
    fields: dict[str, Any] = {"variations": TWO, "hypothesis": "Blue is seen sooner", "owner": "ada@example.com"}
    platform.create_experiment(experiment_id, experiment_id=experiment_id, **fields | given)


def running(platform: Platform, experiment_id: str, *, units: int = 0, **given: Any) -> None:
    """Create an experiment that runs, with so many units that have an assignment and an exposure."""
    draft(platform, experiment_id, **given)
    platform.update_experiment_status(experiment_id, "active")
    for number in range(units):
        unit = f"unit-{number}"
        variation = platform.assign(unit, experiment_id).variation
        if variation is not None:
            platform.record_exposure(unit, experiment_id, variation)
    platform.flush_assignments()


def revision(platform: Platform, experiment_id: str) -> str:
    """Return the revision that a form has that was opened now."""
    found = platform.get_experiment(experiment_id)
    assert found is not None
    return str(found.revision)


def status(platform: Platform, experiment_id: str) -> str:
    """Return where the experiment is."""
    found = platform.get_experiment(experiment_id)
    assert found is not None
    return found.status.value
