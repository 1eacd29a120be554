"""A change of a flag is tried out among all that is in force, and nothing is stored."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.unit.publishing.world import World
from tests.unit.testing.reference_records import ReferenceAssignmentStore
from variate.errors import InvalidInputError, NotFoundError
from variate.model import OverrideTarget
from variate.model.decision import Reason
from variate.platform.trying import Trying
from variate.testing.builders import build_override

GERMANS = {"attribute": "country", "operator": "equals", "value": "DE"}
FOR_GERMANS = [{"name": "germans", "condition": GERMANS, "serve": "on"}]


class Tried(World):
    """A world in which a flag ``f`` serves off, tried out."""

    def __init__(self) -> None:
        super().__init__()
        self.trying = Trying(
            serving=self.serve(),
            flags=self.flags,
            snapshots=self.snapshots,
            assignments=ReferenceAssignmentStore(),
            flush=lambda: None,
            clock=self.clock,
        )
        self.flags.create_feature_flag("f", flag_id="f", type="boolean", default="off")
        self.publisher.publish("prod")

    def served(self, attributes: dict[str, Any] | None = None, **change: Any) -> tuple[str | None, Reason, str | None]:
        found = self.trying.try_flag_change("u", "f", "prod", attributes, **change).decision
        return found.variation, found.reason, found.rule


@pytest.fixture
def tried() -> Iterator[Tried]:
    found = Tried()
    yield found
    found.close()


def test_rules_decide_as_they_are_given_and_the_flag_stays(tried: Tried) -> None:
    before = tried.state()
    assert tried.served({"country": "DE"}, rules=FOR_GERMANS) == ("on", Reason.RULE, "germans")
    assert tried.served({"country": "NL"}, rules=FOR_GERMANS) == ("off", Reason.DEFAULT, None)
    assert tried.state() == before


def test_an_environment_is_tried_with_what_differs_there(tried: Tried) -> None:
    prod = tried.trying.try_flag_environment("u", "f", "prod", default="on").decision
    assert (prod.variation, prod.reason) == ("on", Reason.DEFAULT)
    off = tried.trying.try_flag_environment("u", "f", "prod", default="on", enabled=False).decision
    assert (off.variation, off.reason) == ("off", Reason.OFF)
    nothing = tried.trying.try_flag_environment("u", "f", "staging", default="on").decision
    assert nothing.variation == "on", "also where nothing was published yet"


def test_audiences_prerequisites_and_overrides_are_those_in_force(tried: Tried) -> None:
    tried.audiences.create_audience("germans", condition=GERMANS)
    tried.flags.create_feature_flag("g", flag_id="g", status="active", type="boolean", default="on")
    tried.publisher.publish("prod")
    rules = [{"condition": {"audience": "germans"}, "serve": "on"}]
    assert tried.served({"country": "DE"}, rules=rules)[0] == "on"
    needs = [{"flag": "g", "variations": ["off"]}]
    assert tried.served(prerequisites=needs, default="on") == ("off", Reason.PREREQUISITE, None)
    forced = build_override("u", target=OverrideTarget.FLAG, target_id="f", value="on", created_at=tried.time())
    tried.override_store.put(forced)
    tried.publisher.publish("prod")
    assert tried.served() == ("on", Reason.OVERRIDE, None)


def test_what_could_not_be_stored_cannot_be_tried(tried: Tried) -> None:
    with pytest.raises(InvalidInputError) as caught:
        tried.served(rules=[{"serve": "blue"}])
    assert caught.value.field == "rules[0].serve"
    with pytest.raises(NotFoundError):
        tried.trying.try_flag_change("u", "nobody", "prod")
