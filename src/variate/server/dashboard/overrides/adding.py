"""Forcing a variation for a unit, with a reason and an end."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from starlette.responses import Response

from variate.definition.flag_references import targeting_of
from variate.errors import InvalidInputError, NotFoundError, VariateError
from variate.model import OverrideTarget
from variate.server.dashboard.form import Form
from variate.server.dashboard.overrides.standing import ID_FIELDS, Standing, standing
from variate.server.dashboard.pages import Pages
from variate.server.dashboard.templating import path_of
from variate.server.dashboard.visit import Visit
from variate.server.management.needs import CHANGES

pages = Pages()

_SUGGESTED = 30
_AT_A_MOMENT, _WITHOUT_END = "moment", "never"
_PRESETS: Mapping[str, tuple[str, timedelta]] = {
    "hour": ("1 hour", timedelta(hours=1)),
    "day": ("1 day", timedelta(days=1)),
    "week": ("1 week", timedelta(weeks=1)),
    "month": ("30 days", timedelta(days=30)),
}
_LASTS = [
    *((name, words) for name, (words, _) in _PRESETS.items()),
    (_AT_A_MOMENT, "until the moment below"),
    (_WITHOUT_END, "until it is removed"),
]
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """What is forced: of which experiment or flag, and which variations it has."""

    kind: OverrideTarget
    id: str
    name: str
    variations: tuple[str, ...]

    @property
    def id_field(self) -> str:
        """The field that says its id."""
        return ID_FIELDS[self.kind]


@pages.get("/overrides/new", needs=CHANGES)
def new_override(visit: Visit) -> Response:
    """Show the form; first only what says of what the override is to be, where that is not known yet."""
    target, asked = None, {name: _asked(visit, name) for name in ("unit", *ID_FIELDS.values())}
    try:
        target = _target(visit)
    except VariateError as error:
        visit.refuse(error)
    if target is None:
        return visit.page(
            "overrides/of_what.html.j2",
            asked=asked,
            experiments=visit.platform.list_experiments(limit=_SUGGESTED),
            flags=visit.platform.list_feature_flags(limit=_SUGGESTED),
        )
    stands = _standing(visit, asked["unit"], target)
    return visit.page("overrides/new.html.j2", asked=asked, target=target, stands=stands, lasts=_LASTS)


@pages.post("/overrides/new", needs=CHANGES, again=new_override)
def add_override(visit: Visit) -> Response:
    """Force the variation."""
    form, target = visit.form, _target(visit)
    if target is None:
        raise InvalidInputError("experiment_id", "must be given, or a flag")
    create = (
        visit.platform.create_override
        if target.kind is OverrideTarget.EXPERIMENT
        else visit.platform.create_flag_override
    )
    if not form.text("reason"):
        raise InvalidInputError("reason", "must be given, for whoever wonders later")
    made = create(
        form.text("unit"),
        target.id,
        form.text("variation"),
        reason=form.text("reason"),
        **_end(visit, form),
        actor=visit.actor,
    )
    return visit.to(path_of("overrides", unit=made.unit), done="saved")


def _asked(visit: Visit, name: str) -> str:
    """Return what was typed, or what the link says."""
    return visit.form.text(name, visit.query(name))


def _target(visit: Visit) -> Target | None:
    """Return of what it is to be; None where that is not said."""
    experiment_id, flag_id = _asked(visit, "experiment_id"), _asked(visit, "flag_id")
    if experiment_id and flag_id:
        raise InvalidInputError("flag_id", "must be empty where an experiment is given")
    if experiment_id:
        experiment = visit.platform.get_experiment(experiment_id)
        if experiment is None:
            raise InvalidInputError("experiment_id", f"must be of an experiment, not {experiment_id!r}")
        names = tuple(each.name for each in experiment.variations)
        return Target(kind=OverrideTarget.EXPERIMENT, id=experiment_id, name=experiment.name, variations=names)
    if flag_id:
        flag = visit.platform.get_feature_flag(flag_id)
        if flag is None:
            raise InvalidInputError("flag_id", f"must be of a flag, not {flag_id!r}")
        targeting = targeting_of(flag)
        if targeting is None:
            raise InvalidInputError("flag_id", "is of a flag with free-form rules, which has no variations to force")
        return Target(kind=OverrideTarget.FLAG, id=flag_id, name=flag.name, variations=tuple(targeting.names))
    return None


def _end(visit: Visit, form: Form) -> dict[str, Any]:
    """Return how the platform is told when it ends."""
    lasts, moment = form.text("lasts"), form.moment("expires_at")
    if lasts == _AT_A_MOMENT:
        if moment is None or moment <= visit.now:
            raise InvalidInputError("expires_at", "must be a moment to come, in UTC")
        return {"expires_at": moment}
    if moment is not None:
        raise InvalidInputError("expires_at", "must be empty unless the override is to last until that moment")
    if lasts == _WITHOUT_END:
        return {"ttl_days": None}
    if lasts not in _PRESETS:
        raise InvalidInputError("lasts", f"must be one of {', '.join(name for name, _ in _LASTS)}")
    return {"ttl_days": _PRESETS[lasts][1] / _DAY}


def _standing(visit: Visit, unit: str, target: Target) -> Standing | None:
    """Return what is forced now, which the new one takes the place of."""
    try:
        return find_standing(visit, unit, target.kind, target.id) if unit else None
    except (NotFoundError, InvalidInputError):
        return None


def find_standing(visit: Visit, unit: str, kind: OverrideTarget, target_id: str) -> Standing:
    """Return the override in force; raise ``NotFoundError`` where there is none."""
    platform = visit.platform
    get = platform.get_override if kind is OverrideTarget.EXPERIMENT else platform.get_flag_override
    override = get(unit, target_id)
    if override is None:
        raise NotFoundError("override of unit", unit)
    (found,) = standing(visit, [override])
    return found
