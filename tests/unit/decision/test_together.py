"""Many are decided for as each would be alone, with the ledger read for those alone that have to be looked up."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from tests.unit.decision.snapshots import active_experiment, content_of
from variate.decision import CompiledSnapshot, Engine, Surroundings, together
from variate.decision.context import Kept

PRO = {"attribute": "plan", "operator": "equals", "value": "pro"}
UNITS = [f"u-{number}" for number in range(8)]


class Ledger:
    """It holds ``b`` for every second unit; ``read`` is whom it was asked for together."""

    def __init__(self) -> None:
        self.read: list[list[str]] = []

    def find(self, experiment_id: str, version: int, unit: str) -> str | None:
        assert (experiment_id, version) == ("it", 1)
        return "b" if int(unit[-1]) % 2 else None

    def ahead(self, experiment_id: str, version: int, units: Sequence[str]) -> Kept:
        assert (experiment_id, version) == ("it", 1)
        self.read.append(list(units))
        return self.find

    def engine(self, **experiment: object) -> Engine:
        content = content_of(experiments={"it": active_experiment(weights=[1, 0], **experiment)})
        snapshot = CompiledSnapshot(content, Surroundings(clock=lambda: 0.0, kept=self.find, ahead=self.ahead))
        return Engine(lambda: snapshot)


def test_all_are_answered_in_order_however_many_are_read_for_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(together, "AT_ONCE", 3)
    ledger = Ledger()
    assert list(ledger.engine(takes_new_units=False).decide_many("it", UNITS)) == [-1, 1] * 4
    assert ledger.read == [UNITS[:3], UNITS[3:6], UNITS[6:]]


def test_only_who_has_to_be_looked_up_is() -> None:
    ledger = Ledger()
    engine = ledger.engine(audience=PRO, keeps_outside_audience=True)
    attributes = [{"plan": "pro"} if number < 4 else {"plan": ["pro"]} for number in range(len(UNITS))]
    places = engine.decide_many("it", UNITS, attributes)
    assert list(places) == [0, 0, 0, 0, -1, 1, -1, 1]
    assert [set(units) for units in ledger.read] == [set(UNITS[4:])]
    names = ["a", "b", None]
    asked = zip(UNITS, attributes, strict=True)
    assert [engine.decide(unit, "it", each).variation for unit, each in asked] == [names[place] for place in places]


def test_where_nobody_has_to_be_looked_up_nothing_is_read() -> None:
    ledger = Ledger()
    assert list(ledger.engine().decide_many("it", UNITS)) == [0] * 8
    engine = ledger.engine(audience=PRO, keeps_outside_audience=True)
    assert list(engine.decide_many("it", UNITS, [{"plan": "pro"}] * 8)) == [0] * 8
    assert ledger.read == []


def test_without_a_way_to_read_for_many_each_is_looked_up() -> None:
    content = content_of(experiments={"it": active_experiment(takes_new_units=False)})
    snapshot = CompiledSnapshot(content, Surroundings(clock=lambda: 0.0, kept=Ledger().find))
    assert list(Engine(lambda: snapshot).decide_many("it", UNITS)) == [-1, 1] * 4
