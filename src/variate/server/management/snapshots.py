"""``/publications`` and ``/snapshots``: what is in force, what was, and going back."""

from __future__ import annotations

from typing import Annotated

from fastapi import Path, Query, Response

from variate.errors import InvalidInputError, NotFoundError
from variate.functions.records import problem_records, published_record, serving_record
from variate.model import Page
from variate.model.group_record import publication_record
from variate.model.snapshot import Publication as PublicationValue
from variate.platform import Platform
from variate.server.management.answers import answer
from variate.server.management.asking import Asker, Served
from variate.server.management.needs import CHANGES_ONE, READS, check_may_in
from variate.server.management.paging import Paged
from variate.server.management.routes import Routes
from variate.server.management.snapshot_shapes import (
    Problems,
    Publication,
    PublicationList,
    Published,
    PublishGiven,
    RollbackGiven,
    Serving,
    Snapshot,
)

routes = Routes("Snapshots", "What is in force, what was, and going back.")

Environment = Annotated[
    str | None, Query(description="The environment; the service's own unless given.", examples=["dev"])
]
Digest = Annotated[
    str,
    Path(
        description="The snapshot's digest.",
        examples=["9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"],
    ),
]


@routes.get("/publications", needs=READS, answers=PublicationList)
def list_publications(platform: Served, asker: Asker, paging: Paged, environment: Environment = None) -> Response:
    """List what was in force in an environment, the most recent first. It takes a key for that environment."""
    if environment is not None:
        check_may_in(asker, environment)

    def read(*, limit: int, last_key: str | None) -> Page[PublicationValue]:
        found = platform.list_snapshots(environment, before=_sequence(last_key), limit=limit)
        is_last = len(found) < limit or found[-1].sequence == 1
        return Page(tuple(found), None if is_last else str(found[-1].sequence))

    return paging.of(read, publication_record)


@routes.post("/publications", needs=CHANGES_ONE, answers=Published, status=201)
def publish(body: PublishGiven, platform: Served, asker: Asker) -> Response:
    """Bring the definitions as they are now into force, also after a rollback.

    Changes are published by themselves; this is for after a rollback. A key for the environment is enough.
    """
    given = body.given
    check_may_in(asker, given.get("environment", platform.settings.environment))
    return answer(published_record(platform.publish_snapshot(**given, actor=asker.actor)), status=201)


@routes.post("/publications/rollback", needs=CHANGES_ONE, answers=Publication, status=201, responses={404: {}})
def roll_back(body: RollbackGiven, platform: Served, asker: Asker) -> Response:
    """Bring an older snapshot into force. Changes made after it are kept but not served, until `POST /publications`.

    A key for the environment is enough.
    """
    given = body.given
    check_may_in(asker, given.get("environment", platform.settings.environment))
    publication = platform.rollback_snapshot(given.pop("to"), **given, actor=asker.actor)
    return answer(publication_record(publication), status=201)


@routes.get("/snapshots/serving", needs=READS, answers=Serving)
def serving(platform: Served) -> Response:
    """Tell what the process that answers decides from, and for how long that has not been confirmed."""
    return answer(serving_record(platform.serving_status()))


@routes.get("/snapshots/problems", needs=READS, answers=Problems)
def snapshot_problems(platform: Served, asker: Asker, environment: Environment = None) -> Response:
    """List the definitions that cannot be served as they stand, and what is served instead.

    It takes a key for that environment.
    """
    if environment is not None:
        check_may_in(asker, environment)
    return answer({"items": problem_records(platform.snapshot_problems(environment))})


@routes.get("/snapshots/{digest}", needs=READS, answers=Snapshot)
def get_snapshot(digest: Digest, platform: Served) -> Response:
    """Read a snapshot, by its digest."""
    return answer(_found(platform, digest), headers={"Cache-Control": "private, immutable, max-age=31536000"})


def _found(platform: Platform, digest: str) -> object:
    snapshot = platform.get_snapshot(digest)
    if snapshot is None:
        raise NotFoundError("snapshot", digest)
    return snapshot.content


def _sequence(last_key: str | None) -> int | None:
    if last_key is None:
        return None
    if not (last_key.isascii() and last_key.isdecimal()) or len(last_key) > 16:
        raise InvalidInputError("last_key", "must be the last_key of the page before, unchanged")
    return int(last_key)
