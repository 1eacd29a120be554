"""A definition that a newer release put into force, and this one cannot compile, holds up no other."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.decision.snapshots import active_experiment, content_of, engine_of, nothing_kept, parts, typed_flag
from variate.decision import CompiledSnapshot, Engine, Surroundings
from variate.errors import InvalidInputError
from variate.model.decision import Reason

FUTURE = {"attribute": "x", "operator": "future", "value": 1}


def without(record: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in record.items() if name not in names}


FOREIGN_FLAGS: dict[str, Any] = {
    "an operator": typed_flag(rules=[{"name": "r", "condition": FUTURE, "serve": "a"}]),
    "a way to serve": typed_flag(default={"bandit": "it"}),
    "a key is gone": without(typed_flag(), "prerequisites"),
    "another type": typed_flag(overrides=[]),
    "a list": [],
    "a condition of a list": typed_flag(rules=[{"name": "r", "condition": [], "serve": "a"}]),
    "no variation": typed_flag(off="c", enabled=False),
}
every_foreign_flag = pytest.mark.parametrize("foreign", FOREIGN_FLAGS.values(), ids=FOREIGN_FLAGS)


def engine_with(foreign: Any) -> Engine:
    """Return an engine with this flag, one that asks for it, and a good one."""
    asking = typed_flag(prerequisites=[{"flag": "foreign", "variations": ["a"]}])
    return engine_of(content_of(flags={"foreign": foreign, "asking": asking, "good": typed_flag()}))


@every_foreign_flag
def test_among_all_flags_it_is_unknown_and_the_others_are_as_ever(foreign: Any) -> None:
    engine = engine_with(foreign)
    found = engine.evaluate_all_flags("u", {"x": 1})
    assert {key: decision.reason for key, decision in found.items()} == {
        "foreign": Reason.UNKNOWN,
        "asking": Reason.UNKNOWN,
        "good": Reason.DEFAULT,
    }
    assert parts(found["foreign"]) == parts(engine.evaluate_flag("u", "nobody"))


@every_foreign_flag
def test_asked_for_alone_it_is_refused_by_name_or_by_what_is_wrong_with_it(foreign: Any) -> None:
    engine = engine_with(foreign)
    for flag_id in ("foreign", "asking", "foreign"):
        with pytest.raises(InvalidInputError) as raised:
            engine.evaluate_flag("u", flag_id)
        assert raised.value.field not in ("id", "user_id", "attributes"), "the caller is not to blame"
    assert engine.evaluate_flag("u", "good").reason is Reason.DEFAULT


def test_an_experiment_that_lacks_a_key_is_refused_by_name() -> None:
    engine = engine_of(content_of(experiments={"e": without(active_experiment(), "salt")}))
    with pytest.raises(InvalidInputError, match=r"^experiment: 'e': it is of no form that is known: KeyError"):
        engine.decide("u", "e")


def test_it_is_told_of_once_a_snapshot_with_what_is_wrong() -> None:
    flags = {"foreign": FOREIGN_FLAGS["a key is gone"], "good": typed_flag()}
    told: list[tuple[str, str]] = []
    around = Surroundings(
        clock=lambda: 0.0, kept=nothing_kept, refused=lambda flag_id, error: told.append((flag_id, str(error)))
    )
    snapshot = CompiledSnapshot(content_of(flags=flags), around)
    for _ in range(3):
        Engine(lambda: snapshot).evaluate_all_flags("u")
    assert told == [("foreign", "flag: 'foreign': it is of no form that is known: KeyError('prerequisites')")]


def test_of_some_flags_none_but_those_is_compiled_or_told_of() -> None:
    flags = {"foreign": FOREIGN_FLAGS["a key is gone"], "good": typed_flag(), "other": typed_flag()}
    told: list[str] = []
    around = Surroundings(clock=lambda: 0.0, kept=nothing_kept, refused=lambda flag_id, _: told.append(flag_id))
    snapshot = CompiledSnapshot(content_of(flags=flags), around)
    engine = Engine(lambda: snapshot)
    found = engine.evaluate_all_flags("u", of=["good", "nobody"])
    assert {key: each.reason for key, each in found.items()} == {"good": Reason.DEFAULT, "nobody": Reason.UNKNOWN}
    assert (set(snapshot.flags), told) == ({"good"}, [])
    assert engine.evaluate_all_flags("u", of=["foreign"])["foreign"].reason is Reason.UNKNOWN
