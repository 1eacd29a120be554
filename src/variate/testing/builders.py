"""Values with sensible defaults: a test names only what it is about."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from itertools import count
from typing import Unpack

from variate.model import (
    Assignment,
    AuditEntry,
    Document,
    Event,
    Experiment,
    ExperimentStatus,
    FeatureFlag,
    FlagStatus,
    Json,
    OutboxMessage,
    Override,
    OverrideTarget,
    Variation,
)
from variate.model.audience import Audience
from variate.model.conclusion import Conclusion
from variate.model.condition import read_condition
from variate.model.design import Design
from variate.model.holdout import Holdout
from variate.model.layer import Layer, LayerRange
from variate.model.metric import Metric
from variate.model.metric_record import MetricFields, new_metric
from variate.model.snapshot import Publication, PublicationKind, Snapshot
from variate.testing.clocks import START

_numbers = count(1)
_MINUTE = timedelta(minutes=1)


def build_id(kind: str = "id") -> str:
    """Return an id that no other call in this process returns."""
    return f"{kind}-{next(_numbers):06d}"


def build_variation(
    name: str = "control",
    *,
    id: str | None = None,  # noqa: A002 - the field's name
    description: str = "",
    value: Json = None,
    weight: float = 1,
    created_at: datetime = START,
    updated_at: datetime | None = None,
) -> Variation:
    """Build a variation."""
    return Variation(
        id=build_id("variation") if id is None else id,
        name=name,
        description=description,
        value=Document.of({} if value is None else value, field="value"),
        weight=weight,
        created_at=created_at,
        updated_at=created_at if updated_at is None else updated_at,
    )


def build_experiment(
    id: str | None = None,  # noqa: A002 - the field's name
    *,
    name: str = "Button colour",
    description: str = "",
    status: ExperimentStatus = ExperimentStatus.DRAFT,
    owner: str | None = None,
    variations: Sequence[Variation] | Mapping[str, float] | None = None,
    design: Design = Design(),  # noqa: B008 - frozen
    conclusion: Conclusion | None = None,
    version: int = 1,
    revision: int = 1,
    created_at: datetime = START,
    updated_at: datetime | None = None,
) -> Experiment:
    """Build an experiment; ``variations`` may be weights by name, and is one half control, one half treatment."""
    if variations is None:
        variations = {"control": 1, "treatment": 1}
    if isinstance(variations, Mapping):
        weights = variations
        variations = [build_variation(each, weight=weight, created_at=created_at) for each, weight in weights.items()]
    return Experiment(
        id=build_id("experiment") if id is None else id,
        name=name,
        description=description,
        status=status,
        owner=owner,
        variations=tuple(variations),
        design=design,
        conclusion=conclusion,
        version=version,
        revision=revision,
        created_at=created_at,
        updated_at=created_at if updated_at is None else updated_at,
    )


def build_flag(
    id: str | None = None,  # noqa: A002 - the field's name
    *,
    name: str = "new-checkout",
    description: str = "",
    rules: Json = None,
    targeting: Json = None,
    status: FlagStatus = FlagStatus.INACTIVE,
    revision: int = 1,
    created_at: datetime = START,
    updated_at: datetime | None = None,
) -> FeatureFlag:
    """Build a feature flag: with ``targeting``, a dict of its fields, or free-form."""
    return FeatureFlag(
        id=build_id("flag") if id is None else id,
        name=name,
        description=description,
        rules=Document.of({} if rules is None else rules, field="rules"),
        targeting=None if targeting is None else Document.of(targeting, field="targeting"),
        status=status,
        revision=revision,
        created_at=created_at,
        updated_at=created_at if updated_at is None else updated_at,
    )


def build_audience(
    id: str | None = None,  # noqa: A002 - the field's name
    *,
    name: str = "Beta testers",
    description: str = "",
    condition: Json = None,
    revision: int = 1,
    created_at: datetime = START,
    updated_at: datetime | None = None,
) -> Audience:
    """Build an audience: those of plan beta, where no condition is given."""
    usual = {"attribute": "plan", "operator": "equals", "value": "beta"}
    return Audience(
        id=build_id("audience") if id is None else id,
        name=name,
        description=description,
        condition=read_condition("condition", usual if condition is None else condition),
        revision=revision,
        created_at=created_at,
        updated_at=created_at if updated_at is None else updated_at,
    )


def build_holdout(
    id: str | None = None,  # noqa: A002 - the field's name
    *,
    name: str = "Never anything new",
    description: str = "",
    percentage: float = 5,
    salt: str | None = None,
    revision: int = 1,
    created_at: datetime = START,
    updated_at: datetime | None = None,
) -> Holdout:
    """Build a holdout; its salt is its id where none is given."""
    chosen = build_id("holdout") if id is None else id
    return Holdout(
        id=chosen,
        name=name,
        description=description,
        percentage=percentage,
        salt=chosen if salt is None else salt,
        revision=revision,
        created_at=created_at,
        updated_at=created_at if updated_at is None else updated_at,
    )


def build_layer(
    id: str | None = None,  # noqa: A002 - the field's name
    *,
    name: str = "Checkout",
    description: str = "",
    salt: str | None = None,
    ranges: Mapping[str, tuple[float, float]] | None = None,
    revision: int = 1,
    created_at: datetime = START,
    updated_at: datetime | None = None,
) -> Layer:
    """Build a layer; ``ranges`` are two percentages by experiment, and none where not given."""
    chosen = build_id("layer") if id is None else id
    claims = {} if ranges is None else ranges
    return Layer(
        id=chosen,
        name=name,
        description=description,
        salt=chosen if salt is None else salt,
        ranges={owner: LayerRange(layer_id=chosen, start=start, end=end) for owner, (start, end) in claims.items()},
        revision=revision,
        created_at=created_at,
        updated_at=created_at if updated_at is None else updated_at,
    )


def build_metric(
    id: str | None = None,  # noqa: A002 - the field's name
    *,
    kind: str = "proportion",
    name: str = "Buyers",
    description: str = "",
    revision: int = 1,
    created_at: datetime = START,
    updated_at: datetime | None = None,
    **fields: Unpack[MetricFields],
) -> Metric:
    """Build a metric: the share of units that purchase, where no kind and no fields are given."""
    given: MetricFields = fields if fields or kind != "proportion" else {"measure": "purchase"}
    return new_metric(
        build_id("metric") if id is None else id,
        kind=kind,
        name=name,
        description=description,
        given=given,
        at=created_at,
        updated_at=updated_at,
        revision=revision,
    )


def build_snapshot(content: Json = None) -> Snapshot:
    """Build a snapshot: of content that no other call in this process has, where none is given."""
    return Snapshot.of({"only": build_id("snapshot")} if content is None else content)


def build_publication(
    snapshot: Snapshot,
    *,
    environment: str = "production",
    sequence: int = 1,
    kind: PublicationKind = PublicationKind.PUBLISH,
    actor: str = "ada",
    reason: str = "",
    at: datetime = START,
) -> Publication:
    """Build a publication of the snapshot."""
    return Publication(
        environment=environment,
        sequence=sequence,
        digest=snapshot.digest,
        kind=kind,
        actor=actor,
        reason=reason,
        at=at,
    )


def build_assignment(
    unit: str | None = None,
    *,
    experiment_id: str = "experiment",
    version: int = 1,
    variation: str = "control",
    assigned_at: datetime = START,
    expires_at: datetime | None = None,
) -> Assignment:
    """Build an assignment, for ever where no end is given."""
    return Assignment(
        unit=build_id("unit") if unit is None else unit,
        experiment_id=experiment_id,
        version=version,
        variation=variation,
        assigned_at=assigned_at,
        expires_at=expires_at,
    )


def build_override(
    unit: str | None = None,
    *,
    target: OverrideTarget = OverrideTarget.EXPERIMENT,
    target_id: str = "experiment",
    value: str = "treatment",
    reason: str = "",
    created_at: datetime = START,
    expires_at: datetime | None = None,
) -> Override:
    """Build an override, for ever where no end is given."""
    return Override(
        unit=build_id("unit") if unit is None else unit,
        target=target,
        target_id=target_id,
        value=value,
        reason=reason,
        created_at=created_at,
        expires_at=expires_at,
    )


def build_event(
    id: str | None = None,  # noqa: A002 - the field's name
    *,
    unit: str = "unit",
    event_type: str = "purchase",
    data: Json = None,
    at: datetime = START,
    experiment_id: str | None = None,
    expires_at: datetime | None = None,
    sender: str | None = None,
    number: int | None = None,
) -> Event:
    """Build an event, kept for ever where no end is given."""
    return Event(
        id=build_id("event") if id is None else id,
        unit=unit,
        event_type=event_type,
        document=Document.of({} if data is None else data, field="data"),
        at=at,
        experiment_id=experiment_id,
        expires_at=expires_at,
        sender=sender,
        number=number,
    )


def build_audit_entry(
    id: str | None = None,  # noqa: A002 - the field's name
    *,
    entity_type: str = "experiment",
    entity_id: str = "experiment",
    action: str = "updated",
    actor: str = "ada",
    data: Json = None,
    created_at: datetime = START,
) -> AuditEntry:
    """Build an audit entry."""
    return AuditEntry(
        id=build_id("audit") if id is None else id,
        entity_type=entity_type,
        entity_id=entity_id,
        action=action,
        actor=actor,
        document=Document.of({} if data is None else data, field="data"),
        created_at=created_at,
    )


def build_outbox_message(
    id: str | None = None,  # noqa: A002 - the field's name
    *,
    kind: str = "experiment_changed",
    entity_id: str = "experiment",
    data: Json = None,
    created_at: datetime = START,
) -> OutboxMessage:
    """Build an outbox message."""
    return OutboxMessage(
        id=build_id("message") if id is None else id,
        kind=kind,
        entity_id=entity_id,
        document=Document.of({} if data is None else data, field="data"),
        created_at=created_at,
    )


def minutes_after_start(number: float) -> datetime:
    """Return the moment so many minutes after ``START``."""
    return START + number * _MINUTE
