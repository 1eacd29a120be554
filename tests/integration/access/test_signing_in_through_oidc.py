"""Sign-in through an OpenID provider that is spoken to over HTTP, from the platform's settings to a session.

The provider is a fake: see ``tests.engines.openid``. That it answers whoever asks is why forged tokens are tried in
``tests/unit/access``, on a provider that can forge.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest

from tests.engines.openid import openid_provider
from tests.engines.session import Session
from variate.access.oidc import Begun, OpenIdConnect
from variate.errors import ForbiddenError, UnauthenticatedError
from variate.model.access import Role
from variate.platform import Platform
from variate.service_settings import ServiceSettings
from variate.settings import Settings

BACK = "http://127.0.0.1/oidc/callback"
HERE = "192.0.2.1"


@pytest.fixture(scope="module")
def issuer(engines: Session) -> Iterator[str]:
    """A running provider."""
    with openid_provider(engines) as url:
        yield url


@pytest.fixture
def platform(issuer: str, tmp_path: Path) -> Iterator[Platform]:
    service = ServiceSettings(
        oidc_issuer=issuer,
        oidc_client_id="variate",
        oidc_client_secret="secret",
        oidc_default_role=Role.VIEWER,
        sign_ins_per_minute=100,
    )
    with Platform.open(Settings(home=tmp_path, service=service)) as opened:
        yield opened


def oidc_of(platform: Platform) -> OpenIdConnect:
    assert platform.oidc is not None
    return platform.oidc


def at_the_provider(issuer: str, begun: Begun, *, sub: str = "sub-1", **claims: object) -> dict[str, str]:
    """Sign in there as the browser would, and return the query it is sent back with."""
    given = {"email": "ada@example.com", "email_verified": True, "name": "Ada Lovelace", **claims}
    httpx.put(f"{issuer}/users/{sub}", json=given).raise_for_status()
    sent_back = httpx.post(begun.url, data={"sub": sub}).headers["location"]
    assert sent_back.startswith(f"{BACK}?")
    return dict(parse_qsl(urlsplit(sent_back).query))


def test_who_signs_in_there_is_signed_in_here_and_is_the_same_person_the_next_time(
    platform: Platform, issuer: str
) -> None:
    oidc = oidc_of(platform)
    people = []
    for _ in range(2):
        begun = oidc.begin(redirect_url=BACK, address=HERE)
        started = oidc.finish(at_the_provider(issuer, begun), binding=begun.binding)
        people.append(platform.sessions.check(started.token).person)
    assert (people[0].email, people[0].name, people[0].role) == ("ada@example.com", "Ada Lovelace", Role.VIEWER)
    assert people[0] == people[1]
    assert people[0].subject == f"{issuer} sub-1"


def test_a_person_who_was_added_is_linked(platform: Platform, issuer: str) -> None:
    added = platform.add_person("grace@example.com", role="admin")
    oidc = oidc_of(platform)
    begun = oidc.begin(redirect_url=BACK, address=HERE)
    answer = at_the_provider(issuer, begun, sub="sub-2", email="grace@example.com")
    linked = oidc.finish(answer, binding=begun.binding).session.person
    assert (linked.id, linked.role, linked.subject) == (added.id, Role.ADMIN, f"{issuer} sub-2")


def test_an_address_that_is_not_verified_there_is_nobodys_here(platform: Platform, issuer: str) -> None:
    platform.add_person("grace@example.com", role="admin")
    oidc = oidc_of(platform)
    begun = oidc.begin(redirect_url=BACK, address=HERE)
    answer = at_the_provider(issuer, begun, sub="sub-3", email="grace@example.com", email_verified=False)
    with pytest.raises(ForbiddenError):
        oidc.finish(answer, binding=begun.binding)


def test_a_code_is_of_its_own_sign_in_only(platform: Platform, issuer: str) -> None:
    oidc = oidc_of(platform)
    mine, another = (oidc.begin(redirect_url=BACK, address=HERE) for _ in range(2))
    code = at_the_provider(issuer, another)["code"]
    state = at_the_provider(issuer, mine)["state"]
    with pytest.raises(UnauthenticatedError):  # the nonce in the token is the other's
        oidc.finish({"code": code, "state": state}, binding=mine.binding)


def test_what_was_used_or_made_up_is_refused(platform: Platform, issuer: str) -> None:
    oidc = oidc_of(platform)
    begun = oidc.begin(redirect_url=BACK, address=HERE)
    answer = at_the_provider(issuer, begun)
    oidc.finish(answer, binding=begun.binding)
    with pytest.raises(UnauthenticatedError):
        oidc.finish(answer, binding=begun.binding)
    again = oidc.begin(redirect_url=BACK, address=HERE)
    made_up = {**at_the_provider(issuer, again), "code": "made-up"}
    with pytest.raises(UnauthenticatedError):
        oidc.finish(made_up, binding=again.binding)


def test_who_refuses_there_is_not_signed_in(platform: Platform) -> None:
    oidc = oidc_of(platform)
    begun = oidc.begin(redirect_url=BACK, address=HERE)
    sent_back = httpx.post(begun.url, data={"action": "deny"}).headers["location"]
    answer = dict(parse_qsl(urlsplit(sent_back).query))
    assert answer["error"] == "access_denied"
    with pytest.raises(UnauthenticatedError):
        oidc.finish(answer, binding=begun.binding)
