"""What the front hands on: within the same limits, under the same headers, and with a line in the log."""

from __future__ import annotations

import asyncio
import logging
import time

from variate.errors import LimitExceededError
from variate.server.answer import problem_answer
from variate.server.body import Limits
from variate.server.envelope import Envelope
from variate.server.gate import Gate
from variate.server.refusal import Refusal, refusal_of
from variate.server.request import Application, Message, Receive, Request, Send
from variate.server.tricks import check_path
from variate.service_settings import ServiceSettings

logger = logging.getLogger("variate.server")
access_logger = logging.getLogger("variate.requests")

UNMATCHED = "unmatched"
_MOST_DIGITS = 18


class HandedOn:
    """Has ``application`` answer a request, which finds it as ``scope["variate.request"]``.

    The body is refused as the data plane's is where it is too large or too slow, though the application may have begun
    to read it.
    """

    def __init__(self, application: Application, *, gate: Gate, envelope: Envelope, settings: ServiceSettings) -> None:
        self._application = application
        self._gate = gate
        self._envelope = envelope
        self._settings = settings

    async def __call__(self, request: Request, receive: Receive, send: Send) -> tuple[str, int | None]:
        """Answer the request; return the route it took and the status it was answered with."""
        began = time.perf_counter()
        exchange = _Exchange(request, receive, send, envelope=self._envelope, settings=self._settings)
        try:
            check_path(request.path, request.scope.get("raw_path") or b"")
            self._gate.pace(request)
            exchange.check_length()
        except LimitExceededError as error:
            await exchange.refuse(refusal_of(error))
        except Refusal as refusal:
            self._gate.log(request, refusal)
            await exchange.refuse(refusal)
        else:
            await self._run(exchange, request)
        route = getattr(request.scope.get("route"), "path", UNMATCHED)
        self._log(request, route, exchange.status, time.perf_counter() - began)
        return route, exchange.status

    async def _run(self, exchange: _Exchange, request: Request) -> None:
        request.scope["variate.request"] = request
        try:
            await self._application(request.scope, exchange.receive, exchange.send)
        except Exception:
            if exchange.refusal is None:
                logger.exception("%s %s failed", request.method, request.path, extra={"request_id": request.id})
                exchange.refusal = Refusal(500, "internal", "this failed here: the log says why, by the id")
        if exchange.refusal is not None:
            await exchange.refuse(exchange.refusal)

    def _log(self, request: Request, route: str, status: int | None, seconds: float) -> None:
        access_logger.log(
            logging.ERROR if status is not None and status >= 500 else logging.INFO,
            "%s %s %s",
            request.method,
            route,
            status,
            extra={
                "method": request.method,
                "route": route,
                "status": status,
                "ms": round(seconds * 1_000, 3),
                "actor": request.actor,
                "address": request.address,
                "request_id": request.id,
            },
        )


class _Exchange:
    """The messages to and from the application."""

    def __init__(
        self, request: Request, receive: Receive, send: Send, *, envelope: Envelope, settings: ServiceSettings
    ) -> None:
        self.refusal: Refusal | None = None
        """Why what the application says is not sent."""
        self.status: int | None = None
        self._request = request
        self._receive = receive
        self._send = send
        self._envelope = envelope
        self._limits = Limits(settings.max_body_bytes, settings.body_timeout_seconds)
        self._until: float | None = None
        self._size = 0
        self._whole = False

    def check_length(self) -> None:
        """Raise ``Refusal`` where the body is said to be too large."""
        length = self._request.headers.get(b"content-length")
        if length is not None and (len(length) > _MOST_DIGITS or int(length) > self._limits.size):
            raise self._limits.too_large()

    async def receive(self) -> Message:
        """Return the next message from the other side, as if that had gone once its body is refused."""
        if self._whole:
            return await self._receive()
        if self.refusal is not None:
            return {"type": "http.disconnect"}
        now = asyncio.get_running_loop().time()
        self._until = self._until or now + self._limits.seconds
        try:
            async with asyncio.timeout_at(self._until):
                message = await self._receive()
        except TimeoutError:
            self.refusal = self._limits.too_slow()
            return {"type": "http.disconnect"}
        self._size += len(message.get("body", b""))
        self._whole = not message.get("more_body")
        if self._size > self._limits.size:
            self.refusal = self._limits.too_large()
            return {"type": "http.disconnect"}
        return message

    async def send(self, message: Message) -> None:
        """Send what the application says, with what each answer has; nothing once it is refused."""
        if self.refusal is not None and self.status is None:
            return
        if message["type"] == "http.response.start":
            self.status = message["status"]
            message = {**message, "headers": self._envelope.around(list(message.get("headers", ())), self._request)}
        await self._send(message)

    async def refuse(self, refusal: Refusal) -> None:
        """Answer with the refusal, unless an answer has begun."""
        if self.status is not None:
            return
        self.status = refusal.status
        answer = problem_answer(refusal, path=self._request.path, request_id=self._request.id)
        await self._envelope.send(self._send, answer, self._request)
