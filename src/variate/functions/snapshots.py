"""Snapshots: what is in force, what was, and going back."""

from __future__ import annotations

from variate.functions.records import published_record, serving_record
from variate.model import Json
from variate.model.group_record import publication_record
from variate.model.record import Record
from variate.platform import default_platform


def publish_snapshot(environment: str | None = None, reason: str = "") -> Record:
    """Bring the definitions as they are now into force, also after a rollback; return what is in force then.

    Changes are published by themselves; this is for after a rollback. ``problems`` are the definitions that were held
    back, each with what is ``served`` instead. ``environment`` is the settings' unless given.
    """
    return published_record(default_platform().publish_snapshot(environment, reason=reason))


def rollback_snapshot(to: int | str, environment: str | None = None, reason: str = "") -> Record:
    """Bring an older snapshot into force, by its publication's sequence or its digest, and return the publication.

    Changes made after that are kept but not served, until ``publish_snapshot``.
    """
    return publication_record(default_platform().rollback_snapshot(to, environment, reason=reason))


def list_snapshots(environment: str | None = None, before: int | None = None, limit: int = 100) -> list[Record]:
    """Return the publications of an environment, the most recent first, of sequences below ``before``."""
    found = default_platform().list_snapshots(environment, before=before, limit=limit)
    return [publication_record(publication) for publication in found]


def get_snapshot(digest: str) -> Json:
    """Return the content of the snapshot of this digest, or None."""
    snapshot = default_platform().get_snapshot(digest)
    return None if snapshot is None else snapshot.content


def serving_status() -> Record:
    """Return what this process decides from, and for how many seconds that has not been confirmed."""
    return serving_record(default_platform().serving_status())
