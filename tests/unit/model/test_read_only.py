"""A shared value is as any other, but nobody can change it for everybody."""

from __future__ import annotations

import copy
import json
import pickle
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given

from tests.unit.model.values import json_values
from variate.model import Json
from variate.model.read_only import ReadOnlyDict, ReadOnlyList, read_only

CHANGES: list[Callable[[Any, Any], object]] = [
    lambda d, _: d.__setitem__("a", 1),
    lambda d, _: d.__delitem__("a"),
    lambda d, _: d.__ior__({"b": 1}),
    lambda d, _: d.clear(),
    lambda d, _: d.pop("a"),
    lambda d, _: d.popitem(),
    lambda d, _: d.setdefault("b", 1),
    lambda d, _: d.update(b=1),
    lambda _, x: x.__setitem__(0, 2),
    lambda _, x: x.__setitem__(slice(0, 1), []),
    lambda _, x: x.__delitem__(0),
    lambda _, x: x.__iadd__([2]),
    lambda _, x: x.__imul__(2),
    lambda _, x: x.append(2),
    lambda _, x: x.clear(),
    lambda _, x: x.extend([2]),
    lambda _, x: x.insert(0, 2),
    lambda _, x: x.pop(),
    lambda _, x: x.remove(1),
    lambda _, x: x.reverse(),
    lambda _, x: x.sort(),
]


@given(json_values)
def test_it_is_equal_to_what_it_was_made_of_and_encoded_alike(value: Json) -> None:
    shared = read_only(value)
    assert shared == value
    assert json.dumps(shared) == json.dumps(value)


@pytest.mark.parametrize("number", range(len(CHANGES)))
def test_every_change_is_refused_and_changes_nothing(number: int) -> None:
    shared = read_only({"a": [1]})
    with pytest.raises(TypeError, match="change a copy"):
        CHANGES[number](shared, shared["a"])
    assert shared == {"a": [1]}


def test_every_method_that_changes_a_dict_or_a_list_is_refused() -> None:
    harmless = {"copy", "count", "fromkeys", "get", "index", "items", "keys", "values"}
    for kind, plain in ((ReadOnlyDict, dict), (ReadOnlyList, list)):
        changing = {name for name in dir(plain) if not name.startswith("_")} - harmless
        assert all(getattr(kind, name) is not getattr(plain, name) for name in changing), kind


def test_it_is_unchangeable_all_the_way_down() -> None:
    shared = read_only({"a": [{"b": []}], "c": ({},)})
    for inner in (shared["a"], shared["a"][0], shared["a"][0]["b"], shared["c"], shared["c"][0]):
        assert type(inner) in (ReadOnlyDict, ReadOnlyList)


@pytest.mark.parametrize("copied", [dict, dict.copy, lambda value: {**value}, copy.copy])
def test_a_copy_can_be_changed(copied: Callable[[Any], Any]) -> None:
    shared = read_only({"a": 1})
    mine = copied(shared)
    if type(mine) is dict:
        mine["b"] = 2
        assert shared == {"a": 1}
    else:
        assert mine == shared


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda value: pickle.loads(pickle.dumps(value))])
def test_it_can_be_sent_to_another_process_and_stays_unchangeable(copied: Callable[[Any], Any]) -> None:
    sent = copied(read_only({"a": [1, {"b": None}]}))
    assert sent == {"a": [1, {"b": None}]}
    with pytest.raises(TypeError):
        sent["a"].append(2)


@pytest.mark.parametrize("plain", [None, True, 7, 1.5, "a"])
def test_what_cannot_be_changed_anyway_is_as_it_is(plain: Json) -> None:
    assert read_only(plain) is plain
