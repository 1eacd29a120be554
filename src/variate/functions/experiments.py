"""Experiments, their owners, overrides and the audit log."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import partial
from typing import Any

from variate.errors import NotFoundError
from variate.functions.rows import Rows, items, rows
from variate.model import Experiment
from variate.model.record import Record, audit_record, experiment_record, override_record
from variate.platform import default_platform


def create_experiment(
    name: str, description: str, variations: Iterable[Mapping[str, Any]], owner: str | None = None
) -> Record:
    """Store a new draft and return it with its ``variations``.

    Each variation is a dict with ``name`` and, where wanted, ``description``, ``value`` (any JSON) and ``weight``.
    """
    experiment = default_platform().create_experiment(name, description=description, variations=variations, owner=owner)
    return experiment_record(experiment)


def get_experiment(experiment_id: str) -> Record | None:
    """Return the experiment with its ``variations``, or None."""
    return _record(default_platform().get_experiment(experiment_id))


def get_experiment_with_cache(experiment_id: str) -> Record | None:
    """Return the experiment as it was at most five minutes ago, or None.

    A change through variate shows at once in this process and in all that share its Redis.
    """
    return _record(default_platform().get_experiment_with_cache(experiment_id))


def update_experiment(
    experiment_id: str,
    name: str | None = None,
    description: str | None = None,
    variations: Iterable[Mapping[str, Any]] | None = None,
) -> Record:
    """Change what is given and return the experiment; see ``Platform.update_experiment``."""
    return experiment_record(
        default_platform().update_experiment(experiment_id, name=name, description=description, variations=variations)
    )


def update_experiment_status(experiment_id: str, status: str) -> Record | None:
    """Move the experiment to ``status`` and return it, or None where there is no such experiment.

    Raise ``IllegalTransitionError`` where the status cannot follow the present one.
    """
    try:
        return experiment_record(default_platform().update_experiment_status(experiment_id, status))
    except NotFoundError:
        return None  # what the guide's UPDATE ... RETURNING of no row returns


def archive_experiment(experiment_id: str) -> Record:
    """Archive a draft or completed experiment: it is kept, and no longer changes."""
    return experiment_record(default_platform().archive_experiment(experiment_id))


def list_experiments(
    status: str | None = None, owner: str | None = None, limit: int | None = None, last_key: str | None = None
) -> Rows:
    """Return the experiments, most recently created first: all of them or, with a ``limit``, one page."""
    read = partial(default_platform().list_experiments, status=status, owner=owner)
    return rows(read, experiment_record, limit=limit, last_key=last_key)


def list_active_experiments(limit: int | None = None, last_key: str | None = None) -> Rows:
    """Return the active experiments, most recently created first: all of them or, with a ``limit``, one page.

    The list's ``last_key`` asks for the page after it.
    """
    return rows(default_platform().list_active_experiments, experiment_record, limit=limit, last_key=last_key)


def transfer_experiment_ownership(experiment_id: str, new_owner: str) -> Record:
    """Give the experiment to ``new_owner``, log who had it before, and return it.

    Raise ``NotFoundError`` (a ``ValueError``) where there is no such experiment.
    """
    return experiment_record(default_platform().transfer_experiment_ownership(experiment_id, new_owner))


def update_experiment_with_override(
    experiment_id: str, status: str, user_id: str | None = None, variation: str | None = None
) -> Record:
    """Move the experiment to ``status`` and, with both given, force ``variation`` for the user for 30 days.

    The source and the serving copy both end with the new status, whatever crashes in between. Raise ``NotFoundError``
    where there is no such experiment.
    """
    experiment = default_platform().update_experiment_with_override(
        experiment_id, status, unit=user_id, variation=variation
    )
    return {
        "experiment_id": experiment.id,
        "status": experiment.status.value,
        "override_added": user_id is not None,
    }


def create_override(
    user_id: str, experiment_id: str, variation: str, reason: str = "", ttl_days: float | None = 30
) -> Record:
    """Force ``variation`` for the user, over what was forced before, and return the override."""
    return override_record(
        default_platform().create_override(user_id, experiment_id, variation, reason=reason, ttl_days=ttl_days)
    )


def get_override(user_id: str, experiment_id: str) -> Record | None:
    """Return the override in force, or None."""
    override = default_platform().get_override(user_id, experiment_id)
    return None if override is None else override_record(override)


def list_overrides(experiment_id: str, limit: int = 100, last_key: str | None = None) -> dict[str, Any]:
    """Return ``items``, the overrides in force on the experiment in order of user, and ``last_key``."""
    return items(default_platform().list_overrides(experiment_id, limit=limit, last_key=last_key), override_record)


def remove_override(user_id: str, experiment_id: str) -> bool:
    """Remove the override in force and return whether there was one."""
    return default_platform().remove_override(user_id, experiment_id)


def get_audit_log(
    entity_id: str | None = None, entity_type: str | None = None, limit: int = 100, last_key: str | None = None
) -> dict[str, Any]:
    """Return ``items``, what was changed and by whom, most recent first, and ``last_key``."""
    page = default_platform().audit_log(entity_type=entity_type, entity_id=entity_id, limit=limit, last_key=last_key)
    return items(page, audit_record)


def _record(experiment: Experiment | None) -> Record | None:
    return None if experiment is None else experiment_record(experiment)
