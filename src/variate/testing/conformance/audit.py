"""The suite of ``AuditLog``."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from variate.definition.verifying import verify
from variate.errors import InvalidInputError
from variate.model import AuditEntry, Document, Json, Page
from variate.model.audit import AuditFilters
from variate.model.audit_chain import NO_HASH, ChainHead, StoredEntry, Unchained
from variate.stores.ports import AuditLog, Outbox
from variate.testing.builders import build_audit_entry, build_outbox_message
from variate.testing.clocks import START
from variate.testing.conformance.concurrency import together
from variate.testing.conformance.paging import Fetch, check_newest_first, check_refusals, walk
from variate.testing.conformance.samples import document_of, every_instant, every_json, every_text, plain

_MIDDLE = START + timedelta(minutes=2)


class AuditLogConformance:
    """Subclass it and provide ``store``, empty, and the ``outbox`` that ``append`` fills."""

    @pytest.fixture
    def store(self) -> AuditLog:
        raise NotImplementedError("provide a fixture `store`: an empty AuditLog")

    @pytest.fixture
    def outbox(self) -> Outbox:
        raise NotImplementedError("provide a fixture `outbox`: the Outbox that the log's `append` fills")

    def test_what_was_appended_is_listed(self, store: AuditLog) -> None:
        entry = build_audit_entry(data={"previous_owner": None, "new_owner": "ada"})
        store.append([entry])
        assert plain([*store.list(limit=10)]) == plain([entry])

    def test_one_entry_can_be_read_by_its_id(self, store: AuditLog) -> None:
        entry, other = build_audit_entry("a", data={"n": 1}), build_audit_entry("b")
        store.append([entry, other])
        assert plain(store.get("a")) == plain(entry)
        assert store.get("c") is None

    def test_an_empty_log_has_an_empty_page(self, store: AuditLog) -> None:
        store.append([])
        page = store.list(limit=10)
        assert (len(page), page.last_key) == (0, None)

    def test_an_entry_that_is_there_is_left_as_it_stands(self, store: AuditLog) -> None:
        first = build_audit_entry("a", data={"n": 1})
        store.append([first])
        store.append([build_audit_entry("b"), replace(first, document=Document('{"n":2}'))])
        found = {each.id: each.data for each in store.list(limit=10)}
        assert found == {"a": {"n": 1}, "b": {}}

    def test_the_same_id_twice_in_a_call_is_stored_once(self, store: AuditLog) -> None:
        first = build_audit_entry("a", data={"n": 1})
        store.append([first, replace(first, document=Document('{"n":2}'))])
        assert plain([*store.list(limit=10)]) == plain([first])

    def test_fifty_appends_of_one_id_store_one(self, store: AuditLog) -> None:
        together(50, lambda number: store.append([build_audit_entry("a", data={"caller": number})]))
        assert len(store.list(limit=10)) == 1

    def test_fifty_appends_of_different_ids_store_them_all(self, store: AuditLog) -> None:
        together(50, lambda number: store.append([build_audit_entry(f"{number}"), build_audit_entry(f"{number}b")]))
        assert len(store.list(limit=1_000)) == 100

    def test_messages_come_with_the_entries(self, store: AuditLog, outbox: Outbox) -> None:
        messages = [build_outbox_message(f"m{number}", data={"n": number}) for number in range(3)]
        store.append([build_audit_entry()], outbox=messages)
        assert plain(sorted(outbox.pending(limit=10), key=lambda each: each.id)) == plain(messages)

    def test_a_message_that_is_there_is_left_as_it_stands(self, store: AuditLog, outbox: Outbox) -> None:
        first = build_outbox_message("m", data={"n": 1})
        store.append([], outbox=[first])
        store.append([build_audit_entry()], outbox=[replace(first, document=Document('{"n":2}'))])
        assert plain(list(outbox.pending(limit=10))) == plain([first])
        assert len(store.list(limit=10)) == 1

    @every_text
    def test_text_comes_back_as_it_was_given(self, store: AuditLog, text: str) -> None:
        entry = build_audit_entry(text, entity_type=text, entity_id=text, action=text, actor=text, data={text: text})
        store.append([entry])
        assert plain([*store.list(entity_type=text, entity_id=text, limit=10)]) == plain([entry])

    @every_json
    def test_data_comes_back_as_equal_json(self, store: AuditLog, value: Json) -> None:
        entry = replace(build_audit_entry(), document=Document.of(value, field="data"))
        store.append([entry])
        assert plain([*store.list(limit=10)]) == plain([entry])

    def test_the_greatest_entry_there_can_be_is_held(self, store: AuditLog) -> None:
        entry = replace(build_audit_entry(), document=document_of())
        store.append([entry])
        assert plain([*store.list(limit=10)]) == plain([entry])

    @every_instant
    def test_times_come_back_to_the_microsecond(self, store: AuditLog, instant: datetime) -> None:
        store.append([build_audit_entry(created_at=instant), build_audit_entry(created_at=instant)])
        assert [each.created_at for each in walk(_list(store), limit=1)] == [instant, instant]

    def test_the_list_has_the_most_recent_first(self, store: AuditLog) -> None:
        store.append(_twenty_five())
        for limit in (1, 7, 25, 1_000):
            found = walk(_list(store), limit=limit)
            check_newest_first(found, at=lambda each: each.created_at)
            assert sorted(each.id for each in found) == [each.id for each in _twenty_five()]

    def test_the_list_is_of_the_entity_asked_for(self, store: AuditLog) -> None:
        entries = _twenty_five()
        store.append(entries)
        for kind, entity in (("flag", None), (None, "one"), ("flag", "one"), ("override", "one")):
            expected = [
                each.id for each in entries if kind in (None, each.entity_type) and entity in (None, each.entity_id)
            ]
            found = walk(_list(store, entity_type=kind, entity_id=entity), limit=2)
            check_newest_first(found, at=lambda each: each.created_at)
            assert sorted(each.id for each in found) == expected

    @pytest.mark.parametrize(
        ("filters", "asked"),
        [
            ({"actor": "ada"}, lambda each: each.actor == "ada"),
            ({"action": "created"}, lambda each: each.action == "created"),
            ({"since": _MIDDLE}, lambda each: each.created_at >= _MIDDLE),
            ({"until": _MIDDLE}, lambda each: each.created_at < _MIDDLE),
            (
                {"entity_id": "one", "actor": "ada", "since": _MIDDLE, "until": _MIDDLE + timedelta(minutes=1)},
                lambda each: (each.entity_id, each.actor, each.created_at) == ("one", "ada", _MIDDLE),
            ),
            ({"actor": "Ada"}, lambda _: False),
            ({"actor": None, "since": None}, lambda _: True),
        ],
        ids=["actor", "action", "since", "until", "together", "nobody", "nothing"],
    )
    def test_the_list_has_what_is_asked_for(
        self, store: AuditLog, filters: AuditFilters, asked: Callable[[AuditEntry], bool]
    ) -> None:
        store.append(_twenty_five())
        found = walk(lambda limit, last_key: store.list(limit=limit, last_key=last_key, **filters), limit=3)
        check_newest_first(found, at=lambda each: each.created_at)
        assert sorted(each.id for each in found) == [each.id for each in _twenty_five() if asked(each)]

    def test_entries_are_chained_in_the_order_they_were_appended(self, store: AuditLog) -> None:
        assert (store.head(), [*store.chain(after=None, limit=10)]) == (ChainHead(), [])
        store.append([build_audit_entry("b")])
        store.append([build_audit_entry("a"), build_audit_entry("c")])
        store.append([build_audit_entry("a"), build_audit_entry("d")])
        links = store.chain(after=None, limit=10)
        assert [(each.place, each.entry.id) for each in links] == [(1, "b"), (2, "a"), (3, "c"), (4, "d")]
        previous = NO_HASH
        for link in links:
            assert link.hash == link.entry.hash_at(link.place, previous=previous)
            previous = link.hash
        assert store.head() == ChainHead(length=4, hash=previous)
        assert store.unchained(limit=10) == Unchained(count=0, ids=())

    def test_what_was_appended_is_what_is_chained(self, store: AuditLog) -> None:
        entry = build_audit_entry("é", entity_type="😀", data={"é": 2.0}, created_at=START + timedelta(microseconds=1))
        store.append([entry])
        (link,) = store.chain(after=None, limit=1)
        # The data may be sealed, and is then chained as it is stored.
        assert replace(link.entry, data="") == replace(StoredEntry.of(entry), data="")

    def test_the_chain_is_read_from_any_place_on(self, store: AuditLog) -> None:
        store.append(_twenty_five())
        assert [each.place for each in store.chain(after=20, limit=3)] == [21, 22, 23]
        assert [each.place for each in store.chain(after=23, limit=1_000)] == [24, 25]
        assert [*store.chain(after=25, limit=1_000)] == []
        for limit in (0, 1_001):
            with pytest.raises(InvalidInputError, match="limit"):
                store.chain(after=None, limit=limit)

    def test_fifty_appends_at_once_make_one_chain(self, store: AuditLog) -> None:
        together(50, lambda number: store.append([build_audit_entry(f"{number}"), build_audit_entry(f"{number}b")]))
        found = verify(store)
        assert (found.entries, found.broken, found.head) == (100, None, store.head().hash)

    def test_what_is_to_keep_entries_from_being_altered_is_there(self, store: AuditLog) -> None:
        assert [*store.missing_guards()] == []

    def test_what_is_appended_between_pages_neither_hides_nor_repeats_an_old_one(self, store: AuditLog) -> None:
        old = [each.id for each in _twenty_five()]
        store.append(_twenty_five())
        page = store.list(limit=7)
        found = [*page]
        store.append([build_audit_entry(created_at=START + timedelta(minutes=each)) for each in (-60, 0, 2, 3, 60)])
        while page.last_key is not None:
            page = store.list(limit=7, last_key=page.last_key)
            found += page
        assert sorted(each.id for each in found if each.id in old) == old

    def test_a_last_key_of_anything_else_is_refused(self, store: AuditLog) -> None:
        store.append(_twenty_five())
        of_flags, of_one = _list(store, entity_type="flag"), _list(store, entity_id="one")
        check_refusals(_list(store), foreign=[of_flags(1, None).last_key, of_one(1, None).last_key])
        other = _list(store, entity_type="experiment")(1, None).last_key
        check_refusals(of_flags, foreign=[_list(store)(1, None).last_key, other])


def _list(store: AuditLog, *, entity_type: str | None = None, entity_id: str | None = None) -> Fetch[AuditEntry]:
    def fetch(limit: int, last_key: str | None) -> Page[AuditEntry]:
        return store.list(entity_type=entity_type, entity_id=entity_id, limit=limit, last_key=last_key)

    return fetch


def _twenty_five() -> list[AuditEntry]:
    """Entries in order of id, five in each of five minutes, of two types and two entities."""
    return [
        build_audit_entry(
            f"audit-{number:02}",
            entity_type="flag" if number % 3 else "experiment",
            entity_id="one" if number % 2 else "two",
            action="created" if number < 10 else "updated",
            actor="ada" if number % 4 else "bob",
            created_at=START + timedelta(minutes=number % 5),
        )
        for number in range(25)
    ]
