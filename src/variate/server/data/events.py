"""``POST /v1/events``: events with a verdict for each, acknowledged once they are durable."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import msgspec

from variate.errors import InvalidInputError
from variate.model import Verdict, VerdictStatus
from variate.model.access import Scope
from variate.model.record import verdict_record
from variate.server.answer import Answer, encode
from variate.server.data import cloudevents
from variate.server.data.taking import MAX_EVENTS, Taking
from variate.server.front import Route
from variate.server.refusal import Refusal
from variate.server.request import Request

PATH = "/v1/events"


class _Given(msgspec.Struct, forbid_unknown_fields=True):
    events: list[Any]


_decode = msgspec.json.Decoder(_Given | list[Any]).decode
_decode_any = msgspec.json.Decoder().decode
_decode_list = msgspec.json.Decoder(list[Any]).decode
_TAKEN = ("application/json", cloudevents.ONE, cloudevents.BATCH)


class Events:
    """Takes events in JSON of our own, and CloudEvents."""

    def __init__(self, taking: Taking) -> None:
        self._taking = taking

    async def answer(self, request: Request) -> Answer:
        """Answer 202 once all that can be stored is durable; 422 where that is none of them."""
        given = await _given(request)
        if len(given) > MAX_EVENTS:
            raise Refusal(
                413, "too_many_events", f"events: must be at most {MAX_EVENTS} in a request, not {len(given)}"
            )
        stored = iter(await self._taking.take([each for each in given if not isinstance(each, Verdict)]))
        verdicts = [each if isinstance(each, Verdict) else next(stored) for each in given]
        told = _told(verdicts)
        if verdicts and told["rejected"] == len(verdicts):
            raise Refusal(422, "events_rejected", "every event was rejected: the verdicts say why", extensions=told)
        return Answer(202, encode(told))

    @property
    def route(self) -> Route:
        """Where they are sent."""
        return Route(name="events", method="POST", path=PATH, handler=self.answer, scope=Scope.INGEST)


def _told(verdicts: Sequence[Verdict]) -> dict[str, Any]:
    counts = Counter(verdict.status for verdict in verdicts)
    return {
        **{status.value: counts[status] for status in VerdictStatus},
        "verdicts": [verdict_record(verdict) for verdict in verdicts],
    }


async def _given(request: Request) -> list[Any]:
    """Return the events as dicts; a verdict stands for a CloudEvent that is none."""
    headers = request.scope["headers"]
    kind = request.media_type
    if kind == cloudevents.BATCH:
        return [_cloud_event(each) for each in await request.json(_decode_list)]
    if kind == cloudevents.ONE:
        return [_cloud_event(await request.json(_decode_any))]
    if cloudevents.is_binary(headers):
        try:
            cloud = cloudevents.from_headers(headers, await request.body())
        except InvalidInputError as error:
            return [_rejected(None, error)]
        return [_cloud_event(cloud)]
    if kind != "application/json":
        raise Refusal(
            415,
            "unsupported_media_type",
            f"the Content-Type must be one of {', '.join(_TAKEN)}",
            headers={"Accept": ", ".join(_TAKEN)},
        )
    given = await request.json(_decode)
    return given.events if isinstance(given, _Given) else given


def _cloud_event(cloud: Any) -> dict[str, Any] | Verdict:
    try:
        return cloudevents.event_of(cloud)
    except InvalidInputError as error:
        return _rejected(cloud, error)


def _rejected(cloud: Any, error: InvalidInputError) -> Verdict:
    given = cloud.get("id") if isinstance(cloud, dict) else None
    return Verdict(event_id=given if isinstance(given, str) else None, status=VerdictStatus.REJECTED, error=error)
