"""The audit log on pages: who, what, before and after; one entry; and whether the log stands."""

from __future__ import annotations

import re
from html import unescape

import httpx
import pytest
from sqlalchemy import create_engine, text

from tests.service.dashboard.conftest import Opened
from tests.service.dashboard.looking import assert_clean
from tests.service.dashboard.people import Browser, words
from tests.service.definitions import define_experiment
from tests.service.running import Running, bearer
from variate.platform import Platform
from variate.server.dashboard.audit import verification
from variate.server.verifying import one_at_a_time

MARKUP = "<script>alert(1)</script>"


@pytest.fixture(scope="module", autouse=True)
def defined(service: Running) -> Platform:
    platform = service.platform
    define_experiment(platform, "prices", description="as it was")
    platform.update_experiment("prices", description="as it is", actor="person:ada@example.com")
    platform.create_audience(
        "beta", condition={"attribute": "plan", "operator": "equals", "value": "beta"}, actor="bob"
    )
    platform.create_override("u-1", "prices", "treatment", reason=MARKUP, actor="key:deploy")
    return platform


def test_entries_tell_who_what_before_and_after(viewer: Browser) -> None:
    page = viewer.get("/audit", params={"entity_id": "prices", "action": "updated"})
    read = words(page)
    assert "updated of experiment prices by person:ada@example.com" in read
    assert "Description as it was as it is" in read
    assert "<del>as it was</del>" in page.text
    assert 'href="/experiments/prices"' in page.text


def test_a_key_is_linked_for_those_who_may_see_its_page(viewer: Browser, admin: Browser, defined: Platform) -> None:
    key = defined.create_api_key("shop", scopes=["read"]).key
    there = {"entity_id": key.id}
    assert f'href="/keys/{key.id}"' in admin.get("/audit", params=there).text
    assert f"created of key {key.id}" in words(viewer.get("/audit", params=there))
    assert f'href="/keys/{key.id}"' not in viewer.get("/audit", params=there).text


def test_the_filters_leave_what_they_say(viewer: Browser, defined: Platform) -> None:
    def actions(**asked: str) -> list[str]:
        return re.findall(r"<strong>([a-z ]+)</strong> of", viewer.get("/audit", params=asked).text)

    assert actions(entity_type="audience", actor="bob") == ["created"]
    assert actions(actor="key:deploy") == ["override added"]
    assert actions(entity_id="prices") == ["override added", "updated", "status change", "created"]
    assert actions(action="status_change") == ["status change"]
    assert actions(until="2001-01-01T00:00") == []
    assert actions(since="2001-01-01T00:00", entity_type="audience") == ["created"]
    updated = defined.audit_log(action="updated", limit=1)[0]
    moment = updated.created_at.isoformat().removesuffix("+00:00")
    assert actions(entity_id="prices", since=moment) == ["override added", "updated"]
    assert actions(entity_id="prices", until=moment) == ["status change", "created"]


@pytest.mark.parametrize(
    ("asked", "field", "rule"),
    [
        ({"since": "yesterday"}, "since", "must be a moment such as"),
        ({"actor": "a" * 1025}, "actor", "must be at most 1024 bytes"),
        ({"until": "12"}, "until", "must be a moment such as"),
    ],
)
def test_a_wrong_filter_is_said_beside_it(viewer: Browser, asked: dict[str, str], field: str, rule: str) -> None:
    page = viewer.get("/audit", params=asked)
    assert page.status_code == 422
    assert f'id="f-{field}-wrong"' in page.text
    assert rule in words(page)
    assert f'value="{asked[field]}"' in page.text


def test_many_entries_are_shown_a_page_at_a_time_within_the_filters(viewer: Browser, defined: Platform) -> None:
    for number in range(27):
        defined.create_audience(f"many-{number:02}", condition={"attribute": "a", "operator": "exists"}, actor="m")
    page = viewer.get("/audit", params={"actor": "m"})
    assert (page.text.count("<strong>created"), "many-26" in page.text, "many-01" in page.text) == (25, True, False)
    page = viewer.get(unescape(re.findall(r'href="([^"]+)" rel="next"', page.text)[0]))
    assert (page.text.count("<strong>created"), "many-01" in page.text) == (2, True)
    assert 'value="m"' in page.text


def test_of_a_large_change_the_first_fields_are_shown(viewer: Browser, defined: Platform) -> None:
    rules = [{"name": f"rule {number}", "serve": "on"} for number in range(100)]
    defined.create_feature_flag("Large", flag_id="large", type="boolean", rules=rules, default="off")
    page = viewer.get("/audit", params={"entity_id": "large"})
    assert "more than 60 fields" in words(page)
    assert "And more: these are the first 60 fields." in words(page)
    assert page.text.count('<tr><th scope="row">') == 60


def test_one_entry_is_shown_with_all_of_it(viewer: Browser, defined: Platform) -> None:
    entry = defined.audit_log(action="override_added", limit=1)[0]
    page = viewer.get(f"/audit/{entry.id}")
    read = words(page)
    assert "Override added of experiment prices" in read
    assert "Unit u-1" in read
    assert entry.id in read
    assert '"reason": "<script>alert(1)</script>"' in read
    assert MARKUP not in page.text
    assert viewer.get(f"/audit/{entry.id}x").status_code == 404


def test_what_people_wrote_is_text(viewer: Browser) -> None:
    page = viewer.get("/audit", params={"actor": "key:deploy"})
    assert MARKUP in words(page)
    assert MARKUP not in page.text


def head_of(page: httpx.Response) -> str:
    """Return the head that the page shows."""
    found = re.search(r"<code>([0-9a-f]{64})</code>", page.text)
    assert found is not None
    return found[1]


def test_the_log_is_verified_for_one_at_a_time(service: Running, viewer: Browser, defined: Platform) -> None:
    api = f"{service.url}/api/v1/audit/verify"
    with one_at_a_time():
        page = viewer.send("/audit/verify")
        program = httpx.post(api, json={}, headers=bearer("read"))
    assert (page.status_code, program.status_code) == (429, 429)
    assert program.headers["retry-after"] == "30"
    assert "verified already" in words(page)
    assert viewer.send("/audit/verify").status_code == 200
    assert httpx.post(api, json={}, headers=bearer("read")).status_code == 200


def test_the_log_is_verified_and_the_head_noted(viewer: Browser, defined: Platform) -> None:
    assert "Verify" in words(viewer.get("/audit/verify"))
    page = viewer.send("/audit/verify")
    entries = defined.verify_audit_log()
    assert f"{entries.entries:,} entries stand as they were written." in words(page)
    assert head_of(page) == entries.head
    assert "stand as they were" in words(viewer.send("/audit/verify", {"head": entries.head}))
    refused = viewer.send("/audit/verify", {"head": "no hash"})
    assert (refused.status_code, 'value="no hash"' in refused.text) == (422, True)
    assert "must be a hash of 64 hexadecimal digits" in words(refused)
    unknown = viewer.send("/audit/verify", {"head": "f" * 64})
    assert "BROKEN: rewritten." in words(unknown)


def test_the_time_is_over_before_stores_are_told_to_hurry() -> None:
    (sent,) = [page for page in verification.pages.declared if page.method == "POST"]
    assert sent.seconds > verification.SECONDS + 1, "else it is said that a store is away"


def test_a_log_that_is_too_long_for_a_page_is_told_so(viewer: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verification, "SECONDS", 0.0)
    page = viewer.send("/audit/verify", {"head": "a" * 64})
    assert page.status_code == 503
    assert "run `variate audit verify` on the machine that serves" in words(page)
    assert f'value="{"a" * 64}"' in page.text


@pytest.mark.slow
def test_the_log_in_a_browser(opened: Opened) -> None:
    page = opened("/audit")
    assert_clean(page)
    page.get_by_role("link", name="Verify the log").click()
    page.get_by_role("button", name="Verify").click()
    page.get_by_text("stand as they were written").wait_for()
    assert_clean(page)
    page.goto("/audit?action=override_added")
    page.get_by_role("link", name="The entry of override_added").first.click()
    assert_clean(page)


def test_an_entry_that_was_altered_is_found(service: Running, viewer: Browser) -> None:
    """It is the last test here: the log is broken after it."""
    engine = create_engine(f"sqlite:///{next(service.platform.settings.home.glob('*.db'))}")
    with engine.begin() as connection:
        for (name,) in connection.execute(
            text("SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'audit_logs'")
        ).all():
            connection.execute(text(f'DROP TRIGGER "{name}"'))
        connection.execute(text("UPDATE audit_logs SET actor = 'eve' WHERE place = 3"))
    engine.dispose()
    read = words(viewer.send("/audit/verify"))
    assert "BROKEN at place 3, entry" in read
    assert "The guards against alteration are gone" in read
