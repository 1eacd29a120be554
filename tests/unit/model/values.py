"""Values of the model, as hypothesis makes them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from hypothesis import strategies as st

from variate.model import (
    Assignment,
    AuditEntry,
    Document,
    Event,
    Experiment,
    ExperimentStatus,
    FeatureFlag,
    FlagStatus,
    Override,
    OverrideTarget,
    Variation,
)

texts = st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]), max_size=40)
ids = texts.filter(bool)
names = texts.filter(str.strip)
instants = st.datetimes(timezones=st.just(UTC))
whole_seconds = instants.map(lambda moment: moment.replace(microsecond=0))
json_values: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=12,
)
documents = json_values.map(lambda value: Document.of(value, field="sample"))
weights = st.floats(min_value=0, allow_infinity=False) | st.integers(min_value=0, max_value=2**53)

variations = st.builds(
    Variation,
    id=ids,
    name=ids,
    description=texts,
    value=documents,
    weight=weights,
    created_at=instants,
    updated_at=instants,
)
experiments = st.builds(
    Experiment,
    id=ids,
    name=names,
    description=texts,
    status=st.sampled_from(ExperimentStatus),
    owner=st.none() | names,
    variations=st.lists(variations, min_size=1, max_size=4, unique_by=lambda each: each.name)
    .filter(lambda found: any(each.weight > 0 for each in found))
    .map(tuple),
    version=st.integers(1, 1_000),
    revision=st.integers(1, 1_000),
    created_at=instants,
    updated_at=instants,
)
flags = st.builds(
    FeatureFlag,
    id=ids,
    name=names,
    description=texts,
    rules=documents,
    status=st.sampled_from(FlagStatus),
    revision=st.integers(1, 1_000),
    created_at=instants,
    updated_at=instants,
)
audit_entries = st.builds(
    AuditEntry,
    id=ids,
    entity_type=st.sampled_from(["experiment", "flag"]),
    entity_id=ids,
    action=st.sampled_from(["created", "updated"]),
    actor=names,
    document=documents,
    created_at=instants,
)


@st.composite
def spans(draw: st.DrawFn, moments: st.SearchStrategy[datetime] = instants) -> tuple[datetime, datetime | None]:
    """A moment, and a later one or None."""
    start, end = sorted((draw(moments), draw(moments)))
    return start, end if start < end else None


@st.composite
def overrides(draw: st.DrawFn, *, moments: st.SearchStrategy[datetime] = instants) -> Override:
    """An override."""
    created_at, expires_at = draw(spans(moments))
    return Override(
        unit=draw(ids),
        target=draw(st.sampled_from(OverrideTarget)),
        target_id=draw(ids),
        value=draw(ids),
        reason=draw(texts),
        created_at=created_at,
        expires_at=expires_at,
    )


@st.composite
def assignments(draw: st.DrawFn) -> Assignment:
    """An assignment."""
    assigned_at, expires_at = draw(spans())
    return Assignment(
        unit=draw(ids),
        experiment_id=draw(ids),
        version=draw(st.integers(1, 1_000)),
        variation=draw(ids),
        assigned_at=assigned_at,
        expires_at=expires_at,
    )


@st.composite
def events(draw: st.DrawFn) -> Event:
    is_numbered = draw(st.booleans())
    return Event(
        id=draw(ids),
        unit=draw(ids),
        event_type=draw(ids),
        document=draw(documents),
        at=draw(instants),
        experiment_id=draw(st.none() | ids),
        expires_at=draw(st.none() | instants),
        sender=draw(ids) if is_numbered else None,
        number=draw(st.integers(1, 2**53)) if is_numbered else None,
    )
