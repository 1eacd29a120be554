"""What is under an experiment's key in the cache is an experiment, or makes room for one."""

from __future__ import annotations

import json

import pytest

from variate.model import Experiment, Json
from variate.model.record import experiment_record
from variate.platform.hot import HotValues, experiment_key
from variate.stores.memory import MemoryCache
from variate.stores.wrappers.cached import CacheAside
from variate.testing.builders import build_experiment


def _hot(cache: MemoryCache, experiment: Experiment | None) -> HotValues:
    return HotValues(
        cache=cache, aside=CacheAside(cache), experiment_at_rest=lambda _: experiment, opened=lambda found: found
    )


@pytest.mark.parametrize("foreign", ["text", 7, [1], {"id": "e"}, {"name": "x", "variations": 7}])
def test_what_another_program_wrote_makes_room_for_the_experiment(foreign: Json) -> None:
    cache, experiment = MemoryCache(), build_experiment()
    cache.set(experiment_key(experiment.id), json.dumps(foreign), ttl_seconds=60)
    assert _hot(cache, experiment).get_experiment_with_cache(experiment.id) == experiment
    assert cache.get(experiment_key(experiment.id)) is None


def test_a_status_there_is_not_makes_room_too() -> None:
    cache, experiment = MemoryCache(), build_experiment()
    record = experiment_record(experiment) | {"status": "unheard-of"}
    cache.set(experiment_key(experiment.id), json.dumps(record), ttl_seconds=60)
    assert _hot(cache, experiment).get_experiment_with_cache(experiment.id) == experiment
