"""A snapshot: all that decisions are made from, immutable, named by its digest. And its publications."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from variate.errors import InvalidInputError
from variate.model.document import Json
from variate.model.instant import check_instant
from variate.model.rules import check_choice, check_id, check_int, check_name, check_prose, check_whole

SNAPSHOT_FORMAT = 1
"""Counts changes of the form that an older reader would misunderstand: it refuses what is newer than it knows."""

_LAST_SEQUENCE = 2**53


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The text of a snapshot: JSON as ``spec/snapshot.schema.json`` describes it.

    ``Snapshot.of`` makes it from content; ``Snapshot(text)`` is for stores, which hand back what was kept. A store may
    hold the text sealed: then ``sealed_digest`` is the digest of what was sealed.
    """

    text: str
    sealed_digest: str | None = None

    @classmethod
    def of(cls, content: Json) -> Snapshot:
        """Return the snapshot with this content: the same text for equal content."""
        return cls(json.dumps(content, ensure_ascii=False, allow_nan=False, sort_keys=True, separators=(",", ":")))

    @property
    def digest(self) -> str:
        """The SHA-256 of the text's UTF-8 bytes, in hexadecimal: the snapshot's name."""
        return self.sealed_digest or hashlib.sha256(self.text.encode()).hexdigest()

    @property
    def content(self) -> Json:
        """The content, decoded anew."""
        return json.loads(self.text)


class PublicationKind(StrEnum):
    """Why a snapshot came into force."""

    PUBLISH = "publish"
    ROLLBACK = "rollback"


@dataclass(frozen=True, slots=True, kw_only=True)
class Publication:
    """From ``at`` on, ``digest`` was in force in ``environment``, until the publication of the next sequence.

    Sequences of an environment count from 1 without a gap. Never altered.
    """

    environment: str
    sequence: int
    digest: str
    kind: PublicationKind = PublicationKind.PUBLISH
    actor: str
    reason: str = ""
    at: datetime

    def __post_init__(self) -> None:
        check_environment("environment", self.environment)
        check_whole("sequence", self.sequence, minimum=1, maximum=_LAST_SEQUENCE)
        check_digest("digest", self.digest)
        object.__setattr__(self, "kind", check_choice("kind", self.kind, PublicationKind))
        check_name("actor", self.actor)
        check_prose("reason", self.reason)
        object.__setattr__(self, "at", check_instant("at", self.at))


def check_environment(field: str, value: object) -> str:
    """Return ``value`` if it is an environment's name: 1 to 64 of ``A-Za-z0-9._-``."""
    name = check_id(field, value)
    if len(name) > 64 or not name.isascii() or not all(each.isalnum() or each in "._-" for each in name):
        raise InvalidInputError(field, "must be 1 to 64 characters of A-Z, a-z, 0-9, '.', '_' and '-'")
    return name


def check_sequence(field: str, value: object) -> int:
    """Return ``value`` if it is a whole number; what no sequence can be as 0 or the number after the last one.

    So every store can look for it, and nobody finds it.
    """
    return min(max(check_int(field, value), 0), _LAST_SEQUENCE + 1)


def check_digest(field: str, value: object) -> str:
    """Return ``value`` if it is a digest: 64 hexadecimal digits in lower case."""
    digest = check_id(field, value)
    if len(digest) != 64 or not set(digest) <= set("0123456789abcdef"):
        raise InvalidInputError(field, "must be a digest of 64 hexadecimal digits")
    return digest
