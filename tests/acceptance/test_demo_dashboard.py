"""``variate demo --serve`` ends with the dashboard running on what the demo made."""

from __future__ import annotations

import os
import re
import signal
from functools import partial

import httpx
import pytest

from tests.acceptance.command import Outcome, Variate
from variate.testing.waiting import wait_until


def _is_gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


def _served(outcome: Outcome) -> tuple[str, str, str, int]:
    """Return where the dashboard is, who signs in there by which password, and its process."""
    assert outcome.code == 0, outcome.err
    url = re.search(r"^  (http://\S+)$", outcome.out, re.MULTILINE)
    person = re.search(r"sign in as (\S+) with the password (\S+)", outcome.out)
    kill = re.search(r"kill (\d+)", outcome.out)
    assert url is not None
    assert person is not None
    assert kill is not None
    return url[1], person[1], person[2], int(kill[1])


def test_the_dashboard_is_there_when_the_demo_ends_and_shows_its_experiment(variate: Variate) -> None:
    # Twice: the second one finds the port taken, and somebody there.
    served = [_served(variate("demo", "--users", "200", "--serve")) for _ in range(2)]
    try:
        assert served[0][0] != served[1][0]
        with httpx.Client(follow_redirects=True, timeout=60) as client:
            url, email, password, _ = served[1]
            asked = client.get(url)
            assert "Sign in" in asked.text
            fields = {"email": email, "password": password, "next": httpx.URL(url).path}
            page = client.post(httpx.URL(url).join("/sign-in"), data=fields)
            assert (page.status_code, str(page.url)) == (200, url)
            assert "Demo: new checkout" in page.text
    finally:
        for *_, pid in served:
            os.kill(pid, signal.SIGTERM)
    for *_, pid in served:
        wait_until(partial(_is_gone, pid), seconds=40, what="the end of the service")


@pytest.mark.parametrize(
    ("arguments", "settings", "named"),
    [
        (("--json",), {}, "--json"),
        ((), {"VARIATE_PROFILE": "postgres", "VARIATE_DATABASE_URL": "postgresql://localhost/nowhere"}, "--serve"),
    ],
)
def test_the_dashboard_is_for_people_and_for_the_local_file(
    variate: Variate, arguments: tuple[str, ...], settings: dict[str, str], named: str
) -> None:
    refused = variate("demo", "--serve", *arguments, **settings)
    assert refused.code != 0
    assert named in refused.err
    assert not list(variate.home.glob("*.db"))
