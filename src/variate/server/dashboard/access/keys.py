"""Keys: what programs show. A secret is on the page that made it, and never again."""

from __future__ import annotations

from datetime import timedelta

from starlette.responses import Response

from variate.access.keys import GRACE
from variate.errors import InvalidInputError, NotFoundError
from variate.model.access import ApiKey
from variate.server.dashboard.access.once import once
from variate.server.dashboard.access.scopes import SCOPES, scope_words
from variate.server.dashboard.pages import Pages
from variate.server.dashboard.templating import path_of
from variate.server.dashboard.visit import DONE, Visit
from variate.server.management.needs import ADMINISTERS

pages = Pages()

_HOUR = 3_600
_MOST_HOURS = 2_160
_PER_PAGE = 50
_CHANGED = ("name", "scopes", "environments", "expires_at")
_ROTATED = ("grace_hours",)
"""The fields of the two forms on the page of a key."""

DONE["revoked"] = "Revoked: within seconds it counts nowhere any more."


@pages.get("/keys", needs=ADMINISTERS)
def keys(visit: Visit) -> Response:
    """List the keys."""
    found = visit.platform.list_api_keys(limit=_PER_PAGE, last_key=visit.query("after") or None)
    more = path_of("keys", after=found.last_key) if found.last_key else None
    return visit.page(
        "access/keys.html.j2",
        keys=[(key, state(key, visit)) for key in found.items],
        permitted=scope_words(SCOPES),
        more=more,
    )


@pages.get("/keys/new", needs=ADMINISTERS)
def new_key(visit: Visit) -> Response:
    """Show the form of a new key."""
    return visit.page("access/new_key.html.j2", scopes=[*SCOPES.items()])


@pages.post("/keys/new", needs=ADMINISTERS, again=new_key)
def create_key(visit: Visit) -> Response:
    """Create a key, and show its secret."""
    form = visit.form
    with once(visit):
        issued = visit.platform.create_api_key(
            form.text("name"),
            scopes=form.all("scopes"),
            environments=form.all("environments"),
            expires_at=form.moment("expires_at"),
            actor=visit.actor,
        )
    return visit.page("access/secret.html.j2", issued=issued, replaces=None)


@pages.get("/keys/{key_id}", needs=ADMINISTERS)
def key_page(visit: Visit) -> Response:
    """Show one key, with what can be changed of it."""
    key = _found(visit)
    return visit.page(
        "access/key.html.j2",
        key=key,
        state=state(key, visit),
        scopes=[*SCOPES.items()],
        grace_hours=GRACE.total_seconds() / _HOUR,
    )


def _changing(visit: Visit) -> Response:
    visit.form.others = _ROTATED
    return key_page(visit)


def _rotating(visit: Visit) -> Response:
    visit.form.others = _CHANGED
    return key_page(visit)


@pages.post("/keys/{key_id}", needs=ADMINISTERS, again=_changing)
def change_key(visit: Visit) -> Response:
    """Change what the key is called, may do, and until when."""
    form, key = visit.form, _found(visit)
    visit.platform.update_api_key(
        key.id,
        name=form.text("name"),
        scopes=form.all("scopes"),
        environments=form.all("environments"),
        expires_at=form.moment("expires_at", key.expires_at),
        expected_revision=form.revision,
        actor=visit.actor,
    )
    return visit.to(path_of("keys", key.id), done="saved")


@pages.post("/keys/{key_id}/rotate", needs=ADMINISTERS, again=_rotating)
def rotate_key(visit: Visit) -> Response:
    """Create a key in place of this one, and show its secret."""
    form, key = visit.form, _found(visit)
    hours = form.number("grace_hours")
    if hours is None or not 0 <= hours <= _MOST_HOURS:
        raise InvalidInputError("grace_hours", f"must be from 0 to {_MOST_HOURS}")
    with once(visit):
        issued = visit.platform.rotate_api_key(
            key.id, grace=timedelta(hours=hours), expected_revision=form.revision, actor=visit.actor
        )
    return visit.page("access/secret.html.j2", issued=issued, replaces=_found(visit))


@pages.get("/keys/{key_id}/revoke", needs=ADMINISTERS)
def ask_to_revoke(visit: Visit) -> Response:
    """Ask whether the key is to count no longer."""
    return visit.page("access/revoke.html.j2", key=_found(visit))


@pages.post("/keys/{key_id}/revoke", needs=ADMINISTERS, again=ask_to_revoke)
def revoke_key(visit: Visit) -> Response:
    """Have the key count no longer."""
    key = _found(visit)
    visit.platform.revoke_api_key(key.id, expected_revision=visit.form.revision, actor=visit.actor)
    return visit.to(path_of("keys", key.id), done="revoked")


def state(key: ApiKey, visit: Visit) -> tuple[str, str]:
    """Return whether the key counts, in a tone and a word."""
    if key.revoked_at is not None and key.revoked_at <= visit.now:
        return "failed", "revoked"
    if key.expires_at is not None and key.expires_at <= visit.now:
        return "warning", "expired"
    if key.replaced_by is not None:
        return "warning", "replaced, still counts"
    return "ok", "counts"


def _found(visit: Visit) -> ApiKey:
    key = visit.platform.get_api_key(visit.named("key_id"))
    if key is None:
        raise NotFoundError("key", visit.named("key_id"))
    return key
