"""The rule builder: what a flag serves to whom and when, everywhere or in one environment."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from starlette.responses import Response

from variate.decision import Explanation
from variate.errors import InvalidInputError
from variate.model import FeatureFlag
from variate.model.decision import BUCKETS
from variate.model.targeting import EnvironmentState, Targeting
from variate.rendering.decision_words import REASONS
from variate.rendering.definition_words import json_words
from variate.server.dashboard.flags.found import environment_names, found, targeting_or_why
from variate.server.dashboard.flags.rules_form import (
    AS_IN_FLAG,
    named_as_typed,
    rule_fields,
    rules_of,
    rules_text,
    serve_fields,
    serve_of,
)
from variate.server.dashboard.flags.states import environments_shown
from variate.server.dashboard.pages import Pages
from variate.server.dashboard.templating import path_of
from variate.server.dashboard.visit import Visit
from variate.server.management.needs import CHANGES

pages = Pages()

TRY = "try"
"""The button that tries the rules out as they are typed."""
_SHOW = "show"
"""What Enter does: it tries them out where a unit is typed, and saves nothing."""
_EXPERIMENTS_OFFERED = 30


@pages.get("/flags/{flag_id}/rules", needs=CHANGES)
def everywhere(visit: Visit) -> Response:
    """Show the rules of the flag itself, which count wherever an environment has none of its own."""
    return _form(visit, None)


@pages.post("/flags/{flag_id}/rules", needs=CHANGES, again=everywhere)
def change_everywhere(visit: Visit) -> Response:
    """Change the rules, or try them out as they are typed."""
    form, flag = visit.form, found(visit)
    if _only_shown(visit):
        return everywhere(visit)
    targeting, _ = targeting_or_why(flag)
    given: dict[str, Any] = {
        "rules": rules_of(form),
        "default": serve_of(form, "default"),
        "off": form.raw("off"),
        **_schedule(visit, targeting),
    }
    with named_as_typed(form, None):
        if form.pressed in (TRY, _SHOW):
            unit, environment, attributes = _tried(visit)
            tried = visit.platform.try_flag_change(unit, flag.id, environment, attributes, **given)
            return _form(visit, None, tried)
        visit.platform.update_feature_flag(flag.id, **given, expected_revision=form.revision, actor=visit.actor)
    return visit.to(path_of("flags", flag.id), done="saved")


@pages.get("/flags/{flag_id}/environments/{environment}", needs=CHANGES)
def in_environment(visit: Visit) -> Response:
    """Show what the flag is in the environment, and what of that is otherwise there than in the flag."""
    return _form(visit, visit.named("environment"))


@pages.post("/flags/{flag_id}/environments/{environment}", needs=CHANGES, again=in_environment)
def change_in_environment(visit: Visit) -> Response:
    """Change the flag in the environment, or try it out as it is typed."""
    form, flag, environment = visit.form, found(visit), visit.named("environment")
    if _only_shown(visit):
        return in_environment(visit)
    targeting, _ = targeting_or_why(flag)
    state: dict[str, Any] = {
        "enabled": form.ticked("enabled"),
        "rules": rules_of(form) if form.text("rules_are") == "own" else None,
        "default": serve_of(form, "default"),
        "off": form.raw("off") or None,
        **_schedule(visit, None if targeting is None else targeting.environments.get(environment)),
    }
    with named_as_typed(form, environment):
        if form.pressed in (TRY, _SHOW):
            unit, _, attributes = _tried(visit)
            tried = visit.platform.try_flag_environment(unit, flag.id, environment, attributes, **state)
            return _form(visit, environment, tried)
        visit.platform.update_flag_environment(
            flag.id, environment, **state, expected_revision=form.revision, actor=visit.actor
        )
    return visit.to(path_of("flags", flag.id), done="saved")


def _only_shown(visit: Visit) -> bool:
    return visit.form.pressed == _SHOW and not visit.form.text("try_unit")


def _schedule(visit: Visit, standing: Targeting | EnvironmentState | None) -> dict[str, datetime | None]:
    """Return the schedule that was typed."""
    return {name: visit.form.moment(name, getattr(standing, name, None)) for name in ("starts_at", "ends_at")}


def _tried(visit: Visit) -> tuple[str, str, dict[str, Any]]:
    """Return whom the rules are tried for: unit, environment and attributes."""
    form = visit.form
    unit = form.text("try_unit")
    if not unit:
        raise InvalidInputError("try_unit", "must be given: the id of a unit, such as user-1")
    attributes = form.json("try_attributes")
    if attributes is not None and not isinstance(attributes, dict):
        raise InvalidInputError("try_attributes", 'must be a JSON object, such as {"country": "DE"}')
    return unit, form.text("try_environment") or visit.platform.settings.environment, attributes or {}


def _form(visit: Visit, environment: str | None, tried: Explanation | None = None) -> Response:
    flag = found(visit)
    targeting, _ = targeting_or_why(flag)
    if targeting is None:
        return visit.to(path_of("flags", flag.id, "edit"))
    names = environment_names(visit, targeting)
    if environment is not None and environment not in names:
        raise InvalidInputError("environment", f"must be among {', '.join(names)}")
    return visit.page(
        "flags/rules.html.j2",
        flag=flag,
        here=environment,
        tried=tried,
        buckets=BUCKETS,
        why=None if tried is None else REASONS[tried.decision.reason],
        tried_value="" if tried is None else json_words(tried.decision.value),
        environment_names=names,
        experiments=visit.platform.list_experiments(limit=_EXPERIMENTS_OFFERED),
        **_fields(visit, flag, targeting, environment),
    )


def _fields(visit: Visit, flag: FeatureFlag, targeting: Targeting, environment: str | None) -> dict[str, Any]:
    """Return the form's fields as they stand or were typed."""
    own = targeting.environments.get(environment, EnvironmentState()) if environment is not None else None
    rules = targeting.rules if own is None or own.rules is None else own.rules
    default = targeting.default if own is None or own.default is None else own.default
    text = rules_text(visit.form, rules)
    follows = own is not None and own.default is None
    scheduled = targeting if own is None else own
    (shown,) = environments_shown(flag, targeting, [environment or ""], now=visit.now)
    return {
        "names": targeting.names,
        "off": targeting.off if own is None else own.off or "",
        "offs": targeting.names
        if own is None
        else [("", f"as in the flag: {targeting.off}"), *((each, each) for each in targeting.names)],
        "is_enabled": own is None or own.enabled,
        "has_own_rules": own is not None and own.rules is not None,
        "rules_text": text,
        "rules": rule_fields(visit, rules, targeting.names) if text is None else [],
        "default": serve_fields(visit.form, "default", default, targeting.names, kind=AS_IN_FLAG if follows else None),
        "starts_at": scheduled.starts_at,
        "ends_at": scheduled.ends_at,
        "flag_starts_at": targeting.starts_at,
        "flag_ends_at": targeting.ends_at,
        "in_force": shown,
    }
