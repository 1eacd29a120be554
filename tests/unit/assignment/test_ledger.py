"""What a unit was given first, it keeps."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest

from tests.unit.testing.reference_records import ReferenceAssignmentStore
from variate.assignment.ledger import Ledger
from variate.errors import InvalidInputError, StoreUnavailableError
from variate.model import Assignment
from variate.testing.clocks import SettableClock


class Keeping:
    """A ledger over a store in memory; ``told`` is what it said of assignments by hand, and when."""

    def __init__(self) -> None:
        self.clock = SettableClock()
        self.store = ReferenceAssignmentStore()
        self.told: list[tuple[str, int, dict[str, str], int]] = []
        self.found: list[tuple[str, int, dict[str, str]]] = []
        self.error: Exception | None = None
        self.versions = {"e": 1}
        self.ledger = Ledger(
            store=self.store,
            expects=self.tell,
            found=self.find,
            version_of=self.versions.__getitem__,
            clock=self.clock,
        )

    def tell(self, experiment_id: str, version: int, asked: Sequence[Assignment]) -> None:
        if self.error is not None:
            raise self.error
        self.told.append((experiment_id, version, _variations(asked), len(self.store.kept)))

    def find(self, experiment_id: str, version: int, standing: Sequence[Assignment]) -> None:
        self.found.append((experiment_id, version, _variations(standing)))


def _variations(assignments: Sequence[Assignment]) -> dict[str, str]:
    return {each.unit: each.variation for each in assignments}


@pytest.fixture
def keeping() -> Keeping:
    return Keeping()


def test_the_first_assignment_stands(keeping: Keeping) -> None:
    first = keeping.ledger.create_assignment("u", "e", "a")
    assert keeping.ledger.create_assignment("u", "e", "b") == first
    assert keeping.ledger.get_user_assignment("u", "e") == first


def test_it_expires_after_its_days_and_another_may_follow(keeping: Keeping) -> None:
    keeping.ledger.create_assignment("u", "e", "a", ttl_days=2)
    keeping.clock.advance(days=2)
    assert keeping.ledger.get_user_assignment("u", "e") is None
    assert keeping.ledger.create_assignment("u", "e", "b").variation == "b"


def test_without_an_end_it_stands_for_ever(keeping: Keeping) -> None:
    assert keeping.ledger.create_assignment("u", "e", "a", ttl_days=None).expires_at is None


def test_thirty_days_are_the_default(keeping: Keeping) -> None:
    made = keeping.ledger.create_assignment("u", "e", "a")
    assert made.expires_at == keeping.clock() + timedelta(days=30)


def test_a_version_has_assignments_of_its_own(keeping: Keeping) -> None:
    keeping.ledger.create_assignment("u", "e", "a")
    assert keeping.ledger.create_assignment("u", "e", "b", version=2).variation == "b"
    assert [a.version for a in keeping.ledger.get_user_assignments("u")] == [1, 2]


def test_without_a_version_the_present_one_of_the_experiment_is_meant(keeping: Keeping) -> None:
    first = keeping.ledger.create_assignment("u", "e", "a")
    keeping.versions["e"] = 2
    assert keeping.ledger.get_user_assignment("u", "e") is None
    (second,) = keeping.ledger.keep_assignments("e", [("u", "b")])
    assert (first.version, second.version, second.variation) == (1, 2, "b")
    assert keeping.ledger.get_user_assignment("u", "e") == second
    assert keeping.ledger.get_user_assignment("u", "e", version=1) == first
    assert [version for _, version, _, _ in keeping.told] == [1, 2]


def test_a_version_that_is_given_is_not_looked_up(keeping: Keeping) -> None:
    keeping.versions.clear()
    keeping.ledger.create_assignment("u", "e", "a", version=3)
    assert keeping.ledger.get_user_assignment("u", "e", version=3) is not None


def test_whoever_expects_assignments_by_hand_is_told_which_and_of_which_version_before_they_are_kept(
    keeping: Keeping,
) -> None:
    keeping.ledger.create_assignment("u-1", "e", "a", version=2)
    standing = keeping.ledger.keep_assignments("e", [("u-1", "b"), ("u-2", "b")], version=2)
    assert _variations(standing) == {"u-1": "a", "u-2": "b"}
    assert keeping.told == [("e", 2, {"u-1": "a"}, 0), ("e", 2, {"u-1": "b", "u-2": "b"}, 1)]


def test_whoever_is_told_of_what_stood_hears_of_other_variations_only(keeping: Keeping) -> None:
    keeping.ledger.create_assignment("u-1", "e", "a", version=2)
    keeping.ledger.keep_assignments("e", [("u-1", "a"), ("u-2", "b")], version=2)
    assert keeping.found == []
    keeping.ledger.keep_assignments("e", [("u-1", "b"), ("u-2", "b")], version=2)
    assert keeping.found == [("e", 2, {"u-1": "a"})]


def test_what_decisions_could_not_be_made_to_look_for_is_not_kept(keeping: Keeping) -> None:
    keeping.error = StoreUnavailableError("away")
    with pytest.raises(StoreUnavailableError):
        keeping.ledger.create_assignment("u", "e", "a")
    assert keeping.store.kept == {}


def test_a_long_import_is_answered_in_the_order_asked(keeping: Keeping) -> None:
    standing = keeping.ledger.create_assignment("u-00500", "e", "stood")
    units = [f"u-{number:05d}" for number in reversed(range(25_000))]
    pairs = [*((unit, "first") for unit in units), ("u-12345", "second"), ("u-00001", "second")]
    kept = keeping.ledger.keep_assignments("e", pairs)
    assert [a.unit for a in kept] == [unit for unit, _ in pairs]
    assert [a for a in kept if a.variation != "first"] == [standing]


def test_a_long_import_is_written_in_the_order_of_its_units(keeping: Keeping, monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[str] = []
    keep = keeping.store.keep

    def recording(assignments: Sequence[Assignment]) -> Sequence[Assignment]:
        written.extend(a.unit for a in assignments)
        return keep(assignments)

    monkeypatch.setattr(keeping.store, "keep", recording)
    units = [f"u-{number * 7_919 % 25_000}" for number in range(25_000)]
    keeping.ledger.keep_assignments("e", [(unit, "a") for unit in units])
    assert written == sorted(units)


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"unit": ""}, "user_id"),
        ({"unit": "x" * 10_240}, "user_id"),
        ({"unit": "a\x00b"}, "user_id"),
        ({"unit": "\ud83d"}, "user_id"),
        ({"unit": 7}, "user_id"),
        ({"experiment_id": ""}, "experiment_id"),
        ({"experiment_id": 7}, "experiment_id"),
        ({"variation": ""}, "variation"),
        ({"ttl_days": 0}, "ttl_days"),
        ({"ttl_days": -1}, "ttl_days"),
        ({"ttl_days": float("inf")}, "ttl_days"),
        ({"ttl_days": "30"}, "ttl_days"),
        ({"ttl_days": True}, "ttl_days"),
        ({"version": 0}, "version"),
        ({"version": 1.5}, "version"),
    ],
)
def test_bad_input_names_the_field_and_nothing_is_kept(keeping: Keeping, given: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        keeping.ledger.create_assignment(**{"unit": "u", "experiment_id": "e", "variation": "a", **given})
    assert caught.value.field == field
    assert keeping.ledger.get_user_assignment("u", "e") is None


def test_one_bad_pair_among_many_keeps_none_of_them(keeping: Keeping) -> None:
    with pytest.raises(InvalidInputError):
        keeping.ledger.keep_assignments("e", [("u-1", "a"), ("", "a")])
    assert keeping.ledger.get_user_assignment("u-1", "e") is None
    assert keeping.told == []
