"""Why a decision is as it is, and what a change would do to the units that are in."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Unpack

from variate.functions.records import explained_record, preview_record
from variate.model import parse_instant
from variate.model.design_record import DesignFields
from variate.model.record import Record
from variate.platform import default_platform


def explain(
    user_id: str,
    experiment_id: str,
    attributes: Mapping[str, Any] | None = None,
    at: datetime | str | None = None,
) -> Record:
    """Return the ``decision``, the ``rungs`` it climbed, and which snapshot it was made from; nothing is kept.

    A rung has ``name``, ``said``, ``decided`` and, where there was a draw, ``salt`` and ``bucket``. The snapshot is
    told by ``environment``, ``sequence`` and ``digest``. With ``at`` (aware, or ISO 8601 with an offset) this is what
    was decided then, by the snapshot in force then.
    """
    return explained_record(default_platform().explain(user_id, experiment_id, attributes, at=_moment(at)))


def explain_flag(
    user_id: str, flag_id: str, attributes: Mapping[str, Any] | None = None, at: datetime | str | None = None
) -> Record:
    """Return what ``explain`` does, of a flag's decision."""
    return explained_record(default_platform().explain_flag(user_id, flag_id, attributes, at=_moment(at)))


def preview_change(
    experiment_id: str, variations: Iterable[Mapping[str, Any]] | None = None, **design: Unpack[DesignFields]
) -> Record:
    """Return what ``update_experiment`` would do to assigned users, and change nothing: ``kept``, ``moved``, ``held``.

    ``kept`` have an assignment; ``moved`` of them would get another variation or none; ``held`` would be drawn another
    one and keep theirs. Of many, ``looked_at`` were looked at, and how many would be drawn otherwise is an estimate:
    from ``low`` to ``high`` with a confidence of 95 %. Raise ``LimitExceededError`` where two are being made already.
    """
    return preview_record(default_platform().preview_change(experiment_id, variations=variations, **design))


def preview_new_version(
    experiment_id: str, variations: Iterable[Mapping[str, Any]] | None = None, **design: Unpack[DesignFields]
) -> Record:
    """Return what ``start_new_version`` would do, as ``preview_change`` does, and change nothing."""
    return preview_record(default_platform().preview_new_version(experiment_id, variations=variations, **design))


def _moment(at: datetime | str | None) -> datetime | None:
    return None if at is None else parse_instant("at", at)
