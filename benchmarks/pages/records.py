"""What comes with experiments and flags: people, keys, overrides, events, and the audit log."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.pages.naming import AREAS, LARGE, Sizes, experiment_id, flag_id, owner
from variate.access.passwords import Passwords
from variate.model import AuditEntry, Event, Experiment, FeatureFlag, Override, OverrideTarget
from variate.model.access import ApiKey, Person, Role
from variate.model.record import experiment_record, flag_record
from variate.testing.access_builders import build_key, build_person
from variate.testing.builders import build_audit_entry, build_event, build_override

EMAIL, PASSWORD = "ada@example.com", "correct horse battery staple"


def people(sizes: Sizes) -> Iterator[Person]:
    """Yield the people; the first one administers, and signs in by ``EMAIL`` and ``PASSWORD``."""
    yield build_person("ada", email=EMAIL, role=Role.ADMIN, password_hash=Passwords().hash(PASSWORD))
    for number in range(1, sizes.people):
        email, role = f"person-{number}@example.com", list(Role)[number % 3]
        yield build_person(f"person-{number}", email=email, role=role, created_at=sizes.ago(days=number))


def keys(sizes: Sizes, *, first_hash: str) -> Iterator[ApiKey]:
    """Yield the keys; ``first_hash`` is of the secret of the first one, and nobody knows the others'."""
    for number in range(sizes.keys):
        yield build_key(
            f"key-{number}",
            name=f"{AREAS[number % 10]} service {number}",
            secret_hash=None if number else first_hash,
            created_at=sizes.ago(days=number),
            last_used_at=sizes.ago(minutes=number) if number % 3 else None,
            revoked_at=sizes.ago(hours=number) if number % 4 == 3 else None,
        )


def overrides(sizes: Sizes) -> Iterator[Override]:
    """Yield the overrides, half of them on flags."""
    for number in range(sizes.overrides):
        is_of_flag = number % 2 == 1
        yield build_override(
            f"tester-{number // 4}",
            target=OverrideTarget.FLAG if is_of_flag else OverrideTarget.EXPERIMENT,
            target_id=flag_id(number % sizes.flags) if is_of_flag else LARGE,
            value="on" if is_of_flag else "control",
            reason="Tried out before the release.",
            created_at=sizes.ago(hours=number),
        )


def events(sizes: Sizes) -> Iterator[Event]:
    """Yield the events, the latest first; each fourth one is an exposure to the large experiment."""
    for number in range(sizes.events):
        is_exposure = number % 4 == 0
        yield build_event(
            f"event-{number:07d}",
            unit=f"user-{number // 4:06d}",
            event_type=("exposure", "click", "purchase", "visit")[number % 4],
            data={"variation": "control"} if is_exposure else {"value": number % 1_000 / 8, "page": "/checkout"},
            at=sizes.ago(seconds=10 * number + 1),
            experiment_id=LARGE if is_exposure else None,
        )


def created(made: Experiment | FeatureFlag) -> AuditEntry:
    """Return the entry that says that it was created."""
    kind, record = (
        ("experiment", experiment_record(made)) if isinstance(made, Experiment) else ("flag", flag_record(made))
    )
    return build_audit_entry(
        f"created-{made.id}",
        entity_type=kind,
        entity_id=made.id,
        action="created",
        actor=EMAIL,
        data={kind: record},
        created_at=made.created_at,
    )


def changes(sizes: Sizes) -> Iterator[AuditEntry]:
    """Yield the entries of what changed since, as many as are left: each 40th is of the large experiment."""
    for number in range(max(0, sizes.audit - sizes.experiments - sizes.flags)):
        if number % 40 == 0:
            kind, entity = "experiment", LARGE
        elif number % 2:
            kind, entity = "flag", flag_id(number % sizes.flags)
        else:
            kind, entity = "experiment", experiment_id(number % sizes.experiments)
        yield build_audit_entry(
            f"change-{number:06d}",
            entity_type=kind,
            entity_id=entity,
            action="updated",
            actor=owner(number),
            data={"before": {"description": f"As it was {number}."}, "after": {"description": "As it is."}},
            created_at=sizes.ago(minutes=7 * number + 2),
        )
