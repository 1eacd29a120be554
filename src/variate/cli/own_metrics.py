"""Metrics that a command needs: defined where they are not there, and nobody's changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from variate.errors import ConflictError, InvalidInputError
from variate.model.metric import Metric, MetricKind
from variate.model.metric_record import MetricFields, new_metric
from variate.platform import Platform
from variate.rendering.metric_definition_words import measured, window_words


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A metric that a command needs; ``fields`` say what it measures."""

    id: str
    kind: MetricKind
    name: str
    description: str
    fields: MetricFields = field(default_factory=MetricFields)


def define(platform: Platform, wanted: Sequence[Wanted], *, option: str) -> None:
    """Define those that are not there; one that measures the same is taken as it is, whatever it is called.

    Raise ``InvalidInputError`` naming ``option`` where one of such an id measures something else: then none is defined.
    """
    missing = [each for each in wanted if not _is_there(platform, each, option=option)]
    for each in missing:
        try:
            platform.create_metric(each.id, kind=each.kind, name=each.name, description=each.description, **each.fields)
        except ConflictError:
            # Another process was first.
            if not _is_there(platform, each, option=option):
                raise


def _is_there(platform: Platform, wanted: Wanted, *, option: str) -> bool:
    found = platform.get_metric(wanted.id)
    if found is not None and not _measures(found, wanted):
        said = f"{found.kind}: {measured(found)}, {window_words(found)}"
        raise InvalidInputError(
            option, f"{wanted.id!r} is a metric already and measures something else ({said}): choose another name"
        )
    return found is not None


def _measures(found: Metric, wanted: Wanted) -> bool:
    """Whether the metric measures what is wanted. Which way is better is for its owner to say."""
    same = new_metric(
        wanted.id,
        kind=wanted.kind,
        name=found.name,
        description=found.description,
        given=wanted.fields,
        at=found.created_at,
        updated_at=found.updated_at,
        revision=found.revision,
    )
    return replace(same, direction=found.direction) == found
