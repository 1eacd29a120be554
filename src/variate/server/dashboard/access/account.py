"""One's own account: who one is here, and another password."""

from __future__ import annotations

from starlette.responses import Response

from variate.errors import InvalidInputError, UnauthenticatedError
from variate.server.dashboard.access.scopes import scope_words
from variate.server.dashboard.pages import Pages
from variate.server.dashboard.visit import DONE, Visit
from variate.server.management.cookies import SESSION
from variate.server.management.needs import READS

pages = Pages()

DONE["changed"] = "Your password is changed; you are signed in here only."


@pages.get("/account")
def account(visit: Visit) -> Response:
    """Show who one is here."""
    session = visit.signed_in
    return visit.page(
        "access/account.html.j2",
        session=session,
        person=session.person,
        permitted=scope_words(session.principal.scopes),
    )


@pages.post("/account/password", needs=READS, again=account)
def change_password(visit: Visit) -> Response:
    """Take another password, by the present one; all other sessions end."""
    form, person = visit.form, visit.signed_in.person
    if form.raw("password") != form.raw("password_again"):
        raise InvalidInputError("password_again", "must be the same as the new password")
    try:
        started = visit.platform.sign_in.change_password(
            person.email, form.raw("present"), form.raw("password"), address=visit.asked.address, actor=visit.actor
        )
    except UnauthenticatedError:
        raise InvalidInputError("present", "must be your present password") from None
    response = visit.to("/account", done="changed")
    SESSION.put(response, started.token, request=visit.request, settings=visit.site.settings)
    return response
