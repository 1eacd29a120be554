"""The suites of keys, people and replies pass on stores that are obviously right, and find faults."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime

import pytest

from tests.unit.testing.reference import Memory, ReferenceAuditLog
from tests.unit.testing.reference_access import ReferenceKeyStore, ReferencePersonStore, ReferenceReplyStore
from tests.unit.testing.rivals import Rivals
from variate.errors import LastAdminError
from variate.model import AuditEntry
from variate.model.access import ApiKey, Person
from variate.stores.access import Claim, Reply
from variate.testing.conformance import KeyStoreConformance, PersonStoreConformance, ReplyStoreConformance
from variate.testing.conformance.unreadable import Spoil

of_keys, of_people, of_replies = KeyStoreConformance(), PersonStoreConformance(), ReplyStoreConformance()


@pytest.fixture
def memory() -> Memory:
    return Memory()


class TestKeyStore(KeyStoreConformance):
    @pytest.fixture
    def store(self, memory: Memory) -> ReferenceKeyStore:
        return ReferenceKeyStore(memory)

    @pytest.fixture
    def audit_log(self, memory: Memory) -> ReferenceAuditLog:
        return ReferenceAuditLog(memory)

    @pytest.fixture
    def spoil(self, memory: Memory) -> Spoil:
        return lambda spoilt: memory.spoilt.add(("key", spoilt))


class TestPersonStore(PersonStoreConformance):
    @pytest.fixture
    def store(self, memory: Memory) -> ReferencePersonStore:
        return ReferencePersonStore(memory)

    @pytest.fixture
    def audit_log(self, memory: Memory) -> ReferenceAuditLog:
        return ReferenceAuditLog(memory)

    @pytest.fixture
    def spoil(self, memory: Memory) -> Spoil:
        return lambda spoilt: memory.spoilt.add(("person", spoilt))


class TestReplyStore(ReplyStoreConformance):
    @pytest.fixture
    def store(self, memory: Memory) -> ReferenceReplyStore:
        return ReferenceReplyStore(memory)


class RotatesInTwoSteps(ReferenceKeyStore):
    def supersede(self, old: ApiKey, new: ApiKey, *, expected_revision: int, audit: Sequence[AuditEntry]) -> None:
        self.replace(old, expected_revision=expected_revision, audit=audit)
        self.insert(new, audit=[])


class CountsWhatExpires(ReferenceKeyStore):
    def counting(self, *, at: datetime) -> Sequence[ApiKey]:
        return [each for each in self.keys.values() if each.expires_at is None or at <= each.expires_at]


class TakesUseBack(ReferenceKeyStore):
    def put_over(self, key: ApiKey, expected_revision: int) -> None:
        super().put_over(key, expected_revision)
        self.keys[key.id] = key


class TakesOneSecretTwice(ReferenceKeyStore):
    def check_new(self, key: ApiKey) -> None:
        pass


class LooksForAdminsFirst(ReferencePersonStore):
    def __init__(self, memory: Memory) -> None:
        super().__init__(memory)
        self.rivals = Rivals(5)

    def replace(self, person: Person, *, expected_revision: int, audit: Sequence[AuditEntry]) -> None:
        if sum(each.administers for each in self.people.values()) < 2:
            raise LastAdminError(person.email)
        self.rivals.have_looked()
        self.people[person.id] = person


class CountsTheDisabled(ReferencePersonStore):
    def check_admins(self, person: Person) -> None:
        if not any(each.role == "admin" for each in self.people.values() if each.id != person.id):
            raise LastAdminError(person.email)


class FoldsSubjects(ReferencePersonStore):
    def by_subject(self, subject: str) -> Person | None:
        wanted = subject.strip().lower()
        return next((each for each in self.people.values() if (each.subject or "").strip().lower() == wanted), None)


class SettlesForAnybody(ReferenceReplyStore):
    def settle(self, key: str, token: str, reply: Reply) -> bool:
        self.kept[key].reply = reply
        return True


class HoldsClaimsForEver(ReferenceReplyStore):
    def claim(self, key: str, fingerprint: str, *, at: datetime, expires_at: datetime) -> Claim:
        standing = self.kept.get(key)
        if standing is not None and standing.reply is None:
            return Claim(fingerprint=standing.fingerprint)
        return super().claim(key, fingerprint, at=at, expires_at=expires_at)


class TakesTheNewFingerprint(ReferenceReplyStore):
    def claim(self, key: str, fingerprint: str, *, at: datetime, expires_at: datetime) -> Claim:
        return replace(super().claim(key, fingerprint, at=at, expires_at=expires_at), fingerprint=fingerprint)


FOUND: dict[str, Callable[[], None]] = {
    "a rotation is written in two steps": lambda: (
        of_keys.test_a_key_and_the_one_in_its_place_are_written_both_or_neither(RotatesInTwoSteps(Memory()))
    ),
    "a key counts at the moment it expires": lambda: (
        of_keys.test_those_count_that_are_neither_revoked_nor_expired_at_that_moment(CountsWhatExpires(Memory()))
    ),
    "a change takes back when the key was used": lambda: of_keys.test_a_change_does_not_take_back_when_the_key_was_used(
        TakesUseBack(Memory())
    ),
    "two keys have one secret": lambda: _on_log(
        lambda memory: of_keys.test_an_id_or_secret_that_is_taken_is_a_conflict_and_nothing_is_written(
            TakesOneSecretTwice(memory), ReferenceAuditLog(memory)
        )
    ),
    "admins are counted, then changed": lambda: of_people.test_of_admins_who_all_go_at_once_one_stays(
        LooksForAdminsFirst(Memory())
    ),
    "disabled admins are counted": lambda: _on_log(
        lambda memory: of_people.test_the_last_one_who_administers_stays_so(
            CountsTheDisabled(memory), ReferenceAuditLog(memory)
        )
    ),
    "subjects are folded": lambda: of_people.test_subjects_that_look_alike_are_different(FoldsSubjects(Memory())),
    "who lost the claim settles it": lambda: of_replies.test_one_not_settled_within_a_minute_is_free_again(
        SettlesForAnybody(Memory())
    ),
    "a claim is held for ever": lambda: of_replies.test_one_not_settled_within_a_minute_is_free_again(
        HoldsClaimsForEver(Memory())
    ),
    "another request is taken for the same": lambda: of_replies.test_the_first_claims_and_everybody_else_is_told_of_it(
        TakesTheNewFingerprint(Memory())
    ),
}


def _on_log(test: Callable[[Memory], None]) -> None:
    test(Memory())


@pytest.mark.parametrize("fault", list(FOUND))
def test_the_suite_finds_it(fault: str) -> None:
    with pytest.raises((AssertionError, pytest.fail.Exception)):
        FOUND[fault]()
