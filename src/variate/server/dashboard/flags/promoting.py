"""Two environments of a flag compared, and the one made as the other is."""

from __future__ import annotations

from starlette.responses import Response

from variate.errors import InvalidInputError
from variate.server.dashboard.changes_shown import differences
from variate.server.dashboard.flags.found import environment_names, found, targeting_or_why
from variate.server.dashboard.flags.states import EnvironmentShown, environments_shown
from variate.server.dashboard.pages import Pages
from variate.server.dashboard.templating import path_of
from variate.server.dashboard.visit import Visit
from variate.server.management.needs import CHANGES, READS

pages = Pages()


@pages.get("/flags/{flag_id}/promote", needs=READS)
def compare(visit: Visit) -> Response:
    """Show what differs between two environments, and ask whether the one is to be made as the other is."""
    flag = found(visit)
    targeting, why = targeting_or_why(flag)
    if targeting is None:
        raise InvalidInputError("flag", why or "is free-form: it is the same in all environments")
    shown = environments_shown(flag, targeting, environment_names(visit, targeting), now=visit.now)
    by_name = {each.name: each for each in shown}
    source, target = _chosen(visit, "source", by_name), _chosen(visit, "target", by_name)
    kept = {name: targeting.environments.get(name) for name in (source.name, target.name)}
    return visit.page(
        "flags/promote.html.j2",
        flag=flag,
        names=[*by_name],
        source=source,
        target=target,
        found=differences(target.record, source.record),
        # What says nothing of its own goes on as the flag does, and what says the same only for now.
        follows=kept[source.name] != kept[target.name],
    )


@pages.post("/flags/{flag_id}/promote", needs=CHANGES, again=compare)
def promote(visit: Visit) -> Response:
    """Make the flag in one environment as it is in another, if nobody changed it since that was shown."""
    flag_id = visit.named("flag_id")
    visit.platform.promote_feature_flag(
        flag_id,
        source=visit.form.text("source"),
        target=visit.form.text("target"),
        expected_revision=visit.form.revision,
        actor=visit.actor,
    )
    return visit.to(path_of("flags", flag_id), done="saved")


def _chosen(visit: Visit, name: str, by_name: dict[str, EnvironmentShown]) -> EnvironmentShown:
    """Return the environment that is asked for; else one to begin with: from the first to the second."""
    asked = visit.form.text(name) if visit.form.sent else visit.query(name)
    if asked and asked not in by_name:
        raise InvalidInputError(name, f"must be among {', '.join(by_name)}")
    names = [*by_name]
    return by_name[asked or names[0 if name == "source" else len(names[:2]) - 1]]
