"""A decision is explained as it is now, or as it was at a moment, whatever came after it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.unit.publishing.world import World
from tests.unit.testing.reference_records import ReferenceAssignmentStore
from variate.assignment.kept import KeptAssignments
from variate.errors import InvalidInputError, NotFoundError, StoreError, StoreUnavailableError
from variate.model import OverrideTarget
from variate.model.decision import Reason
from variate.model.snapshot import PublicationKind
from variate.platform.explaining import Explaining
from variate.testing.builders import build_assignment, build_override

ONLY_A = [{"name": "a", "weight": 1}, {"name": "b", "weight": 0}]
ONLY_B = [{"name": "a", "weight": 0}, {"name": "b", "weight": 1}]


class Asked(World):
    """A world in which decisions are explained, with a ledger."""

    def __init__(self) -> None:
        super().__init__()
        self.ledger = ReferenceAssignmentStore()
        self.serving = self.serve(kept=KeptAssignments(self.ledger, clock=self.clock).find)
        self.explaining = Explaining(
            serving=self.serving,
            snapshots=self.snapshots,
            assignments=self.ledger,
            audit=self.audit,
            environment="prod",
            flush=lambda: None,
            clock=self.clock,
        )

    def publish(self) -> datetime:
        """Publish, and return a moment at which that is in force, a minute before the next."""
        self.publisher.publish("prod")
        at = self.clock()
        self.time.advance(minutes=1)
        self.serving.refresh()
        return at

    def explain(self, at: datetime | None = None, unit: str = "u") -> tuple[str | None, Reason, int]:
        found = self.explaining.explain(unit, "e", at=at)
        return found.explanation.decision.variation, found.explanation.decision.reason, found.publication.sequence


@pytest.fixture
def asked() -> Iterator[Asked]:
    found = Asked()
    yield found
    found.close()


def test_what_is_decided_now_is_explained_rung_by_rung(asked: Asked) -> None:
    asked.started(variations=ONLY_A, traffic=100)
    found = asked.explaining.explain("u", "e")
    assert found.explanation.decision == asked.serving.engine.decide("u", "e")
    assert [rung.decided for rung in found.explanation.rungs][-1]
    assert found.publication == asked.snapshots.latest("prod")
    assert found.publication.at <= found.at


@pytest.mark.parametrize("number", [1, 2, 3, 4, 5, 8, 17])
def test_each_moment_is_explained_by_the_snapshot_in_force_then(asked: Asked, number: int) -> None:
    asked.started(variations=ONLY_A)
    moments = []
    for each in range(number):
        asked.experiments.start_new_version("e", variations=ONLY_B if each % 2 else ONLY_A)
        moments.append(asked.publish())
    assert [asked.explain(at) for at in moments] == [
        ("b" if each % 2 else "a", Reason.SPLIT, each + 1) for each in range(number)
    ]
    assert [asked.explaining.explain("u", "e", at=at).at for at in moments] == moments
    for each, publication in enumerate(asked.snapshots.history["prod"]):
        assert asked.explain(publication.at)[2] == each + 1, "from the moment of the publication on"
        if each:
            assert asked.explain(publication.at - timedelta(microseconds=1))[2] == each


def test_the_publication_of_a_moment_is_found_in_few_steps(asked: Asked, monkeypatch: pytest.MonkeyPatch) -> None:
    asked.started()
    moments = []
    for number in range(64):
        asked.experiments.update_experiment("e", traffic=number)
        moments.append(asked.publish())
    steps: list[int] = []
    read = asked.snapshots.publications

    def reading(environment: str, **given: Any) -> Any:
        steps.append(given["limit"])
        return read(environment, **given)

    monkeypatch.setattr(asked.snapshots, "publications", reading)
    for number, at in enumerate(moments):
        steps.clear()
        assert asked.explain(at)[2] == number + 1
        assert sum(steps) <= 7


def test_before_anything_was_published_there_is_nothing_to_explain(asked: Asked) -> None:
    early = asked.clock()
    asked.started(variations=ONLY_A)
    asked.publish()
    asked.publish()
    with pytest.raises(NotFoundError, match="publication"):
        asked.explaining.explain("u", "e", at=early)
    with pytest.raises(NotFoundError, match="publication"):
        asked.explaining.explain_flag("u", "f", at=early)


def test_a_moment_in_the_future_is_explained_as_it_would_be_now(asked: Asked) -> None:
    asked.started(variations=ONLY_A, ends_at=asked.time() + timedelta(days=1))
    asked.publish()
    assert asked.explain(asked.time() + timedelta(hours=1))[1] is Reason.SPLIT
    assert asked.explain(asked.time() + timedelta(days=2))[1] is Reason.NOT_RUNNING


def test_a_rollback_is_explained_by_what_was_in_force_again(asked: Asked) -> None:
    asked.started(variations=ONLY_A)
    first = asked.publish()
    asked.experiments.start_new_version("e", variations=ONLY_B)
    second = asked.publish()
    asked.publisher.rollback("prod", to=1)
    third = asked.clock()
    assert [asked.explain(at)[0] for at in (first, second, third)] == ["a", "b", "a"]
    assert asked.explaining.explain("u", "e", at=third).publication.kind is PublicationKind.ROLLBACK


def test_an_assignment_made_later_was_not_there_then(asked: Asked) -> None:
    asked.started(variations=ONLY_A, reads_ledger=True)
    before = asked.publish()
    asked.ledger.keep([build_assignment("u", experiment_id="e", variation="b", assigned_at=asked.clock())])
    after = asked.clock()
    assert (asked.explain(before)[:2], asked.explain(after)[:2]) == (("a", Reason.SPLIT), ("b", Reason.KEPT))
    assert asked.explain()[:2] == ("b", Reason.KEPT)


def test_an_assignment_this_process_has_still_to_write_is_found(asked: Asked) -> None:
    asked.started(variations=ONLY_A, reads_ledger=True)
    asked.flags.create_feature_flag(
        "nav",
        flag_id="f",
        status="active",
        variations=[{"name": "a", "value": 1}, {"name": "b", "value": 2}],
        default="a",
        off="a",
        rules=[{"serve": {"experiment": "e"}}],
    )
    asked.publish()
    pending = [build_assignment("u", experiment_id="e", variation="b", assigned_at=asked.clock())]

    def flush() -> None:
        asked.ledger.keep(pending)

    writing = replace(asked.explaining, flush=flush)
    flag = writing.explain_flag("u", "f").explanation.decision
    assert (flag.variation, flag.reason) == ("b", Reason.KEPT)
    asked.ledger.kept.clear()
    found = writing.explain("u", "e").explanation.decision
    assert (found.variation, found.reason) == ("b", Reason.KEPT)


@pytest.mark.parametrize("error", [StoreUnavailableError("away"), StoreError("refused")])
def test_what_cannot_be_written_does_not_keep_from_explaining(asked: Asked, error: StoreError) -> None:
    asked.started(variations=ONLY_A, reads_ledger=True)
    asked.publish()

    def flush() -> None:
        raise error

    failing = replace(asked.explaining, flush=flush)
    assert failing.explain("u", "e").explanation.decision.variation == "a"
    asked.ledger.keep([build_assignment("u", experiment_id="e", variation="b", assigned_at=asked.clock())])
    assert failing.explain("u", "e").explanation.decision.variation == "b", "the ledger can be read all the same"


def test_an_assignment_that_expired_later_was_there_then(asked: Asked) -> None:
    asked.started(variations=ONLY_A, reads_ledger=True)
    asked.publish()
    made = asked.clock()
    end = made + timedelta(hours=1)
    asked.ledger.keep([build_assignment("u", experiment_id="e", variation="b", assigned_at=made, expires_at=end)])
    asked.time.advance(hours=2)
    assert asked.explain(made)[:2] == ("b", Reason.KEPT)
    assert asked.explain()[:2] == ("a", Reason.SPLIT)


def test_a_flag_is_explained_too_with_its_attributes(asked: Asked) -> None:
    beta = {"attribute": "plan", "operator": "equals", "value": "beta"}
    asked.flags.create_feature_flag(
        "nav", flag_id="f", type="boolean", status="active", default="off", rules=[{"condition": beta, "serve": "on"}]
    )
    at = asked.publish()
    asked.flags.update_feature_flag("f", rules=[])
    asked.publish()
    then = asked.explaining.explain_flag("u", "f", {"plan": "beta"}, at=at).explanation.decision
    now = asked.explaining.explain_flag("u", "f", {"plan": "beta"}).explanation.decision
    assert (then.value, then.rule, now.value, now.rule) == (True, "rule 1", False, None)


def serving_e(asked: Asked, **targeting: Any) -> None:
    """Define a flag ``f`` that serves the experiment ``e``."""
    variations = [{"name": name, "value": name} for name in "ab"]
    rules = [{"name": "t", "serve": {"experiment": "e"}}]
    asked.flags.create_feature_flag(
        "nav", flag_id="f", variations=variations, status="active", default="a", off="b", rules=rules, **targeting
    )


@pytest.mark.parametrize("traffic", [100, 0.01])
def test_a_rule_that_serves_an_experiment_holds_the_experiment_s_rungs(asked: Asked, traffic: float) -> None:
    asked.started(variations=ONLY_B, traffic=traffic)
    serving_e(asked)
    asked.publish()
    found = asked.explaining.explain_flag("u", "f", {}).explanation
    (served,) = [rung for rung in found.rungs if rung.rungs]
    assert (served.name, served.rungs) == ("rule 't'", asked.explaining.explain("u", "e").explanation.rungs)
    assert served.decided is (traffic == 100), "an experiment that gives nothing is explained, too"
    if served.decided:
        assert served.rungs[-1].bucket == found.decision.bucket is not None
        assert served.rungs[-1].salt == "e:1:variation"


@pytest.mark.parametrize("gives", ["on", "off"])
def test_a_prerequisite_holds_the_rungs_of_its_flag(asked: Asked, gives: str) -> None:
    asked.started(variations=ONLY_B)
    shares = {"rollout": {gives: 1, "off" if gives == "on" else "on": 0}}
    asked.flags.create_feature_flag("gate", flag_id="gate", type="boolean", status="active", default=shares)
    serving_e(asked, prerequisites=[{"flag": "gate", "variations": ["on"]}])
    asked.publish()
    found = asked.explaining.explain_flag("u", "f").explanation.rungs
    (prerequisite,) = [rung for rung in found if rung.name == "prerequisite"]
    assert prerequisite.rungs == asked.explaining.explain_flag("u", "gate").explanation.rungs
    assert prerequisite.rungs[-1].salt == "gate:rollout"
    assert prerequisite.decided is (gives == "off")


def test_rungs_stand_under_those_that_asked_for_them_however_deep(asked: Asked) -> None:
    asked.started(variations=ONLY_B)
    serving_e(asked)
    asked.flags.create_feature_flag(
        "top", flag_id="top", type="boolean", status="active", prerequisites=[{"flag": "f", "variations": ["b"]}]
    )
    asked.publish()
    (prerequisite,) = [rung for rung in asked.explaining.explain_flag("u", "top").explanation.rungs if rung.rungs]
    (rule,) = [rung for rung in prerequisite.rungs if rung.rungs]
    assert rule.rungs[-1].name == "variation"


def test_a_flag_that_many_ways_lead_to_is_explained_once(asked: Asked) -> None:
    """Of 2 to the power of 10 ways to the last one, too."""
    below: list[dict[str, Any]] = []
    for level in range(10):
        names = [f"{side}{level}" for side in "ab"]
        for name in names:
            asked.flags.create_feature_flag(name, flag_id=name, type="boolean", status="active", prerequisites=below)
        below = [{"flag": name, "variations": ["on"]} for name in names]
    asked.publish()
    found = asked.explaining.explain_flag("u", "a9").explanation
    assert found.decision.variation == "on"
    first, second = [rung for rung in found.rungs if rung.name == "prerequisite"]
    assert [rung.name for rung in first.rungs] == ["on", "override", "prerequisite", "prerequisite", "served"]
    assert [bool(rung.rungs) for rung in second.rungs] == [False] * 5, "what it requires was explained before"
    assert second.said == "'b8' gives 'on', and has to give one of ['on']"


def override_rung(asked: Asked, at: datetime | None = None) -> str:
    """Return what is said of the override by which the experiment is explained."""
    return asked.explaining.explain("u", "e", at=at).explanation.rungs[-1].said


def test_an_override_is_explained_by_who_forced_it_and_why(asked: Asked) -> None:
    asked.started(variations=ONLY_A)
    forced = asked.overrides.create_override("u", "e", "b", reason="a support case", actor="ana", ttl_days=None)
    asked.override_store.put(forced)
    asked.overrides.create_override("another", "e", "b", reason="curious", actor="ben")
    first = asked.publish()
    when = forced.created_at.isoformat(timespec="microseconds").replace("+00:00", "Z")
    said = f"forced until it is removed, by 'ana' on {when}: a support case"
    assert override_rung(asked) == said
    asked.override_store.put(asked.overrides.create_override("u", "e", "b", actor="cleo"))
    second = asked.publish()
    asked.override_store.remove(unit="u", target=OverrideTarget.EXPERIMENT, target_id="e", at=asked.clock())
    asked.publish()
    assert asked.explain()[:2] == ("a", Reason.SPLIT)
    assert override_rung(asked, first) == said, "as it was then"
    assert ", by 'cleo' on " in override_rung(asked, second)


def test_a_flag_s_override_is_explained_by_who_forced_it_also_under_another_flag(asked: Asked) -> None:
    asked.flags.create_feature_flag("gate", flag_id="gate", type="boolean", status="active")
    asked.flags.create_feature_flag(
        "top", flag_id="top", type="boolean", status="active", prerequisites=[{"flag": "gate", "variations": ["off"]}]
    )
    asked.override_store.put(asked.overrides.create_flag_override("u", "gate", "off", reason="to see", actor="ana"))
    asked.publish()
    (prerequisite,) = [rung for rung in asked.explaining.explain_flag("u", "top").explanation.rungs if rung.rungs]
    assert ", by 'ana' on " in prerequisite.rungs[-1].said
    assert prerequisite.rungs[-1].said.endswith(": to see")


def test_an_override_is_explained_while_the_audit_log_is_away(asked: Asked, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(**_: Any) -> None:
        raise StoreUnavailableError("away")

    asked.started(variations=ONLY_A)
    asked.override_store.put(asked.overrides.create_override("u", "e", "b", actor="ana"))
    asked.publish()
    monkeypatch.setattr(asked.audit, "list", away)
    assert asked.explain()[:2] == ("b", Reason.OVERRIDE)
    assert override_rung(asked).endswith("; by whom cannot be read: away")


def test_an_override_that_the_audit_log_does_not_have_is_explained_without(asked: Asked) -> None:
    asked.started(variations=ONLY_A)
    asked.override_store.put(build_override("u", target_id="e", value="b", created_at=asked.clock(), expires_at=None))
    asked.publish()
    assert override_rung(asked) == "forced until it is removed"


def test_what_there_is_not_is_explained_as_unknown(asked: Asked) -> None:
    assert asked.explaining.explain("u", "nobody").explanation.decision.reason is Reason.UNKNOWN
    assert asked.explaining.explain_flag("u", "nobody").explanation.decision.reason is Reason.UNKNOWN


def test_a_snapshot_that_was_purged_cannot_be_explained_from(asked: Asked) -> None:
    asked.started(variations=ONLY_A)
    first = asked.publish()
    asked.experiments.update_experiment("e", traffic=50)
    asked.publish()
    del asked.snapshots.snapshots[asked.snapshots.history["prod"][0].digest]
    with pytest.raises(StoreError, match="the snapshot of publication 1 was purged"):
        asked.explain(first)


def test_what_this_process_changed_is_in_force_before_it_is_explained(asked: Asked) -> None:
    def catch_up() -> None:
        asked.publisher.publish_changes()

    serving = asked.serve(catch_up=catch_up)
    explaining = replace(asked.explaining, serving=serving)
    assert explaining.explain("u", "e").explanation.decision.reason is Reason.UNKNOWN
    asked.started(variations=ONLY_A)
    serving.expect_changes()
    assert explaining.explain("u", "e").explanation.decision.variation == "a"


def test_nothing_is_kept_by_explaining(asked: Asked) -> None:
    asked.started(variations=ONLY_A, reads_ledger=True)
    asked.explain()
    assert asked.ledger.kept == {}


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"unit": ""}, "user_id"),
        ({"experiment_id": ""}, "experiment_id"),
        ({"at": datetime(2040, 1, 1)}, "at"),  # noqa: DTZ001 - that is what is wrong with it
        ({"at": "2040-01-01T00:00:00Z"}, "at"),
        ({"attributes": 5}, "attributes"),
    ],
)
def test_what_is_asked_wrongly_is_refused_by_its_name(asked: Asked, given: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidInputError) as refusal:
        asked.explaining.explain(**{"unit": "u", "experiment_id": "e", **given})
    assert refusal.value.field == field


def test_attributes_that_are_none_are_refused_of_a_flag_too(asked: Asked) -> None:
    with pytest.raises(InvalidInputError, match=r"^attributes: must be a dict, not int"):
        asked.explaining.explain_flag("u", "f", 5)  # type: ignore[arg-type]
