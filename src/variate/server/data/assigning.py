"""``POST /v1/assign``: experiments for one unit, decided, kept and told in full."""

from __future__ import annotations

from typing import Any

import msgspec

from variate.errors import InvalidInputError
from variate.model.access import Scope
from variate.model.decision import decision_record
from variate.model.rules import check_id
from variate.server.answer import Answer, encode
from variate.server.data.evaluating import Evaluator
from variate.server.front import Route
from variate.server.request import Request

MOST_EXPERIMENTS = 100


class _Asked(msgspec.Struct, forbid_unknown_fields=True):
    unit: str
    experiment: str | None = None
    experiments: list[str] | None = None
    attributes: dict[str, Any] = msgspec.field(default_factory=dict)


_decode = msgspec.json.Decoder(_Asked).decode


class Assign:
    """Answers with ``decisions``, by experiment, as ``decision_record`` has them; an unknown experiment says so."""

    def __init__(self, evaluator: Evaluator) -> None:
        self._evaluator = evaluator

    async def answer(self, request: Request) -> Answer:
        """Assign, and answer with what stands."""
        asked = await request.json(_decode)
        unit, experiments = check_id("unit", asked.unit), _experiments(asked)
        found = self._evaluator.assign_now(experiments, unit, asked.attributes)
        if found is None:
            found = await self._evaluator.assign_soon(experiments, unit, asked.attributes)
        request.evaluated_all(found)
        decisions = {key: decision_record(decision) for key, decision in found.items()}
        return Answer(200, encode({"unit": unit, "decisions": decisions}))

    @property
    def route(self) -> Route:
        """Where it is asked."""
        return Route(name="assign", method="POST", path="/v1/assign", handler=self.answer, scope=Scope.EVALUATE)


def _experiments(asked: _Asked) -> list[str]:
    if (asked.experiment is None) == (asked.experiments is None):
        raise InvalidInputError("experiments", "must be given, or one as `experiment`, and not both")
    if asked.experiment is not None:
        return [check_id("experiment", asked.experiment)]
    experiments = asked.experiments or []
    if not 1 <= len(experiments) <= MOST_EXPERIMENTS:
        raise InvalidInputError("experiments", f"must be 1 to {MOST_EXPERIMENTS}, not {len(experiments)}")
    return [check_id(f"experiments[{place}]", each) for place, each in enumerate(experiments)]
