"""What a flag is: its name, variations and all that is the same everywhere but its rules; a new one, and a change."""

from __future__ import annotations

from starlette.responses import Response

from variate.errors import ConflictError, InvalidInputError
from variate.model import FeatureFlag
from variate.model.reading import read_keys
from variate.model.targeting import FlagType
from variate.model.targeting_record import TARGETING_FIELDS
from variate.server.dashboard.flags.definition_form import FREE_FORM, definition_of, is_of, standing_of
from variate.server.dashboard.flags.found import found, targeting_or_why
from variate.server.dashboard.pages import Pages
from variate.server.dashboard.templating import path_of
from variate.server.dashboard.visit import Visit
from variate.server.management.idempotency import created_once
from variate.server.management.needs import CHANGES

pages = Pages()

TYPES = [(each.value, each.value) for each in FlagType] + [(FREE_FORM, "free-form: JSON that only your code reads")]


@pages.get("/flags/new", needs=CHANGES)
def new(visit: Visit) -> Response:
    """Show the form of a new flag: of one that is on and off, to begin with."""
    return visit.page("flags/definition.html.j2", flag=None, standing=standing_of(None, None), types=TYPES)


@pages.post("/flags/new", needs=CHANGES, again=new)
def create(visit: Visit) -> Response:
    """Create the flag that was typed: once, however often the form is sent."""
    form = visit.form
    chosen = form.chosen_id()
    given = {
        "name": form.text("name"),
        "status": "active" if form.ticked("active") else "inactive",
        **definition_of(form),
    }

    def make(flag_id: str | None) -> FeatureFlag:
        return visit.platform.create_feature_flag(**given, flag_id=flag_id, actor=visit.actor)

    try:
        made = created_once(chosen, form.new_id, create=make, read=visit.platform.get_feature_flag)
    except ConflictError:
        standing = None if chosen is None else visit.platform.get_feature_flag(chosen)
        if standing is None:
            raise
        if not is_of(given, standing):
            raise InvalidInputError("id", "is taken by another flag: choose another") from None
        made = standing
    return visit.to(path_of("flags", made.id), done="created")


@pages.get("/flags/{flag_id}/edit", needs=CHANGES)
def edit(visit: Visit) -> Response:
    """Show the form of the flag as it stands; of one that cannot be read, what is stored."""
    flag = found(visit)
    targeting, why = targeting_or_why(flag)
    if why is not None:
        return visit.page("flags/mend.html.j2", flag=flag, why_unreadable=why)
    standing = standing_of(flag, targeting)
    return visit.page("flags/definition.html.j2", flag=flag, standing=standing, types=TYPES)


@pages.post("/flags/{flag_id}/edit", needs=CHANGES, again=edit)
def change(visit: Visit) -> Response:
    """Change the flag, if nobody changed it since the form was shown."""
    flag, form = found(visit), visit.form
    if form.has("targeting"):
        _mend(visit, flag)
    else:
        given = {"name": form.text("name"), **definition_of(form)}
        visit.platform.update_feature_flag(flag.id, **given, expected_revision=form.revision, actor=visit.actor)
    return visit.to(path_of("flags", flag.id), done="saved")


def _mend(visit: Visit, flag: FeatureFlag) -> None:
    """Give anew what is wrong of a flag that cannot be read."""
    form = visit.form
    rules, targeting = form.json("rules"), form.json("targeting")
    if not isinstance(targeting, dict):
        raise InvalidInputError("targeting", "must be a JSON object")
    try:
        visit.platform.update_feature_flag(
            flag.id,
            rules=flag.rules.value if rules is None else rules,
            expected_revision=form.revision,
            actor=visit.actor,
            **read_keys("", targeting, TARGETING_FIELDS),
        )
    except InvalidInputError as error:  # what is wrong lies within one of the two fields
        place = "rules" if error.field.startswith("rules") else "targeting"
        raise InvalidInputError(place, f"{error.field} {error.rule}") from error
