"""The suite of ``ExperimentStore``."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from itertools import count
from threading import Semaphore

import pytest

from variate.errors import ConflictError, NotFoundError
from variate.model import MAX_DEFINITION_BYTES, Experiment, ExperimentStatus, Json, Page
from variate.model.conclusion import Conclusion, ConclusionDecision
from variate.stores.ports import AuditLog, ExperimentStore, Outbox
from variate.testing.builders import build_audit_entry, build_experiment, build_outbox_message, build_variation
from variate.testing.clocks import START
from variate.testing.conformance.concurrency import together, wins
from variate.testing.conformance.log_and_outbox import WithLogAndOutbox
from variate.testing.conformance.mentioning import FindsMentioningExperiments
from variate.testing.conformance.paging import Fetch, check_newest_first, check_refusals, walk
from variate.testing.conformance.samples import (
    ALIKE,
    CONCLUSION,
    DESIGN,
    document_of,
    every_instant,
    every_json,
    every_text,
    plain,
)
from variate.testing.conformance.searching import FindsExperiments
from variate.testing.conformance.unreadable import Spoil, check_unreadable

ACTIVE, DRAFT = ExperimentStatus.ACTIVE, ExperimentStatus.DRAFT
_KEEP = Conclusion(decision=ConclusionDecision.KEEP, decided_at=START, decided_by="ben")


class ExperimentStoreConformance(FindsExperiments, FindsMentioningExperiments, WithLogAndOutbox):
    """Subclass it and provide ``store``, empty, and the ``audit_log`` and ``outbox`` that its writes fill.

    ``spoil`` writes past the store, so that an experiment breaks a rule of the model; see ``Spoil``.
    """

    @pytest.fixture
    def store(self) -> ExperimentStore:
        raise NotImplementedError("provide a fixture `store`: an empty ExperimentStore")

    @pytest.fixture
    def spoil(self) -> Spoil:
        raise NotImplementedError("provide a fixture `spoil`: has what is stored under an id break a rule")

    def test_what_was_inserted_is_returned(self, store: ExperimentStore) -> None:
        experiment = build_experiment(
            description="Is green better?",
            status=ACTIVE,
            owner="ada",
            version=2,
            revision=7,
            updated_at=START + timedelta(hours=1),
        )
        _insert(store, experiment)
        assert plain(store.get(experiment.id)) == plain(experiment)
        assert plain([*store.list(limit=10)]) == plain([experiment])

    def test_an_unknown_id_is_none(self, store: ExperimentStore) -> None:
        assert store.get("nobody") is None
        assert len(store.list(limit=10)) == 0

    def test_the_design_is_held_and_replaced(self, store: ExperimentStore) -> None:
        designed, plainest = build_experiment("e", design=DESIGN), build_experiment("e", revision=2)
        _insert(store, designed)
        assert plain(store.get("e")) == plain(designed)
        assert plain([*store.list(limit=10)]) == plain([designed])
        store.replace(plainest, expected_revision=1, audit=[], outbox=[])
        assert plain(store.get("e")) == plain(plainest)
        store.replace(replace(designed, revision=3), expected_revision=2, audit=[], outbox=[])
        assert plain(store.get("e")) == plain(replace(designed, revision=3))

    def test_the_conclusion_is_held_and_replaced(self, store: ExperimentStore) -> None:
        ended = build_experiment("e", status=ExperimentStatus.COMPLETED)
        concluded = replace(ended, conclusion=CONCLUSION, revision=2)
        corrected = replace(ended, conclusion=_KEEP, revision=3)
        _insert(store, ended)
        assert plain(store.get("e")) == plain(ended)
        for revision, each in enumerate((concluded, corrected), start=1):
            store.replace(each, expected_revision=revision, audit=[], outbox=[])
            assert plain(store.get("e")) == plain(each)
            assert plain([*store.list(limit=10)]) == plain([each])

    @pytest.mark.parametrize("status", list(ExperimentStatus))
    def test_every_status_is_held(self, store: ExperimentStore, status: ExperimentStatus) -> None:
        _insert(store, build_experiment("e", status=status))
        found = store.get("e")
        assert found is not None
        assert found.status is status

    def test_no_owner_and_no_description_stay_so(self, store: ExperimentStore) -> None:
        _insert(store, build_experiment("e", owner=None, description=""))
        found = store.get("e")
        assert found is not None
        assert (found.owner, found.description) == (None, "")

    def test_a_hundred_variations_come_back_in_the_order_they_were_given(self, store: ExperimentStore) -> None:
        names = [f"v{number * 37 % 100}" for number in range(100)]
        experiment = build_experiment("e", variations={name: number for number, name in enumerate(names)})
        _insert(store, experiment)
        assert plain(store.get("e")) == plain(experiment)

    def test_weights_come_back_as_the_same_numbers(self, store: ExperimentStore) -> None:
        weights = [0, 1, 0.5, 1 / 3, 1e-300, 1e300, 50.0]
        _insert(store, build_experiment("e", variations={f"v{weight}": weight for weight in weights}))
        found = store.get("e")
        assert found is not None
        assert [each.weight for each in found.variations] == weights

    @every_text
    def test_text_comes_back_as_it_was_given(self, store: ExperimentStore, text: str) -> None:
        variation = build_variation(text, id=text, description=text, value={text: text})
        experiment = build_experiment(
            text, name=text, description=text, owner=text, variations=[variation, build_variation("other")]
        )
        _insert(store, experiment)
        assert plain(store.get(text)) == plain(experiment)
        assert plain([*store.list(owner=text, limit=10)]) == plain([experiment])

    def test_ids_and_names_that_look_alike_are_different(self, store: ExperimentStore) -> None:
        for each in ALIKE:
            _insert(store, build_experiment(each, name=f"of {each}", variations=dict.fromkeys(ALIKE, 1)))
        found = [store.get(each) for each in ALIKE]
        assert [each and each.name for each in found] == [f"of {each}" for each in ALIKE]
        assert [[v.name for v in each.variations] for each in found if each] == [ALIKE] * len(ALIKE)

    @every_json
    def test_a_value_comes_back_as_equal_json(self, store: ExperimentStore, value: Json) -> None:
        experiment = build_experiment("e", variations=[build_variation(value=value)])
        _insert(store, experiment)
        assert plain(store.get("e")) == plain(experiment)

    def test_the_greatest_definition_there_can_be_is_held(self, store: ExperimentStore) -> None:
        variation = replace(build_variation(), value=document_of(MAX_DEFINITION_BYTES))
        experiment = build_experiment("e", variations=[variation])
        _insert(store, experiment)
        assert plain(store.get("e")) == plain(experiment)

    @every_instant
    def test_times_come_back_to_the_microsecond(self, store: ExperimentStore, instant: datetime) -> None:
        experiment = build_experiment("e", created_at=instant)
        _insert(store, experiment)
        assert plain(store.get("e")) == plain(experiment)
        assert len(walk(_list(store), limit=1)) == 1

    def test_an_id_that_is_taken_is_a_conflict_and_nothing_is_written(
        self, store: ExperimentStore, audit_log: AuditLog, outbox: Outbox
    ) -> None:
        first, second = build_experiment("e", name="first"), build_experiment("e", name="second")
        store.insert(first, audit=[build_audit_entry("a1")], outbox=[build_outbox_message("m1")])
        with pytest.raises(ConflictError):
            store.insert(second, audit=[build_audit_entry("a2")], outbox=[build_outbox_message("m2")])
        assert plain(store.get("e")) == plain(first)
        assert _written(audit_log, outbox) == (["a1"], ["m1"])

    def test_an_insert_brings_its_audit_entries_and_messages(
        self, store: ExperimentStore, audit_log: AuditLog, outbox: Outbox
    ) -> None:
        entries = [build_audit_entry(f"a{number}", data={"n": number}) for number in range(3)]
        messages = [build_outbox_message(f"m{number}", data={"n": number}) for number in range(3)]
        store.insert(build_experiment("e"), audit=entries, outbox=messages)
        assert plain(sorted(audit_log.list(limit=10), key=lambda each: each.id)) == plain(entries)
        assert plain(sorted(outbox.pending(limit=10), key=lambda each: each.id)) == plain(messages)

    def test_of_twenty_inserts_of_one_id_exactly_one_wins(self, store: ExperimentStore, audit_log: AuditLog) -> None:
        def insert(number: int) -> bool:
            experiment = build_experiment("e", name=f"caller {number}")
            entry = build_audit_entry(f"a{number}")
            return wins(lambda: store.insert(experiment, audit=[entry], outbox=[]), losing=ConflictError)

        won = together(20, insert)
        assert won.count(True) == 1
        found = store.get("e")
        assert found is not None
        assert found.name == f"caller {won.index(True)}"
        assert [each.id for each in audit_log.list(limit=100)] == [f"a{won.index(True)}"]

    def test_the_list_has_the_newest_first_and_then_goes_by_id(self, store: ExperimentStore) -> None:
        for each in _twenty_five():
            _insert(store, each)
        for limit in (1, 7, 25, 1_000):
            found = walk(_list(store), limit=limit)
            check_newest_first(found, at=lambda each: each.created_at, by=lambda each: each.id)
            assert sorted(plain(found), key=str) == sorted(plain(_twenty_five()), key=str)

    def test_the_list_is_of_the_status_and_owner_asked_for(self, store: ExperimentStore) -> None:
        for each in _twenty_five():
            _insert(store, each)
        for status, owner in ((ACTIVE, None), (None, "ada"), (ACTIVE, "ada"), (ExperimentStatus.PAUSED, None)):
            expected = [
                each.id
                for each in _twenty_five()
                if status in (None, each.status) and (owner is None or owner == each.owner)
            ]
            found = walk(_list(store, status=status, owner=owner), limit=2)
            check_newest_first(found, at=lambda each: each.created_at, by=lambda each: each.id)
            assert sorted(each.id for each in found) == expected

    def test_what_is_inserted_between_pages_neither_hides_nor_repeats_an_old_one(self, store: ExperimentStore) -> None:
        old = [each.id for each in _twenty_five()]
        for each in _twenty_five():
            _insert(store, each)
        page = store.list(limit=7)
        found = [*page]
        for minutes in (-60, 0, 2, 3, 60):
            _insert(store, build_experiment(created_at=START + timedelta(minutes=minutes)))
        while page.last_key is not None:
            page = store.list(limit=7, last_key=page.last_key)
            found += page
        assert sorted(each.id for each in found if each.id in old) == old

    def test_a_last_key_of_anything_else_is_refused(self, store: ExperimentStore, audit_log: AuditLog) -> None:
        for each in _twenty_five():
            _insert(store, each)
        audit_log.append([build_audit_entry(), build_audit_entry()])
        of_active, of_ada = _list(store, status=ACTIVE), _list(store, owner="ada")
        foreign = [of_active(1, None).last_key, of_ada(1, None).last_key, audit_log.list(limit=1).last_key]
        check_refusals(_list(store), foreign=foreign)
        check_refusals(
            of_active, foreign=[_list(store)(1, None).last_key, _list(store, status=DRAFT)(1, None).last_key]
        )

    def test_one_that_breaks_a_rule_is_named_and_holds_up_no_other(self, store: ExperimentStore, spoil: Spoil) -> None:
        for number in range(5):
            _insert(store, build_experiment(f"e-{number}", owner="ada", created_at=START + timedelta(minutes=number)))
        spoil("e-2")
        sound = ["e-0", "e-1", "e-3", "e-4"]
        check_unreadable(_list(store), store.get, spoilt="e-2", sound=sound)
        check_unreadable(_list(store, status=DRAFT, owner="ada"), store.get, spoilt="e-2", sound=sound)

    def test_replace_stores_the_experiment_with_its_variations(
        self, store: ExperimentStore, audit_log: AuditLog, outbox: Outbox
    ) -> None:
        old = build_experiment("e", owner="ada", variations={"a": 1, "b": 2, "c": 3})
        _insert(store, old)
        a, b, _ = old.variations
        new = replace(
            old,
            name="New",
            description="new",
            status=ACTIVE,
            owner=None,
            variations=(build_variation("d"), replace(b, weight=9, name="a"), replace(a, name="b")),
            version=2,
            revision=2,
            updated_at=START + timedelta(minutes=1),
        )
        store.replace(new, expected_revision=1, audit=[build_audit_entry("a")], outbox=[build_outbox_message("m")])
        assert plain(store.get("e")) == plain(new)
        assert plain([*store.list(status=ACTIVE, limit=10)]) == plain([new])
        assert [*store.list(status=DRAFT, limit=10)] == [*store.list(owner="ada", limit=10)] == []
        assert _written(audit_log, outbox) == (["a"], ["m"])

    def test_replace_leaves_other_experiments_alone(self, store: ExperimentStore) -> None:
        one, other = build_experiment("one"), build_experiment("other")
        _insert(store, one)
        _insert(store, other)
        store.replace(replace(one, name="New", revision=2), expected_revision=1, audit=[], outbox=[])
        assert plain(store.get("other")) == plain(other)

    @pytest.mark.parametrize("expected_revision", [1, 3])
    def test_replace_at_another_revision_is_a_conflict_and_nothing_is_written(
        self, store: ExperimentStore, audit_log: AuditLog, outbox: Outbox, expected_revision: int
    ) -> None:
        standing = build_experiment("e", revision=2)
        _insert(store, standing)
        with pytest.raises(ConflictError):
            store.replace(
                build_experiment("e", name="New", revision=expected_revision + 1),
                expected_revision=expected_revision,
                audit=[build_audit_entry()],
                outbox=[build_outbox_message()],
            )
        assert plain(store.get("e")) == plain(standing)
        assert _written(audit_log, outbox) == ([], [])

    def test_replace_of_an_unknown_id_finds_nothing_and_writes_nothing(
        self, store: ExperimentStore, audit_log: AuditLog, outbox: Outbox
    ) -> None:
        with pytest.raises(NotFoundError):
            store.replace(
                build_experiment("e", revision=2),
                expected_revision=1,
                audit=[build_audit_entry()],
                outbox=[build_outbox_message()],
            )
        assert store.get("e") is None
        assert _written(audit_log, outbox) == ([], [])

    def test_of_twenty_replacements_of_one_revision_exactly_one_wins(
        self, store: ExperimentStore, audit_log: AuditLog, outbox: Outbox
    ) -> None:
        _insert(store, build_experiment("e"))

        def change(number: int) -> bool:
            new = build_experiment("e", name=f"caller {number}", revision=2, variations={f"v{number}": 1})
            audit, messages = [build_audit_entry(f"a{number}")], [build_outbox_message(f"m{number}")]
            return wins(
                lambda: store.replace(new, expected_revision=1, audit=audit, outbox=messages), losing=ConflictError
            )

        won = together(20, change)
        assert won.count(True) == 1
        winner = won.index(True)
        found = store.get("e")
        assert found is not None
        assert (found.name, [each.name for each in found.variations]) == (f"caller {winner}", [f"v{winner}"])
        assert _written(audit_log, outbox) == ([f"a{winner}"], [f"m{winner}"])

    def test_readers_never_see_half_a_replacement(self, store: ExperimentStore) -> None:
        _insert(store, _of_shape(1))
        readers, reads = 4, 25
        done = Semaphore(0)

        def write() -> None:
            left = readers
            for revision in count(2):
                store.replace(_of_shape(revision), expected_revision=revision - 1, audit=[], outbox=[])
                left -= done.acquire(blocking=False)
                if not left:
                    return

        def read() -> list[Experiment | None]:
            try:
                return [store.get("e") if each % 2 else store.list(limit=1)[0] for each in range(reads)]
            finally:
                done.release()

        seen = together(readers + 1, lambda number: read() if number else write())
        for found in [each for answer in seen for each in answer or []]:
            assert found is not None
            assert [each.name for each in found.variations] == _names(found.revision)


def _insert(store: ExperimentStore, experiment: Experiment) -> None:
    store.insert(experiment, audit=[], outbox=[])


def _of_shape(revision: int) -> Experiment:
    """An experiment whose variations tell of its revision."""
    return build_experiment("e", revision=revision, variations=dict.fromkeys(_names(revision), 1))


def _names(revision: int) -> list[str]:
    return [f"r{revision}-{number}" for number in range(1 + revision % 3)]


def _written(audit_log: AuditLog, outbox: Outbox) -> tuple[list[str], list[str]]:
    entries, messages = audit_log.list(limit=100), outbox.pending(limit=100)
    return sorted(each.id for each in entries), sorted(each.id for each in messages)


def _list(
    store: ExperimentStore, *, status: ExperimentStatus | None = None, owner: str | None = None
) -> Fetch[Experiment]:
    def fetch(limit: int, last_key: str | None) -> Page[Experiment]:
        return store.list(status=status, owner=owner, limit=limit, last_key=last_key)

    return fetch


def _twenty_five() -> list[Experiment]:
    """Experiments in order of id, five created in each of five minutes, of mixed status and owner."""
    return [
        build_experiment(
            f"experiment-{number:02}",
            status=ACTIVE if number % 3 else DRAFT,
            owner="ada" if number % 2 else None,
            variations=[
                build_variation("control", id=f"{number}-control"),
                build_variation("treatment", id=f"{number}-treatment"),
            ],
            created_at=START + timedelta(minutes=number % 5),
        )
        for number in range(25)
    ]
