"""Decisions: what a unit gets, as ``Decision`` values. They are made in this process, without a store."""

from __future__ import annotations

from array import array
from collections.abc import Mapping, Sequence
from typing import Any

from variate.model.decision import Decision
from variate.platform import default_platform

Attributes = Mapping[str, Any]


def decide(user_id: str, experiment_id: str, attributes: Attributes | None = None) -> Decision:
    """Return the experiment's variation for the user, or that there is none, and why. Nothing is kept."""
    return default_platform().decide(user_id, experiment_id, attributes)


def decide_many(
    experiment_id: str, user_ids: Sequence[str], attributes: Sequence[Attributes] | None = None
) -> array[int]:
    """Return, for each user in order, the index of the variation in the experiment's list; -1 where there is none.

    ``attributes``, where given, has one dict a user.
    """
    return default_platform().decide_many(experiment_id, user_ids, attributes)


def evaluate_flag(user_id: str, flag_id: str, attributes: Attributes | None = None) -> Decision:
    """Return the flag's variation for the user, and why."""
    return default_platform().evaluate_flag(user_id, flag_id, attributes)


def evaluate_all_flags(user_id: str, attributes: Attributes | None = None) -> dict[str, Decision]:
    """Return the decision of every flag for the user, by flag id."""
    return default_platform().evaluate_all_flags(user_id, attributes)


def assign(user_id: str, experiment_id: str, attributes: Attributes | None = None) -> Decision:
    """Decide, keep the variation unless the user has one already, and return the one that stands.

    It may be written a little later, together with others; see ``flush_assignments``.
    """
    return default_platform().assign(user_id, experiment_id, attributes)


def assign_many(
    experiment_id: str,
    user_ids: Sequence[str],
    attributes: Sequence[Attributes] | None = None,
    *,
    ttl_days: float | None = None,
) -> list[Decision]:
    """Assign each user, in few writes, and return the decisions in order; all are durable then.

    ``attributes``, where given, has one dict a user. The experiment must be active.
    """
    return default_platform().assign_many(experiment_id, user_ids, attributes, ttl_days=ttl_days)


def flush_assignments() -> None:
    """Return once every assignment made so far is durable; raise ``StoreUnavailableError`` where that cannot be."""
    default_platform().flush_assignments()
