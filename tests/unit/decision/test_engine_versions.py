"""An engine tells the version it decides an experiment in, and loads nothing to tell it."""

from __future__ import annotations

from tests.unit.decision.snapshots import active_experiment, content_of, engine_of
from variate.decision import Engine


def loaded() -> Engine:
    paused = {"status": "paused", "version": 2}
    engine = engine_of(content_of(experiments={"it": active_experiment(version=3), "paused": paused}))
    engine.decide("user-1", "it")
    return engine


def test_the_version_is_that_of_the_snapshot_in_force() -> None:
    engine = loaded()
    assert [engine.version_of(key) for key in ("it", "paused", "nothing")] == [3, 2, None]


def test_before_the_first_decision_and_while_a_snapshot_is_awaited_no_version_is_known() -> None:
    engine = engine_of(content_of(experiments={"it": active_experiment()}))
    assert engine.version_of("it") is None
    engine.decide("user-1", "it")
    engine.suspend()
    assert engine.version_of("it") is None
