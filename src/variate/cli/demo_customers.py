"""The simulated customers of ``variate demo``, whose truth is known."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import timedelta
from typing import Any, NamedTuple

from variate.model import EXPOSURE, Experiment

CONTROL, TREATMENT = "control", "new-checkout"
RATES = {CONTROL: 0.10, TREATMENT: 0.12}
"""The share of customers who buy, by variation."""
PAST = timedelta(days=14)
"""How long before their exposure customers bought too."""

_LEAST_ORDER, _FURTHER = 20.0, 20.0
"""The value of the smallest order, and how much more is bought on average."""
_PAST_RATE = 0.15
_LOYALTY = 0.7
"""The share of customers who were as eager before as they are now."""
_SUPPORT_RATE = 0.03
_COUNTRIES = {"DE": 5, "FR": 3, "US": 2}


class Customer(NamedTuple):
    """A simulated customer. Who buys at all is drawn once, so that the new checkout only adds buyers."""

    unit: str
    country: str
    eagerness: float
    past_eagerness: float
    order: float
    patience: float
    days_ago: float

    def buys(self, variation: str) -> bool:
        """Whether the customer buys when given this variation."""
        return self.eagerness < RATES[variation]


def customers(count: int, *, seed: int) -> list[Customer]:
    """Return so many customers, the same for the same seed."""
    chance = random.Random(seed)  # noqa: S311 - a simulation, to be repeatable
    countries = chance.choices([*_COUNTRIES], weights=[*_COUNTRIES.values()], k=count)
    found = []
    for number, country in enumerate(countries, start=1):
        eagerness = chance.random()
        found.append(
            Customer(
                unit=f"user-{number}",
                country=country,
                eagerness=eagerness,
                past_eagerness=eagerness if chance.random() < _LOYALTY else chance.random(),
                order=round(_LEAST_ORDER + chance.expovariate(1 / _FURTHER), 2),
                patience=chance.random(),
                days_ago=chance.uniform(1, PAST.days - 1),
            )
        )
    return found


def events_of(customer: Customer, experiment: Experiment, variation: str) -> Iterator[dict[str, Any]]:
    """Yield what the customer does: before meeting the variation, meeting it, and from then on.

    All is recorded with the experiment, so that the customers of another demo, whose ids are the same, are others.
    """

    def event(name: str, event_type: str, data: dict[str, Any]) -> dict[str, Any]:
        return {
            "id": f"{experiment.id}/{customer.unit}/{name}",
            "user_id": customer.unit,
            "event_type": event_type,
            "data": data,
            "experiment_id": experiment.id,
        }

    bought = {"value": customer.order}
    if customer.past_eagerness < _PAST_RATE:
        past = experiment.created_at - timedelta(days=customer.days_ago)
        yield {**event("before", "purchase", bought), "timestamp": past}
    yield event("met", EXPOSURE, {"variation": variation, "dimensions": {"country": customer.country}})
    if customer.buys(variation):
        yield event("bought", "purchase", bought)
    if customer.patience < _SUPPORT_RATE:
        yield event("asked", "support", {})
