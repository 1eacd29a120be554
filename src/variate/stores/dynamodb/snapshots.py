"""The snapshots and their publications in DynamoDB."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from variate.errors import ConflictError, NotFoundError, StoreError, StoreUnavailableError
from variate.model.snapshot import (
    Publication,
    PublicationKind,
    Snapshot,
    check_digest,
    check_environment,
    check_sequence,
)
from variate.stores.dynamodb.attributes import Item, instant, read_instant, text, whole
from variate.stores.dynamodb.conditions import Condition
from variate.stores.dynamodb.item_table import ItemTable
from variate.stores.dynamodb.payloads import Payloads
from variate.stores.dynamodb.queries import IndexQuery, check_page_limit
from variate.stores.dynamodb.source import TableSource
from variate.stores.dynamodb.writes import Put
from variate.stores.packing import packed, unpacked

_PREFIX = "publication#"
_LATEST = "publication"
_ROUNDS = 10
_PAGE = 100


class DynamoDBSnapshotStore:
    """A ``SnapshotStore`` in the guide's ``experiments`` table.

    A publication is the item ``publication#<environment>#<sequence>``, and the latest ``publication#<environment>``,
    too; both are written in one transaction, with the use of the snapshots. For these see ``Payloads``, and for
    experiments whose ids begin alike ``DynamoDBServingStore``.
    """

    def __init__(self, tables: TableSource) -> None:
        self._table = ItemTable(tables, "experiments")
        self._payloads = Payloads(self._table)

    def put(self, snapshot: Snapshot, *, at: datetime) -> None:
        """See ``SnapshotStore.put``."""
        self._payloads.put(snapshot.digest, packed(snapshot), at=at)

    def get(self, digest: str) -> Snapshot | None:
        """See ``SnapshotStore.get``."""
        found = self._payloads.get(check_digest("digest", digest))
        return None if found is None else unpacked(digest, found)

    def append(self, publication: Publication) -> None:
        """See ``SnapshotStore.append``."""
        for _ in range(_ROUNDS):
            latest = self.latest(publication.environment)
            if publication.sequence != (1 if latest is None else latest.sequence + 1):
                raise _not_next(publication)
            reasons = self._table.put_together([*_puts(publication, latest), *self._uses(publication, latest)])
            if not reasons:
                return
            if any(reason.is_refusal for reason in reasons[:2]):
                raise _not_next(publication)
            # Only a snapshot was used by somebody else meanwhile.
        raise StoreUnavailableError(f"snapshot {publication.digest} is in use all the time: try again later")

    def latest(self, environment: str) -> Publication | None:
        """See ``SnapshotStore.latest``."""
        item = self._table.get(_PREFIX + check_environment("environment", environment))
        return None if item is None else self._table.read(_read, item)

    def publications(self, environment: str, *, before: int | None = None, limit: int) -> Sequence[Publication]:
        """See ``SnapshotStore.publications``."""
        check_page_limit(limit)
        last = None if before is None else check_sequence("before", before) - 1
        latest = self.latest(environment)
        newest = 0 if latest is None else latest.sequence
        if last is not None:
            newest = min(newest, last)
        ids = [_numbered(environment, sequence) for sequence in range(newest, max(newest - limit, 0), -1)]
        found = self._table.get_all(ids)
        for each in ids:
            if each not in found:
                raise StoreError(f"the item {each} of {self._table.name} is gone: restore it from a backup")
        return [self._table.read(_read, found[each]) for each in ids]

    def purge(self, *, superseded_before: datetime) -> int:
        """See ``SnapshotStore.purge``. What was left behind by somebody who ended in between is deleted, too."""
        # DynamoDB fills an index a moment after the table, so it only says which environments there are. One that it
        # does not name yet has just published, and what it published is used since then.
        query = IndexQuery(index="kept-index", partition="kept", value=_LATEST, sort="used_at")
        environments = [item["id"]["S"] for item in self._table.query(query, page_size=_PAGE)]
        in_force = {self._table.read(_read, item).digest for item in self._table.get_all(environments).values()}
        return self._payloads.purge(before=superseded_before, in_force=in_force)

    def _uses(self, publication: Publication, latest: Publication | None) -> list[Put]:
        """Return the puts that make the publication's snapshot, and the one before it, used at its time."""
        head = self._payloads.head(publication.digest)
        if head is None:
            raise NotFoundError("snapshot", publication.digest)
        heads = [head]
        if latest is not None and latest.digest != publication.digest:
            before = self._payloads.head(latest.digest)
            heads += [] if before is None else [before]
        return [each.used(at=publication.at) for each in heads]


def _puts(publication: Publication, latest: Publication | None) -> list[Put]:
    """Return the puts of the publication, refused where another became the latest."""
    is_free = follows = Condition("attribute_not_exists(id)")
    if latest is not None:
        follows = Condition("#sequence = :latest", {"#sequence": "sequence"}, {":latest": whole(latest.sequence)})
    numbered = _item(publication)
    in_force = {
        "id": text(_PREFIX + publication.environment),
        "kept": text(_LATEST),
        "used_at": instant(publication.at),
    }
    return [Put(item=numbered | in_force, condition=follows), Put(item=numbered, condition=is_free)]


def _item(publication: Publication) -> Item:
    return {
        "id": text(_numbered(publication.environment, publication.sequence)),
        "environment": text(publication.environment),
        "sequence": whole(publication.sequence),
        "digest": text(publication.digest),
        "kind": text(publication.kind.value),
        "actor": text(publication.actor),
        "reason": text(publication.reason),
        "at": instant(publication.at),
    }


def _read(item: Item) -> Publication:
    return Publication(
        environment=item["environment"]["S"],
        sequence=int(item["sequence"]["N"]),
        digest=item["digest"]["S"],
        kind=PublicationKind(item["kind"]["S"]),
        actor=item["actor"]["S"],
        reason=item["reason"]["S"],
        at=read_instant(item["at"]),
    )


def _numbered(environment: str, sequence: int) -> str:
    return f"{_PREFIX}{environment}#{sequence}"


def _not_next(publication: Publication) -> ConflictError:
    return ConflictError(
        f"publication {publication.sequence} of {publication.environment} does not follow the latest: look for it again"
    )
