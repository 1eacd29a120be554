"""The deterministic ids of assignments and overrides."""

from __future__ import annotations

import hashlib
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from tests.unit.model.values import assignments, ids, overrides
from variate.model import Assignment, Override, OverrideTarget, assignment_id, override_id

triples = st.tuples(ids, st.integers(1, 10**6), ids)


def _uuid5(namespace: str, name: str) -> str:
    """UUIDv5 by RFC 9562 section 5.5, without the library that the code uses."""
    digest = bytearray(hashlib.sha1(UUID(namespace).bytes + name.encode()).digest()[:16])
    digest[6] = digest[6] & 0x0F | 0x50
    digest[8] = digest[8] & 0x3F | 0x80
    return str(UUID(bytes=bytes(digest)))


@given(triples, triples)
def test_no_two_triples_share_an_assignment_id(one: tuple[str, int, str], other: tuple[str, int, str]) -> None:
    first, second = (
        assignment_id(experiment_id=experiment, version=version, unit=unit)
        for experiment, version, unit in (one, other)
    )
    assert (first == second) == (one == other)


def test_ids_that_run_together_stay_apart() -> None:
    parts = [("a", 1, "b:1:c"), ("a:1:b", 1, "c"), ("a", 11, "b"), ("a", 1, "1:b"), ("a:1", 1, "b"), ("1:a", 1, "b")]
    found = {assignment_id(experiment_id=e, version=v, unit=u) for e, v, u in parts}
    assert len(found) == len(parts)


def test_an_assignment_id_is_frozen() -> None:
    expected = _uuid5("6f3c1d52-8a4e-5b0e-9a57-3f5f0f4c7b1d", "10:experiment:2:user-1 é")
    assert assignment_id(experiment_id="experiment", version=2, unit="user-1 é") == expected


def test_an_override_id_is_frozen() -> None:
    expected = _uuid5("b2a0c9b4-3d0f-5c3e-8f0a-51d0c2f7a9e6", "flag:4:flag:user-1")
    assert override_id(target=OverrideTarget.FLAG, target_id="flag", unit="user-1") == expected


def test_an_override_id_tells_targets_apart() -> None:
    found = {
        override_id(target=target, target_id=target_id, unit=unit)
        for target in OverrideTarget
        for target_id, unit in [("a", "b:c"), ("a:b", "c"), ("1:a", "b")]
    }
    assert len(found) == 6


@given(assignments())
def test_an_assignment_knows_its_id(value: Assignment) -> None:
    assert value.id == assignment_id(experiment_id=value.experiment_id, version=value.version, unit=value.unit)


@given(overrides())
def test_an_override_knows_its_id(value: Override) -> None:
    assert value.id == override_id(target=value.target, target_id=value.target_id, unit=value.unit)
