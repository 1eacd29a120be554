"""What a unit is given first it keeps, whoever asks, whatever changes, whether or not the store is there."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest

from tests.unit.assignment.watched import WatchedAssignments
from tests.unit.decision.snapshots import active_experiment, content_of
from variate.assignment.assigning import Assigning, LedgerStatus
from variate.assignment.kept import KeptAssignments
from variate.assignment.ledger import Ledger
from variate.decision import CompiledSnapshot, Engine, Surroundings
from variate.errors import InvalidInputError, NotFoundError, StoreError, StoreUnavailableError
from variate.model import format_instant
from variate.model.decision import Reason
from variate.testing.builders import build_assignment
from variate.testing.clocks import START, SettableClock
from variate.testing.conformance.concurrency import together

UNITS = [f"u-{number:04}" for number in range(2_000)]
BETA = {"attribute": "plan", "operator": "equals", "value": "beta"}


class Process:
    """A process that assigns from a snapshot of its own, into a store that it shares with others."""

    def __init__(self, store: WatchedAssignments, clock: SettableClock) -> None:
        self.store = store
        self.clock = clock
        self.differing: list[str] = []
        self.kept = KeptAssignments(store, clock=clock)
        self.engine = Engine(self.load)
        self.assigning = Assigning(
            engine=self.engine, store=store, kept=self.kept, clock=clock, differs=self.differing.append
        )
        self.decides()

    def load(self) -> CompiledSnapshot:
        raise AssertionError("it has a snapshot")

    def decides(self, **experiment: Any) -> None:
        """Have it decide from a snapshot of this experiment, and of one that is not active."""
        self.decides_from({"e": active_experiment(**experiment), "draft": {"status": "draft", "version": 1}})

    def decides_from(self, experiments: dict[str, Any]) -> None:
        """Have it decide from a snapshot of these experiments alone."""
        around = Surroundings(clock=lambda: self.clock().timestamp(), kept=self.kept.find, ahead=self.kept.ahead)
        self.engine.use(CompiledSnapshot(content_of(experiments=experiments), around))

    def assign(self, unit: str, **attributes: Any) -> str | None:
        return self.assigning.assign(unit, "e", attributes).variation


class World:
    def __init__(self) -> None:
        self.clock = SettableClock()
        self.store = WatchedAssignments()
        self.processes: list[Process] = []

    def process(self, **experiment: Any) -> Process:
        self.processes.append(Process(self.store, self.clock))
        self.processes[-1].decides(**experiment)
        return self.processes[-1]

    def stands(self, unit: str = "u", version: int = 1) -> str | None:
        found = self.store.get(unit=unit, experiment_id="e", version=version, at=self.clock())
        return None if found is None else found.variation


@pytest.fixture
def world() -> Iterator[World]:
    found = World()
    yield found
    found.store.error = None
    for each in found.processes:
        each.assigning.close()


def changed(**share: Any) -> dict[str, Any]:
    """Return an experiment that gave every unit ``a`` until now and gives everybody ``b`` from now on."""
    past = {"weights": [1, 0], "traffic": 10_000, "audience": None, "until": format_instant(START)}
    return {"weights": [0, 1], "past": [past], **share}


def test_a_unit_gets_what_the_draw_gives_and_that_is_kept(world: World) -> None:
    process = world.process()
    decision = process.assigning.assign("u", "e")
    assert (decision.reason, decision.variation) == (Reason.SPLIT, process.engine.decide("u", "e").variation)
    process.assigning.flush_assignments()
    assert world.stands() == decision.variation
    (kept,) = world.store.kept.values()
    assert (kept.assigned_at, kept.expires_at, kept.version) == (START, None, 1)


def test_while_nothing_has_changed_the_store_is_not_waited_for(world: World) -> None:
    process = world.process()
    world.store.error = StoreUnavailableError("away")
    first = [process.assign(unit) for unit in UNITS]
    assert (None in first, world.store.reads) == (False, 0)
    world.store.error = None
    with suppress(StoreUnavailableError):  # of a write that had failed already, and is said to only now
        process.assigning.flush_assignments()
    process.assigning.flush_assignments()
    assert [world.stands(unit) for unit in UNITS[:50]] == first[:50]


def test_a_unit_that_was_assigned_here_is_written_once(world: World) -> None:
    process = world.process()
    for _ in range(5):
        process.assign("u")
    process.assigning.flush_assignments()
    for _ in range(5):
        process.assign("u")
    process.assigning.flush_assignments()
    assert sum(map(len, world.store.batches)) == 1


def test_many_units_are_split_by_weight_and_stay_when_the_weights_change(world: World) -> None:
    process = world.process(weights=[1, 3])
    decisions = process.assigning.assign_many("e", UNITS)
    share = sum(each.variation == "b" for each in decisions) / len(UNITS)
    assert abs(share - 0.75) < 4 * (0.75 * 0.25 / len(UNITS)) ** 0.5  # four standard errors of a binomial share
    past = {"weights": [1, 3], "traffic": 10_000, "audience": None, "until": format_instant(START)}
    process.decides(weights=[3, 1], past=[past])
    again = process.assigning.assign_many("e", UNITS)
    assert [each.variation for each in again] == [each.variation for each in decisions]
    assert [process.assign(unit) for unit in UNITS[:100]] == [each.variation for each in decisions[:100]]


def test_the_first_answer_stands_between_two_processes_with_different_weights(world: World) -> None:
    old, new = world.process(weights=[1, 0]), world.process(**changed())
    assert new.assign("first") == "b", "kept at once, since the allocation changed"
    assert world.stands("first") == "b"
    assert old.assign("second") == "a"
    old.assigning.flush_assignments()
    assert new.assign("second") == "a"
    assert new.assigning.assign("second", "e").reason is Reason.KEPT
    assert old.assign("first") == "a", "it decides by its draw and is told later"
    old.assigning.flush_assignments()
    assert (world.stands("first"), old.assign("first")) == ("b", "b")
    assert (old.differing, new.differing) == (["e"], [])


def test_after_a_change_what_is_assigned_is_durable_when_it_is_returned(world: World) -> None:
    process = world.process(**changed())
    answers = together(8, lambda number: process.assign(f"u-{number}"))
    assert answers == [world.stands(f"u-{number}") for number in range(8)] == ["b"] * 8


def test_after_a_change_threads_and_processes_that_assign_one_unit_at_once_agree(world: World) -> None:
    processes = [world.process(**changed(weights=[number % 2, 1 - number % 2])) for number in range(8)]
    answers = set(together(8, lambda number: processes[number].assign("u")))
    assert answers == {world.stands("u")}


def test_before_the_moment_from_which_a_change_is_in_force_the_old_allocation_decides(world: World) -> None:
    past = {"weights": [1, 0], "traffic": 10_000, "audience": None, "until": format_instant(START + timedelta(1))}
    process = world.process(weights=[0, 1], past=[past])
    assert process.assign("early") == "a"
    world.clock.advance(days=1)
    assert (process.assign("late"), process.assign("early")) == ("b", "a")


def test_after_a_change_while_the_store_is_away_the_decision_is_returned_and_kept_later(world: World) -> None:
    process = world.process(**changed())
    world.store.error = StoreUnavailableError("away")
    assert process.assign("u") == "a", "whoever cannot look decides as before the change"
    world.store.error = None
    process.assigning.flush_assignments()
    assert world.stands() == "a"


def test_what_was_kept_otherwise_than_the_draw_says_is_the_answer_as_soon_as_that_is_known(world: World) -> None:
    process = world.process(weights=[1, 0])
    world.store.keep([build_assignment("u", experiment_id="e", variation="b")])
    assert process.assign("u") == "a"
    process.assigning.flush_assignments()
    decision = process.assigning.assign("u", "e")
    assert (decision.variation, decision.reason, decision.value) == ("b", Reason.KEPT, "B")
    assert process.differing == ["e"]


@pytest.mark.parametrize(
    "meanwhile",
    [{}, {"e": {"status": "paused", "version": 1}}, {"e": active_experiment(version=2)}],
    ids=["archived", "paused", "a new version"],
)
@pytest.mark.parametrize("many", [False, True])
def test_what_becomes_of_the_experiment_while_it_is_written_changes_nothing_of_the_answer(
    world: World, meanwhile: dict[str, Any], many: bool
) -> None:
    process = world.process(weights=[1, 0], reads_ledger=True)

    def others_come_first() -> None:
        world.store.before = lambda: None
        world.store.keep([build_assignment("u", experiment_id="e", variation="b")])
        process.decides_from(meanwhile)

    world.store.before = others_come_first
    assigning = process.assigning
    decision = assigning.assign_many("e", ["u"])[0] if many else assigning.assign("u", "e")
    assert (decision.variation, decision.value, decision.reason, decision.version) == ("b", "B", Reason.KEPT, 1)


def test_many_are_decided_for_from_one_snapshot_whatever_becomes_of_the_experiment(world: World) -> None:
    process = world.process(weights=[1, 0])
    process.assigning.assign_many("e", ["u"])
    process.decides(weights=[1, 0], audience=BETA, keeps_outside_audience=True)
    world.store.before = lambda: process.decides_from({})
    decisions = process.assigning.assign_many("e", ["u", "v", "w"], [{}, {}, {"plan": "beta"}])
    assert [each.reason for each in decisions] == [Reason.KEPT, Reason.AUDIENCE, Reason.SPLIT]


def test_a_variation_that_is_gone_does_not_stand(world: World) -> None:
    process = world.process(weights=[1, 0])
    world.store.keep([build_assignment("u", experiment_id="e", variation="gone")])
    assert process.assigning.assign_many("e", ["u"])[0].variation == "a"
    assert process.assign("u") == "a"


def test_who_is_forced_or_left_out_is_never_kept(world: World) -> None:
    forced = {"u": {"variation": "b", "until": None}}
    experiments: list[dict[str, Any]] = [
        {"overrides": forced},
        {"audience": BETA},
        {"traffic": 0},
        {"holdouts": [{"id": "h", "salt": "h", "buckets": 10_000}]},
        {"layer": {"id": "l", "salt": "l", "start": 0, "end": 0}},
        {"takes_new_units": False},
        {"ends_at": format_instant(START)},
        {"starts_at": format_instant(START + timedelta(1))},
    ]
    for fields in experiments:
        process = world.process(**fields)
        expected = "b" if "overrides" in fields else None
        assert process.assign("u") == expected
        assert [each.variation for each in process.assigning.assign_many("e", ["u"])] == [expected]
        process.assigning.flush_assignments()
    assert world.store.kept == {}


def test_an_override_goes_before_what_is_kept_and_leaves_it(world: World) -> None:
    process = world.process(weights=[1, 0])
    process.assign("u")
    process.decides(weights=[1, 0], overrides={"u": {"variation": "b", "until": None}})
    assert process.assigning.assign("u", "e").reason is Reason.OVERRIDE
    assert process.assigning.assign_many("e", ["u"])[0].variation == "b"
    process.assigning.flush_assignments()
    assert world.stands() == "a"


def test_a_version_has_assignments_of_its_own(world: World) -> None:
    process = world.process(weights=[1, 0])
    process.assign("u")
    process.decides(weights=[0, 1], version=2)
    assert process.assign("u") == "b"
    process.assigning.flush_assignments()
    assert (world.stands(), world.stands(version=2)) == ("a", "b")


def test_an_unknown_experiment_or_one_that_is_not_active_gives_nothing(world: World) -> None:
    process = world.process()
    assert process.assigning.assign("u", "nobody").reason is Reason.UNKNOWN
    assert process.assigning.assign("u", "draft").reason is Reason.NOT_RUNNING
    with pytest.raises(NotFoundError):
        process.assigning.assign_many("nobody", ["u"])
    with pytest.raises(InvalidInputError, match=r"^experiment_id: must be of an active experiment; .* draft"):
        process.assigning.assign_many("draft", ["u"])
    assert world.store.batches == []


def test_many_are_answered_in_the_order_asked_and_are_durable(world: World) -> None:
    process = world.process()
    units = [*reversed(UNITS), UNITS[7], UNITS[7]]
    decisions = process.assigning.assign_many("e", units)
    assert [each.variation for each in decisions] == [process.engine.decide(unit, "e").variation for unit in units]
    assert world.store.units() == UNITS
    assert len(world.store.batches) == 1
    assert process.assigning.assign_many("e", []) == []


def test_many_that_expire_stand_until_then(world: World) -> None:
    process = world.process(weights=[1, 0])
    process.assigning.assign_many("e", ["u"], ttl_days=1)
    assert world.stands() == "a"
    world.clock.advance(days=1)
    assert world.stands() is None
    process.decides(weights=[0, 1], version=1)
    assert process.assigning.assign_many("e", ["u"], ttl_days=1)[0].variation == "b"
    with pytest.raises(InvalidInputError, match=r"^ttl_days: "):
        process.assigning.assign_many("e", ["u"], ttl_days=0)


def test_an_assignment_that_expired_is_made_anew_by_assign_too(world: World) -> None:
    process = world.process(weights=[1, 0])
    process.assigning.assign_many("e", ["u"], ttl_days=1)
    world.clock.advance(days=2)
    process.decides(weights=[0, 1])
    assert process.assign("u") == "b"
    process.assigning.flush_assignments()
    assert world.stands() == "b"


def test_many_have_attributes_each(world: World) -> None:
    process = world.process(audience=BETA)
    decisions = process.assigning.assign_many("e", ["u", "v"], [{"plan": "beta"}, {"plan": "free"}])
    assert [each.reason for each in decisions] == [Reason.SPLIT, Reason.AUDIENCE]
    assert world.store.units() == ["u"]


def test_among_many_who_the_draw_gives_nothing_now_keeps_what_was_given_before(world: World) -> None:
    process = world.process(weights=[1, 0])
    process.assigning.assign_many("e", ["u"])
    process.decides(weights=[1, 0], takes_new_units=False)
    decisions = process.assigning.assign_many("e", ["u", "v"])
    assert [(each.variation, each.reason) for each in decisions] == [
        ("a", Reason.KEPT),
        (None, Reason.INTAKE_STOPPED),
    ]


def test_for_many_the_ledger_is_read_in_few_requests_and_what_it_holds_is_the_answer(world: World) -> None:
    world.store.keep([build_assignment(unit, experiment_id="e", variation="b") for unit in UNITS[::2]])
    process = world.process(weights=[1, 0], takes_new_units=False)
    decisions = process.assigning.assign_many("e", UNITS)
    places = process.engine.decide_many("e", UNITS)
    assert [(each.variation, each.reason) for each in decisions[:2]] == [
        ("b", Reason.KEPT),
        (None, Reason.INTAKE_STOPPED),
    ]
    assert [each.variation for each in decisions] == ["b", None] * 1_000
    assert list(places) == [1, -1] * 1_000
    assert world.store.reads == 2


def test_while_the_ledger_is_away_many_are_decided_for_as_each_would_be(world: World) -> None:
    process = world.process(**changed())
    process.kept.remember(build_assignment("known", experiment_id="e", variation="b"))
    world.store.error = StoreUnavailableError("away")
    units = ["known", *UNITS]
    assert list(process.engine.decide_many("e", units)) == [1] + [0] * len(UNITS)
    assert world.store.reads == 1
    assert [process.engine.decide(unit, "e").variation for unit in units[:3]] == ["b", "a", "a"]


def test_among_many_what_differs_is_told_of_once_it_is_known(world: World) -> None:
    process = world.process(weights=[1, 0])
    world.store.keep([build_assignment("u", experiment_id="e", variation="b")])
    decisions = process.assigning.assign_many("e", ["t", "u", "v"])
    assert [(each.variation, each.reason) for each in decisions] == [
        ("a", Reason.SPLIT),
        ("b", Reason.KEPT),
        ("a", Reason.SPLIT),
    ]
    assert process.differing == ["e"]


def test_what_differs_where_the_ledger_is_read_anyway_is_told_of_to_nobody(world: World) -> None:
    process = world.process(**changed())
    world.store.keep([build_assignment("u", experiment_id="e", variation="a")])
    assert process.assigning.assign_many("e", ["u"])[0].variation == "a"
    assert process.differing == []


@pytest.mark.parametrize(
    ("units", "attributes", "field"),
    [
        (["u", ""], None, "user_id"),
        (["u", 7], None, "user_id"),
        (["u", "v"], [{}], "attributes"),
        (["u"], [{}, {}], "attributes"),
        ("abc", None, "user_ids"),
        (iter(["u"]), None, "user_ids"),
        ({0: "u"}, None, "user_ids"),
        (None, None, "user_ids"),
        (["u"], iter([{}]), "attributes"),
        (["u"], {0: {}}, "attributes"),
    ],
)
def test_one_that_is_wrong_among_many_keeps_none(world: World, units: Any, attributes: Any, field: str) -> None:
    process = world.process()
    with pytest.raises(InvalidInputError) as refusal:
        process.assigning.assign_many("e", units, attributes)
    assert refusal.value.field == field
    assert world.store.batches == []


def test_while_the_store_is_away_many_are_not_assigned_and_nothing_can_be_flushed(world: World) -> None:
    process = world.process()
    world.store.error = StoreUnavailableError("away")
    with pytest.raises(StoreUnavailableError):
        process.assigning.assign_many("e", ["u"])
    process.assign("u")
    with pytest.raises(StoreUnavailableError):
        process.assigning.flush_assignments()


def test_what_is_still_to_be_written_is_told_and_written_it_is_not_any_more(world: World) -> None:
    process = world.process()
    assert process.assigning.ledger_status() == LedgerStatus(pending=0, let_go=0)
    world.store.error = StoreUnavailableError("away")
    process.assign("u")
    process.assign("v")
    with pytest.raises(StoreUnavailableError):
        process.assigning.flush_assignments()
    assert process.assigning.ledger_status() == LedgerStatus(pending=2, let_go=0)
    world.store.error = None
    process.assigning.flush_assignments()
    assert process.assigning.ledger_status() == LedgerStatus(pending=0, let_go=0)


def test_what_was_let_go_is_told(world: World) -> None:
    process = world.process()
    world.store.error = StoreUnavailableError("away")
    process.assign("u")
    process.assigning.close()
    assert process.assigning.ledger_status() == LedgerStatus(pending=0, let_go=1)


def test_what_was_let_go_is_offered_again_with_the_unit_s_next_assignment(world: World) -> None:
    process = world.process()
    world.store.error = StoreError("refused")
    process.assign("u")
    with pytest.raises(StoreError, match="1 assignments could not be kept"):
        process.assigning.flush_assignments()
    world.store.error = None
    assert world.stands() is None
    process.assign("u")
    process.assigning.flush_assignments()
    assert world.stands() is not None


@pytest.mark.parametrize("experiment", [{}, {"reads_ledger": True}], ids=["written later", "written at once"])
def test_a_unit_that_is_assigned_again_and_again_while_the_store_is_away_waits_once(
    world: World, experiment: dict[str, Any]
) -> None:
    process = world.process(**experiment)
    world.store.error = StoreUnavailableError("away")
    for _ in range(5):
        process.assign("u")
    assert process.assigning.ledger_status().pending == 1


def test_what_was_assigned_is_durable_once_it_is_closed(world: World) -> None:
    process = world.process()
    process.assign("u")
    process.assigning.close()
    assert world.stands() is not None


def test_what_was_kept_by_hand_is_seen_by_assign_where_the_ledger_is_read(world: World) -> None:
    process = world.process(weights=[1, 0], reads_ledger=True)
    ledger = Ledger(
        store=world.store, expects=lambda *_: None, found=lambda *_: None, version_of=lambda _: 1, clock=world.clock
    )
    ledger.create_assignment("u", "e", "b")
    assert (process.assign("u"), process.assign("v")) == ("b", "a")
    assert world.stands("v") == "a", "durable at once"
