"""``/keys``: API keys. A secret is shown when it is made, and never again."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from fastapi import Response

from variate.access.keys import Issued
from variate.errors import InvalidInputError, NotFoundError
from variate.model import parse_instant
from variate.model.access_record import key_record
from variate.server.management import conditional
from variate.server.management.access_shapes import IssuedKey, Key, KeyChange, KeyList, NewKey, Rotation
from variate.server.management.answers import ShownOnce, defined, entity_tag, problem
from variate.server.management.asking import Actor, Asked, Id, Served
from variate.server.management.conditional import Expected, ExpectedIfGiven, IfNoneMatch, decided_on
from variate.server.management.locations import location
from variate.server.management.needs import ADMINISTERS
from variate.server.management.paging import Paged
from variate.server.management.routes import Routes
from variate.server.refusal import Refusal
from variate.server.request import Request

routes = Routes("Keys", "API keys: what programs show. A secret is shown when it is made, and never again.")

_MOST_HOURS = 1e6
"""More than any grace; the platform says how long one may be."""


@routes.get("/keys", needs=ADMINISTERS, answers=KeyList)
def list_keys(platform: Served, paging: Paged) -> Response:
    """List the keys, the most recently created first, those that count no longer too."""
    return paging.of(platform.list_api_keys, key_record)


@routes.post("/keys", needs=ADMINISTERS, answers=IssuedKey, status=201)
def create_key(body: NewKey, platform: Served, actor: Actor, asked: Asked) -> Response:
    """Create a key. Its secret is in this answer only: the same request sent again is answered 409, without it."""
    return _issued(platform.create_api_key(**_given(body), actor=actor), asked)


@routes.get("/keys/{key_id}", needs=ADMINISTERS, answers=Key)
def get_key(key_id: Id, platform: Served, if_none_match: IfNoneMatch = None) -> Response:
    """Read a key, also one that counts no longer. Its secret nobody can read."""
    key = platform.get_api_key(key_id)
    if key is None:
        raise NotFoundError("key", key_id)
    return conditional.read(key_record(key), if_none_match)


@routes.patch("/keys/{key_id}", needs=ADMINISTERS, answers=Key)
def update_key(key_id: Id, body: KeyChange, platform: Served, actor: Actor, expected: Expected) -> Response:
    """Change what is given. A key that was revoked does not change any more."""
    with decided_on(expected):
        after = platform.update_api_key(key_id, **_given(body), expected_revision=expected, actor=actor)
    return defined(key_record(after))


@routes.post("/keys/{key_id}/rotate", needs=ADMINISTERS, answers=IssuedKey, status=201)
def rotate_key(
    key_id: Id, body: Rotation, platform: Served, actor: Actor, asked: Asked, expected: ExpectedIfGiven
) -> Response:
    """Create a key in place of this one, which goes on counting for a while: until all who use it have the new one."""
    hours = body.given.get("grace_hours", 24.0)
    if not 0 <= hours <= _MOST_HOURS:  # false for NaN
        raise InvalidInputError("grace_hours", "must be from 0 to 2160")
    with decided_on(expected):
        issued = platform.rotate_api_key(key_id, grace=timedelta(hours=hours), expected_revision=expected, actor=actor)
    return _issued(issued, asked)


@routes.post("/keys/{key_id}/revoke", needs=ADMINISTERS, answers=Key)
def revoke_key(key_id: Id, platform: Served, actor: Actor, expected: ExpectedIfGiven) -> Response:
    """Have the key count no longer, within seconds in every process."""
    with decided_on(expected):
        after = platform.revoke_api_key(key_id, expected_revision=expected, actor=actor)
    return defined(key_record(after))


def _given(body: NewKey | KeyChange) -> dict[str, Any]:
    given = body.given
    if given.get("expires_at") is not None:
        given["expires_at"] = parse_instant("expires_at", given["expires_at"])
    return given


def _issued(issued: Issued, asked: Request) -> Response:
    record = key_record(issued.key)
    place = location("keys", issued.key.id)
    shown_before = Refusal(
        409,
        "secret_shown_before",
        f"this made the key {issued.key.id!r}, whose secret was shown then: revoke it and create another",
        headers={"Location": place},
    )
    return ShownOnce(
        {**record, "secret": issued.secret},
        status=201,
        headers={"ETag": entity_tag(record), "Location": place},
        again=problem(shown_before, path=asked.path, request_id=asked.id),
    )
