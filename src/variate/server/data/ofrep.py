"""OFREP 0.3.0, the OpenFeature Remote Evaluation Protocol: one flag at a time."""

from __future__ import annotations

from typing import Any

import msgspec

from variate.model.access import Scope
from variate.model.decision import Decision, Reason
from variate.server.answer import JSON, Answer, encode, headers_of
from variate.server.data.evaluating import Evaluator
from variate.server.front import Route
from variate.server.refusal import Refusal
from variate.server.request import Request

PATH = "/ofrep/v1/evaluate/flags"


class _Asked(msgspec.Struct):
    context: dict[str, Any] = msgspec.field(default_factory=dict)


_decode = msgspec.json.Decoder(_Asked).decode


class Single:
    """``POST /ofrep/v1/evaluate/flags/{key}``."""

    def __init__(self, evaluator: Evaluator) -> None:
        self._evaluator = evaluator

    async def answer(self, request: Request) -> Answer:
        """Answer with the flag's value for the context's targeting key."""
        context = (await request.json(_decode)).context
        unit = context.get("targetingKey")
        if type(unit) is not str or not unit:
            raise Refusal(400, "TARGETING_KEY_MISSING", "context.targetingKey: must be a text, and not empty")
        key = request.tail
        decision = self._evaluator.now(key, unit, context) or await self._evaluator.soon(key, unit, context)
        request.evaluated(key, decision)
        if decision.reason is Reason.UNKNOWN:
            raise Refusal(404, "FLAG_NOT_FOUND", f"there is no flag and no experiment {key!r}")
        return Answer(200, encode(_success(key, decision)))

    @property
    def route(self) -> Route:
        """Where it is asked."""
        return Route(
            name="ofrep_single",
            method="POST",
            path=f"{PATH}/",
            handler=self.answer,
            scope=Scope.EVALUATE,
            refused=refused,
        )


def refused(request: Request, refusal: Refusal) -> Answer:
    """Return the refusal as OFREP writes one."""
    body = encode({"key": request.tail, "errorCode": refusal.code, "errorDetails": refusal.detail})
    return Answer(refusal.status, body, JSON + headers_of(refusal.headers))


def _success(key: str, decision: Decision) -> dict[str, Any]:
    return {
        "key": key,
        "value": decision.value,
        "reason": decision.reason.value.upper(),
        "variant": decision.variation or "",
    }
