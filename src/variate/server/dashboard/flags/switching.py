"""Switching a flag off and on, everywhere or in one environment, and out of use and back: each is asked again first.

All but switching off is held to the revision that was seen: who switches off in need is not told to read again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from starlette.responses import Response

from variate.errors import InvalidInputError
from variate.model import FeatureFlag, FlagStatus
from variate.model.targeting import Targeting
from variate.server.dashboard.flags.found import environment_names, found, targeting_or_why
from variate.server.dashboard.flags.states import EnvironmentShown, environments_shown
from variate.server.dashboard.pages import Pages
from variate.server.dashboard.templating import path_of
from variate.server.dashboard.visit import Visit
from variate.server.management.needs import CHANGES

pages = Pages()

EVERYWHERE = ""
"""What is chosen in the place of an environment for all of them; no environment is called so."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """What the page asks about: the flag, and where it can be switched."""

    flag: FeatureFlag
    targeting: Targeting | None
    why_unreadable: str | None
    shown: Sequence[EnvironmentShown]

    @classmethod
    def of(cls, visit: Visit) -> _Asked:
        flag = found(visit)
        targeting, why = targeting_or_why(flag)
        names = environment_names(visit, targeting)
        shown = [] if targeting is None else environments_shown(flag, targeting, names, now=visit.now)
        return cls(flag=flag, targeting=targeting, why_unreadable=why, shown=shown)

    @property
    def places(self) -> list[tuple[str, str]]:
        """Where it can be switched, with words for it. What cannot be read can only be switched everywhere."""
        return [(EVERYWHERE, "Everywhere"), *((each.name, f"In {each.name} only") for each in self.shown)]


@pages.get("/flags/{flag_id}/off", needs=CHANGES)
def ask_off(visit: Visit) -> Response:
    """Ask where the flag is to be switched off, and say what everybody gets then."""
    return _ask(visit, "off")


@pages.post("/flags/{flag_id}/off", needs=CHANGES, again=ask_off)
def switch_off(visit: Visit) -> Response:
    """Switch the flag off, whoever changed it meanwhile. An archived one gives nothing as it is, and stays so."""
    flag = found(visit)
    environment = _chosen(visit)
    if environment != EVERYWHERE:
        visit.platform.update_flag_environment(flag.id, environment, enabled=False, actor=visit.actor)
    elif flag.status is not FlagStatus.ARCHIVED:
        visit.platform.update_feature_flag_status(flag.id, FlagStatus.INACTIVE, actor=visit.actor)
    return _back(visit, "switched-off")


@pages.get("/flags/{flag_id}/on", needs=CHANGES)
def ask_on(visit: Visit) -> Response:
    """Ask where the flag is to be switched on, and say what is served then."""
    return _ask(visit, "on")


@pages.post("/flags/{flag_id}/on", needs=CHANGES, again=ask_on)
def switch_on(visit: Visit) -> Response:
    """Switch the flag on."""
    environment = _chosen(visit)
    if environment == EVERYWHERE:
        return _moved(visit, FlagStatus.ACTIVE, "switched-on")
    visit.platform.update_flag_environment(
        visit.named("flag_id"), environment, enabled=True, expected_revision=visit.form.revision, actor=visit.actor
    )
    return _back(visit, "switched-on")


@pages.get("/flags/{flag_id}/archive", needs=CHANGES)
def ask_archive(visit: Visit) -> Response:
    """Ask whether the flag is to go out of use."""
    return _ask(visit, "archive")


@pages.post("/flags/{flag_id}/archive", needs=CHANGES, again=ask_archive)
def archive(visit: Visit) -> Response:
    """Take the flag out of use."""
    return _moved(visit, FlagStatus.ARCHIVED, "archived")


@pages.get("/flags/{flag_id}/restore", needs=CHANGES)
def ask_restore(visit: Visit) -> Response:
    """Ask whether the flag is to come back."""
    return _ask(visit, "restore")


@pages.post("/flags/{flag_id}/restore", needs=CHANGES, again=ask_restore)
def restore(visit: Visit) -> Response:
    """Have an archived flag back, switched off."""
    return _moved(visit, FlagStatus.INACTIVE, "saved")


def _ask(visit: Visit, act: str) -> Response:
    asked = _Asked.of(visit)
    return visit.page(
        "flags/switch.html.j2",
        act=act,
        flag=asked.flag,
        targeting=asked.targeting,
        why_unreadable=asked.why_unreadable,
        shown=asked.shown,
        places=asked.places,
        chosen=visit.query("environment"),
    )


def _chosen(visit: Visit) -> str:
    environment = visit.form.text("environment")
    if environment not in (name for name, _ in _Asked.of(visit).places):
        raise InvalidInputError("environment", "must be one in which the flag can be switched alone")
    return environment


def _moved(visit: Visit, status: FlagStatus, done: str) -> Response:
    visit.platform.update_feature_flag_status(
        visit.named("flag_id"), status, expected_revision=visit.form.revision, actor=visit.actor
    )
    return _back(visit, done)


def _back(visit: Visit, done: str) -> Response:
    return visit.to(path_of("flags", visit.named("flag_id")), done=done)
