"""Signing in and out, and the theme."""

from __future__ import annotations

from starlette.responses import Response

from variate.errors import AccessError
from variate.server.dashboard.pages import Pages
from variate.server.dashboard.visit import THEME, THEMES, Visit
from variate.server.management.cookies import SESSION, is_secure
from variate.server.management.needs import READS
from variate.server.own_path import HOME, own_path

pages = Pages()

_YEAR = 365 * 24 * 3600


@pages.get("/sign-in", needs=None)
def sign_in_page(visit: Visit) -> Response:
    """Show the form; who is signed in already goes on."""
    back_to = own_path(visit.query("next") or visit.form.text("next") or HOME)
    if visit.session is not None and not visit.form.sent:
        return visit.to(back_to)
    return visit.page("sign_in.html.j2", back_to=back_to, has_provider=visit.platform.oidc is not None)


@pages.post("/sign-in", needs=None, again=sign_in_page)
def sign_in(visit: Visit) -> Response:
    """Begin a session by e-mail address and password, in place of the one that this browser had."""
    form = visit.form
    back_to = own_path(form.text("next") or HOME)
    try:
        started = visit.platform.sign_in.by_password(
            form.raw("email"), form.raw("password"), address=visit.asked.address
        )
    except AccessError as error:
        visit.status = 401
        form.problem = str(error)
        return sign_in_page(visit)
    before = SESSION.read(visit.request, visit.site.settings)
    if before is not None:
        visit.platform.sessions.end(before)
    response = visit.to(back_to)
    SESSION.put(response, started.token, request=visit.request, settings=visit.site.settings)
    return response


@pages.post("/sign-out", needs=READS)
def sign_out(visit: Visit) -> Response:
    """End the session."""
    token = SESSION.read(visit.request, visit.site.settings)
    if token is not None:
        visit.platform.sessions.end(token)
    response = visit.to("/sign-in")
    SESSION.drop(response, request=visit.request, settings=visit.site.settings)
    return response


@pages.post("/theme", needs=READS)
def choose_theme(visit: Visit) -> Response:
    """Keep which theme this browser is shown: light, dark, or as its system says."""
    response = visit.to(own_path(visit.form.text("next") or HOME))
    chosen = visit.form.text("theme")
    secure = is_secure(visit.request, visit.site.settings)
    if chosen in THEMES:
        response.set_cookie(THEME, chosen, max_age=_YEAR, path="/", secure=secure, httponly=True, samesite="lax")
    else:
        response.delete_cookie(THEME, path="/", secure=secure, httponly=True, samesite="lax")
    return response
