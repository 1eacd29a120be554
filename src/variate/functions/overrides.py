"""Overrides: variations forced for single users, of experiments and of flags."""

from __future__ import annotations

from typing import Any

from variate.functions.rows import items
from variate.model.record import Record, override_record
from variate.platform import default_platform


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


def create_flag_override(
    user_id: str, flag_id: str, variation: str, reason: str = "", ttl_days: float | None = 30
) -> Record:
    """Force a flag's ``variation`` for the user, over what was forced before, and return the override."""
    return override_record(
        default_platform().create_flag_override(user_id, flag_id, variation, reason=reason, ttl_days=ttl_days)
    )


def get_flag_override(user_id: str, flag_id: str) -> Record | None:
    """Return the override in force on the flag, or None."""
    override = default_platform().get_flag_override(user_id, flag_id)
    return None if override is None else override_record(override)


def list_flag_overrides(flag_id: str, limit: int = 100, last_key: str | None = None) -> dict[str, Any]:
    """Return ``items``, the overrides in force on the flag in order of user, and ``last_key``."""
    return items(default_platform().list_flag_overrides(flag_id, limit=limit, last_key=last_key), override_record)


def remove_flag_override(user_id: str, flag_id: str) -> bool:
    """Remove the override in force on the flag and return whether there was one."""
    return default_platform().remove_flag_override(user_id, flag_id)
