"""OFREP 0.3.0, the OpenFeature Remote Evaluation Protocol: one flag at a time."""

from __future__ import annotations

from typing import Any

import msgspec

from variate.model.access import Scope
from variate.model.decision import Reason
from variate.server.answer import JSON as JSON_HEADERS
from variate.server.answer import Answer, encode, headers_of
from variate.server.data.evaluating import Evaluator
from variate.server.data.evaluation_texts import EvaluationTexts
from variate.server.data.freshness import Freshness
from variate.server.front import Route
from variate.server.refusal import Refusal
from variate.server.request import Request, read_json

PATH = "/ofrep/v1/evaluate/flags"


class Asked(msgspec.Struct):
    """The body of both requests. Of what else is in it nothing is looked at."""

    context: dict[str, Any] = msgspec.field(default_factory=dict)


decode_asked = msgspec.json.Decoder(Asked).decode


class Single:
    """``POST /ofrep/v1/evaluate/flags/{key}``."""

    def __init__(self, evaluator: Evaluator, evaluations: EvaluationTexts, freshness: Freshness) -> None:
        self._evaluator = evaluator
        self._evaluation = evaluations.answer
        self._late = freshness.headers

    async def answer(self, request: Request) -> Answer:
        """Answer with the flag's value for the context's targeting key."""
        context = read_json(await request.body(), decode_asked).context
        unit = context.get("targetingKey")
        if type(unit) is not str or not unit:
            raise no_unit(unit)
        key = request.tail
        decision = self._evaluator.now(key, unit, context)
        if decision is None:
            decision = await self._evaluator.soon(key, unit, context)
        request.evaluated(key, decision)
        if decision.reason is Reason.UNKNOWN:
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


def no_unit(given: object) -> Refusal:
    """Return why nothing is decided without a unit."""
    if given is None or given == "":
        return Refusal(400, "TARGETING_KEY_MISSING", "context.targetingKey: must be there, a text that is not empty")
    return Refusal(400, "INVALID_CONTEXT", f"context.targetingKey: must be a text, not {type(given).__name__}")


def unknown(key: str) -> Refusal:
    """Return that there is no such flag."""
    return Refusal(404, "FLAG_NOT_FOUND", f"there is no flag and no experiment {key!r}")


def refused(request: Request, refusal: Refusal) -> Answer:
    """Return the refusal as OFREP writes one of a request for all flags."""
    found = _in_words_of_ofrep(request.tail, refusal)
    told = {"errorCode": found.code, "errorDetails": found.detail}
    return Answer(found.status, encode(told), JSON_HEADERS + headers_of(refusal.headers))


def _refused(request: Request, refusal: Refusal) -> Answer:
    found = _in_words_of_ofrep(request.tail, refusal)
    told = {"key": request.tail, "errorCode": found.code, "errorDetails": found.detail}
    return Answer(found.status, encode(told), JSON_HEADERS + headers_of(refusal.headers))


def _in_words_of_ofrep(key: str, refusal: Refusal) -> Refusal:
    """Return the refusal with one of OpenFeature's error codes, and the status that goes with it."""
    field = refusal.extensions.get("field")
    if field == "id":
        return unknown(key)  # an id that no flag can have
    code = _CODES.get(refusal.code, "GENERAL")
    if refusal.code == "invalid_body" and "$.context" not in refusal.detail:
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
