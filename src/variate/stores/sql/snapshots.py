"""The snapshots and their publications in SQL."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, case, delete, exists, select, update

from variate.errors import ConflictError, NotFoundError
from variate.model import MAX_PAGE
from variate.model.rules import check_whole
from variate.model.snapshot import (
    Publication,
    PublicationKind,
    Snapshot,
    check_digest,
    check_environment,
    check_sequence,
)
from variate.stores.packing import packed, unpacked
from variate.stores.sql.database import Database
from variate.stores.sql.schema import publications, snapshots

_DELETES_A_TIME = 100
"""A snapshot may take megabytes, and a writer is not to wait long."""

_later = publications.alias("later")
_IN_FORCE = exists().where(
    publications.c.digest == snapshots.c.digest,
    ~exists().where(
        _later.c.environment == publications.c.environment, _later.c.sequence == publications.c.sequence + 1
    ),
)


class SqlSnapshotStore:
    """See ``SnapshotStore``."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def put(self, snapshot: Snapshot, *, at: datetime) -> None:
        """See ``SnapshotStore.put``: it replaces what is there, which may have been damaged."""
        statement = self._database.insert(snapshots).values(digest=snapshot.digest, used_at=at, data=packed(snapshot))
        new = statement.excluded
        latest = case((snapshots.c.used_at < new.used_at, new.used_at), else_=snapshots.c.used_at)
        statement = statement.on_conflict_do_update(
            index_elements=["digest"], set_={"used_at": latest, "data": new.data}
        )

        def work(connection: Connection) -> None:
            connection.execute(statement)

        self._database.write(work)

    def get(self, digest: str) -> Snapshot | None:
        """Return the snapshot, strongly consistent, or None."""
        query = select(snapshots.c.data).where(snapshots.c.digest == check_digest("digest", digest))
        found = self._database.read(lambda connection: connection.execute(query).scalar())
        return None if found is None else unpacked(digest, found)

    def append(self, publication: Publication) -> None:
        """Make it the latest of its environment; raise ``ConflictError`` unless its sequence is the next."""

        def work(connection: Connection) -> None:
            before = self._follow(connection, publication)
            # In one order everywhere, so that two writes which share snapshots wait for each other, never in a circle.
            for digest in sorted({publication.digest, before or publication.digest}):
                used = snapshots.c.digest == digest
                later = update(snapshots).where(used, snapshots.c.used_at < publication.at)
                connection.execute(later.values(used_at=publication.at))
            here = select(snapshots.c.digest).where(snapshots.c.digest == publication.digest)
            if connection.execute(here).first() is None:
                raise NotFoundError("snapshot", publication.digest)

        self._database.write_once(work)

    def latest(self, environment: str) -> Publication | None:
        """Return the publication in force, strongly consistent, or None."""
        found = self.publications(environment, limit=1)
        return found[0] if found else None

    def publications(self, environment: str, *, before: int | None = None, limit: int) -> Sequence[Publication]:
        """Return up to ``limit`` publications, the most recent first, of sequences below ``before`` where given."""
        query = (
            select(publications)
            .where(publications.c.environment == check_environment("environment", environment))
            .order_by(publications.c.sequence.desc())
            .limit(check_whole("limit", limit, minimum=1, maximum=MAX_PAGE))
        )
        if before is not None:
            query = query.where(publications.c.sequence < check_sequence("before", before))
        rows = self._database.read(lambda connection: connection.execute(query).all())
        return [_publication(row) for row in rows]

    def purge(self, *, superseded_before: datetime) -> int:
        """Delete the snapshots that are in force nowhere and were last used before this; return how many."""
        old = snapshots.c.used_at < superseded_before
        chosen = select(snapshots.c.digest).where(old, ~_IN_FORCE).limit(_DELETES_A_TIME)
        # Once more that it is old: one that is published at this moment is no longer, and the engine looks again.
        statement = delete(snapshots).where(snapshots.c.digest.in_(chosen), old)

        def work(connection: Connection) -> int:
            return connection.execute(statement).rowcount

        purged = 0
        while found := self._database.write(work):
            purged += found
        return purged

    def _follow(self, connection: Connection, publication: Publication) -> str | None:
        """Add the row; return the digest in force before it, and raise ``ConflictError`` where another was first."""
        row = {
            "environment": publication.environment,
            "sequence": publication.sequence,
            "digest": publication.digest,
            "kind": publication.kind.value,
            "actor": publication.actor,
            "reason": publication.reason,
            "at": publication.at,
        }
        statement = self._database.insert(publications).values(row)
        statement = statement.on_conflict_do_nothing(index_elements=["environment", "sequence"])
        added = connection.execute(statement.returning(publications.c.sequence)).first()
        of_before = select(publications.c.digest).where(
            publications.c.environment == publication.environment,
            publications.c.sequence == publication.sequence - 1,
        )
        before: str | None = connection.execute(of_before).scalar()
        if added is None or (before is None and publication.sequence > 1):
            raise ConflictError(
                f"publication {publication.sequence} of {publication.environment} does not follow the latest: "
                "look for it again"
            )
        return before


def _publication(row: Row[Any]) -> Publication:
    return Publication(
        environment=row.environment,
        sequence=row.sequence,
        digest=row.digest,
        kind=PublicationKind(row.kind),
        actor=row.actor,
        reason=row.reason,
        at=row.at,
    )
