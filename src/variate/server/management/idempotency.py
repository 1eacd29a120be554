"""``Idempotency-Key``: the same request, sent again, is answered by the reply that was kept, and done once."""

from __future__ import annotations

import hashlib
import hmac
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, TypeVar
from uuid import UUID, uuid5

from fastapi import Depends, Header, Request, Response
from starlette.concurrency import run_in_threadpool

from variate.errors import ConflictError, VariateError
from variate.model.access import Principal
from variate.server.management.answers import ShownOnce
from variate.server.refusal import Refusal
from variate.stores.access import Reply, ReplyStore

logger = logging.getLogger("variate.server")

D = TypeVar("D")

KEPT = timedelta(hours=24)
HEADER = "idempotency-key"
_MAX_CHARACTERS = 255
_KEPT_HEADERS = ("content-type", "etag", "location", "link", "cache-control")
_IDS = UUID("4b0d4cbc-5c0f-4f0c-9a63-0b4a2f3d1f8e")
"""The namespace of the ids that are made of idempotency keys. Another one would let a repeated request create anew."""

IdempotencyKey = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        description=(
            "Any text of up to 255 characters that is new for each thing to be done, such as a UUID. The same request "
            "with the same key is done once, and answered alike for 24 hours."
        ),
        min_length=1,
        max_length=_MAX_CHARACTERS,
        openapi_examples={"a UUID": {"value": "3f0c6d0e-7c4b-4a55-9a43-6f2b1c9a7d10"}},
    ),
]


def held_as(principal: Principal, key: str) -> str:
    """Return what stands for the key in the store: one of its own for each who asks."""
    return hashlib.sha256(f"{principal.kind}\n{principal.id}\n{key}".encode()).hexdigest()


async def _fresh_id(request: Request, idempotency_key: IdempotencyKey = None) -> str | None:
    if idempotency_key is None:
        return None
    return str(uuid5(_IDS, held_as(request.state.principal, idempotency_key)))


FreshId = Annotated[str | None, Depends(_fresh_id)]
"""The id for what a request creates: always the same for one idempotency key, None for none.

So whatever dies between the creation and its reply, the request sent again finds what it created.
"""


def created_once(
    chosen: str | None, fresh: str | None, *, create: Callable[[str | None], D], read: Callable[[str], D | None]
) -> D:
    """Return what ``create`` makes under the id that was chosen, or else under the ``FreshId``.

    Under that one, what stands is returned: this very request created it before, and died before its reply was kept.
    """
    if chosen is not None or fresh is None:
        return create(chosen)
    try:
        return create(fresh)
    except ConflictError:
        standing = read(fresh)
        if standing is None:
            raise
        return standing


@dataclass(frozen=True, slots=True, kw_only=True)
class Idempotency:
    """Answers requests that carry a key once. What failed here (5xx) is not kept, so that it can be tried again."""

    replies: ReplyStore
    clock: Callable[[], datetime]

    async def once(
        self, key: str, *, principal: Principal, asked: bytes, make: Callable[[], Awaitable[Response]]
    ) -> Response:
        """Return what ``make`` returns, or the reply kept of the time before; ``asked`` is all of the request."""
        if not 0 < len(key) <= _MAX_CHARACTERS:
            rule = f"must be 1 to {_MAX_CHARACTERS} characters"
            extensions = {"field": "Idempotency-Key", "rule": rule}
            raise Refusal(422, "invalid_input", f"Idempotency-Key: {rule}", extensions=extensions)
        held = held_as(principal, key)
        # By the key, which the store does not hold: a body may have a password, which a plain hash would give away.
        fingerprint = hmac.digest(key.encode(), asked, "sha256").hex()
        at = self.clock()
        claim = await run_in_threadpool(self.replies.claim, held, fingerprint, at=at, expires_at=at + KEPT)
        if claim.fingerprint != fingerprint:
            raise Refusal(
                422,
                "idempotency_key_reused",
                "the Idempotency-Key stands for another request: take a new key for a new request",
                extensions={"field": "Idempotency-Key", "rule": "must be new for another request"},
            )
        if claim.token is None:
            return _again(claim.reply)
        try:
            response = await make()
        except Exception:
            await self._release(held, claim.token)
            raise
        if response.status_code >= 500:
            await self._release(held, claim.token)
        else:
            await self._settle(held, claim.token, response)
        return response

    async def _settle(self, held: str, token: str, response: Response) -> None:
        kept = response.again if isinstance(response, ShownOnce) else response
        headers = {name: kept.headers[name] for name in _KEPT_HEADERS if name in kept.headers}
        reply = Reply(status=kept.status_code, headers=headers, body=bytes(kept.body))
        try:
            await run_in_threadpool(self.replies.settle, held, token, reply)
        except VariateError as error:
            logger.warning("a reply cannot be kept for who asks again: %s", error)

    async def _release(self, held: str, token: str) -> None:
        try:
            await run_in_threadpool(self.replies.release, held, token)
        except VariateError as error:
            logger.warning("an idempotency key cannot be given back; it is free again in a minute: %s", error)


def _again(reply: Reply | None) -> Response:
    if reply is None:
        raise Refusal(
            409,
            "idempotency_key_in_use",
            "the same request is being answered just now: ask again for its reply",
            headers={"Retry-After": "1"},
        )
    headers = {**reply.headers, "Idempotency-Replayed": "true"}
    return Response(reply.body, status_code=reply.status, headers=headers)
