"""The chain of the audit log in SQL: appending to it, and reading it as it is stored.

The one row of ``audit_chain`` is where appending transactions wait for each other. Whoever holds it asks for no other
lock that somebody may hold who waits for it, so nobody waits in a circle.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any

from sqlalchemy import Connection, Row, Select, Table, Text, cast, exists, func, literal, select, type_coerce, update
from sqlalchemy.sql.dml import ReturningInsert
from sqlalchemy.sql.elements import ColumnElement

from variate.errors import StoreError
from variate.model import AuditEntry
from variate.model.audit_chain import ChainHead, Link, StoredEntry, Unchained
from variate.stores.sql.database import Database, Insert
from variate.stores.sql.schema import audit_chain, audit_logs

_TAKEN_IN = 1_000
"""How many rows written by hand one append takes in, so that a load of them holds nobody up for long."""

_waits = audit_logs.c.place.is_(None)


def append(database: Database, connection: Connection, entries: Sequence[AuditEntry]) -> None:
    """Put the entries at the end of the chain, and before them the rows that were written by hand.

    An entry whose id is there already is left as it stands. Raise ``StoreError`` where the end of the chain is not
    known: without it nothing is to be written.
    """
    found = connection.execute(_HELD_HEAD).first()
    if found is None:
        raise StoreError(
            "where the audit log's chain ends is not known: table audit_chain has lost its row; restore it from a "
            "backup, and see variate audit verify"
        )
    standing = head = ChainHead(length=found.length, hash=found.hash)
    if found.waits:
        head = _take_in(connection, head)
    insert = _insert(database.insert)
    for entry in entries:
        link = Link.after(head, StoredEntry.of(entry))
        if connection.execute(insert, _row(entry, link)).first() is not None:
            head = ChainHead.at(link)
    if head != standing:
        connection.execute(_MOVE_HEAD, {"length": head.length, "hash": head.hash})


def head(connection: Connection) -> ChainHead:
    """Return where the chain ends; where that is not stored any more, an empty one."""
    found = connection.execute(_HEAD).first()
    return ChainHead() if found is None else ChainHead(length=found.length, hash=found.hash)


def chain(connection: Connection, *, after: int | None, limit: int) -> Sequence[Link]:
    """Return the links of places beyond ``after``, in order of place."""
    query = _stored(connection, audit_logs.c.place, audit_logs.c.hash).where(~_waits)
    if after is not None:
        query = query.where(audit_logs.c.place > after)
    rows = connection.execute(query.order_by(audit_logs.c.place).limit(limit))
    return [Link(place=row.place, entry=_entry(row), hash=row.hash) for row in rows]


def unchained(connection: Connection, *, limit: int) -> Unchained:
    """Return how many rows have no place, and the ids of the first ``limit`` of them."""
    counted = select(func.count()).select_from(audit_logs).where(_waits).scalar_subquery()
    first = select(audit_logs.c.id, counted).where(_waits).order_by(audit_logs.c.sequence).limit(limit)
    rows = connection.execute(first).all()
    return Unchained(count=rows[0][1] if rows else 0, ids=tuple(row[0] for row in rows))


def _take_in(connection: Connection, end: ChainHead) -> ChainHead:
    """Give the first rows that wait their places, and return the end of the chain then."""
    query = _stored(connection, audit_logs.c.sequence).where(_waits)
    for row in connection.execute(query.order_by(audit_logs.c.sequence).limit(_TAKEN_IN)).all():
        link = Link.after(end, _entry(row))
        here = audit_logs.c.sequence == row.sequence
        connection.execute(update(audit_logs).where(here).values(place=link.place, hash=link.hash))
        end = ChainHead.at(link)
    return end


def _stored(connection: Connection, *beside: ColumnElement[Any]) -> Select[Any]:
    """Return the query for entries as they are stored, each field as its text, whatever it may have become."""
    return select(*(text.label(name) for name, text in _texts(connection.dialect.name).items()), *beside)


def _texts(engine: str) -> Mapping[str, ColumnElement[Any]]:
    columns = audit_logs.c
    texts = {name: cast(columns[name], Text) for name in ("id", "entity_type", "entity_id", "action", "actor")}
    at: ColumnElement[Any] = type_coerce(columns.created_at, Text)
    if engine == "postgresql":  # the exact number of microseconds, without the zeros behind its point
        at = func.trim_scale(func.extract("epoch", columns.created_at) * literal(1_000_000))
    return {**texts, "data": cast(type_coerce(columns.data, Text), Text), "created_at": cast(at, Text)}


def _entry(row: Row[Any]) -> StoredEntry:
    return StoredEntry(
        id=row.id,
        entity_type=row.entity_type,
        entity_id=row.entity_id,
        action=row.action,
        actor=row.actor,
        data=row.data,
        created_at=row.created_at,
    )


def _row(entry: AuditEntry, link: Link) -> dict[str, Any]:
    return {
        "id": entry.id,
        "entity_type": entry.entity_type,
        "entity_id": entry.entity_id,
        "action": entry.action,
        "actor": entry.actor,
        "data": entry.document,
        "created_at": entry.created_at,
        "place": link.place,
        "hash": link.hash,
    }


@cache
def _insert(insert: Callable[[Table], Insert]) -> ReturningInsert[Any]:
    statement = insert(audit_logs).on_conflict_do_nothing(index_elements=["id"])
    return statement.returning(audit_logs.c.id)


_the_one = audit_chain.c.id == 1
_HEAD = select(audit_chain.c.length, audit_chain.c.hash, exists(select(1).where(_waits)).label("waits")).where(_the_one)
_HELD_HEAD = _HEAD.with_for_update(of=audit_chain)
_MOVE_HEAD = update(audit_chain).where(_the_one)
