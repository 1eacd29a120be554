"""What a platform answers beside its definitions, as plain dicts that JSON can hold."""

from __future__ import annotations

from collections.abc import Iterable

from variate.decision import Rung
from variate.definition.checklist import ChecklistItem
from variate.model import format_instant
from variate.model.decision import decision_record
from variate.model.group_record import publication_record
from variate.model.record import Record
from variate.platform.explaining import Explained
from variate.platform.previewing import Preview
from variate.publishing.building import Problem
from variate.publishing.publisher import Published
from variate.publishing.serving import ServingStatus


def explained_record(explained: Explained) -> Record:
    """Return the decision, its rungs and the snapshot they stand in as a dict."""
    publication = explained.publication
    return {
        "decision": decision_record(explained.explanation.decision),
        "rungs": [_rung_record(rung) for rung in explained.explanation.rungs],
        "environment": publication.environment,
        "sequence": publication.sequence,
        "digest": publication.digest,
        "published_at": format_instant(publication.at),
        "at": format_instant(explained.at),
    }


def preview_record(preview: Preview) -> Record:
    """Return the preview as a dict."""
    return {
        "kept": preview.kept,
        "moved": preview.moved,
        "held": preview.held,
        "looked_at": preview.looked_at,
        "low": preview.low,
        "high": preview.high,
        "is_cut": preview.is_cut,
        "audience_matters": preview.audience_matters,
    }


def checklist_records(items: Iterable[ChecklistItem]) -> list[Record]:
    """Return the points of a launch checklist as dicts."""
    return [{"name": each.name, "met": each.met, "blocks": each.blocks, "said": each.said} for each in items]


def published_record(published: Published) -> Record:
    """Return the publication as a dict, with ``held`` and the ``problems``: what was held back and why."""
    return {
        **publication_record(published.publication),
        "held": published.held,
        "problems": problem_records(published.problems),
    }


def problem_records(problems: Iterable[Problem]) -> list[Record]:
    """Return the definitions that cannot be served as they stand as dicts."""
    return [{"kind": each.kind, "id": each.id, "error": str(each.error), "served": each.served} for each in problems]


def serving_record(status: ServingStatus) -> Record:
    """Return what a process decides from as a dict."""
    return {
        "environment": status.environment,
        "sequence": status.sequence,
        "digest": status.digest,
        "kind": status.kind.value,
        "published_at": format_instant(status.published_at),
        "loaded_at": format_instant(status.loaded_at),
        "age_seconds": status.age_seconds,
        "error": status.error,
    }


def _rung_record(rung: Rung) -> Record:
    return {
        "name": rung.name,
        "said": rung.said,
        "decided": rung.decided,
        "salt": rung.salt,
        "bucket": rung.bucket,
        "rungs": [_rung_record(each) for each in rung.rungs],
    }
