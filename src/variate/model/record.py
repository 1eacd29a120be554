"""The values as plain dicts that JSON can hold, under the guide's names, and back.

These dicts are what the functions return, what the outbox carries and what the serving copy holds: one form, one codec.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from variate.model.assignment import Assignment
from variate.model.audit import AuditEntry
from variate.model.conclusion import conclusion_from_record, conclusion_record
from variate.model.design_record import design_from_record, design_record
from variate.model.document import Document
from variate.model.event import Event, Verdict
from variate.model.experiment import Experiment, ExperimentStatus, Variation
from variate.model.flag import FeatureFlag, FlagStatus
from variate.model.instant import format_instant, parse_instant
from variate.model.override import Override, OverrideTarget
from variate.model.targeting_record import TARGETING_FIELDS

Record = dict[str, Any]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SECOND = timedelta(seconds=1)


def variation_record(variation: Variation, *, experiment_id: str) -> Record:
    """Return the variation as a row of the guide's ``variations`` table."""
    return {
        "id": variation.id,
        "experiment_id": experiment_id,
        "name": variation.name,
        "description": variation.description,
        "value": variation.value.value,
        "weight": plain_number(variation.weight),
        "created_at": format_instant(variation.created_at),
        "updated_at": format_instant(variation.updated_at),
    }


def experiment_record(experiment: Experiment) -> Record:
    """Return the experiment as a row of the guide's ``experiments`` table, with its ``variations``."""
    conclusion = experiment.conclusion
    return {
        "id": experiment.id,
        "name": experiment.name,
        "description": experiment.description,
        "status": experiment.status.value,
        "owner": experiment.owner,
        "version": experiment.version,
        "revision": experiment.revision,
        "created_at": format_instant(experiment.created_at),
        "updated_at": format_instant(experiment.updated_at),
        "variations": [variation_record(v, experiment_id=experiment.id) for v in experiment.variations],
        **design_record(experiment.design),
        "conclusion": None if conclusion is None else conclusion_record(conclusion),
    }


def experiment_from_record(record: Record) -> Experiment:
    """Return the experiment that ``experiment_record`` described."""
    return Experiment(
        id=record["id"],
        name=record["name"],
        description=record["description"],
        status=ExperimentStatus(record["status"]),
        owner=record["owner"],
        version=record["version"],
        revision=record["revision"],
        design=design_from_record(record),
        conclusion=conclusion_from_record(record.get("conclusion")),
        created_at=parse_instant("created_at", record["created_at"]),
        updated_at=parse_instant("updated_at", record["updated_at"]),
        variations=tuple(
            Variation(
                id=row["id"],
                name=row["name"],
                description=row["description"],
                value=Document.of(row["value"], field="variation.value"),
                weight=row["weight"],
                created_at=parse_instant("created_at", row["created_at"]),
                updated_at=parse_instant("updated_at", row["updated_at"]),
            )
            for row in record["variations"]
        ),
    )


def flag_record(flag: FeatureFlag) -> Record:
    """Return the flag as an item of the guide's feature-flags table; with targeting, its fields stand beside."""
    return {
        "id": flag.id,
        "name": flag.name,
        "description": flag.description,
        "rules": flag.rules.value,
        "status": flag.status.value,
        "revision": flag.revision,
        "created_at": format_instant(flag.created_at),
        "updated_at": format_instant(flag.updated_at),
        **({} if flag.targeting is None else flag.targeting.value),
    }


def flag_from_record(record: Record) -> FeatureFlag:
    """Return the flag that ``flag_record`` described."""
    fields = {name: record[name] for name in TARGETING_FIELDS if name in record}
    return FeatureFlag(
        id=record["id"],
        name=record["name"],
        description=record["description"],
        rules=Document.of(record["rules"], field="flag.rules"),
        targeting=Document.of(fields, field="flag.targeting") if fields else None,
        status=FlagStatus(record["status"]),
        revision=record["revision"],
        created_at=parse_instant("created_at", record["created_at"]),
        updated_at=parse_instant("updated_at", record["updated_at"]),
    )


def assignment_record(assignment: Assignment) -> Record:
    """Return the assignment as an item of the guide's assignments table: times in whole epoch seconds."""
    record: Record = {
        "id": assignment.id,
        "user_id": assignment.unit,
        "experiment_id": assignment.experiment_id,
        "version": assignment.version,
        "variation": assignment.variation,
        "assigned_at": int(assignment.assigned_at.timestamp()),
    }
    if assignment.expires_at is not None:
        record["ttl"] = epoch_seconds(assignment.expires_at)
    return record


def event_record(event: Event) -> Record:
    """Return the event as an item of the guide's events table."""
    record: Record = {
        "id": event.id,
        "timestamp": format_instant(event.at),
        "user_id": event.unit,
        "event_type": event.event_type,
        "data": event.data,
    }
    if event.expires_at is not None:
        record["ttl"] = epoch_seconds(event.expires_at)
    if event.experiment_id is not None:
        record["experiment_id"] = event.experiment_id
    if event.sender is not None:
        record["sender"] = event.sender
        record["number"] = event.number
    return record


def verdict_record(verdict: Verdict) -> Record:
    """Return the verdict as a dict: ``id``, ``status`` and, where rejected, ``field`` and ``reason``."""
    record: Record = {"id": verdict.event_id, "status": verdict.status.value}
    if verdict.error is not None:
        record["field"] = verdict.error.field
        record["reason"] = verdict.error.rule
    return record


def override_record(override: Override) -> Record:
    """Return the override as an item of the guide's overrides table."""
    record: Record = {
        "id": override.id,
        "user_id": override.unit,
        "target_id": override.target_id,
        "type": override.target.value,
        "value": override.value,
        "reason": override.reason,
        "created_at": format_instant(override.created_at),
    }
    if override.expires_at is not None:
        record["ttl"] = epoch_seconds(override.expires_at)
    return record


def override_from_record(record: Record) -> Override:
    """Return the override that ``override_record`` described; its end is the whole second."""
    return Override(
        unit=record["user_id"],
        target=OverrideTarget(record["type"]),
        target_id=record["target_id"],
        value=record["value"],
        reason=record["reason"],
        created_at=parse_instant("created_at", record["created_at"]),
        expires_at=datetime.fromtimestamp(record["ttl"], UTC) if "ttl" in record else None,
    )


def audit_record(entry: AuditEntry) -> Record:
    """Return the entry as a row of the guide's ``audit_logs`` table."""
    return {
        "id": entry.id,
        "entity_type": entry.entity_type,
        "entity_id": entry.entity_id,
        "action": entry.action,
        "actor": entry.actor,
        "data": entry.data,
        "created_at": format_instant(entry.created_at),
    }


def audit_from_record(record: Record) -> AuditEntry:
    """Return the entry that ``audit_record`` described."""
    return AuditEntry(
        id=record["id"],
        entity_type=record["entity_type"],
        entity_id=record["entity_id"],
        action=record["action"],
        actor=record["actor"],
        document=Document.of(record["data"], field="audit.data"),
        created_at=parse_instant("created_at", record["created_at"]),
    )


def epoch_seconds(moment: datetime) -> int:
    """Return the first whole epoch second that is not before ``moment``, as DynamoDB's ttl attribute wants it."""
    return -((_EPOCH - moment) // _SECOND)  # in whole numbers: a float holds no microsecond in the year 9999


def plain_number(number: float) -> float:
    """Return ``number`` as an int where it is whole, so that a weight of 1 goes in and out as 1."""
    return int(number) if float(number).is_integer() else number
