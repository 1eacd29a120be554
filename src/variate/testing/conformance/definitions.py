"""The suite of ``DefinitionStore``: the same for audiences, layers, holdouts and metrics."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, TypeAlias

import pytest

from variate.errors import ConflictError, NotFoundError
from variate.model import Page
from variate.model.rules import MAX_TEXT_BYTES
from variate.stores.ports import AuditLog, DefinitionStore, Outbox
from variate.testing.builders import build_audit_entry, build_outbox_message
from variate.testing.clocks import START
from variate.testing.conformance.concurrency import together, wins
from variate.testing.conformance.log_and_outbox import WithLogAndOutbox
from variate.testing.conformance.paging import Fetch, check_pages, check_refusals
from variate.testing.conformance.samples import ALIKE, IN_ORDER, every_instant, every_text, plain
from variate.testing.conformance.unreadable import Spoil, check_unreadable

Build: TypeAlias = Callable[..., Any]
"""Build a definition of the kind: ``build(id, name=..., description=..., revision=..., created_at=...)``."""


class DefinitionStoreConformance(WithLogAndOutbox):
    """Subclass it for each kind, and provide ``store``, empty, and the ``audit_log`` and ``outbox`` its writes fill.

    ``build`` is a builder of ``variate.testing.builders``, with values that would be missed if they were lost.
    ``spoil`` writes past the store, so that a definition breaks a rule of the model; see ``Spoil``.
    """

    @pytest.fixture
    def store(self) -> DefinitionStore[Any]:
        raise NotImplementedError("provide a fixture `store`: an empty DefinitionStore")

    @pytest.fixture
    def build(self) -> Build:
        raise NotImplementedError("provide a fixture `build`: builds a definition of the store's kind")

    @pytest.fixture
    def spoil(self) -> Spoil:
        raise NotImplementedError("provide a fixture `spoil`: has what is stored under an id break a rule")

    def test_what_was_inserted_is_returned(self, store: DefinitionStore[Any], build: Build) -> None:
        given = build("d", description="Größer", revision=7, updated_at=START + timedelta(hours=1))
        _insert(store, given)
        assert plain(store.get("d")) == plain(given)
        assert plain([*store.list(limit=10)]) == plain([given])

    def test_an_unknown_id_is_none(self, store: DefinitionStore[Any]) -> None:
        assert store.get("nobody") is None
        assert len(store.list(limit=10)) == 0

    @every_text
    def test_text_comes_back_as_it_was_given(self, store: DefinitionStore[Any], build: Build, text: str) -> None:
        given = build(text, name=text, description=text)
        _insert(store, given)
        assert plain(store.get(text)) == plain(given)
        assert plain([*store.list(limit=10)]) == plain([given])

    def test_the_longest_description_is_held(self, store: DefinitionStore[Any], build: Build) -> None:
        given = build("d", description="é" * (MAX_TEXT_BYTES // 2))
        _insert(store, given)
        assert plain(store.get("d")) == plain(given)

    def test_ids_that_look_alike_are_different(self, store: DefinitionStore[Any], build: Build) -> None:
        for each in ALIKE:
            _insert(store, build(each, name=f"of {each}"))
        found = [store.get(each) for each in ALIKE]
        assert [each and each.name for each in found] == [f"of {each}" for each in ALIKE]

    @every_instant
    def test_times_come_back_to_the_microsecond(
        self, store: DefinitionStore[Any], build: Build, instant: datetime
    ) -> None:
        given = build("d", created_at=instant)
        _insert(store, given)
        assert plain(store.get("d")) == plain(given)

    def test_an_id_that_is_taken_is_a_conflict_and_nothing_is_written(
        self, store: DefinitionStore[Any], build: Build, audit_log: AuditLog, outbox: Outbox
    ) -> None:
        first = build("d", name="first")
        store.insert(first, audit=[build_audit_entry("a1")], outbox=[build_outbox_message("m1")])
        with pytest.raises(ConflictError):
            store.insert(
                build("d", name="second"), audit=[build_audit_entry("a2")], outbox=[build_outbox_message("m2")]
            )
        assert plain(store.get("d")) == plain(first)
        assert _written(audit_log, outbox) == (["a1"], ["m1"])

    def test_each_write_brings_its_audit_entries_and_messages(
        self, store: DefinitionStore[Any], build: Build, audit_log: AuditLog, outbox: Outbox
    ) -> None:
        entries = [build_audit_entry(f"a{number}", data={"n": number}) for number in range(6)]
        messages = [build_outbox_message(f"m{number}", data={"n": number}) for number in range(6)]
        store.insert(build("d"), audit=entries[:2], outbox=messages[:2])
        store.replace(build("d", revision=2), expected_revision=1, audit=entries[2:4], outbox=messages[2:4])
        store.remove("d", expected_revision=2, audit=entries[4:], outbox=messages[4:])
        assert plain(sorted(audit_log.list(limit=10), key=lambda each: each.id)) == plain(entries)
        assert plain(sorted(outbox.pending(limit=10), key=lambda each: each.id)) == plain(messages)

    def test_replace_stores_the_definition_and_leaves_others_alone(
        self, store: DefinitionStore[Any], build: Build
    ) -> None:
        other, new = build("other"), build("d", name="New", revision=2, updated_at=START + timedelta(minutes=1))
        _insert(store, build("d", description="old"))
        _insert(store, other)
        store.replace(new, expected_revision=1, audit=[], outbox=[])
        assert plain(store.get("d")) == plain(new)
        assert plain([*store.list(limit=10)]) == plain([new, other])

    def test_a_removed_one_is_gone_and_its_id_is_free(self, store: DefinitionStore[Any], build: Build) -> None:
        other, again = build("other"), build("d", name="Again")
        _insert(store, build("d"))
        _insert(store, other)
        store.remove("d", expected_revision=1, audit=[], outbox=[])
        assert store.get("d") is None
        assert plain([*store.list(limit=10)]) == plain([other])
        _insert(store, again)
        assert plain(store.get("d")) == plain(again)

    @pytest.mark.parametrize("expected_revision", [1, 3])
    @pytest.mark.parametrize("write", ["replace", "remove"])
    def test_a_write_at_another_revision_is_a_conflict_and_nothing_is_written(
        self,
        store: DefinitionStore[Any],
        build: Build,
        audit_log: AuditLog,
        outbox: Outbox,
        write: str,
        expected_revision: int,
    ) -> None:
        standing = build("d", revision=2)
        _insert(store, standing)
        with pytest.raises(ConflictError):
            _write(store, write, build("d", name="New", revision=expected_revision + 1), expected_revision)
        assert plain(store.get("d")) == plain(standing)
        assert _written(audit_log, outbox) == ([], [])

    @pytest.mark.parametrize("write", ["replace", "remove"])
    def test_a_write_of_an_unknown_id_finds_nothing_and_writes_nothing(
        self, store: DefinitionStore[Any], build: Build, audit_log: AuditLog, outbox: Outbox, write: str
    ) -> None:
        with pytest.raises(NotFoundError):
            _write(store, write, build("d", revision=2), 1)
        assert store.get("d") is None
        assert _written(audit_log, outbox) == ([], [])

    def test_of_twenty_inserts_of_one_id_exactly_one_wins(self, store: DefinitionStore[Any], build: Build) -> None:
        def insert(number: int) -> bool:
            return wins(lambda: _insert(store, build("d", name=f"caller {number}")), losing=ConflictError)

        won = together(20, insert)
        assert won.count(True) == 1
        found = store.get("d")
        assert found is not None
        assert found.name == f"caller {won.index(True)}"

    def test_of_twenty_writes_at_one_revision_exactly_one_wins(
        self, store: DefinitionStore[Any], build: Build, audit_log: AuditLog
    ) -> None:
        _insert(store, build("d"))

        def change(number: int) -> bool:
            entry, new = [build_audit_entry(f"a{number}")], build("d", name=f"caller {number}", revision=2)

            def write() -> None:
                if number % 2:
                    store.remove("d", expected_revision=1, audit=entry, outbox=[])
                else:
                    store.replace(new, expected_revision=1, audit=entry, outbox=[])

            return wins(write, losing=(ConflictError, NotFoundError))

        won = together(20, change)
        assert won.count(True) == 1
        winner = won.index(True)
        found = store.get("d")
        assert (found and found.name) == (None if winner % 2 else f"caller {winner}")
        assert [each.id for each in audit_log.list(limit=100)] == [f"a{winner}"]

    def test_the_list_is_in_order_of_id(self, store: DefinitionStore[Any], build: Build) -> None:
        ids = [f"{start}{end}" for start in ("a", "b") for end in IN_ORDER]
        for each in reversed(ids):
            _insert(store, build(each))
        check_pages(_list(store), expected=sorted(ids), of=lambda each: each.id)

    def test_what_is_inserted_between_pages_neither_hides_nor_repeats_an_old_one(
        self, store: DefinitionStore[Any], build: Build
    ) -> None:
        old = [f"old-{number:02}" for number in range(20)]
        for each in old:
            _insert(store, build(each))
        page = store.list(limit=7)
        found = [each.id for each in page]
        for each in ("a", "old-03x", "old-06x", "old-15x", "z"):
            _insert(store, build(each))
        while page.last_key is not None:
            page = store.list(limit=7, last_key=page.last_key)
            found += [each.id for each in page]
        assert [each for each in found if each in old] == old

    def test_one_that_breaks_a_rule_is_named_and_holds_up_no_other(
        self, store: DefinitionStore[Any], build: Build, spoil: Spoil
    ) -> None:
        for number in range(5):
            _insert(store, build(f"d-{number}"))
        spoil("d-2")
        check_unreadable(_list(store), store.get, spoilt="d-2", sound=["d-0", "d-1", "d-3", "d-4"])

    def test_a_last_key_of_anything_else_is_refused(
        self, store: DefinitionStore[Any], build: Build, audit_log: AuditLog
    ) -> None:
        for number in range(3):
            _insert(store, build(f"{number}"))
        audit_log.append([build_audit_entry(), build_audit_entry()])
        check_refusals(_list(store), foreign=[audit_log.list(limit=1).last_key])


def _insert(store: DefinitionStore[Any], definition: Any) -> None:
    store.insert(definition, audit=[], outbox=[])


def _write(store: DefinitionStore[Any], write: str, definition: Any, expected_revision: int) -> None:
    audit, outbox = [build_audit_entry()], [build_outbox_message()]
    if write == "remove":
        store.remove(definition.id, expected_revision=expected_revision, audit=audit, outbox=outbox)
    else:
        store.replace(definition, expected_revision=expected_revision, audit=audit, outbox=outbox)


def _written(audit_log: AuditLog, outbox: Outbox) -> tuple[list[str], list[str]]:
    entries, messages = audit_log.list(limit=100), outbox.pending(limit=100)
    return sorted(each.id for each in entries), sorted(each.id for each in messages)


def _list(store: DefinitionStore[Any]) -> Fetch[Any]:
    def fetch(limit: int, last_key: str | None) -> Page[Any]:
        return store.list(limit=limit, last_key=last_key)

    return fetch
