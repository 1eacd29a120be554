"""Units that come by an application: assigned and recorded by it over HTTP, as in production."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import httpx

AT_ONCE = 4
_BATCH = 500
_EVERY = {"control": 5}
"""Of so many units of a variation one orders."""
_EVERY_ELSE = 3


def send(url: str, secret: str, experiment_id: str, numbers: Sequence[int]) -> None:
    """Have units of these numbers assigned and exposed; some of them order, more of those outside the control."""
    with httpx.Client(base_url=url, headers={"Authorization": f"Bearer {secret}"}, timeout=60) as client:
        with ThreadPoolExecutor(AT_ONCE) as pool:
            shown = list(pool.map(partial(_assigned, client, experiment_id), numbers))
        events = [
            event
            for number, variation in zip(numbers, shown, strict=True)
            for event in _of(experiment_id, number, variation)
        ]
        for start in range(0, len(events), _BATCH):
            answer = client.post("/v1/events", json={"events": events[start : start + _BATCH]})
            assert answer.status_code == 202, answer.text
            assert answer.json()["rejected"] == 0, answer.text


def unit_of(number: int) -> str:
    """Return the unit of this number."""
    return f"user-{number}"


def _country(number: int) -> str:
    return ("DE", "FR", "US")[number % 3]


def _assigned(client: httpx.Client, experiment_id: str, number: int) -> str:
    asked = {
        "unit": unit_of(number),
        "experiments": [experiment_id],
        "attributes": {"country": _country(number), "plan": "pro"},
    }
    answer = client.post("/v1/assign", json=asked)
    assert answer.status_code == 200, answer.text
    variation: str | None = answer.json()["decisions"][experiment_id]["variation"]
    assert variation is not None, answer.text
    return variation


def _of(experiment_id: str, number: int, variation: str) -> list[dict[str, Any]]:
    of_unit = {"user_id": unit_of(number), "experiment_id": experiment_id}
    met = {"variation": variation, "dimensions": {"country": _country(number)}}
    events = [{**of_unit, "id": f"{experiment_id}-met-{number}", "event_type": "exposure", "data": met}]
    if number % _EVERY.get(variation, _EVERY_ELSE) == 0:
        events.append(
            {**of_unit, "id": f"{experiment_id}-order-{number}", "event_type": "order", "data": {"value": 20}}
        )
    return events
