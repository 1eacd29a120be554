"""What the suites of ``ExperimentStore`` and ``FlagStore`` ask of the lists of those that may name an id."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from variate.model import Experiment, FeatureFlag, Json, Page
from variate.model.condition import read_condition
from variate.model.design import Design, ExperimentMetric, PastAllocation
from variate.model.layer import LayerRange
from variate.model.targeting_record import read_targeting, rules_record, targeting_record
from variate.stores.ports import ExperimentStore, FlagStore
from variate.testing.builders import build_audit_entry, build_experiment, build_flag, minutes_after_start
from variate.testing.clocks import START
from variate.testing.conformance.paging import check_pages, check_refusals

NAMED = [
    "beta",
    'it\'s "so"',
    "a\\b/c",
    "a\tb\x01",
    "grün 😀",
    "\u2028\x7f",
    "100%_",
    "Ä",
    "x" * 1_024,
]
"""Ids that JSON, SQL or a pattern may write in another way than they are."""
every_id = pytest.mark.parametrize("named", NAMED, ids=ascii)
MANY = 5_000


class FindsMentioningExperiments:
    """Goes before the suite of ``ExperimentStore``, which provides the fixtures."""

    @every_id
    def test_wherever_an_experiment_names_an_id_it_is_found(self, store: ExperimentStore, named: str) -> None:
        expected = []
        for minute, (place, design) in enumerate(_designs(named).items()):
            experiment = build_experiment(place, design=design, created_at=minutes_after_start(-2 * minute))
            _insert(store, experiment)
            _insert(store, build_experiment(f"no {place}", created_at=minutes_after_start(-2 * minute - 1)))
            expected.append(experiment)

        def fetch(limit: int, last_key: str | None) -> Page[Experiment]:
            return store.list(limit=limit, last_key=last_key, mentions=(named,))

        check_pages(fetch, expected=expected, of=lambda each: each)

    def test_of_several_ids_one_is_enough_and_of_none_none_is(self, store: ExperimentStore) -> None:
        for holdout in ("a", "b", "c"):
            _insert(store, build_experiment(f"on {holdout}", design=Design(holdouts=(holdout,))))
        _insert(store, build_experiment("a", name="b", owner="c"))
        for ids, expected in ((("a", "c", "d"), {"on a", "on c"}), (("A", "d", "on a"), set()), ((), set())):
            assert {each.id for each in store.list(limit=10, mentions=ids)} == expected

    def test_of_very_many_ids_none_is_missed(self, store: ExperimentStore) -> None:
        _insert(store, build_experiment("e", design=Design(holdouts=("beta",))))
        assert [each.id for each in store.list(limit=10, mentions=_many("beta"))] == ["e"]

    def test_a_last_key_is_of_the_same_ids(self, store: ExperimentStore) -> None:
        for number in range(4):
            _insert(store, build_experiment(f"e{number}", design=Design(holdouts=("a", "b"))))

        def fetch(limit: int, last_key: str | None) -> Page[Experiment]:
            return store.list(limit=limit, last_key=last_key, mentions=("a",))

        others = (store.list(limit=1), store.list(limit=1, mentions=("b",)))
        check_refusals(fetch, foreign=[other.last_key for other in others])


class FindsMentioningFlags:
    """Goes before the suite of ``FlagStore``, which provides the fixtures."""

    @every_id
    def test_wherever_a_flag_names_an_id_it_is_found(self, store: FlagStore, named: str) -> None:
        expected = []
        for minute, (place, fields) in enumerate(_targetings(named).items()):
            flag = _flag(place, fields, minute=-2 * minute)
            _add(store, flag)
            _add(store, _flag(f"no {place}", {}, minute=-2 * minute - 1))
            expected.append(flag)

        def fetch(limit: int, last_key: str | None) -> Page[FeatureFlag]:
            return store.list(limit=limit, last_key=last_key, mentions=(named,))

        check_pages(fetch, expected=expected, of=lambda each: each)

    def test_of_several_ids_one_is_enough_and_of_none_none_is(self, store: FlagStore) -> None:
        for audience in ("a", "b", "c"):
            _add(store, _flag(f"on {audience}", {"rules": [{"condition": {"audience": audience}, "serve": "on"}]}))
        _add(store, build_flag("a", name="b", description="c"))
        for ids, expected in ((("a", "c", "d"), {"on a", "on c"}), (("A", "d", "on a"), set()), ((), set())):
            assert {each.id for each in store.list(limit=10, mentions=ids)} == expected

    def test_of_very_many_ids_none_is_missed(self, store: FlagStore) -> None:
        _add(store, _flag("f", {"rules": [{"condition": {"audience": "beta"}, "serve": "on"}]}))
        assert [each.id for each in store.list(limit=10, mentions=_many("beta"))] == ["f"]

    def test_a_last_key_is_of_the_same_ids(self, store: FlagStore) -> None:
        both: Json = {"any": [{"audience": "a"}, {"audience": "b"}]}
        for number in range(4):
            _add(store, _flag(f"f{number}", {"rules": [{"condition": both, "serve": "on"}]}))

        def fetch(limit: int, last_key: str | None) -> Page[FeatureFlag]:
            return store.list(limit=limit, last_key=last_key, mentions=("a",))

        others = (store.list(limit=1), store.list(limit=1, mentions=("b",)))
        check_refusals(fetch, foreign=[other.last_key for other in others])


def _many(one: str) -> tuple[str, ...]:
    """Return more ids than a statement may have values, with this one among them."""
    return (*(f"id {number}" for number in range(MANY)), one)


def _deep(named: str) -> Json:
    others = [{"percentage": 5, "salt": "s"}, {"not": {"all": [{"audience": "x"}, {"audience": named}]}}]
    return {"any": others}


def _designs(named: str) -> Mapping[str, Design]:
    """Return a design for each place in which an experiment may name an id."""
    audience = read_condition("audience", _deep(named))
    past = PastAllocation(weights=(1, 1), traffic=50, audience=audience, until=START)
    return {
        "audience": Design(audience=read_condition("audience", {"audience": named})),
        "deep": Design(audience=audience),
        "past": Design(past=(past,)),
        "holdout": Design(holdouts=("x", named)),
        "metric": Design(metrics=(ExperimentMetric(metric="x"), ExperimentMetric(metric=named))),
        "layer": Design(layer=LayerRange(layer_id=named, start=0, end=50)),
    }


def _targetings(named: str) -> Mapping[str, dict[str, Any]]:
    """Return targeting for each place in which a flag may name an id."""
    in_audience = {"condition": _deep(named), "serve": "on"}
    of_experiment = {"serve": {"experiment": named}}
    return {
        "audience": {"rules": [{"serve": "off"}, in_audience]},
        "audience there": {"environments": {"prod": {"rules": [in_audience]}}},
        "experiment": {"rules": [of_experiment]},
        "experiment there": {"environments": {"prod": {"rules": [{"serve": "off"}, of_experiment]}}},
        "prerequisite": {"prerequisites": [{"flag": "x", "variations": ["on"]}, {"flag": named, "variations": ["on"]}]},
    }


def _flag(flag_id: str, fields: dict[str, Any], *, minute: int = 0) -> FeatureFlag:
    given = {"type": "boolean", **fields}
    targeting = read_targeting({name: given[name] for name in given if name != "rules"}, given.get("rules", []))
    return build_flag(
        flag_id,
        rules=rules_record(targeting.rules),
        targeting=targeting_record(targeting),
        created_at=minutes_after_start(minute),
    )


def _insert(store: ExperimentStore, experiment: Experiment) -> None:
    store.insert(experiment, audit=[build_audit_entry()], outbox=[])


def _add(store: FlagStore, flag: FeatureFlag) -> None:
    store.insert(flag, audit=build_audit_entry(entity_type="flag", entity_id=flag.id))
