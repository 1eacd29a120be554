"""``/auth``: signing in by password or through the OpenID provider, and who asks."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Annotated, Any

from fastapi import Query, Request, Response
from fastapi.responses import RedirectResponse

from variate.access.oidc import BEGUN_SECONDS, OpenIdConnect
from variate.access.sessions import Session
from variate.errors import UnauthenticatedError
from variate.model.access import Principal
from variate.platform import Platform
from variate.server.management.access_shapes import Credentials, Me
from variate.server.management.admission import CSRF_HEADER
from variate.server.management.answers import answer, nothing
from variate.server.management.asking import Asked, Served
from variate.server.management.cookies import OIDC, SESSION
from variate.server.management.locations import PREFIX
from variate.server.management.needs import READS
from variate.server.management.routes import Routes
from variate.server.own_path import HOME, own_path
from variate.server.refusal import Refusal

routes = Routes("Sign-in", "Sessions of people, for pages of the service itself.")

_CALLBACK = "/auth/oidc/callback"


@routes.post("/auth/sign-in", needs=None, answers=Me, responses={401: {}, 429: {}})
def sign_in(body: Credentials, platform: Served, request: Request, asked: Asked) -> Response:
    """Sign in by e-mail address and password. The session's cookie is out of scripts' reach.

    Neither the answer nor its time says whether there is such a person. Attempts are counted, by address and by person.
    """
    started = platform.sign_in.by_password(body.email, body.password, address=asked.address)
    response = answer(_me(started.session.principal, started.session))
    SESSION.put(response, started.token, request=request, settings=platform.settings.service)
    return response


@routes.post("/auth/sign-out", needs=None, answers=None, status=204, responses={403: {}})
def sign_out(platform: Served, request: Request) -> Response:
    """Sign out: the session ends, and the browser forgets its cookie. It takes the session's `X-CSRF-Token`."""
    settings = platform.settings.service
    token = SESSION.read(request, settings)
    if token is not None:
        try:
            platform.sessions.check(token).need_csrf_token(request.headers.get(CSRF_HEADER))
            platform.sessions.end(token)
        except UnauthenticatedError:
            pass  # it has ended before
    response = nothing()
    SESSION.drop(response, request=request, settings=settings)
    return response


@routes.get("/auth/me", needs=READS, answers=Me)
def who_asks(request: Request) -> Response:
    """Tell who asks, and what they may; of a session also the token that changes take."""
    return answer(_me(request.state.principal, request.state.session))


@routes.get("/auth/oidc/start", needs=None, answers=None, include_in_schema=False)
def start_oidc(
    platform: Served,
    request: Request,
    asked: Asked,
    next_: Annotated[str, Query(alias="next")] = HOME,
) -> Response:
    """Send the browser to the OpenID provider; it comes back signed in, to ``next``."""
    back_to = own_path(next_)
    begun = _provider(platform).begin(redirect_url=_callback_url(platform, request), address=asked.address)
    response = RedirectResponse(begun.url, status_code=303)
    kept = f"{begun.binding}.{urlsafe_b64encode(back_to.encode()).rstrip(b'=').decode()}"
    settings = platform.settings.service
    OIDC.put(response, kept, request=request, settings=settings, seconds=BEGUN_SECONDS)
    return response


@routes.get(_CALLBACK, needs=None, answers=None, include_in_schema=False)
def finish_oidc(platform: Served, request: Request) -> Response:
    """Begin the session of whom the provider sent back."""
    settings = platform.settings.service
    binding, _, kept = (OIDC.read(request, settings) or "").partition(".")
    started = _provider(platform).finish(dict(request.query_params), binding=binding or None)
    response = RedirectResponse(own_path(_decoded(kept)), status_code=303)
    OIDC.drop(response, request=request, settings=settings)
    SESSION.put(response, started.token, request=request, settings=settings)
    return response


def _me(principal: Principal, session: Session | None) -> dict[str, Any]:
    return {
        "kind": principal.kind,
        "id": principal.id,
        "actor": principal.actor,
        "scopes": sorted(principal.scopes),
        "environments": sorted(principal.environments),
        "csrf_token": None if session is None else session.csrf_token,
    }


def _provider(platform: Platform) -> OpenIdConnect:
    if platform.oidc is None:
        raise Refusal(404, "not_found", "there is no OpenID provider here: VARIATE_OIDC_ISSUER is not set")
    return platform.oidc


def _callback_url(platform: Platform, request: Request) -> str:
    own = platform.settings.service.public_url or f"{request.url.scheme}://{request.url.netloc}"
    return f"{own}{PREFIX}{_CALLBACK}"


def _decoded(kept: str) -> str:
    try:
        return urlsafe_b64decode(kept.encode() + b"=" * (-len(kept) % 4)).decode() or HOME
    except ValueError:
        return HOME
