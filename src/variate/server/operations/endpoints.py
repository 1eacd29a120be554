"""``/healthz``, ``/readyz`` and ``/metrics``: what whoever runs the service asks it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from variate.model.access import Scope
from variate.server.addresses import is_loopback
from variate.server.answer import Answer, encode
from variate.server.front import Route
from variate.server.gate import Gate
from variate.server.operations.health import Health
from variate.server.operations.metrics import CONTENT_TYPE, prometheus_text
from variate.server.operations.numbers import Numbers
from variate.server.request import Request

_FORWARDED = (b"x-forwarded-for", b"forwarded", b"x-real-ip", b"via")


class Endpoints:
    """Answers from memory: no store is asked. ``numbers`` returns those of every process."""

    def __init__(self, *, health: Health, gate: Gate, numbers: Callable[[], Sequence[Numbers]]) -> None:
        self._health = health
        self._gate = gate
        self._numbers = numbers

    async def alive(self, request: Request) -> Answer:  # noqa: ARG002 - as every handler has it
        """Answer 200: the process and its event loop live. Whether it is ready is another question."""
        return Answer(200, b'{"status":"alive"}')

    async def ready(self, request: Request) -> Answer:  # noqa: ARG002 - as every handler has it
        """Answer 200 where requests should come here, else 503; with the state of everything."""
        return Answer(200 if self._health.ready else 503, encode(self._health.state()))

    async def metrics(self, request: Request) -> Answer:
        """Answer in Prometheus's text. From another machine, or through a proxy, it takes a key of scope ``read``."""
        client = request.scope.get("client")
        nearby = client is not None and is_loopback(client[0])
        if not nearby or any(name in request.headers for name in _FORWARDED):
            await self._gate.admit(request, Scope.READ)
        return Answer(200, prometheus_text(self._numbers()), ((b"content-type", CONTENT_TYPE.encode()),))

    @property
    def routes(self) -> list[Route]:
        """Where they are asked."""
        asked = (("healthz", self.alive), ("readyz", self.ready), ("metrics", self.metrics))
        return [Route(name=name, method="GET", path=f"/{name}", handler=handler, scope=None) for name, handler in asked]
