"""A request as the data plane reads it: headers when asked for, the body within its limits."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, TypeVar

import msgspec

from variate.model.access import Principal
from variate.server.begun import Begun
from variate.server.body import CLOSE, Limits, Message, Receive, begun, ended, unpacked
from variate.server.noted import Noted
from variate.server.refusal import Refusal

Scope = MutableMapping[str, Any]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

T = TypeVar("T")

_PLACE = re.compile(r" - at `\$\.?(.*)`$", re.DOTALL)
_NAMED = re.compile(r"Object (contains unknown|missing required) field `(.*)`", re.DOTALL)
_KINDS = re.compile(r"Expected `(.*)`, got `(.*)`", re.DOTALL)

__all__ = ["Application", "Message", "Receive", "Request", "Scope", "Send"]


class Request(Noted):
    """One request. ``tail`` is what its path has after the route's; ``principal`` is set where the route asks who.

    ``whole`` is the body where it came with the head and is within the limit: then ``receive`` may be set later.
    """

    __slots__ = (
        "_begun",
        "_limits",
        "address",
        "id",
        "method",
        "path",
        "principal",
        "receive",
        "scope",
        "tail",
        "whole",
    )

    receive: Receive

    def __init__(
        self,
        scope: Scope,
        receive: Receive | None = None,
        *,
        id: str,  # noqa: A002 - the name of what it is
        limits: Limits,
        whole: bytes | None = None,
    ) -> None:
        super().__init__(scope)
        self.scope = scope
        self.method: str = scope["method"]
        self.path: str = scope["path"]
        self.id = id
        self.tail = ""
        self.principal: Principal | None = None
        self.address: str = client[0] if (client := scope.get("client")) else ""
        self.whole = whole
        if receive is not None:
            self.receive = receive
        self._limits = limits
        self._begun: Begun[bytes] | None = None

    def header(self, name: bytes) -> bytes | None:
        """Return the header of this name, which is in lower case, or None."""
        return self.headers.get(name)

    @property
    def media_type(self) -> str:
        """What the body is said to be, in lower case and without parameters; empty where that is not said."""
        return (self.header(b"content-type") or b"").partition(b";")[0].strip().lower().decode("latin-1")

    def body_at_once(self) -> bytes | None:
        """Return the body where all of it has come and needs no unpacking, as of most; None else: await ``body``."""
        if self.whole is None:
            body = self._begun = begun(self.receive, self._limits)
            if body.done:
                self.whole = body.value
        return None if b"content-encoding" in self.headers else self.whole

    async def body(self) -> bytes:
        """Return the body, unpacked where it is gzipped; raise ``Refusal`` where it is too large or too slow."""
        length = self.header(b"content-length")
        if length is not None:
            if not length.isdigit():
                raise Refusal(400, "malformed_length", "Content-Length must be a whole number", headers=CLOSE)
            # Any number of more digits is larger, and a very long one takes long to read.
            if len(length) > 18 or int(length) > self._limits.size:
                raise self._limits.too_large()
        body = self.whole
        if body is None:
            body = await ended(self._begun or begun(self.receive, self._limits), self._limits)
        encoding = self.header(b"content-encoding")
        return body if encoding is None else unpacked(body, encoding, self._limits)

    async def json(self, decode: Callable[[bytes], T]) -> T:
        """Return what ``decode``, a msgspec decoder's, makes of the body; raise ``Refusal`` where that is not to be."""
        return read_json(await self.body(), decode)

    async def gone(self) -> None:
        """Return when the other side is gone; what it sends until then is thrown away."""
        while (await self.receive())["type"] != "http.disconnect":
            pass


def read_json(body: bytes, decode: Callable[[bytes], T]) -> T:
    """Return what ``decode``, a msgspec decoder's, makes of it; raise ``Refusal`` where that is not to be."""
    try:
        return decode(body)
    except msgspec.ValidationError as error:
        raise _misshapen(str(error)) from error
    except RecursionError as error:
        raise Refusal(400, "malformed_body", "the body is nested too deep") from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Refusal(400, "malformed_body", f"the body is not JSON: {error}") from error


def _misshapen(said: str) -> Refusal:
    """Return what msgspec says of a body that is JSON of another form, in the words of all other refusals."""
    place = _PLACE.search(said)
    field, rule = (place[1], said[: place.start()]) if place else ("", said)
    if named := _NAMED.fullmatch(rule):
        field = f"{field}.{named[2]}" if field else named[2]
        rule = "is not known" if named[1] == "contains unknown" else "must be given"
    elif kinds := _KINDS.fullmatch(rule):
        rule = f"must be {kinds[1]}, not {kinds[2]}".replace("str", "string").replace(" | ", " or ")
    field = field or "body"
    return Refusal(400, "invalid_body", f"{field}: {rule}", extensions={"field": field, "rule": rule})
