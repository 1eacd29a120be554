"""A suite that cannot fail proves nothing: each of these faults is found by one."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from datetime import datetime

import pytest

from tests.unit.testing import faults, faults_of_reading
from tests.unit.testing.reference import (
    Memory,
    ReferenceAuditLog,
    ReferenceDefinitionStore,
    ReferenceExperimentStore,
    ReferenceFlagStore,
    ReferenceOutbox,
)
from variate.errors import InvalidInputError
from variate.model import Document, OutboxMessage
from variate.testing.builders import build_layer
from variate.testing.conformance import (
    AssignmentStoreConformance,
    AuditLogConformance,
    CacheConformance,
    DefinitionStoreConformance,
    EventStoreConformance,
    ExperimentStoreConformance,
    FlagStoreConformance,
    LayerClaimsConformance,
    OutboxConformance,
    OverrideStoreConformance,
    RateLimiterConformance,
    ServingStoreConformance,
)
from variate.testing.conformance.samples import ALIKE, JSON_VALUES

assignments = AssignmentStoreConformance()
events = EventStoreConformance()
experiments = ExperimentStoreConformance()
overrides = OverrideStoreConformance()
claims = LayerClaimsConformance()
caches = CacheConformance()
limiters = RateLimiterConformance()
chained = AuditLogConformance().test_entries_are_chained_in_the_order_they_were_appended


def on_memory(
    test: Callable[..., None], store: type[ReferenceExperimentStore], *, with_log: bool = True
) -> Callable[[], None]:
    """Return the test on a faulty experiment store with an audit log and an outbox beside it."""

    def run() -> None:
        memory = Memory()
        others = {"audit_log": ReferenceAuditLog(memory), "outbox": ReferenceOutbox(memory)} if with_log else {}
        test(store(memory), **others)

    return run


def on_layers(test: Callable[..., None], store: type[ReferenceExperimentStore]) -> None:
    """Run the test of claims on a faulty experiment store."""
    memory = Memory()
    test(
        store(memory),
        ReferenceDefinitionStore(memory, "layer"),
        ReferenceAuditLog(memory),
        ReferenceOutbox(memory),
        is_new=True,
        step=1,
    )


def with_outbox(test: Callable[..., None], store: type[ReferenceFlagStore]) -> None:
    """Run the test of messages on a faulty flag store."""
    memory = Memory()
    test(store(memory), ReferenceOutbox(memory))


def emitting(test: Callable[..., None]) -> None:
    """Run the test on a faulty outbox."""
    memory = Memory()

    def emit(at: datetime) -> str:
        message = OutboxMessage(
            id=str(len(memory.messages)), kind="k", entity_id="e", document=Document("{}"), created_at=at
        )
        memory.messages[message.id] = message
        return message.id

    test(faults.NewestFirst(memory), emit)


FOUND: dict[str, Callable[[], None]] = {
    "a later assignment replaces the first": lambda: assignments.test_the_first_one_stands(faults.LastWriteWins()),
    "assignments are read, then written": lambda: assignments.test_fifty_callers_get_back_the_same_one(
        faults.ReadsThenWrites()
    ),
    "an assignment stands when it expires": (
        lambda: assignments.test_it_is_gone_at_the_moment_it_expires_and_not_before(faults.ExpiresLate())
    ),
    "among many an assignment stands when it expires": (
        lambda: assignments.test_many_are_told_by_unit_and_only_those_that_stand(faults.TellsOfManyWhatHasExpired())
    ),
    "among many another version's are told": (
        lambda: assignments.test_many_are_told_by_unit_and_only_those_that_stand(faults.TellsOfManyInAnyVersion())
    ),
    "of many only the first are told": (
        lambda: assignments.test_many_are_told_by_unit_and_only_those_that_stand(faults.TellsOfTheFirstThousand())
    ),
    "a batch answers in another order": (
        lambda: assignments.test_a_batch_answers_in_the_order_asked(faults.AnswersInItsOwnOrder())
    ),
    "units are normalised": lambda: assignments.test_units_that_look_alike_are_different_units(
        faults.TakesAlikeForOne()
    ),
    "ids are in a locale's order": (
        lambda: assignments.test_of_unit_is_in_order_of_experiment_and_version(faults.OrdersAsALocaleWould())
    ),
    "pages go by offset": (
        lambda: assignments.test_what_is_kept_between_pages_neither_hides_nor_repeats_an_old_one(faults.PagesByOffset())
    ),
    "pages lose ties": lambda: assignments.test_of_experiment_has_the_most_recent_first(faults.PagesByTimeAlone()),
    "a foreign last_key is taken": (
        lambda: assignments.test_a_last_key_of_anything_else_is_refused(faults.TakesTheKeysOfOthers())
    ),
    "a purge takes what has not expired": (
        lambda: assignments.test_purge_deletes_what_expired_before_or_leaves_it_to_the_engine(faults.PurgesTooMuch())
    ),
    "one id is accepted twice": (
        lambda: events.test_the_same_id_twice_in_a_batch_is_accepted_the_first_time(faults.AcceptsTwiceInABatch())
    ),
    "an expired event blocks its id": lambda: events.test_the_id_of_an_expired_event_is_free_again(
        faults.NeverFreesAnId()
    ),
    "events are stamped in whole seconds": (
        lambda: events.test_of_unit_includes_both_ends_of_its_time(faults.StampsWholeSeconds())
    ),
    "2.0 comes back as 2": lambda: events.test_data_comes_back_as_equal_json(
        faults.MakesFloatsWhole(), JSON_VALUES["numbers"]
    ),
    "who numbered an event is forgotten": (
        lambda: events.test_a_numbered_event_keeps_its_sender_and_its_number(faults.ForgetsWhoNumbered())
    ),
    "a filter comes after the limit": (
        lambda: events.test_of_unit_fills_its_pages_from_what_passes_the_filter(faults.FiltersAfterItsLimit())
    ),
    "a window includes its end": (
        lambda: events.test_a_window_includes_its_start_and_not_its_end(faults.IncludesTheEndOfAWindow())
    ),
    "variations are sorted": on_memory(
        experiments.test_a_hundred_variations_come_back_in_the_order_they_were_given,
        faults.SortsVariations,
        with_log=False,
    ),
    "a failed change is audited": on_memory(
        lambda store, **others: experiments.test_replace_at_another_revision_is_a_conflict_and_nothing_is_written(
            store, expected_revision=1, **others
        ),
        faults.NotesBeforeItLooks,
    ),
    "a revision is looked at, then replaced": on_memory(
        experiments.test_of_twenty_replacements_of_one_revision_exactly_one_wins, faults.LooksThenReplaces
    ),
    "an experiment is read in two steps": on_memory(
        experiments.test_readers_never_see_half_a_replacement, faults.ReadsInTwoSteps, with_log=False
    ),
    "layers are stored before all are looked at": lambda: on_layers(
        claims.test_a_layer_at_another_revision_is_a_conflict_and_nothing_is_written, faults.StoresLayersThenLooks
    ),
    "layers are overwritten": lambda: on_layers(
        claims.test_a_layer_at_another_revision_is_a_conflict_and_nothing_is_written, faults.OverwritesLayers
    ),
    "a removed definition is still there": (
        lambda: DefinitionStoreConformance().test_a_removed_one_is_gone_and_its_id_is_free(
            faults.LeavesTheRemoved(Memory(), "layer"), build_layer
        )
    ),
    "a refused write of a flag leaves word": lambda: with_outbox(
        FlagStoreConformance().test_a_write_that_is_refused_leaves_none, faults.LeavesWordOfWhatItRefuses
    ),
    "a change of a flag leaves no word": lambda: with_outbox(
        FlagStoreConformance().test_each_write_leaves_a_message_of_its_flag, faults.LeavesNoWord
    ),
    "an audit entry is altered": (
        lambda: AuditLogConformance().test_an_entry_that_is_there_is_left_as_it_stands(faults.AltersEntries(Memory()))
    ),
    "an audit entry has no place": lambda: chained(faults.ForgetsToChain(Memory())),
    "every audit entry is chained to nothing": lambda: chained(faults.ChainsToTheFirst(Memory())),
    "an audit entry that comes again has two places": lambda: chained(faults.ChainsWhatIsThere(Memory())),
    "the outbox is a stack": (
        lambda: emitting(OutboxConformance().test_the_oldest_come_first_and_no_more_than_asked_for)
    ),
    "a removed override comes back": (
        lambda: overrides.test_one_made_before_the_removal_does_not_come_back(faults.ForgetsRemovals(), standing=True)
    ),
    "what is left of removals is never purged": (
        lambda: overrides.test_a_removal_is_remembered_for_90_days_and_then_purged_or_left_to_the_engine(
            faults.KeepsRemovalsForEver()
        )
    ),
    "an older override replaces a newer": (
        lambda: overrides.test_an_older_one_that_arrives_later_does_not(faults.TakesWhatArrivesLast())
    ),
    "a list of one kind has the other too": (
        lambda: overrides.test_of_type_leaves_out_the_other_kind(faults.ListsEveryKind())
    ),
    "a kind is in order of unit first": (
        lambda: overrides.test_of_type_is_in_order_of_target_id_and_unit(faults.OrdersATypeByUnit())
    ),
    "pages of a kind lose the rest of a target": (
        lambda: overrides.test_of_type_is_in_order_of_target_id_and_unit(faults.PagesByTargetAlone())
    ),
    "overrides of one target come as the index has them": (
        lambda: overrides.test_of_type_is_in_order_of_target_id_and_unit(faults.LeavesTiesAsTheyCome())
    ),
    "pages of a kind go by offset": (
        lambda: overrides.test_what_is_put_between_pages_of_a_type_neither_hides_nor_repeats_an_old_one(
            faults.LeavesTiesAsTheyCome()
        )
    ),
    "an expired override is listed": (
        lambda: overrides.test_it_is_gone_at_the_moment_it_expires_and_not_before(faults.ListsWhatExpired())
    ),
    "a removed override is listed": (lambda: overrides.test_one_that_was_removed_is_gone(faults.ListsWhatWasRemoved())),
    "an older copy replaces a newer": (
        lambda: ServingStoreConformance().test_an_earlier_revision_that_arrives_later_is_passed_over(
            faults.ServesWhatArrivesLast()
        )
    ),
    "an empty value is a miss": lambda: caches.test_empty_text_is_a_value(faults.TakesEmptyForNone()),
    "a delete leaves the lease": (
        lambda: caches.test_a_delete_keeps_a_fill_under_way_from_bringing_an_old_value_back(faults.LeavesLeases())
    ),
    "everybody gets the lease": lambda: caches.test_of_fifty_callers_one_gets_the_lease(faults.LeasesToAll()),
    "a limit is read, then counted": (
        lambda: limiters.test_of_fifty_callers_at_a_limit_of_ten_exactly_ten_pass(faults.CountsThenAdds().fixed_window)
    ),
    "calls prolong a fixed window": (
        lambda: limiters.test_a_fixed_window_opens_with_its_first_call_and_no_later_call_prolongs_it(
            faults.ProlongsTheWindow()
        )
    ),
    "a sliding window jumps": (
        lambda: limiters.test_in_no_second_do_more_pass_than_a_sliding_window_allows(faults.SlidesByJumps())
    ),
    "refused calls are counted": (
        lambda: limiters.test_in_no_second_do_more_pass_than_a_sliding_window_allows(faults.CountsRefusedCalls())
    ),
}


@pytest.mark.parametrize("fault", list(FOUND))
def test_a_suite_finds_it(fault: str) -> None:
    with pytest.raises((AssertionError, IndexError, pytest.fail.Exception)):
        FOUND[fault]()


def test_a_suite_finds_a_value_that_never_expires(monkeypatch: pytest.MonkeyPatch) -> None:
    def at_once(condition: Callable[[], bool], *, what: str) -> None:
        if not condition():
            raise TimeoutError(what)

    monkeypatch.setattr("variate.testing.conformance.cache.wait_until", at_once)
    with pytest.raises(TimeoutError):
        caches.test_a_value_expires(faults.NeverExpires())


@pytest.mark.parametrize(
    "store",
    [
        faults_of_reading.StopsAtWhatItCannotRead,
        faults_of_reading.LosesWhatItCannotRead,
        faults_of_reading.GivesWhatItCannotRead,
        faults_of_reading.NamesNothing,
    ],
)
def test_a_suite_finds_what_is_wrong_with_reading(store: type[ReferenceExperimentStore]) -> None:
    memory = Memory()
    with pytest.raises((AssertionError, InvalidInputError, pytest.fail.Exception)):
        experiments.test_one_that_breaks_a_rule_is_named_and_holds_up_no_other(
            store(memory), lambda spoilt: memory.spoilt.add(("experiment", spoilt))
        )


def test_the_ids_that_look_alike_do_look_alike_and_differ() -> None:
    assert len(set(ALIKE)) == len(ALIKE)
    assert len({unicodedata.normalize("NFKC", each.strip().lower()) for each in ALIKE}) < len(ALIKE) - 4
