"""A visit: one request for a page, by somebody who is signed in or is about to."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from variate.access.sessions import Session
from variate.clock import utc_now
from variate.errors import AccessError, InvalidInputError, StoreError, VariateError
from variate.model.access import Principal, Scope
from variate.platform import Platform
from variate.server.dashboard.form import Form
from variate.server.dashboard.live import Shown
from variate.server.dashboard.navigation import PARTS, is_in, parts_for
from variate.server.dashboard.segments import id_of
from variate.server.dashboard.site import Site
from variate.server.dashboard.templating import render
from variate.server.management.cookies import SESSION
from variate.server.own_path import HOME, own_path
from variate.server.request import Request as Asked

_DONE = "done"
T = TypeVar("T")

THEME = "variate-theme"
THEMES = ("light", "dark")

POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
"""What a page may load: our own files, and nothing else. No script or style stands in a page itself."""
_HEADERS = {
    "Content-Security-Policy": POLICY,
    # Browsers say of a form by ``Origin: null`` where it is from under ``no-referrer``.
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}


@dataclass(slots=True, kw_only=True)
class Visit:
    """One request. ``status`` is what the page is answered with; ``form`` is empty unless one was sent."""

    site: Site
    request: Request
    asked: Asked
    session: Session | None = None
    form: Form = field(default_factory=Form)
    status: int = 200
    now: datetime = field(default_factory=utc_now)
    _read: dict[str, Any] = field(default_factory=dict, init=False, repr=False)

    def once(self, name: str, read: Callable[[], T]) -> T:
        """Return what ``read`` returns, which is read once in the visit by this name: for what many rows ask for."""
        if name not in self._read:
            self._read[name] = read()
        found: T = self._read[name]
        return found

    @property
    def platform(self) -> Platform:
        """The platform."""
        return self.site.platform

    @property
    def signed_in(self) -> Session:
        """The session, on a page that takes one."""
        assert self.session is not None, "the page lets everybody in"  # noqa: S101 - pages admits before it answers
        return self.session

    @property
    def principal(self) -> Principal:
        """Who is signed in."""
        return self.signed_in.principal

    @property
    def actor(self) -> str:
        """Who the audit log names for a change."""
        return self.principal.actor

    @property
    def may_change(self) -> bool:
        """Whether forms that change something are for who is signed in."""
        return self.session is not None and self.principal.may(Scope.WRITE)

    @property
    def path(self) -> str:
        """The path that was asked for."""
        path: str = self.request.scope["path"]
        return path

    @property
    def here(self) -> str:
        """The path as a link has it: an id in it may hold what borders a path in a link."""
        return quote(self.path)

    @property
    def where(self) -> str:
        """The path as a link has it, with its query."""
        asked = self.request.url.query
        return f"{self.here}?{asked}" if asked else self.here

    @property
    def way_back(self) -> str:
        """Where to come back to when something else is done: home where this is too long to be asked for."""
        try:
            return own_path(self.where)
        except InvalidInputError:
            return HOME

    def named(self, name: str) -> str:
        """Return the id that stands in the path where the page's path has ``{name}``."""
        return id_of(self.request.path_params[name])

    def query(self, name: str, default: str = "") -> str:
        """Return what is asked in the query."""
        return self.request.query_params.get(name, default).strip()

    def take_query(self) -> Form:
        """Take what is asked in the query for the page's form, whose fields then show it, and return that."""
        given = [each for each in self.request.query_params.multi_items() if each[0] != _DONE]
        self.form = Form(given, sent=bool(given))
        return self.form

    def refuse(self, error: VariateError) -> None:
        """Have the page say what is wrong with what was asked for. What is not that is raised, as of a store away.

        A page that shows nothing then would tell of nothing where there may be something.
        """
        status = self.form.refuse(error)
        if status >= 500:
            raise error
        self.status = status

    def page(self, template: str, **context: Any) -> Response:
        """Answer with a page of this template."""
        return HTMLResponse(
            render(template, {**self._around(), **context}), status_code=self.status, headers=dict(_HEADERS)
        )

    def stream(self, topic: str, read: Callable[[], Shown], *, every: float) -> Response:
        """Answer with what is live, as ``Live.stream`` does, for as long as the session lasts."""
        if self.request.method == "HEAD":
            return Response(media_type="text/event-stream")
        token, sessions = SESSION.read(self.request, self.site.settings) or "", self.platform.sessions

        def may_look() -> bool:
            try:
                sessions.look(token)
            except AccessError:
                return False
            except StoreError:  # what is said next waits for the same store
                return True
            return True

        return self.site.live.stream(topic, read, every=every, person=self.actor, may_look=may_look)

    def to(self, path: str, *, done: str | None = None) -> Response:
        """Send the browser on to a path of ours; ``done`` names what the page there says was done (``DONE``)."""
        if done is not None:
            path = f"{path}{'&' if '?' in path else '?'}{_DONE}={done}"
        return RedirectResponse(path, status_code=303)

    def _around(self) -> Mapping[str, Any]:
        theme = self.request.cookies.get(THEME)
        principal = None if self.session is None else self.session.principal
        parts = [] if principal is None else parts_for(principal)
        return {
            "visit": self,
            "form": self.form,
            "now": self.now,
            "csrf_token": "" if self.session is None else self.session.csrf_token,
            "parts": parts,
            "part": next((part for part in PARTS if is_in(part, self.path)), None),
            "theme": theme if theme in THEMES else None,
            "environment": self.platform.settings.environment,
            "environments": self.platform.settings.all_environments,
            "done": DONE.get(self.query(_DONE)),
        }


DONE: dict[str, str] = {
    "created": "Created.",
    "saved": "Saved.",
    "removed": "Removed.",
    "switched-off": "Switched off: in force within seconds.",
    "switched-on": "Switched on: in force within seconds.",
    "launched": "Launched: units are given variations from now on.",
    "resumed": "Resumed: units are given variations again.",
    "paused": "Paused: nobody is given a variation.",
    "intake-stopped": "The intake is stopped: who is in stays in, nobody else comes in.",
    "taking-in": "New units are taken in again.",
    "completed": "Completed.",
    "concluded": "The decision is kept.",
    "archived": "Archived.",
    "handed-over": "Handed over.",
    "new-version": "The new version is begun: every unit is drawn anew.",
}
"""What a page says after something was done, by the word in its address: nobody else can put words there."""
