"""OFREP 0.3.0, the OpenFeature Remote Evaluation Protocol: one flag at a time."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Any

import msgspec

from variate.model.access import Scope
from variate.model.decision import Decision, Reason
from variate.server.answer import JSON as JSON_HEADERS
from variate.server.answer import Answer, encode, headers_of
from variate.server.data.evaluating import Evaluator
from variate.server.data.evaluations import Evaluations
from variate.server.data.freshness import Freshness
from variate.server.front import Route
from variate.server.refusal import Refusal
from variate.server.request import Request, read_json

PATH = "/ofrep/v1/evaluate/flags"


class _Asked(msgspec.Struct):
    """The body of both requests. Of what else is in it nothing is looked at."""

    context: dict[str, Any] = msgspec.field(default_factory=dict)


_UNKNOWN = Reason.UNKNOWN  # Python 3.11 takes longer to find a member of an enumeration than this to be compared
_decode = msgspec.json.Decoder(_Asked).decode


class Single:
    """``POST /ofrep/v1/evaluate/flags/{key}``."""

    def __init__(self, evaluator: Evaluator, evaluations: Evaluations, freshness: Freshness) -> None:
        self._evaluator = evaluator
        self._evaluation = evaluations.answer
        self._late = freshness.headers

    def answer(self, request: Request) -> Answer | Awaitable[Answer]:
        """Answer with the flag's value for the context's targeting key, at once where that can be."""
        body = request.body_at_once()
        if body is None:
            return self._answer_later(request)
        unit, context = asked(body)
        decision = self._evaluator.now(request.tail, unit, context)
        if decision is None:
            return self._answer_soon(request, unit, context)
        return self._told(request, decision)

    async def _answer_later(self, request: Request) -> Answer:
        unit, context = asked(await request.body())
        decision = self._evaluator.now(request.tail, unit, context)
        return await self._answer_soon(request, unit, context) if decision is None else self._told(request, decision)

    async def _answer_soon(self, request: Request, unit: str, context: dict[str, Any]) -> Answer:
        return self._told(request, await self._evaluator.soon(request.tail, unit, context))

    def _told(self, request: Request, decision: Decision) -> Answer:
        key = request.tail
        request.evaluated(key, decision)
        if decision.reason is _UNKNOWN:
            raise unknown(key)
        answer, late = self._evaluation(key, decision), self._late()
        return Answer(200, answer.body, answer.headers + late) if late else answer

    @property
    def route(self) -> Route:
        """Where it is asked."""
        return Route(
            name="ofrep_single",
            method="POST",
            path=f"{PATH}/",
            handler=self.answer,
            scope=Scope.EVALUATE,
            refused=_refused,
        )


def asked(body: bytes) -> tuple[str, dict[str, Any]]:
    """Return the unit and the context of a request's body; raise ``Refusal`` where it has none."""
    context = read_json(body, _decode).context
    unit = context.get("targetingKey")
    if type(unit) is str and unit:
        return unit, context
    if unit is None or unit == "":
        raise Refusal(400, "TARGETING_KEY_MISSING", "context.targetingKey: must be there, a text that is not empty")
    raise Refusal(400, "INVALID_CONTEXT", f"context.targetingKey: must be a text, not {type(unit).__name__}")


def unknown(key: str) -> Refusal:
    """Return that there is no such flag."""
    return Refusal(404, "FLAG_NOT_FOUND", f"there is no flag and no experiment {key!r}")


def refused(_: Request, refusal: Refusal) -> Answer:
    """Return the refusal as OFREP writes one of a request for all flags."""
    found = _in_words_of_ofrep(refusal)
    told = {"errorCode": found.code, "errorDetails": found.detail}
    return Answer(found.status, encode(told), JSON_HEADERS + headers_of(refusal.headers))


def _refused(request: Request, refusal: Refusal) -> Answer:
    found = _in_words_of_ofrep(refusal)
    told = {"key": request.tail, "errorCode": found.code, "errorDetails": found.detail}
    return Answer(found.status, encode(told), JSON_HEADERS + headers_of(refusal.headers))


def _in_words_of_ofrep(refusal: Refusal) -> Refusal:
    """Return the refusal with one of OpenFeature's error codes, and the status that goes with it."""
    field = refusal.extensions.get("field")
    code = _CODES.get(refusal.code, "GENERAL")
    if refusal.code == "invalid_body" and field != "context":
        code = "PARSE_ERROR"
    elif field in ("flag", "experiment", "audience"):
        code = "PARSE_ERROR"  # its definition is of another release
    return Refusal(refusal.status if code in ("GENERAL", "FLAG_NOT_FOUND") else 400, code, refusal.detail)


_CODES = {
    "FLAG_NOT_FOUND": "FLAG_NOT_FOUND",
    "INVALID_CONTEXT": "INVALID_CONTEXT",
    "TARGETING_KEY_MISSING": "TARGETING_KEY_MISSING",
    "invalid_body": "INVALID_CONTEXT",
    "invalid_input": "INVALID_CONTEXT",
    "malformed_body": "PARSE_ERROR",
}
"""OpenFeature's word for each code of ours; all others are ``GENERAL``."""
