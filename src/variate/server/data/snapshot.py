"""``GET /v1/snapshot``: what decisions are made from, for SDKs that decide where they are."""

from __future__ import annotations

import asyncio
import gzip
from dataclasses import dataclass
from email.utils import format_datetime

from variate.errors import NotFoundError
from variate.model.access import Scope
from variate.patience import within
from variate.platform import Platform
from variate.publishing.serving import InForce
from variate.server.answer import JSON, Answer
from variate.server.data.etags import has_already
from variate.server.data.freshness import AGE
from variate.server.front import Route
from variate.server.request import Request

SEQUENCE = b"x-variate-sequence"
_STORE_SECONDS = 5.0
"""How long the store may take: the threads that wait for it are few, and others need them."""


@dataclass(frozen=True, slots=True)
class _Texts:
    digest: str
    plain: bytes
    packed: bytes


class SnapshotText:
    """Answers with the text of the snapshot in force. It is read from its store once, packed once, and held."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform
        self._texts: _Texts | None = None

    async def answer(self, request: Request) -> Answer:
        """Answer with the text, packed for who takes it so, or that the client has it."""
        served = self._platform.snapshot_in_force()
        if served is None:
            served = await asyncio.to_thread(self._load)
        publication = served.publication
        tag = f'"{publication.digest}"'.encode()
        takes_packed = _takes_gzip(request.header(b"accept-encoding") or b"")
        headers = (
            (b"etag", b"W/" + tag if takes_packed else tag),  # a strong tag is of the very bytes
            (b"cache-control", b"private, no-cache"),
            (b"vary", b"accept-encoding, authorization, x-api-key"),
            (b"last-modified", format_datetime(publication.at, usegmt=True).encode()),
            (SEQUENCE, b"%d" % publication.sequence),
            (AGE, b"%d" % served.age_seconds),
        )
        if has_already(request, tag):
            return Answer(304, b"", headers)
        texts = self._texts
        if texts is None or texts.digest != publication.digest:
            texts = self._texts = await asyncio.to_thread(self._read, publication.digest)
        if takes_packed:
            return Answer(200, texts.packed, (*JSON, *headers, (b"content-encoding", b"gzip")))
        return Answer(200, texts.plain, JSON + headers)

    @property
    def route(self) -> Route:
        """Where it is asked. It shows rules and overrides, so it takes more than a key that may stand in a browser."""
        return Route(name="snapshot", method="GET", path="/v1/snapshot", handler=self.answer, scope=Scope.READ)

    def _load(self) -> InForce:
        with within(_STORE_SECONDS):
            self._platform.serving_status()
        served = self._platform.snapshot_in_force()
        if served is None:
            raise NotFoundError("snapshot", self._platform.settings.environment)
        return served

    def _read(self, digest: str) -> _Texts:
        with within(_STORE_SECONDS):
            found = self._platform.get_snapshot(digest)
        if found is None:
            raise NotFoundError("snapshot", digest)
        plain = found.text.encode()
        return _Texts(digest, plain, gzip.compress(plain, compresslevel=6, mtime=0))


def _takes_gzip(accepted: bytes) -> bool:
    """Return whether ``Accept-Encoding`` names gzip, and not with a weight of nothing."""
    for each in accepted.lower().split(b","):
        name, _, weight = each.partition(b";")
        if name.strip() in (b"gzip", b"*"):
            return weight.replace(b" ", b"") not in (b"q=0", b"q=0.0", b"q=0.00", b"q=0.000")
    return False
