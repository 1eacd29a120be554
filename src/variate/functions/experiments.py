"""Experiments, their design, their life, their owners, and the audit log."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import partial
from typing import Any, Unpack

from variate.errors import NotFoundError
from variate.functions.records import checklist_records
from variate.functions.rows import Rows, items, rows
from variate.model import Experiment
from variate.model.conclusion import ConclusionFields
from variate.model.design_record import DesignFields
from variate.model.record import Record, audit_record, experiment_record
from variate.platform import default_platform


def create_experiment(
    name: str,
    description: str,
    variations: Iterable[Mapping[str, Any]],
    owner: str | None = None,
    *,
    experiment_id: str | None = None,
    **design: Unpack[DesignFields],
) -> Record:
    """Store a new draft and return it with its ``variations``.

    Each variation is a dict with ``name`` and, where wanted, ``description``, ``value`` (any JSON) and ``weight``.
    ``design`` is any of ``DesignFields``: audience, traffic, layer, holdouts, schedule, metrics and the like.
    """
    experiment = default_platform().create_experiment(
        name, description=description, variations=variations, owner=owner, experiment_id=experiment_id, **design
    )
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
    **design: Unpack[DesignFields],
) -> Record:
    """Change what is given and return the experiment; see ``Platform.update_experiment``.

    Of a started experiment nothing changes that would move a user; for that, there is ``start_new_version``.
    """
    changed = default_platform().update_experiment(
        experiment_id, name=name, description=description, variations=variations, **design
    )
    return experiment_record(changed)


def start_new_version(
    experiment_id: str,
    variations: Iterable[Mapping[str, Any]] | None = None,
    reason: str = "",
    **design: Unpack[DesignFields],
) -> Record:
    """Draw every user of a started experiment anew, on purpose, and return the experiment.

    With it everything of the variations and the design may change; no earlier assignment counts any more. The audit log
    keeps the ``reason``.
    """
    changed = default_platform().start_new_version(experiment_id, variations=variations, reason=reason, **design)
    return experiment_record(changed)


def launch_checklist(experiment_id: str) -> list[Record]:
    """Return what has to be so before the experiment starts, and what ought to be: ``name, met, blocks, said`` each."""
    return checklist_records(default_platform().launch_checklist(experiment_id))


def update_experiment_status(
    experiment_id: str, status: str, *, conclusion: ConclusionFields | None = None
) -> Record | None:
    """Move the experiment to ``status`` and return it, or None where there is no such experiment.

    To ``completed``, ``conclusion`` may say what was decided: a dict of ``decision``, ``variation``, ``note`` and
    ``report_id``. Raise ``IllegalTransitionError`` where the status cannot follow the present one.
    """
    try:
        changed = default_platform().update_experiment_status(experiment_id, status, conclusion=conclusion)
        return experiment_record(changed)
    except NotFoundError:
        return None  # what the guide's UPDATE ... RETURNING of no row returns


def conclude_experiment(experiment_id: str, conclusion: ConclusionFields) -> Record:
    """Say, or correct, what was decided of a completed experiment, and return it."""
    return experiment_record(default_platform().conclude_experiment(experiment_id, conclusion))


def archive_experiment(experiment_id: str) -> Record:
    """Archive a draft or completed experiment: it is kept, and no longer changes."""
    return experiment_record(default_platform().archive_experiment(experiment_id))


def list_experiments(
    status: str | None = None,
    owner: str | None = None,
    limit: int | None = None,
    last_key: str | None = None,
    *,
    text: str | None = None,
) -> Rows:
    """Return the experiments, most recently created first: all of them or, with a ``limit``, one page.

    With ``text``, those whose id, name or hypothesis contains it.
    """
    read = partial(default_platform().list_experiments, status=status, owner=owner, text=text)
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


def get_audit_log(
    entity_id: str | None = None, entity_type: str | None = None, limit: int = 100, last_key: str | None = None
) -> dict[str, Any]:
    """Return ``items``, what was changed and by whom, most recent first, and ``last_key``."""
    page = default_platform().audit_log(entity_type=entity_type, entity_id=entity_id, limit=limit, last_key=last_key)
    return items(page, audit_record)


def _record(experiment: Experiment | None) -> Record | None:
    return None if experiment is None else experiment_record(experiment)
