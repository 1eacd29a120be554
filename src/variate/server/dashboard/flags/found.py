"""The flag that a page is of, and what can be read of it."""

from __future__ import annotations

from variate.definition.flag_references import targeting_of
from variate.errors import NotFoundError
from variate.model import FeatureFlag
from variate.model.reading import NOT_OF_FORM, wrong_with
from variate.model.targeting import Targeting
from variate.server.dashboard.visit import Visit


def found(visit: Visit) -> FeatureFlag:
    """Return the flag that the path names as ``{flag_id}``; raise ``NotFoundError`` for none."""
    flag_id = visit.named("flag_id")
    flag = visit.platform.get_feature_flag(flag_id)
    if flag is None:
        raise NotFoundError("flag", flag_id)
    return flag


def targeting_or_why(flag: FeatureFlag) -> tuple[Targeting | None, str | None]:
    """Return the flag's targeting, None where its rules are free-form; or None and why it cannot be read."""
    try:
        return targeting_of(flag), None
    except NOT_OF_FORM as error:
        return None, wrong_with(error)


def environment_names(visit: Visit, targeting: Targeting | None) -> list[str]:
    """Return every environment there is, and then those that only the flag knows of."""
    known = list(visit.platform.settings.all_environments)
    return known + [name for name in sorted(targeting.environments if targeting else ()) if name not in known]
