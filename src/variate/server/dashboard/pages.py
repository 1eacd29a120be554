"""Pages as they are declared, and what they have in common: who is let in, and how it is said that something failed."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from variate.access.sessions import Session
from variate.errors import (
    AccessError,
    ForbiddenError,
    LimitExceededError,
    StoreUnavailableError,
    UnauthenticatedError,
    VariateError,
)
from variate.patience import within
from variate.server.dashboard.form import Form, read_form
from variate.server.dashboard.site import Site
from variate.server.dashboard.templating import path_of
from variate.server.dashboard.visit import Visit
from variate.server.management.cookies import SESSION
from variate.server.management.fronted import fronted
from variate.server.management.needs import READS, Needs
from variate.server.management.routes import STORES_SECONDS
from variate.server.refusal import Refusal, refusal_of

logger = logging.getLogger("variate.server")

Answering = Callable[[Visit], Response]

SIGN_IN = "/sign-in"
PAGE_SECONDS = 10.0
"""How long stores may take to show a page: nobody looks at an empty one for longer."""
_AGAIN_SECONDS = 3.0
"""And to show a form again that a store is the matter with."""
_MOST_LOST = 65_536
"""How many bytes a form may have to be kept for somebody who has to sign in again."""
_MOST_OF_A_STRANGER = 16_384
"""How many bytes a form may have of whoever is not signed in: an address and a password are far fewer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """What ``answer`` answers at ``path``. ``needs`` is what it takes; None lets everybody in.

    ``again`` shows the form anew where what was typed is refused. Stores may take ``seconds`` for it in all.
    """

    method: str
    path: str
    needs: Needs | None
    answer: Answering
    again: Answering | None
    seconds: float
    is_live: bool = False
    """It is asked by a page that lies open, not by somebody: their session does not last on for it."""


@dataclass(frozen=True, slots=True)
class Pages:
    """The pages of one part of the dashboard, before an application has them."""

    declared: list[Page] = field(default_factory=list)

    def get(self, path: str, *, needs: Needs | None = READS) -> Callable[[Answering], Answering]:
        """Declare a page that shows something."""
        return self._declare("GET", path, needs, None, PAGE_SECONDS)

    def live(self, path: str) -> Callable[[Answering], Answering]:
        """Declare a stream of what pages show, which ``Live.stream`` answers."""

        def declare(answer: Answering) -> Answering:
            self.declared.append(
                Page(
                    method="GET",
                    path=path,
                    needs=READS,
                    answer=answer,
                    again=None,
                    seconds=PAGE_SECONDS,
                    is_live=True,
                )
            )
            return answer

        return declare

    def post(
        self,
        path: str,
        *,
        needs: Needs | None,
        again: Answering | None = None,
        seconds: float = STORES_SECONDS,
    ) -> Callable[[Answering], Answering]:
        """Declare what a form is sent to. It is let in by the session's token alone, which our forms have.

        Where it raises ``VariateError``, ``again`` shows the form with what was typed and what is wrong; without it
        that is said on a page of its own, which keeps what was typed where a store is away. Buttons that only change
        the form's rows are answered by ``again``, too.
        """
        return self._declare("POST", path, needs, again, seconds)

    def _declare(
        self, method: str, path: str, needs: Needs | None, again: Answering | None, seconds: float
    ) -> Callable[[Answering], Answering]:
        def declare(answer: Answering) -> Answering:
            self.declared.append(
                Page(method=method, path=path, needs=needs, answer=answer, again=again, seconds=seconds)
            )
            return answer

        return declare


def routes_of(parts: Sequence[Pages], site: Site) -> list[Route]:
    """Return the routes of all pages; a page that can be read can be asked for its head, too."""
    return [_route(page, site) for part in parts for page in part.declared]


def _route(page: Page, site: Site) -> Route:
    async def endpoint(request: Request) -> Response:
        request.scope["route"] = route
        return await _answer(page, Visit(site=site, request=request, asked=fronted(request, site.settings)))

    route = Route(page.path, endpoint, methods=[page.method])
    return route


async def _answer(page: Page, visit: Visit) -> Response:
    try:
        with within(page.seconds):
            if page.method != "POST":
                await _admit(page, visit)
                return await run_in_threadpool(page.answer, visit)
            check_same_site(visit)
            try:
                await _admit(page, visit)
            except (UnauthenticatedError, StoreUnavailableError) as error:
                return await _lost(visit, error)
            visit.form = await _read(visit)
            if visit.session is not None and page.needs is not None:
                try:
                    visit.session.need_csrf_token(visit.form.raw("csrf_token") or None)
                except ForbiddenError as error:
                    visit.site.gate.log(visit.asked, error)
                    return await _lost(visit, error)
            return await run_in_threadpool(_sent, page, visit)
    except Exception as error:  # noqa: BLE001 - every error is answered by a page, and logged by its kind
        if isinstance(error, LimitExceededError):
            visit.site.gate.log(visit.asked, error)
        return await run_in_threadpool(refused, visit, error)


async def _read(visit: Visit) -> Form:
    if visit.session is None and not _is_small(visit, _MOST_OF_A_STRANGER):
        raise Refusal(
            413, "body_too_large", f"a form may have at most {_MOST_OF_A_STRANGER:,} bytes before you sign in"
        )
    return await _read_all(visit)


async def _read_all(visit: Visit) -> Form:
    body = await visit.asked.body()
    return await run_in_threadpool(read_form, body, visit.asked.media_type)


def _is_small(visit: Visit, most: int) -> bool:
    """Whether the body is said to have no more bytes, packed or not: browsers say so, and pack no forms."""
    headers = visit.request.headers
    length = headers.get("content-length", "")
    return "content-encoding" not in headers and length.isdigit() and int(length) <= most


async def _lost(visit: Visit, error: VariateError) -> Response:
    """Answer a form whose session ended, is another one or cannot be read: what was typed can be sent again from there.

    Only where the browser says that the form is of a page of ours: what another site wrote is not to be put before
    somebody with a token that counts. A stranger is not to have us read much.
    """
    if visit.request.headers.get("sec-fetch-site") != "same-origin" or not _is_small(visit, _MOST_LOST):
        raise error
    if not visit.form.sent:
        visit.form = await _read_all(visit)
    return await run_in_threadpool(_once_more, visit, error)


def _once_more(visit: Visit, error: VariateError, *, had_begun: bool = False) -> Response:
    """Show what was typed, to be sent once more."""
    refusal = refusal_of(error)
    visit.status = refusal.status
    if refusal.status >= 500:
        logger.warning("%s: %s", visit.path, error, extra={"request_id": visit.asked.id})
    is_away = isinstance(error, StoreUnavailableError)
    return visit.page("again.html.j2", action=visit.where, is_away=is_away, had_begun=had_begun)


def _sent(page: Page, visit: Visit) -> Response:
    """Answer a form."""
    try:
        return _tried(page, visit)
    except StoreUnavailableError as error:
        return _once_more(visit, error, had_begun=True)


def _tried(page: Page, visit: Visit) -> Response:
    if page.again is None:
        return page.answer(visit)
    if visit.form.reshaped():
        return page.again(visit)
    try:
        return page.answer(visit)
    except StoreUnavailableError as error:
        visit.status = visit.form.refuse(error)
        logger.warning("%s: %s", page.path, error, extra={"request_id": visit.asked.id})
        with within(_AGAIN_SECONDS):
            return page.again(visit)
    except (VariateError, Refusal) as error:
        if isinstance(error, AccessError):
            raise
        visit.status = visit.form.refuse(error)
        if visit.status >= 500:
            logger.warning("%s: %s", page.path, error, extra={"request_id": visit.asked.id})
        return page.again(visit)


async def _admit(page: Page, visit: Visit) -> None:
    """Let in who is signed in and may see this; raise ``AccessError`` else. Pages for everybody may know, too."""
    token = SESSION.read(visit.request, visit.site.settings)
    if page.needs is None:
        visit.session = None if token is None else await run_in_threadpool(_known, visit, token)
        return
    try:
        if token is None:
            raise UnauthenticatedError("nobody is signed in here: sign in")
        sessions = visit.platform.sessions
        session = await run_in_threadpool(sessions.look if page.is_live else sessions.check, token)
        visit.asked.actor = session.principal.actor
        visit.session = session  # who is refused is still somebody: the page that says so has their menu
        page.needs.check(session.principal)
    except AccessError as error:
        visit.site.gate.log(visit.asked, error)
        raise


def _known(visit: Visit, token: str) -> Session | None:
    try:
        return visit.platform.sessions.check(token)
    except VariateError:
        return None


def check_same_site(visit: Visit) -> None:
    """Raise ``Refusal`` for a form that a page of another site had the browser send.

    By a session a form is known by its token; this keeps others from signing somebody in as somebody else.
    """
    headers = visit.request.headers
    site = headers.get("sec-fetch-site")
    if site is not None:
        same = site in ("same-origin", "none")
    else:
        # Over plain HTTP no browser says the above. What has no origin is said by null: pages of ours have one.
        origin = headers.get("origin")
        names = [headers.get("host"), urlsplit(visit.site.settings.public_url or "").netloc]
        same = origin is None or origin.partition("://")[2] in filter(None, names)
    if not same:
        refusal = Refusal(403, "forbidden", "this form is of another site: open the page here and send it from there")
        visit.site.gate.log(visit.asked, refusal)
        raise refusal


def refused(visit: Visit, error: Exception) -> Response:
    """Answer with a page that says what is the matter and what can be done; who is not signed in is sent to do so.

    It is called in a thread: decisions are not to wait for the first page of a process, which compiles templates.
    """
    if isinstance(error, UnauthenticatedError) and visit.request.method in ("GET", "HEAD"):
        return visit.to(path_of(SIGN_IN.strip("/"), next=visit.way_back))
    if isinstance(error, Refusal):
        refusal = error
    elif isinstance(error, VariateError):
        refusal = refusal_of(error)
        if refusal.status >= 500:
            logger.warning("%s: %s", visit.path, error, extra={"request_id": visit.asked.id})
    elif isinstance(error, ConnectionResetError):
        refusal = Refusal(400, "incomplete_body", "the form did not come whole")
    else:
        logger.error("%s failed", visit.path, exc_info=error, extra={"request_id": visit.asked.id})
        refusal = Refusal(500, "internal", "this failed here: the log says why, by the request's id")
    visit.status = refusal.status
    response = visit.page("refused.html.j2", refusal=refusal, request_id=visit.asked.id)
    for name, value in refusal.headers.items():
        if name.lower() != "www-authenticate":  # a browser would ask for a password in a window of its own
            response.headers[name] = value
    return response


def wants_page(request: Request) -> bool:
    """Whether who asks would rather have a page than data."""
    return "text/html" in request.headers.get("accept", "")
