"""Rows that somebody wrote by hand and that break a rule: each is named with its rule, whatever it is."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.engines.databases import by_hand
from variate.errors import InvalidInputError
from variate.stores.sql import AUDIENCES, LAYERS, Database, SqlDefinitionStore, SqlExperimentStore, SqlFlagStore
from variate.testing.builders import build_audience, build_audit_entry, build_experiment, build_flag, build_layer

NEWER = {"attribute": "plan", "operator": "sounds_like", "value": "pro"}


@pytest.mark.parametrize(
    ("definition", "said"),
    [
        ({"traffic": 500}, "cannot be read: traffic: must be "),
        ({"audience": NEWER}, r"cannot be read: audience\.operator: must be one of .*, not 'sounds_like'"),
        ({"traffic": "half"}, "cannot be read: traffic: "),
        ({"control": "nobody"}, "cannot be read: control: must be one of the variations"),
        ({"past": [1]}, "cannot be read: it is of no form that is known: TypeError"),
        ({"layer": "x", "layer_range": [1, None]}, "cannot be read: "),
        ([], "cannot be read: it is of no form that is known: AttributeError"),
        (None, "cannot be read: it is of no form that is known: TypeError"),
        ("text", "cannot be read: it is of no form that is known: AttributeError"),
    ],
    ids=str,
)
def test_an_experiment_is_named_with_the_rule_that_it_breaks(database: Database, definition: Any, said: str) -> None:
    store = SqlExperimentStore(database)
    for name in ("sound", "it's"):
        store.insert(build_experiment(name), audit=[], outbox=[])
    by_hand(database, "UPDATE experiments SET definition = :new WHERE id = 'it''s'", new=json.dumps(definition))
    page = store.list(limit=10)
    assert ([each.id for each in page], list(page.unreadable)) == (["sound"], ["it's"])
    with pytest.raises(InvalidInputError, match=f'^experiment: "it\'s" {said}.*; mend what is stored, or upgrade'):
        store.get("it's")


def test_an_experiment_without_variations_is_named(database: Database) -> None:
    store = SqlExperimentStore(database)
    store.insert(build_experiment("e"), audit=[], outbox=[])
    by_hand(database, "DELETE FROM variations WHERE experiment_id = :id", id="e")
    with pytest.raises(InvalidInputError, match=r"^experiment: 'e' cannot be read: variations: must be from 1"):
        store.get("e")
    assert list(store.list(limit=10).unreadable) == ["e"]


def test_a_definition_as_deep_as_no_reader_goes_is_named(database: Database) -> None:
    store = SqlExperimentStore(database)
    store.insert(build_experiment("e"), audit=[], outbox=[])
    deep = '{"audience": ' + '{"not": ' * 5_000 + "{}" + "}" * 5_001
    by_hand(database, "UPDATE experiments SET definition = :deep", deep=deep)
    assert list(store.list(limit=10).unreadable) == ["e"]


def test_what_is_mended_by_hand_is_there_again(database: Database) -> None:
    store = SqlExperimentStore(database)
    store.insert(build_experiment("e"), audit=[], outbox=[])
    for definition, count in (('{"traffic": 500}', 0), ('{"traffic": 50}', 1)):
        by_hand(database, "UPDATE experiments SET definition = :new", new=definition)
        assert len(store.list(limit=10)) == count
    found = store.get("e")
    assert found is not None
    assert found.design.traffic == 50


def test_a_flag_is_named_with_the_rule_that_it_breaks(database: Database) -> None:
    store = SqlFlagStore(database)
    for name in ("sound", "f"):
        store.insert(build_flag(name), audit=build_audit_entry())
    by_hand(database, "UPDATE feature_flags SET description = :long WHERE id = 'f'", long="x" * 60_000)
    page = store.list(limit=10)
    assert ([each.id for each in page], list(page.unreadable)) == (["sound"], ["f"])
    with pytest.raises(InvalidInputError, match=r"^flag: 'f' cannot be read: flag\.description: must be at most"):
        store.get("f")


@pytest.mark.parametrize("data", [{"id": "d"}, {}, [], {"condition": NEWER}], ids=str)
def test_a_definition_is_named_and_those_of_other_kinds_are_read(database: Database, data: Any) -> None:
    audiences, layers = SqlDefinitionStore(database, AUDIENCES), SqlDefinitionStore(database, LAYERS)
    audiences.insert(build_audience("d"), audit=[], outbox=[])
    layers.insert(build_layer("d"), audit=[], outbox=[])
    by_hand(database, "UPDATE definitions SET data = :new WHERE kind = 'audience'", new=json.dumps(data))
    page = audiences.list(limit=10)
    assert ([*page], list(page.unreadable)) == ([], ["d"])
    with pytest.raises(InvalidInputError, match=r"^audience: 'd' cannot be read: "):
        audiences.get("d")
    assert [each.id for each in layers.list(limit=10)] == ["d"]
