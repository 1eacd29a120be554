"""Audiences, layers, holdouts and publications as plain dicts that JSON can hold, and back."""

from __future__ import annotations

from typing import Any

from variate.model.audience import Audience
from variate.model.condition import condition_record, read_condition
from variate.model.holdout import Holdout
from variate.model.instant import format_instant, parse_instant
from variate.model.layer import Layer, LayerRange
from variate.model.snapshot import Publication, PublicationKind

Record = dict[str, Any]


def audience_record(audience: Audience) -> Record:
    """Return the audience as a dict."""
    return _common(audience) | {"condition": condition_record(audience.condition)}


def audience_from_record(record: Record) -> Audience:
    """Return the audience that ``audience_record`` described."""
    return Audience(**_read_common(record), condition=read_condition("condition", record["condition"]))


def holdout_record(holdout: Holdout) -> Record:
    """Return the holdout as a dict."""
    return _common(holdout) | {"percentage": holdout.percentage, "salt": holdout.salt}


def holdout_from_record(record: Record) -> Holdout:
    """Return the holdout that ``holdout_record`` described."""
    return Holdout(**_read_common(record), percentage=record["percentage"], salt=record["salt"])


def layer_record(layer: Layer) -> Record:
    """Return the layer as a dict; ``ranges`` holds the two percentages of each experiment."""
    ranges = {owner: [claim.start, claim.end] for owner, claim in sorted(layer.ranges.items())}
    return _common(layer) | {"salt": layer.salt, "ranges": ranges}


def layer_from_record(record: Record) -> Layer:
    """Return the layer that ``layer_record`` described."""
    ranges = {
        owner: LayerRange(layer_id=record["id"], start=start, end=end)
        for owner, (start, end) in record["ranges"].items()
    }
    return Layer(**_read_common(record), salt=record["salt"], ranges=ranges)


def publication_record(publication: Publication) -> Record:
    """Return the publication as a dict."""
    return {
        "environment": publication.environment,
        "sequence": publication.sequence,
        "digest": publication.digest,
        "kind": publication.kind.value,
        "actor": publication.actor,
        "reason": publication.reason,
        "at": format_instant(publication.at),
    }


def publication_from_record(record: Record) -> Publication:
    """Return the publication that ``publication_record`` described."""
    return Publication(
        environment=record["environment"],
        sequence=record["sequence"],
        digest=record["digest"],
        kind=PublicationKind(record["kind"]),
        actor=record["actor"],
        reason=record["reason"],
        at=parse_instant("at", record["at"]),
    )


def _common(group: Audience | Holdout | Layer) -> Record:
    return {
        "id": group.id,
        "name": group.name,
        "description": group.description,
        "revision": group.revision,
        "created_at": format_instant(group.created_at),
        "updated_at": format_instant(group.updated_at),
    }


def _read_common(record: Record) -> dict[str, Any]:
    return {
        "id": record["id"],
        "name": record["name"],
        "description": record["description"],
        "revision": record["revision"],
        "created_at": parse_instant("created_at", record["created_at"]),
        "updated_at": parse_instant("updated_at", record["updated_at"]),
    }
