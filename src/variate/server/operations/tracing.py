"""Traces by OpenTelemetry: a span for each request that is traced, with the decisions made for it."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import TYPE_CHECKING

from opentelemetry.context import Context
from opentelemetry.sdk.resources import OTELResourceDetector, Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.sampling import DEFAULT_ON
from opentelemetry.trace import Span, SpanKind, Status, StatusCode, get_current_span
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from variate._version import __version__
from variate.model.decision import Decision, Reason
from variate.server.operations.secrets import hidden

if TYPE_CHECKING:
    from variate.server.request import Request

_propagator = TraceContextTextMapPropagator()

_REASONS = {
    Reason.UNKNOWN: "error",
    Reason.SPLIT: "split",
    Reason.KEPT: "split",
    Reason.OVERRIDE: "targeting_match",
    Reason.RULE: "targeting_match",
    Reason.DEFAULT: "default",
    Reason.OFF: "disabled",
    Reason.NOT_RUNNING: "disabled",
}
"""The semantic conventions' words for reasons; whatever else there is, is a default."""


class Traced:
    """A request that is traced. The user's id is in no span: it says who somebody is, and traces are read by many."""

    __slots__ = ("_environment", "span")

    def __init__(self, span: Span, environment: str) -> None:
        self.span = span
        self._environment = environment

    def evaluated(self, key: str, decision: Decision) -> None:
        """Add the event ``feature_flag.evaluation``."""
        said: dict[str, str | int] = {
            "feature_flag.key": key,
            "feature_flag.provider.name": "variate",
            "feature_flag.set.id": self._environment,
            "feature_flag.result.reason": _REASONS.get(decision.reason, "default"),
        }
        if decision.variation is not None:
            said["feature_flag.result.variant"] = decision.variation
        if decision.version is not None:
            said["feature_flag.version"] = str(decision.version)
        if decision.reason is Reason.UNKNOWN:
            said["error.type"] = "flag_not_found"
        self.span.add_event("feature_flag.evaluation", said)


class Tracing:
    """Begins and ends spans, of ``share`` of the requests and of those whose caller traces (W3C Trace Context)."""

    def __init__(
        self,
        provider: TracerProvider,
        *,
        share: float,
        environment: str,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._provider = provider
        self._tracer = provider.get_tracer("variate", __version__)
        self._share = share
        self._environment = environment
        self._chance = chance

    def begin(self, request: Request) -> Traced | None:
        """Return the request's span, begun; None where it is not traced."""
        given = request.headers.get(b"traceparent")
        context = None if given is None else _context(given, request.headers.get(b"tracestate"))
        if context is None:
            if self._chance() >= self._share:
                return None
        elif not get_current_span(context).get_span_context().trace_flags.sampled:
            return None  # the caller decided, and half a trace helps nobody
        span = self._tracer.start_span(
            request.method, context=context, kind=SpanKind.SERVER, attributes=self._attributes(request)
        )
        return Traced(span, self._environment)

    def end(self, traced: Traced, request: Request, *, route: str, status: int | None) -> None:
        """End the span; ``status`` is None where the other side went before it was answered."""
        span = traced.span
        if route.startswith("/"):  # else it was refused, or there is nothing: it took no route
            span.update_name(f"{request.method} {route}")
            span.set_attribute("http.route", route)
        if status is not None:
            span.set_attribute("http.response.status_code", status)
            if status >= 500:
                span.set_attribute("error.type", str(status))
                span.set_status(Status(StatusCode.ERROR))
        span.end()

    def close(self) -> None:
        """Send what has not been sent."""
        self._provider.shutdown()

    def _attributes(self, request: Request) -> dict[str, str | int]:
        scope = request.scope
        said: dict[str, str | int] = {
            "http.request.method": request.method,
            "url.scheme": scope.get("scheme", "http"),
            "url.path": hidden(request.path),
            "network.protocol.version": scope.get("http_version", "1.1"),
            "client.address": request.address,
            "variate.request_id": request.id,
        }
        server = scope.get("server")
        if server is not None and server[0]:
            said["server.address"] = server[0]
            if server[1]:
                said["server.port"] = server[1]
        agent = request.headers.get(b"user-agent")
        if agent is not None:
            said["user_agent.original"] = agent.decode("latin-1")
        return said


def exporting() -> TracerProvider:
    """Return what sends spans by OTLP over HTTP, as the standard variables, which the SDK reads, say."""
    # Its HTTP client takes long to import, and most services trace nothing.
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # noqa: PLC0415 - slow to import

    ours = Resource({"service.name": "variate", "service.version": __version__})
    # Which requests are traced is decided before a span is begun.
    provider = TracerProvider(resource=ours.merge(OTELResourceDetector().detect()), sampler=DEFAULT_ON)
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    return provider


def _context(parent: bytes, state: bytes | None) -> Context | None:
    """Return the caller's context; None where what it sent is none."""
    carrier = {"traceparent": parent.decode("latin-1")}
    if state is not None:
        carrier["tracestate"] = state.decode("latin-1")
    return _propagator.extract(carrier) or None
