"""Feature flags, what they serve to whom, and what is different in an environment."""

from __future__ import annotations

from functools import partial
from typing import Any, Unpack

from variate.functions.rows import Rows, rows
from variate.model import Json
from variate.model.record import Record, flag_record
from variate.model.targeting_record import TargetingFields
from variate.platform import default_platform


def create_feature_flag(
    name: str,
    description: str,
    rules: Json,
    status: str = "inactive",
    *,
    flag_id: str | None = None,
    **targeting: Unpack[TargetingFields],
) -> Record:
    """Store a new flag and return it.

    With any of ``TargetingFields`` (``type``, ``variations``, ``default`` and the like) the flag is evaluated, by
    ``rules`` that are a list of ``{"condition": ..., "serve": ...}``. Without any, ``rules`` is any JSON of your own.
    """
    return flag_record(
        default_platform().create_feature_flag(
            name, description=description, rules=rules, status=status, flag_id=flag_id, **targeting
        )
    )


def get_feature_flag(flag_id: str) -> Record | None:
    """Return the flag, or None."""
    flag = default_platform().get_feature_flag(flag_id)
    return None if flag is None else flag_record(flag)


def get_active_feature_flags(limit: int | None = None, last_key: str | None = None) -> Rows:
    """Return the active flags, most recently updated first: all of them or, with a ``limit``, one page.

    The list's ``last_key`` asks for the page after it.
    """
    return rows(default_platform().get_active_feature_flags, flag_record, limit=limit, last_key=last_key)


def list_feature_flags(
    status: str | None = None,
    limit: int | None = None,
    last_key: str | None = None,
    *,
    owner: str | None = None,
    tag: str | None = None,
    text: str | None = None,
) -> Rows:
    """Return the flags, most recently updated first: all of them or, with a ``limit``, one page.

    With ``text``, those whose id, name or description contains it; with ``owner`` or ``tag``, those whose targeting
    has it.
    """
    read = partial(default_platform().list_feature_flags, status=status, owner=owner, tag=tag, text=text)
    return rows(read, flag_record, limit=limit, last_key=last_key)


def update_feature_flag(
    flag_id: str,
    name: str | None = None,
    description: str | None = None,
    rules: Json = None,
    **targeting: Unpack[TargetingFields],
) -> Record:
    """Change what is given (not None; of the targeting, what is given) and return the flag."""
    return flag_record(
        default_platform().update_feature_flag(flag_id, name=name, description=description, rules=rules, **targeting)
    )


def update_flag_environment(flag_id: str, environment: str, **state: Any) -> Record:
    """Change what is given of the flag's state in one environment and return the flag.

    ``state`` is any of ``enabled``, ``rules``, ``default``, ``off``, ``starts_at`` and ``ends_at``; what is None there
    is as in the flag itself.
    """
    return flag_record(default_platform().update_flag_environment(flag_id, environment, **state))


def promote_feature_flag(flag_id: str, source: str, target: str) -> Record:
    """Make the flag in the environment ``target`` as it is in ``source``, and return it."""
    return flag_record(default_platform().promote_feature_flag(flag_id, source=source, target=target))


def update_feature_flag_status(flag_id: str, status: str) -> Record:
    """Set the flag's status and return it; raise ``NotFoundError`` where there is no such flag."""
    return flag_record(default_platform().update_feature_flag_status(flag_id, status))


def archive_feature_flag(flag_id: str) -> Record:
    """Take the flag out of use, keep it, and return it."""
    return flag_record(default_platform().archive_feature_flag(flag_id))
