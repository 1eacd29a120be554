"""A range of a layer belongs to one experiment, however many ask for it at once, until the experiment ends."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from typing import Any

import pytest

from tests.unit.definition.stage import AB, Stage
from variate.errors import ConflictError, InvalidInputError
from variate.model import Experiment
from variate.model.layer import LayerRange
from variate.testing.conformance.concurrency import together, wins


@pytest.fixture
def layered(stage: Stage) -> Stage:
    for layer_id in ("checkout", "search"):
        stage.layers.create_layer(layer_id)
    return stage


def ranges(stage: Stage, layer_id: str = "checkout") -> dict[str, tuple[float, float]]:
    layer = stage.layers.get_layer(layer_id)
    assert layer is not None
    return {owner: (each.start, each.end) for owner, each in sorted(layer.ranges.items())}


def test_a_new_experiment_claims_its_range_in_the_same_step(layered: Stage) -> None:
    made = layered.draft(layer="checkout", layer_range=[0, 50])
    assert made.design.layer == LayerRange(layer_id="checkout", start=0, end=50)
    assert ranges(layered) == {"e": (0, 50)}


@pytest.mark.parametrize("span", [[0, 100], [49.99, 60], [10, 20], [0, 0.01]])
def test_a_range_that_overlaps_another_is_refused_and_nothing_is_written(layered: Stage, span: list[float]) -> None:
    layered.draft("first", layer="checkout", layer_range=[0, 50])
    layered.draft("second")
    before = layered.state()
    said = r"^layer_range: overlaps in layer 'checkout': experiments '\w+' and '\w+' share buckets"
    with pytest.raises(InvalidInputError, match=said):
        layered.draft("third", layer="checkout", layer_range=span)
    with pytest.raises(InvalidInputError, match=said):
        layered.experiments.update_experiment("second", layer="checkout", layer_range=span)
    assert layered.state() == before


def test_ranges_side_by_side_share_no_bucket(layered: Stage) -> None:
    layered.draft("first", layer="checkout", layer_range=[0, 33.33])
    layered.draft("second", layer="checkout", layer_range=[33.33, 33.34])
    layered.draft("third", layer="checkout", layer_range=[33.34, 100])
    assert ranges(layered) == {"first": (0, 33.33), "second": (33.33, 33.34), "third": (33.34, 100)}


def test_a_draft_moves_within_its_layer_to_another_and_out(layered: Stage) -> None:
    layered.draft(layer="checkout", layer_range=[0, 50])
    layered.experiments.update_experiment("e", layer_range=[40, 60])
    assert ranges(layered) == {"e": (40, 60)}
    layered.experiments.update_experiment("e", layer="search")
    assert (ranges(layered), ranges(layered, "search")) == ({}, {"e": (40, 60)})
    layered.experiments.update_experiment("e", layer=None)
    assert (ranges(layered), ranges(layered, "search")) == ({}, {})


def test_a_change_of_something_else_leaves_the_layer_alone(layered: Stage) -> None:
    layered.draft(layer="checkout", layer_range=[0, 50])
    layer = layered.layers.get_layer("checkout")
    layered.experiments.update_experiment("e", traffic=10, layer_range=[0, 50.0])
    assert layered.layers.get_layer("checkout") == layer


def test_an_experiment_that_is_paused_keeps_its_range_and_one_that_ended_gives_it_back(layered: Stage) -> None:
    layered.started(layer="checkout", layer_range=[0, 50])
    layered.experiments.update_experiment_status("e", "paused")
    assert ranges(layered) == {"e": (0, 50)}
    ended = layered.experiments.update_experiment_status("e", "completed")
    assert ranges(layered) == {}
    assert ended.design.layer is not None, "what it was designed with is still told"
    layered.draft("next", layer="checkout", layer_range=[0, 100])
    layer = layered.layers.get_layer("checkout")
    layered.experiments.archive_experiment("e")
    assert layered.layers.get_layer("checkout") == layer, "what was given back is not given back again"


def test_a_draft_that_is_archived_gives_its_range_back(layered: Stage) -> None:
    layered.draft(layer="checkout", layer_range=[0, 50])
    layered.experiments.archive_experiment("e")
    assert ranges(layered) == {}


def test_a_completion_with_an_override_gives_the_range_back_too(layered: Stage) -> None:
    layered.started(layer="checkout", layer_range=[0, 50])
    layered.experiments.update_experiment_with_override("e", "completed", unit="u", variation="a")
    assert ranges(layered) == {}


def test_a_new_version_may_take_another_range(layered: Stage) -> None:
    layered.started(layer="checkout", layer_range=[0, 50])
    layered.experiments.start_new_version("e", layer="search", layer_range=[0, 100])
    assert (ranges(layered), ranges(layered, "search")) == ({}, {"e": (0, 100)})


def _beaten(stage: Stage, rival: Callable[[], object]) -> None:
    """Let a rival write once between the reading of the layer that is claimed and the writing."""
    read, readings = stage.layer_store.get, count(1)

    def read_then_lose(definition_id: str) -> Any:
        found = read(definition_id)
        if next(readings) == 2:  # the first is to see whether it is there
            rival()
        return found

    stage.layer_store.get = read_then_lose  # type: ignore[method-assign]  # a rival between the read and the write


def test_of_two_who_claim_the_same_buckets_at_once_the_second_is_refused(layered: Stage) -> None:
    layered.draft("second")
    _beaten(layered, lambda: layered.draft("first", layer="checkout", layer_range=[0, 50]))
    with pytest.raises(InvalidInputError, match=r"^layer_range: overlaps"):
        layered.experiments.update_experiment("second", layer="checkout", layer_range=[25, 75])
    assert ranges(layered) == {"first": (0, 50)}
    second = layered.experiments.get_experiment("second")
    assert second is not None
    assert second.design.layer is None


def test_a_change_that_loses_a_race_for_a_layer_is_decided_again_on_what_is_left(layered: Stage) -> None:
    layered.draft("second")
    _beaten(layered, lambda: layered.draft("first", layer="checkout", layer_range=[0, 50]))
    layered.experiments.update_experiment("second", layer="checkout", layer_range=[50, 75])
    assert ranges(layered) == {"first": (0, 50), "second": (50, 75)}


def test_a_change_on_an_expected_revision_is_not_decided_again(layered: Stage) -> None:
    layered.draft("second")
    _beaten(layered, lambda: layered.draft("first", layer="checkout", layer_range=[0, 50]))
    with pytest.raises(ConflictError):
        layered.experiments.update_experiment("second", layer="checkout", layer_range=[50, 75], expected_revision=1)
    assert ranges(layered) == {"first": (0, 50)}


def test_a_new_experiment_that_loses_a_race_for_a_layer_gets_what_is_left(layered: Stage) -> None:
    _beaten(layered, lambda: layered.draft("first", layer="checkout", layer_range=[0, 50]))
    made = layered.draft("second", layer="checkout", layer_range=[50, 75])
    assert layered.experiments.get_experiment("second") == made
    assert ranges(layered) == {"first": (0, 50), "second": (50, 75)}
    created = [entry.entity_id for entry in layered.entries() if entry.entity_type == "experiment"]
    assert sorted(created) == ["first", "second"], "each is logged once"


def test_a_new_experiment_whose_buckets_a_rival_took_just_before_is_refused_and_not_made(layered: Stage) -> None:
    _beaten(layered, lambda: layered.draft("first", layer="checkout", layer_range=[0, 50]))
    with pytest.raises(InvalidInputError, match=r"^layer_range: overlaps in layer 'checkout': experiments 'first' and"):
        layered.draft("second", layer="checkout", layer_range=[25, 75])
    assert layered.experiments.get_experiment("second") is None
    assert ranges(layered) == {"first": (0, 50)}


def test_a_new_experiment_whose_id_a_rival_took_just_before_is_refused_at_once(
    layered: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    insert, tries = layered.store.insert, list[tuple[float, float]]()

    def counted(experiment: Experiment, **parts: Any) -> None:
        assert experiment.design.layer is not None
        tries.append((experiment.design.layer.start, experiment.design.layer.end))
        insert(experiment, **parts)

    monkeypatch.setattr(layered.store, "insert", counted)
    _beaten(layered, lambda: layered.draft("second", layer="checkout", layer_range=[0, 50]))
    with pytest.raises(ConflictError):
        layered.draft("second", layer="checkout", layer_range=[50, 75])
    assert tries == [(0, 50), (50, 75)]
    assert ranges(layered) == {"second": (0, 50)}


@pytest.mark.parametrize(("design", "times"), [({"layer": "checkout", "layer_range": [0, 50]}, 20), ({}, 1)])
def test_a_new_experiment_that_loses_every_race_says_so_and_one_in_no_layer_has_none_to_lose(
    layered: Stage, monkeypatch: pytest.MonkeyPatch, design: dict[str, Any], times: int
) -> None:
    tries: list[Experiment] = []

    def lose(experiment: Experiment, **_: object) -> None:
        tries.append(experiment)
        raise ConflictError("others were first")

    monkeypatch.setattr(layered.store, "insert", lose)
    with pytest.raises(ConflictError, match="others were first"):
        layered.draft(**design)
    assert len(tries) == times


def test_of_many_threads_that_want_one_range_one_gets_it(layered: Stage) -> None:
    for number in range(8):
        layered.draft(f"e-{number}")

    def claim(number: int) -> bool:
        span: dict[str, Any] = {"layer": "checkout", "layer_range": [0, 50 + number]}
        return wins(
            lambda: layered.experiments.update_experiment(f"e-{number}", **span),
            losing=(InvalidInputError, ConflictError),
        )

    won = [number for number, winner in enumerate(together(8, claim)) if winner]
    assert len(won) == 1
    assert list(ranges(layered)) == [f"e-{won[0]}"]


def test_of_many_threads_that_want_ranges_side_by_side_each_gets_its_own(layered: Stage) -> None:
    for number in range(6):
        layered.draft(f"e-{number}", variations=AB)

    def claim(number: int) -> Experiment:
        return layered.experiments.update_experiment(
            f"e-{number}", layer="checkout", layer_range=[10 * number, 10 * number + 10]
        )

    together(6, claim)
    assert ranges(layered) == {f"e-{number}": (10 * number, 10 * number + 10) for number in range(6)}
