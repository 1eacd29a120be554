"""The hashes of the audit log's chain never change: chains that stand in databases are made of them."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import UTC, datetime

import pytest

from variate.model import AuditEntry, Document
from variate.model.audit_chain import NO_HASH, ChainHead, Link, StoredEntry

ENTRY = AuditEntry(
    id="a",
    entity_type="experiment",
    entity_id="e",
    action="ownership_change",
    actor="ada",
    document=Document('{"new_owner":"é","previous_owner":null}'),
    created_at=datetime(2026, 1, 1, 0, 0, 0, 1, tzinfo=UTC),
)
# What sha256sum says of {"action":"ownership_change","actor":"ada","created_at":"1767225600000001",
# "data":"{\\"new_owner\\":\\"\\u00e9\\",\\"previous_owner\\":null}","entity_id":"e","entity_type":"experiment",
# "id":"a","place":1,"previous":"000..."} on one line, and of the same with place 2 and the first hash as the previous.
FIRST = "d2a9d4761587d7a4c59ed041bd18160acc026021a7b3e84407c1f420fe314208"
SECOND = "90348024adbe447c7df4aafd458c4f39a784d8a6ea19dc4adbf455dc0064ceda"


def test_the_hash_is_that_of_the_entry_its_place_and_the_hash_before() -> None:
    first = Link.after(ChainHead(), StoredEntry.of(ENTRY))
    assert (first.place, first.hash) == (1, FIRST)
    second = Link.after(ChainHead.at(first), StoredEntry.of(ENTRY))
    assert (second.place, second.hash) == (2, SECOND)


@pytest.mark.parametrize("name", [each.name for each in fields(StoredEntry)])
def test_each_field_of_an_entry_is_in_its_hash(name: str) -> None:
    entry = StoredEntry.of(ENTRY)
    altered = replace(entry, **{name: getattr(entry, name) + " "})
    assert altered.hash_at(1, previous=NO_HASH) != entry.hash_at(1, previous=NO_HASH)


def test_no_field_can_pass_for_a_part_of_another() -> None:
    entry = StoredEntry.of(ENTRY)
    moved = replace(entry, action="ownership", actor='_change","actor":"ada')
    assert moved.hash_at(1, previous=NO_HASH) != entry.hash_at(1, previous=NO_HASH)


@pytest.mark.parametrize(
    ("moment", "micros"),
    [
        (datetime(1, 1, 1, tzinfo=UTC), "-62135596800000000"),
        (datetime(1969, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC), "-1"),
        (datetime(9999, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC), "253402300799999999"),
    ],
)
def test_a_moment_is_in_the_hash_to_the_microsecond(moment: datetime, micros: str) -> None:
    assert StoredEntry.of(replace(ENTRY, created_at=moment)).created_at == micros
