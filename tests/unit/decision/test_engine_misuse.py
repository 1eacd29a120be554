"""What a caller gives wrongly is refused by name, whichever way the engine is asked."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.unit.decision.snapshots import active_experiment, content_of, engine_of, typed_flag
from variate.decision import Engine
from variate.errors import InvalidInputError

ROOT = Path(__file__).parents[3]

Ask = Callable[[Engine, Any, Any], object]

PRO = {"attribute": "plan", "operator": "equals", "value": "pro"}
KNOWN = {"attribute": "plan", "operator": "exists"}

NO_TEXTS = [5, 0, 1.5, True, None, b"user-1", ["user-1"], ("user-1",), {"id": 1}, object()]
NO_MAPPINGS = [5, 0, "plan", "", ["plan"], [("plan", "pro")], {"plan"}, object()]


def _kind(value: object) -> str:
    """Name a case alike in every process; a value's own form may hold its address."""
    return type(value).__name__


METHODS: dict[str, Ask] = {
    "decide": lambda engine, unit, attributes: engine.decide(unit, "it", attributes),
    "evaluate_flag": lambda engine, unit, attributes: engine.evaluate_flag(unit, "it", attributes),
    "evaluate_all_flags": lambda engine, unit, attributes: engine.evaluate_all_flags(unit, attributes),
    "decide_many": lambda engine, unit, attributes: engine.decide_many("it", [unit], [attributes]),
}
every_method = pytest.mark.parametrize("ask", METHODS.values(), ids=METHODS)


def drawing() -> Engine:
    """Return an engine whose one experiment and one flag draw for every unit."""
    flag = typed_flag(default={"rollout": [["a", 1], ["b", 1]]})
    return engine_of(content_of(experiments={"it": active_experiment()}, flags={"it": flag}))


def targeting(condition: Any) -> Engine:
    """Return an engine whose one experiment and one flag look at the attributes."""
    rules = [{"name": "some", "condition": condition, "serve": "b"}]
    return engine_of(
        content_of(experiments={"it": active_experiment(audience=condition)}, flags={"it": typed_flag(rules=rules)})
    )


def constant() -> Engine:
    """Return an engine whose one experiment and one flag are the same for every unit."""
    return engine_of(content_of(experiments={"it": {"status": "draft", "version": 1}}, flags={"it": typed_flag()}))


@every_method
@pytest.mark.parametrize("unit", NO_TEXTS, ids=_kind)
def test_a_unit_that_is_no_text_is_refused(ask: Ask, unit: Any) -> None:
    with pytest.raises(InvalidInputError, match="user_id: must be a string") as refused:
        ask(drawing(), unit, {})
    assert refused.value.field == "user_id"


@every_method
@pytest.mark.parametrize("attributes", NO_MAPPINGS, ids=_kind)
def test_attributes_that_are_no_mapping_are_refused_where_a_condition_compares_them(ask: Ask, attributes: Any) -> None:
    with pytest.raises(InvalidInputError, match="attributes: must be a dict, not") as refused:
        ask(targeting(PRO), "user-1", attributes)
    assert refused.value.field == "attributes"


@pytest.mark.parametrize("ask", [METHODS[name] for name in METHODS if name != "decide_many"])
@pytest.mark.parametrize("engine", [drawing(), constant()], ids=["drawing", "constant"])
def test_an_empty_unit_is_refused_whether_something_is_drawn_or_not(ask: Ask, engine: Engine) -> None:
    for attributes in (None, {}, {"plan": "pro"}):
        with pytest.raises(InvalidInputError, match="user_id: must not be empty"):
            ask(engine, "", attributes)


def test_one_wrong_unit_among_many_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="user_id: must be a string, not int"):
        drawing().decide_many("it", ["user-1", 2, "user-3"])  # type: ignore[list-item]


@pytest.mark.parametrize("key", [["it"], {"it": 1}], ids=repr)
def test_an_id_that_is_no_text_is_refused(key: Any) -> None:
    for ask in (drawing().decide, drawing().evaluate_flag):
        with pytest.raises(InvalidInputError, match="id: must be a string"):
            ask("user-1", key, {})


@every_method
def test_no_attributes_and_any_mapping_of_them_are_taken(ask: Ask) -> None:
    engine = targeting(PRO)
    for attributes in ({}, {"plan": "pro"}, Told(plan="pro"), Told()):
        ask(engine, "user-1", attributes)
    assert engine.decide("user-1", "it", Told(plan="pro")).variation is not None
    assert engine.decide("user-1", "it").reason == "audience"


@every_method
def test_an_error_of_the_caller_s_own_mapping_is_not_taken_for_misuse(ask: Ask) -> None:
    with pytest.raises(TypeError, match="mine"):
        ask(targeting(PRO), "user-1", Broken())


class Told(Mapping[str, Any]):
    """A mapping that is no dict."""

    def __init__(self, **told: Any) -> None:
        self._told = told

    def __getitem__(self, key: str) -> Any:
        return self._told[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._told)

    def __len__(self) -> int:
        return len(self._told)


class Broken(Told):
    """A mapping with a fault of its own."""

    def get(self, key: str, default: Any = None) -> Any:
        raise TypeError("mine")


@pytest.mark.parametrize("ask", METHODS)
def test_a_unit_that_no_store_can_hold_is_refused(ask: str) -> None:
    """In a process of its own, since what may be sent by anybody has ended the whole one."""
    program = f"""
from tests.unit.decision.test_engine_misuse import METHODS, InvalidInputError, drawing
try:
    METHODS[{ask!r}](drawing(), chr(0xD800), {{}})
except InvalidInputError as refused:
    print(refused)
"""
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False, cwd=ROOT)
    assert (ended.returncode, ended.stdout) == (0, "user_id: must not contain an unpaired surrogate\n")


@pytest.mark.parametrize("unit", ["x" * 1_025, "a\x00b"], ids=["too long", "with a NUL"])
def test_a_unit_that_cannot_be_kept_is_decided_for_alone_and_refused_among_many(unit: str) -> None:
    """To look at its length would take a tenth of a decision."""
    engine = drawing()
    for ask in (METHODS["decide"], METHODS["evaluate_flag"]):
        for _ in ("not compiled yet", "compiled"):
            ask(engine, unit, {})
    for ask in (METHODS["decide_many"], METHODS["evaluate_all_flags"]):
        with pytest.raises(InvalidInputError, match="user_id"):
            ask(engine, unit, {})


@pytest.mark.parametrize("unit", ["x" * 1_025, "a\x00b"], ids=["too long", "with a NUL"])
@pytest.mark.parametrize("name", ["decide", "evaluate_flag"])
def test_whether_a_unit_is_decided_for_does_not_depend_on_its_attributes(name: str, unit: str) -> None:
    engine = targeting(PRO)
    for attributes in ({}, None, {"plan": "pro"}, {"plan": ["pro"]}, Told(plan="pro")):
        METHODS[name](engine, unit, attributes)


@every_method
@pytest.mark.parametrize("unit", [5, b"user-1"], ids=repr)
def test_a_unit_that_is_no_text_is_refused_where_nothing_is_drawn(ask: Ask, unit: Any) -> None:
    with pytest.raises(InvalidInputError, match="user_id"):
        ask(constant(), unit, {})


@pytest.mark.parametrize("engine", [drawing(), constant()], ids=["drawing", "constant"])
def test_an_empty_unit_among_many_is_refused(engine: Engine) -> None:
    with pytest.raises(InvalidInputError, match="user_id"):
        engine.decide_many("it", ["user-1", ""])


@every_method
@pytest.mark.parametrize("attributes", [["plan"], "plan"], ids=repr)
def test_attributes_that_are_no_mapping_are_refused_where_nothing_looks_at_them(ask: Ask, attributes: Any) -> None:
    with pytest.raises(InvalidInputError, match="attributes"):
        ask(drawing(), "user-1", attributes)


@every_method
@pytest.mark.parametrize("attributes", [["plan"], "plan"], ids=repr)
def test_attributes_that_are_no_mapping_are_refused_where_a_name_is_looked_for(ask: Ask, attributes: Any) -> None:
    with pytest.raises(InvalidInputError, match="attributes"):
        ask(targeting(KNOWN), "user-1", attributes)


def test_another_number_of_attributes_than_of_units_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="attributes"):
        drawing().decide_many("it", ["user-1", "user-2"], [{}])


def test_an_id_that_is_no_text_is_refused_for_many_units_too() -> None:
    with pytest.raises(InvalidInputError, match="id"):
        drawing().decide_many(["it"], ["user-1"])  # type: ignore[arg-type]


@pytest.mark.parametrize("units", ["abc", None, {"user-1"}, iter(["user-1"]), {0: "user-1"}, b"abc"], ids=_kind)
def test_many_units_come_in_a_list(units: Any) -> None:
    with pytest.raises(InvalidInputError, match="user_ids: must be a list of ids"):
        drawing().decide_many("it", units)


@pytest.mark.parametrize("attributes", ["a", {"user-1"}, iter([{}]), {0: {}}, 1], ids=_kind)
def test_the_attributes_of_many_units_come_in_a_list_too(attributes: Any) -> None:
    with pytest.raises(InvalidInputError, match="attributes: must be a list of dicts"):
        drawing().decide_many("it", ["user-1"], attributes)
