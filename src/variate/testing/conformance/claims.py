"""The suite of what an ``ExperimentStore`` does with layers: they are stored with the experiment, or neither is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from variate.errors import ConflictError, NotFoundError
from variate.model import Experiment
from variate.model.layer import Layer, LayerRange
from variate.stores.ports import AuditLog, DefinitionStore, ExperimentStore, Outbox
from variate.testing.builders import build_audit_entry, build_experiment, build_layer, build_outbox_message
from variate.testing.clocks import START
from variate.testing.conformance.concurrency import together, wins
from variate.testing.conformance.log_and_outbox import WithLogAndOutbox
from variate.testing.conformance.samples import plain

LATER = START + timedelta(minutes=1)


class LayerClaimsConformance(WithLogAndOutbox):
    """Subclass it and provide ``store`` and ``layers``, both empty, and the ``audit_log`` and ``outbox`` they fill."""

    @pytest.fixture
    def store(self) -> ExperimentStore:
        raise NotImplementedError("provide a fixture `store`: an empty ExperimentStore")

    @pytest.fixture
    def layers(self) -> DefinitionStore[Layer]:
        raise NotImplementedError("provide a fixture `layers`: the empty DefinitionStore of layers beside it")

    @pytest.mark.parametrize("is_new", [True, False], ids=["inserted", "replaced"])
    def test_layers_are_stored_with_the_experiment(
        self, store: ExperimentStore, layers: DefinitionStore[Layer], is_new: bool
    ) -> None:
        one, two, other = _three(layers)
        changed = [_claimed(two, "e", 0, 50), _claimed(one, "e", 50, 100)]
        _write(store, is_new, changed)
        assert plain([*layers.list(limit=10)]) == plain([changed[1], other, changed[0]])
        found = store.get("e")
        assert found is not None
        assert found.name == "New"

    @pytest.mark.parametrize("is_new", [True, False], ids=["inserted", "replaced"])
    @pytest.mark.parametrize("step", [-1, 1], ids=["older", "newer"])
    def test_a_layer_at_another_revision_is_a_conflict_and_nothing_is_written(
        self,
        store: ExperimentStore,
        layers: DefinitionStore[Layer],
        audit_log: AuditLog,
        outbox: Outbox,
        is_new: bool,
        step: int,
    ) -> None:
        one, two, other = _three(layers)
        stale = replace(_claimed(two, "e", 0, 50), revision=two.revision + 1 + step)
        with pytest.raises(ConflictError):
            _write(store, is_new, [_claimed(one, "e", 0, 50), stale])
        _see_nothing_written(store, layers, audit_log, outbox, is_new=is_new, standing=[one, other, two])

    @pytest.mark.parametrize("is_new", [True, False], ids=["inserted", "replaced"])
    def test_a_layer_that_is_gone_is_not_found_and_nothing_is_written(
        self, store: ExperimentStore, layers: DefinitionStore[Layer], audit_log: AuditLog, outbox: Outbox, is_new: bool
    ) -> None:
        one, two, other = _three(layers)
        layers.remove("two", expected_revision=two.revision, audit=[], outbox=[])
        with pytest.raises(NotFoundError):
            _write(store, is_new, [_claimed(one, "e", 0, 50), _claimed(two, "e", 0, 50)])
        _see_nothing_written(store, layers, audit_log, outbox, is_new=is_new, standing=[one, other])

    def test_where_the_experiment_is_refused_its_layers_stay_as_they_are(
        self, store: ExperimentStore, layers: DefinitionStore[Layer]
    ) -> None:
        one, two, other = _three(layers)
        claim = [_claimed(one, "e", 0, 50)]
        store.insert(build_experiment("e", revision=3), audit=[], outbox=[])
        with pytest.raises(ConflictError):
            store.insert(build_experiment("e"), layers=claim, audit=[], outbox=[])
        with pytest.raises(ConflictError):
            store.replace(build_experiment("e", revision=2), expected_revision=1, layers=claim, audit=[], outbox=[])
        with pytest.raises(NotFoundError):
            store.replace(build_experiment("f", revision=2), expected_revision=1, layers=claim, audit=[], outbox=[])
        assert plain([*layers.list(limit=10)]) == plain([one, other, two])

    def test_of_twenty_that_claim_the_same_range_at_once_exactly_one_gets_it(
        self, store: ExperimentStore, layers: DefinitionStore[Layer], audit_log: AuditLog
    ) -> None:
        one, two, _ = _three(layers)

        def claim(number: int) -> bool:
            experiment, entry = build_experiment(f"e{number}"), [build_audit_entry(f"a{number}")]
            both = [_claimed(each, experiment.id, 0, 50) for each in (one, two)]
            given = both if number % 2 else both[::-1]
            return wins(lambda: store.insert(experiment, layers=given, audit=entry, outbox=[]), losing=ConflictError)

        won = together(20, claim)
        assert won.count(True) == 1
        winner = f"e{won.index(True)}"
        assert [set(each.ranges) for each in layers.list(limit=10) if each.id != "other"] == [{winner}] * 2
        assert [each.id for each in store.list(limit=100)] == [winner]
        assert [each.id for each in audit_log.list(limit=100)] == [f"a{won.index(True)}"]


def _three(layers: DefinitionStore[Layer]) -> tuple[Layer, Layer, Layer]:
    """Store the layers one, two and other."""
    three = build_layer("one"), build_layer("two", revision=4), build_layer("other", ranges={"x": (0, 100)})
    for each in three:
        layers.insert(each, audit=[], outbox=[])
    return three


def _claimed(layer: Layer, experiment_id: str, start: float, end: float) -> Layer:
    return layer.claimed(experiment_id, LayerRange(layer_id=layer.id, start=start, end=end), at=LATER)


def _write(store: ExperimentStore, is_new: bool, layers: Sequence[Layer]) -> None:
    """Write the experiment e with these layers: for the first time, or over one that stands."""
    audit, outbox = [build_audit_entry()], [build_outbox_message()]
    if is_new:
        store.insert(_experiment(1, "New"), layers=layers, audit=audit, outbox=outbox)
    else:
        store.insert(_experiment(1, "Old"), audit=[], outbox=[])
        store.replace(_experiment(2, "New"), expected_revision=1, layers=layers, audit=audit, outbox=outbox)


def _experiment(revision: int, name: str) -> Experiment:
    return build_experiment("e", name=name, revision=revision)


def _see_nothing_written(
    store: ExperimentStore,
    layers: DefinitionStore[Layer],
    audit_log: AuditLog,
    outbox: Outbox,
    *,
    is_new: bool,
    standing: Sequence[Layer],
) -> None:
    found = store.get("e")
    assert (found and found.name) == (None if is_new else "Old")
    assert plain([*layers.list(limit=10)]) == plain(list(standing))
    assert ([*audit_log.list(limit=10)], [*outbox.pending(limit=10)]) == ([], [])
