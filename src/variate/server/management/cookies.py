"""The cookies of sign-in: out of scripts' reach, sent to this host alone, and by no form of another site."""

from __future__ import annotations

from dataclasses import dataclass

from fastapi import Request, Response

from variate.service_settings import ServiceSettings

_SESSION = "variate-session"
_OIDC = "variate-oidc"
_PREFIX = "__Host-"
"""What has browsers take the cookie over HTTPS only, for this host only and whole: no other host can plant one."""


@dataclass(frozen=True, slots=True)
class Cookie:
    """A cookie of this name; over HTTPS it has the ``__Host-`` prefix, and counts under that name only."""

    name: str

    def read(self, request: Request, settings: ServiceSettings) -> str | None:
        """Return what the request has, or None."""
        return request.cookies.get(self._named(request, settings)) or None

    def put(
        self,
        response: Response,
        value: str,
        *,
        request: Request,
        settings: ServiceSettings,
        seconds: int | None = None,
    ) -> None:
        """Have the browser keep the value, until it is closed unless ``seconds`` are given."""
        response.set_cookie(
            self._named(request, settings),
            value,
            max_age=seconds,
            path="/",
            secure=is_secure(request, settings),
            httponly=True,
            samesite="lax",
        )

    def drop(self, response: Response, *, request: Request, settings: ServiceSettings) -> None:
        """Have the browser forget it."""
        self.put(response, "", request=request, settings=settings, seconds=0)

    def _named(self, request: Request, settings: ServiceSettings) -> str:
        return f"{_PREFIX}{self.name}" if is_secure(request, settings) else self.name


SESSION = Cookie(_SESSION)
"""The token of a session."""
OIDC = Cookie(_OIDC)
"""By what a browser is known that comes back from the OpenID provider, and where it goes then."""


def is_secure(request: Request, settings: ServiceSettings) -> bool:
    """Whether browsers reach the service by HTTPS: as it says itself or, where it does not, as they came."""
    public_url = settings.public_url
    return request.url.scheme == "https" if public_url is None else public_url.startswith("https://")
