"""Assignments."""

from __future__ import annotations

from typing import Any

from variate.functions.rows import items
from variate.model.record import Record, assignment_record
from variate.platform import default_platform


def create_assignment(user_id: str, experiment_id: str, variation: str, ttl_days: float | None = 30) -> Record:
    """Keep ``variation`` for the user unless there is an assignment already; return the one that stands.

    However many callers come at once, all get back the same one.
    """
    return assignment_record(default_platform().create_assignment(user_id, experiment_id, variation, ttl_days=ttl_days))


def get_user_assignment(user_id: str, experiment_id: str) -> Record | None:
    """Return the user's assignment, or None where there is none or it has expired."""
    assignment = default_platform().get_user_assignment(user_id, experiment_id)
    return None if assignment is None else assignment_record(assignment)


def get_user_assignments(user_id: str, limit: int = 100, last_key: str | None = None) -> dict[str, Any]:
    """Return ``items``, the user's assignments in order of experiment, and ``last_key``."""
    page = default_platform().get_user_assignments(user_id, limit=limit, last_key=last_key)
    return items(page, assignment_record)


def get_experiment_assignments(experiment_id: str, limit: int = 100, last_key: str | None = None) -> dict[str, Any]:
    """Return ``items``, the experiment's assignments, most recent first, and ``last_key``.

    ``last_key`` is opaque text that asks for the page after, and None on the last page.
    """
    page = default_platform().get_experiment_assignments(experiment_id, limit=limit, last_key=last_key)
    return items(page, assignment_record)
