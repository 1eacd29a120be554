"""The suite of ``ServingStore``."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from itertools import permutations

import pytest

from variate.model import MAX_DEFINITION_BYTES, Experiment, ExperimentStatus, Json
from variate.stores.ports import ServingStore
from variate.testing.builders import build_experiment, build_variation
from variate.testing.clocks import START
from variate.testing.conformance.concurrency import together
from variate.testing.conformance.samples import (
    ALIKE,
    CONCLUSION,
    DESIGN,
    document_of,
    every_instant,
    every_json,
    every_text,
    plain,
)


class ServingStoreConformance:
    """Subclass it and provide the fixture ``store``, empty."""

    @pytest.fixture
    def store(self) -> ServingStore:
        raise NotImplementedError("provide a fixture `store`: an empty ServingStore")

    def test_what_was_put_is_returned(self, store: ServingStore) -> None:
        experiment = build_experiment(
            description="Is green better?",
            status=ExperimentStatus.ACTIVE,
            owner="ada",
            design=DESIGN,
            version=2,
            revision=7,
            updated_at=START + timedelta(hours=1),
        )
        store.put(experiment)
        assert plain(store.get(experiment.id)) == plain(experiment)

    def test_the_conclusion_is_held(self, store: ServingStore) -> None:
        ended = build_experiment("e", status=ExperimentStatus.COMPLETED)
        store.put(ended)
        store.put(replace(ended, conclusion=CONCLUSION, revision=2))
        assert plain(store.get("e")) == plain(replace(ended, conclusion=CONCLUSION, revision=2))

    def test_an_unknown_id_is_none(self, store: ServingStore) -> None:
        assert store.get("nobody") is None

    def test_a_later_revision_takes_the_place_of_an_earlier_one(self, store: ServingStore) -> None:
        old = build_experiment("e", owner="ada", variations={"a": 1, "b": 2, "c": 3})
        new = build_experiment("e", name="New", variations={"d": 1}, revision=2)
        store.put(old)
        store.put(new)
        assert plain(store.get("e")) == plain(new)

    def test_an_earlier_revision_that_arrives_later_is_passed_over(self, store: ServingStore) -> None:
        new = _at(3)
        store.put(new)
        store.put(_at(2))
        assert plain(store.get("e")) == plain(new)

    def test_a_revision_put_again_changes_nothing(self, store: ServingStore) -> None:
        first = _at(2)
        store.put(first)
        store.put(first)
        store.put(replace(_at(2), name="Another"))
        assert plain(store.get("e")) == plain(first)

    @pytest.mark.parametrize("order", list(permutations((1, 2, 10))), ids=str)
    def test_whatever_the_order_of_arrival_the_latest_revision_stands(
        self, store: ServingStore, order: tuple[int, ...]
    ) -> None:
        for revision in order:
            store.put(_at(revision))
        found = store.get("e")
        assert found is not None
        assert (found.revision, found.name) == (10, "at 10")

    def test_of_twenty_puts_at_once_the_latest_revision_stands(self, store: ServingStore) -> None:
        revisions = [number * 7 % 20 + 1 for number in range(20)]
        together(20, lambda number: store.put(_at(revisions[number])))
        found = store.get("e")
        assert found is not None
        assert (found.revision, found.name, [each.name for each in found.variations]) == (20, "at 20", ["v20"])

    def test_experiments_do_not_touch_one_another(self, store: ServingStore) -> None:
        for number, each in enumerate(ALIKE):
            store.put(build_experiment(each, name=f"of {each}", revision=len(ALIKE) - number))
        found = [store.get(each) for each in ALIKE]
        assert [each and each.name for each in found] == [f"of {each}" for each in ALIKE]

    @every_text
    def test_text_comes_back_as_it_was_given(self, store: ServingStore, text: str) -> None:
        variation = build_variation(text, id=text, description=text, value={text: text})
        experiment = build_experiment(text, name=text, description=text, owner=text, variations=[variation])
        store.put(experiment)
        assert plain(store.get(text)) == plain(experiment)

    @every_json
    def test_a_value_comes_back_as_equal_json(self, store: ServingStore, value: Json) -> None:
        experiment = build_experiment("e", variations=[build_variation(value=value)])
        store.put(experiment)
        assert plain(store.get("e")) == plain(experiment)

    def test_weights_come_back_as_the_same_numbers(self, store: ServingStore) -> None:
        weights = [0, 1, 0.5, 1 / 3, 1e-300, 1e300, 50.0]
        store.put(build_experiment("e", variations={f"v{weight}": weight for weight in weights}))
        found = store.get("e")
        assert found is not None
        assert [each.weight for each in found.variations] == weights

    @every_instant
    def test_times_come_back_to_the_microsecond(self, store: ServingStore, instant: datetime) -> None:
        experiment = build_experiment("e", created_at=instant)
        store.put(experiment)
        assert plain(store.get("e")) == plain(experiment)

    def test_a_hundred_variations_come_back_in_the_order_they_were_given(self, store: ServingStore) -> None:
        names = [f"v{number * 37 % 100}" for number in range(100)]
        experiment = build_experiment("e", variations={name: number for number, name in enumerate(names)})
        store.put(experiment)
        assert plain(store.get("e")) == plain(experiment)

    def test_the_greatest_definition_there_can_be_is_held(self, store: ServingStore) -> None:
        variation = replace(build_variation(), value=document_of(MAX_DEFINITION_BYTES))
        experiment = build_experiment("e", variations=[variation])
        store.put(experiment)
        assert plain(store.get("e")) == plain(experiment)


def _at(revision: int) -> Experiment:
    """The experiment ``e`` at this revision, which its name and its variation tell."""
    return build_experiment("e", name=f"at {revision}", revision=revision, variations={f"v{revision}": 1})
