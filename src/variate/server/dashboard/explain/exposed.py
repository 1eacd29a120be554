"""What an exposure said of a unit: the attributes that an explanation lacks, since attributes are not kept."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from variate.model import EXPOSURE, Event
from variate.rendering.definition_words import json_words
from variate.server.dashboard.conditions.sample import dimensions_of
from variate.server.dashboard.explain.asked import Asked
from variate.server.dashboard.typed_json import json_text


@dataclass(frozen=True, slots=True, kw_only=True)
class Exposed:
    """An exposure to what was asked for: ``at``, what it ``said`` of the unit, and the ``link`` to explain by that."""

    at: datetime
    said: str
    link: str


def exposed(asked: Asked, events: Iterable[Event]) -> Exposed | None:
    """Return the newest exposure by the time asked for that says anything; None where there is none.

    ``events`` are the unit's, the latest first.
    """
    for event in events:
        is_one = event.event_type == EXPOSURE and event.experiment_id == asked.experiment_id
        dimensions = dimensions_of(event)
        if is_one and dimensions and (asked.at is None or event.at <= asked.at):
            said = ", ".join(f"{name} = {json_words(value)}" for name, value in dimensions.items())
            return Exposed(at=event.at, said=said, link=asked.link(attributes=json_text(dict(dimensions), indent=None)))
    return None
