"""Pages that list what the ``aws`` profile keeps in DynamoDB: flags by a text, overrides, events, and changes."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import uuid4

import pytest

from tests.engines.aws import ministack_endpoint
from tests.engines.postgres import private_postgres
from tests.engines.redis import fresh_database
from tests.engines.session import Session
from tests.service.dashboard.people import Browser, signed_in, words
from tests.service.running import running
from variate.platform import Platform
from variate.settings import Settings

pytestmark = pytest.mark.slow  # ministack takes its time

VARIATIONS = [{"name": "on", "value": True}, {"name": "off", "value": False}]


@pytest.fixture(scope="module")
def browser(engines: Session) -> Iterator[Browser]:
    """Somebody who administers a service on DynamoDB, with a dozen flags, overrides and events."""
    postgres, url = private_postgres(engines)
    environ = {
        "VARIATE_PROFILE": "aws",
        "ENVIRONMENT": f"t{uuid4().hex[:12]}",
        "VARIATE_DATABASE_URL": url,
        "VARIATE_DYNAMODB_ENDPOINT": ministack_endpoint(engines),
    }
    try:
        with (
            fresh_database(engines) as redis,
            Platform.open(Settings.from_environment({**environ, "VARIATE_REDIS_URL": redis})) as platform,
        ):
            platform.migrate()
            for number in range(12):
                platform.create_feature_flag(
                    f"Banner {number}" if number % 2 else f"Basket {number}",
                    flag_id=f"flag-{number}",
                    status="active",
                    variations=VARIATIONS,
                    off="off",
                    default="off",
                )
                platform.create_flag_override("ada", f"flag-{number}", "on", reason=f"because of {number}")
                platform.record_event("ada" if number % 2 else "bob", "came", {"n": number}, event_id=f"e-{number}")
            with running(platform) as served, signed_in(served.url, platform) as found:
                yield found
    finally:
        postgres.stop()


@pytest.mark.parametrize(
    ("path", "shown", "left_out"),
    [
        ("/flags?text=banner", ["Banner 1", "Banner 11"], ["Basket"]),
        ("/flags?show=stale", ["No flag"], []),
        ("/flags/flag-3", ["Banner 3", "Explain"], []),
        ("/overrides?unit=ada", ["because of 0", "because of 11"], []),
        ("/overrides?type=flag", ["because of 0"], []),
        ("/events", ['{"n":11}', '{"n":0}'], []),
        ("/events?unit=bob", ['{"n":10}'], ['{"n":11}']),
        ("/audit?entity_type=flag", ["flag-11"], []),
        ("/explain?unit=ada&flag_id=flag-3", ["override"], []),
        ("/", ["Banner 11"], []),
    ],
)
def test_lists_say_what_is_there(browser: Browser, path: str, shown: list[str], left_out: list[str]) -> None:
    page = browser.get(path)
    assert page.status_code == 200, words(page)
    assert [each for each in shown if each not in words(page)] == [], words(page)
    assert [each for each in left_out if each in words(page)] == []


def test_a_flag_is_switched_off_and_an_override_removed(browser: Browser) -> None:
    assert browser.send("/flags/flag-5/off", {"environment": ""}).status_code == 200
    assert "inactive" in words(browser.get("/audit?entity_type=flag&entity_id=flag-5"))
    page = browser.send("/overrides/remove", {"unit": "ada", "flag_id": "flag-5"})
    assert page.status_code == 200, words(page)
    assert "because of 5" not in words(browser.get("/overrides?unit=ada"))
