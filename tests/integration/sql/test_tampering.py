"""Whoever alters the audit log by hand is refused by the engine and, where the guards are gone, found out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import Connection, select, text

from tests.engines.databases import by_hand, open_postgres
from variate.definition.verifying import Break, Fault, verify
from variate.errors import StoreError
from variate.model.audit_chain import ChainHead, Link
from variate.stores.sql import Database, SqlAuditLog
from variate.stores.sql.schema import audit_logs
from variate.testing.builders import build_audit_entry
from variate.testing.clocks import START

ENTRIES = [
    build_audit_entry(f"e{number}", data={"n": number}, actor=f"actor-{number}", created_at=START)
    for number in range(1, 8)
]


@pytest.fixture
def log(database: Database) -> SqlAuditLog:
    """Seven entries, at the places of their numbers."""
    log = SqlAuditLog(database)
    log.append(ENTRIES)
    return log


@pytest.fixture
def migrated_postgres(postgres_url: str) -> Iterator[Database]:
    """PostgreSQL alone: SQLite has no TRUNCATE, and refuses its DELETE row by row."""
    database = open_postgres(postgres_url)
    database.migrate()
    yield database
    database.close()


def unguard(database: Database) -> None:
    """Remove the guards, as the owner of the tables can."""

    def work(connection: Connection) -> None:
        if connection.dialect.name == "sqlite":
            names = connection.scalars(text("SELECT name FROM sqlite_master WHERE type = 'trigger'")).all()
            statements = [f"DROP TRIGGER {name}" for name in names]
        else:
            statements = [f"ALTER TABLE {name} DISABLE TRIGGER USER" for name in ("audit_logs", "audit_chain")]
        for statement in statements:
            connection.execute(text(statement))

    database.write(work)


def rewrite(database: Database, *, since: int) -> None:
    """Give every entry from this place on a hash that fits what it is now, and note the new head."""
    log = SqlAuditLog(database)
    links = log.chain(after=None, limit=1_000)
    head = ChainHead.at(links[since - 2]) if since > 1 else ChainHead()
    for each in links[since - 1 :]:
        link = Link.after(head, each.entry)
        head = ChainHead.at(link)
        by_hand(database, "UPDATE audit_logs SET hash = :hash WHERE place = :place", hash=link.hash, place=link.place)
    by_hand(database, "UPDATE audit_chain SET length = :length, hash = :hash", length=head.length, hash=head.hash)


INSERTED = (
    "INSERT INTO audit_logs (id, entity_type, entity_id, action, created_at, place, hash) "
    "SELECT 'new', entity_type, entity_id, action, created_at, {place}, hash FROM audit_logs WHERE place = 5"
)

TAMPERING: dict[str, tuple[list[str], tuple[int, Fault, str | None]]] = {
    "data": (["UPDATE audit_logs SET data = '{\"n\": 30}' WHERE place = 3"], (3, Fault.ALTERED, "e3")),
    "data, though equal as JSON": (
        ["UPDATE audit_logs SET data = '{\"n\": 3}' WHERE place = 3"],
        (3, Fault.ALTERED, "e3"),
    ),
    "actor": (["UPDATE audit_logs SET actor = 'nobody' WHERE place = 1"], (1, Fault.ALTERED, "e1")),
    "action": (["UPDATE audit_logs SET action = 'looked at' WHERE place = 7"], (7, Fault.ALTERED, "e7")),
    "entity": (["UPDATE audit_logs SET entity_id = 'other' WHERE place = 4"], (4, Fault.ALTERED, "e4")),
    "id": (["UPDATE audit_logs SET id = 'other' WHERE place = 4"], (4, Fault.ALTERED, "other")),
    "hash": (["UPDATE audit_logs SET hash = '' WHERE place = 4"], (4, Fault.ALTERED, "e4")),
    "no hash": (["UPDATE audit_logs SET hash = NULL WHERE place = 4"], (4, Fault.ALTERED, "e4")),
    "deleted in the middle": (["DELETE FROM audit_logs WHERE place = 4"], (4, Fault.MISSING, None)),
    "deleted at the beginning": (["DELETE FROM audit_logs WHERE place = 1"], (1, Fault.MISSING, None)),
    "deleted at the end": (["DELETE FROM audit_logs WHERE place >= 6"], (6, Fault.TRUNCATED, None)),
    "all deleted": (["DELETE FROM audit_logs"], (1, Fault.TRUNCATED, None)),
    "taken out of the chain": (
        ["UPDATE audit_logs SET place = NULL, hash = NULL WHERE place = 4"],
        (4, Fault.MISSING, None),
    ),
    "swapped": (
        [
            "UPDATE audit_logs SET place = 100 WHERE place = 3",
            "UPDATE audit_logs SET place = 3 WHERE place = 5",
            "UPDATE audit_logs SET place = 5 WHERE place = 100",
        ],
        (3, Fault.OUT_OF_ORDER, "e5"),
    ),
    "inserted in the middle": (
        [
            # Not place + 1: on the way there would be two in one place.
            "UPDATE audit_logs SET place = place + 100 WHERE place >= 4",
            "UPDATE audit_logs SET place = place - 99 WHERE place >= 100",
            INSERTED.format(place=4),
        ],
        (4, Fault.OUT_OF_ORDER, "new"),
    ),
    "the head set back": (["UPDATE audit_chain SET length = 5"], (6, Fault.UNACCOUNTED, None)),
    "the head lost": (["DELETE FROM audit_chain"], (1, Fault.UNACCOUNTED, None)),
    "the head's hash": (["UPDATE audit_chain SET hash = 'x'"], (7, Fault.REWRITTEN, None)),
}


@pytest.mark.parametrize(("statements", "expected"), list(TAMPERING.values()), ids=list(TAMPERING))
def test_what_was_done_by_hand_is_found_where_it_was_done(
    database: Database, log: SqlAuditLog, statements: list[str], expected: tuple[int, Fault, str | None]
) -> None:
    assert verify(log).is_whole
    with pytest.raises(StoreError, match=r"never altered or deleted|only grows"):
        by_hand(database, statements[0])
    unguard(database)
    for statement in statements:
        by_hand(database, statement)
    found = verify(log)
    assert found.broken is not None
    assert (found.broken.place, found.broken.fault, found.broken.entry_id) == expected
    assert not found.is_whole
    assert found.entries == min(expected[0] - 1, 7) or expected[1] in (Fault.UNACCOUNTED, Fault.REWRITTEN)


def test_an_entry_that_was_inserted_before_the_first_is_found(database: Database, log: SqlAuditLog) -> None:
    by_hand(database, INSERTED.format(place=0))
    found = verify(log).broken
    assert found is not None
    assert (found.place, found.fault, found.entry_id) == (1, Fault.OUT_OF_ORDER, "new")


def test_an_entry_that_was_inserted_at_the_end_is_found(database: Database, log: SqlAuditLog) -> None:
    by_hand(database, INSERTED.format(place=8))
    found = verify(log).broken
    assert found is not None
    assert (found.place, found.fault, found.entry_id) == (8, Fault.ALTERED, "new")
    unguard(database)
    (link,) = log.chain(after=7, limit=1)
    fitting = Link.after(log.head(), link.entry).hash
    by_hand(database, "UPDATE audit_logs SET hash = :hash WHERE place = 8", hash=fitting)
    found = verify(log).broken
    assert found is not None
    assert (found.place, found.fault) == (8, Fault.UNACCOUNTED)


def test_a_moment_that_was_altered_is_found(database: Database, log: SqlAuditLog) -> None:
    unguard(database)
    moment = audit_logs.c.created_at

    def a_microsecond_later(connection: Connection) -> None:
        connection.execute(
            audit_logs.update().where(audit_logs.c.place == 2).values(created_at=START + timedelta(microseconds=1))
        )
        assert connection.scalar(select(moment).where(audit_logs.c.place == 2)) == START + timedelta(microseconds=1)

    database.write(a_microsecond_later)
    found = verify(log)
    assert found.broken == Break(
        place=2, fault=Fault.ALTERED, detail="the entry and its hash do not agree", entry_id="e2"
    )


def test_a_chain_made_anew_from_a_place_on_is_found_by_a_head_that_was_noted(
    database: Database, log: SqlAuditLog
) -> None:
    noted = verify(log).head
    early = log.chain(after=2, limit=1)[0].hash
    unguard(database)
    by_hand(database, "UPDATE audit_logs SET actor = 'nobody' WHERE place = 5")
    rewrite(database, since=5)
    alone = verify(log)
    assert (alone.broken, alone.entries) == (None, 7)
    assert alone.head != noted
    assert verify(log, noted=early).broken is None
    found = verify(log, noted=noted).broken
    assert found is not None
    assert (found.place, found.fault) == (None, Fault.REWRITTEN)
    assert noted in found.detail


def test_a_truncated_log_with_its_head_set_back_is_found_by_a_head_that_was_noted(
    database: Database, log: SqlAuditLog
) -> None:
    noted = verify(log).head
    unguard(database)
    by_hand(database, "DELETE FROM audit_logs WHERE place > 5")
    rewrite(database, since=5)
    assert verify(log).broken is None
    found = verify(log, noted=noted).broken
    assert found is not None
    assert (found.place, found.fault) == (None, Fault.REWRITTEN)


def test_a_head_that_was_noted_stands_after_more_was_appended(log: SqlAuditLog) -> None:
    noted = verify(log).head
    log.append([build_audit_entry("e8")])
    found = verify(log, noted=noted)
    assert (found.entries, found.broken, found.head == noted) == (8, None, False)


def test_what_cannot_be_an_entry_any_more_is_found_all_the_same(database: Database, log: SqlAuditLog) -> None:
    unguard(database)
    by_hand(database, "UPDATE audit_logs SET id = '', actor = ' ', data = 'null' WHERE place = 3")
    found = verify(log).broken
    assert found is not None
    assert (found.place, found.fault) == (3, Fault.ALTERED)


def test_guards_that_are_missing_are_told_and_made_again_by_a_migration(database: Database, log: SqlAuditLog) -> None:
    unguard(database)
    found = verify(log)
    assert (found.broken, found.is_whole, len(found.missing_guards)) == (None, False, 4)
    assert [*database.migrate()] == [f"made again, for it was missing: {name}" for name in found.missing_guards]
    assert verify(log).is_whole
    assert [*database.migrate()] == []


def test_a_guard_that_does_something_else_is_none(database: Database, log: SqlAuditLog) -> None:
    def disarm(connection: Connection) -> None:
        if connection.dialect.name == "sqlite":
            connection.execute(text("DROP TRIGGER audit_logs_deleted"))
            connection.execute(
                text("CREATE TRIGGER audit_logs_deleted BEFORE DELETE ON audit_logs BEGIN SELECT 1; END")
            )
        else:
            body = "BEGIN RETURN OLD; END"
            connection.execute(
                text(f"CREATE OR REPLACE FUNCTION variate_audit_entry() RETURNS trigger LANGUAGE plpgsql AS '{body}'")
            )

    database.write(disarm)
    assert "audit_logs_deleted" in log.missing_guards() or "audit_logs_altered" in log.missing_guards()


def test_nothing_is_written_where_the_end_of_the_chain_is_not_known(database: Database, log: SqlAuditLog) -> None:
    unguard(database)
    by_hand(database, "DELETE FROM audit_chain")
    with pytest.raises(StoreError, match="audit_chain has lost its row"):
        log.append([build_audit_entry("late")])
    assert "late" not in [each.id for each in log.list(limit=10)]


@pytest.mark.parametrize("table", ["audit_logs", "audit_chain"])
def test_postgres_refuses_to_truncate_the_log(migrated_postgres: Database, table: str) -> None:
    with pytest.raises(StoreError, match=r"never altered or deleted|only grows"):
        by_hand(migrated_postgres, f"TRUNCATE {table}")


class TestRowsWrittenByHand:
    """As the guide's own SQL writes them: without a place, which the next entry gives them."""

    INSERT = (
        "INSERT INTO audit_logs (entity_type, entity_id, action, data, created_at) "
        "SELECT 'experiment', :entity, 'ownership_change', '{}', created_at FROM audit_logs WHERE place = 1"
    )

    def test_they_are_outside_the_chain_and_do_not_break_it(self, database: Database, log: SqlAuditLog) -> None:
        for number in range(3):
            by_hand(database, self.INSERT, entity=f"by hand {number}")
        found = verify(log)
        assert (found.entries, found.is_whole, found.unchained.count) == (7, True, 3)
        ids = [each.id for each in log.list(limit=10, action="ownership_change")]
        assert sorted(found.unchained.ids) == sorted(ids)

    def test_the_next_entry_takes_them_in(self, database: Database, log: SqlAuditLog) -> None:
        for number in range(3):
            by_hand(database, self.INSERT, entity=f"by hand {number}")
        log.append([build_audit_entry("e8")])
        found = verify(log)
        assert (found.entries, found.is_whole, found.unchained.count) == (11, True, 0)
        after = [each.entry.entity_id for each in log.chain(after=7, limit=10)]
        assert after == ["by hand 0", "by hand 1", "by hand 2", "experiment"]
        with pytest.raises(StoreError, match="never altered"):
            by_hand(database, "UPDATE audit_logs SET actor = 'nobody' WHERE place = 9")

    def test_they_are_not_altered_before_that_either(self, database: Database, log: SqlAuditLog) -> None:
        by_hand(database, self.INSERT, entity="by hand")
        for statement in (
            "UPDATE audit_logs SET actor = 'nobody' WHERE place IS NULL",
            "DELETE FROM audit_logs WHERE place IS NULL",
        ):
            with pytest.raises(StoreError, match="never altered"):
                by_hand(database, statement)

    def test_what_no_entry_can_be_is_taken_in_as_it_stands_and_holds_nobody_up(
        self, database: Database, log: SqlAuditLog
    ) -> None:
        by_hand(database, self.INSERT, entity="")
        # SQLite takes any value in any column, and PostgreSQL knows a moment that no clock shows.
        is_sqlite = database.check().startswith("SQLite")
        values = "1, x'41', 2.5, 'not JSON', 'noon'" if is_sqlite else "'', '', '', '{}', 'infinity'"
        columns = "entity_type, entity_id, action, data, created_at"
        by_hand(database, f"INSERT INTO audit_logs ({columns}) VALUES ({values})")
        log.append([build_audit_entry("e8")])
        found = verify(log)
        assert (found.entries, found.is_whole) == (10, True)

    def test_an_id_that_was_written_by_hand_is_left_as_it_stands(self, database: Database, log: SqlAuditLog) -> None:
        by_hand(database, self.INSERT.replace("(", "(id, ", 1).replace("SELECT", "SELECT 'e8',"), entity="by hand")
        log.append([replace(build_audit_entry("e8"), entity_id="late")])
        assert [each.entry.entity_id for each in log.chain(after=7, limit=10)] == ["by hand"]
