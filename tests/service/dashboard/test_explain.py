"""Explain: a unit in, the ladder out, and a link that can be shared."""

from __future__ import annotations

import re
from html import unescape

import httpx
import pytest

from tests.service.dashboard.conftest import Opened
from tests.service.dashboard.looking import assert_clean
from tests.service.dashboard.people import Browser, words
from tests.service.definitions import define_experiment, define_flag
from tests.service.running import Running
from variate.platform import Platform

UNIT = "u-1 <img src=x onerror=alert(1)>"
"""A unit whose name is markup."""


@pytest.fixture(scope="module", autouse=True)
def defined(service: Running) -> Platform:
    platform = service.platform
    define_experiment(
        platform, "prices", audience={"attribute": "country", "operator": "in", "value": ["DE"]}, traffic=100
    )
    define_experiment(platform, "search")
    rules = [{"name": "the test", "serve": {"experiment": "prices"}}]
    variations = [{"name": "control", "value": 1.0}, {"name": "treatment", "value": 0.9}]
    platform.create_feature_flag(
        "Price list",
        flag_id="price-list",
        status="active",
        variations=variations,
        default="control",
        off="control",
        rules=rules,
    )
    define_flag(platform, "banner")
    platform.refresh()
    return platform


def test_an_experiment_is_explained_rung_by_rung(viewer: Browser, defined: Platform) -> None:
    told = defined.explain("u-1", "prices", {"country": "DE"})
    page = viewer.get("/explain", params={"unit": "u-1", "experiment_id": "prices", "attributes": '{"country": "DE"}'})
    read = words(page)
    assert page.status_code == 200
    for rung in told.explanation.rungs:
        assert f"{rung.name} {rung.said}" in read
    assert f"gets {told.explanation.decision.variation} of the experiment prices , because" in read
    last = told.explanation.rungs[-1]
    assert f"bucket {last.bucket} of 10,000, drawn with the salt {last.salt}" in read
    assert page.text.count("decided here") == 1
    assert "in the ledger now nothing, for version 1" in read


def test_attributes_may_be_typed_in_rows_and_numbers_are_numbers(viewer: Browser, defined: Platform) -> None:
    asked = {"unit": "u-1", "experiment_id": "prices", "attributes[0].name": "country", "attributes[0].value": "FR"}
    assert "gets no variation" in words(viewer.get("/explain", params=asked))
    asked |= {"attributes[0].value": "DE", "attributes[4].name": "age", "attributes[4].value": "12"}
    asked |= {"attributes[5].name": "", "attributes[5].value": ""}
    page = viewer.get("/explain", params=asked)
    assert "the draw by weights gives it" in words(page)
    assert link(page, "Link to this explanation").endswith(
        "attributes=%7B%22country%22%3A+%22DE%22%2C+%22age%22%3A+12%7D"
    )


def test_attributes_that_are_lacking_are_offered_from_the_exposure(viewer: Browser, defined: Platform) -> None:
    asked = {"unit": "u-seen", "experiment_id": "prices"}
    without = words(viewer.get("/explain", params=asked))
    assert "u-seen gets no variation" in without
    assert "No attributes are given, and the audience asks for some" in without
    assert "Give those that it asks with." in without
    variation = defined.assign("u-seen", "prices", {"country": "DE"}).variation
    assert variation is not None
    defined.record_exposure("u-seen", "prices", variation, dimensions={"country": "DE", "device": "<b>"})
    page = viewer.get("/explain", params=asked)
    assert 'says country = "DE", device = "<b>". Explain with these' in words(page)
    link = re.search(r'href="([^"]+)">Explain with these', page.text)
    assert link is not None
    told = words(viewer.get(unescape(link[1])))
    assert f"u-seen gets {variation}" in told
    assert "No attributes are given" not in told


def test_a_row_is_added_and_removed_without_a_script(viewer: Browser) -> None:
    asked = {"unit": "u", "attributes[0].name": "a", "attributes[0].value": "1"}
    added = viewer.get("/explain", params=asked | {"do": "add:attributes"})
    assert 'name="attributes[1].name"' in added.text
    assert 'value="a"' in added.text
    removed = viewer.get("/explain", params=asked | {"do": "remove:attributes[0]"})
    assert "attributes[0].name" not in removed.text
    assert 'value="u"' in removed.text


def test_the_link_shows_what_was_so_whatever_comes_after(viewer: Browser, defined: Platform) -> None:
    shown = viewer.get("/explain", params={"unit": "u-2", "flag_id": "banner"})
    assert "gets chosen" in words(shown)
    path = link(shown, "Link to this explanation")
    defined.create_flag_override("u-2", "banner", "other", reason="<i>a look</i>", actor="person:ada@example.com")
    defined.refresh()
    page = viewer.get("/explain", params={"unit": "u-2", "flag_id": "banner"})
    assert "<i>" not in page.text
    now = words(page)
    assert "gets other of the flag banner , because somebody forced the variation" in now
    assert "by 'person:ada@example.com' on" in now
    assert ": <i>a look</i>" in now
    then = viewer.get(path)
    assert "gets chosen" in words(then)
    assert re.search(r'name="at"[^>]*value="20\d\d-[-0-9T:.]+"', then.text)


def test_the_ladder_of_what_a_flag_asked_for_stands_within_its_own(viewer: Browser) -> None:
    page = viewer.get("/explain", params={"unit": "u", "flag_id": "price-list", "attributes": '{"country": "DE"}'})
    assert page.text.count('<ol class="ladder">') == 2
    assert page.text.count("decided here") == 1
    assert "of the flag Price list price-list , because" in words(page)


@pytest.mark.parametrize(
    ("asked", "field", "rule"),
    [
        ({"at": "yesterday"}, "at", "must be a moment such as 2026-01-31T09:30 (UTC), not 'yesterday'"),
        ({"experiment_id": "", "at": "2026-01-31T09:30"}, "at", "is for one experiment or flag: say which"),
        ({"attributes": "[1]"}, "attributes", 'must be a JSON object such as {"country": "DE"}'),
        ({"attributes": "{"}, "attributes", "must be JSON"),
        ({"attributes[3].value": "7"}, "attributes[3].name", "must be given where there is a value"),
        ({"attributes": '{"a": 1}', "attributes[0].name": "a"}, "attributes[0].name", "'a' stands twice"),
        ({"flag_id": "banner"}, "flag_id", "must be empty where an experiment is given"),
        ({"unit": "u" * 1025}, "unit", "must be at most 1024 bytes"),
    ],
)
def test_what_cannot_be_explained_is_said_beside_what_was_typed(
    viewer: Browser, asked: dict[str, str], field: str, rule: str
) -> None:
    given = {"unit": "u-9", "experiment_id": "prices", **asked}
    page = viewer.get("/explain", params=given)
    assert page.status_code == 422
    assert f'<a href="#f-{field.replace("[", "-").replace("]", "").replace(".", "-")}">' in page.text
    assert rule in words(page)
    for value in given.values():
        assert value in unescape(page.text)


def test_a_time_before_anything_was_published_is_said(viewer: Browser) -> None:
    page = viewer.get("/explain", params={"unit": "u", "experiment_id": "prices", "at": "2001-01-01T00:00"})
    assert (page.status_code, "in force at 2001-01-01" in words(page)) == (404, True)
    assert 'value="2001-01-01T00:00"' in page.text


def test_where_there_is_no_such_id_those_alike_are_offered(viewer: Browser, defined: Platform) -> None:
    page = viewer.get("/explain", params={"unit": "u", "flag_id": "LIST"})
    assert "Did you mean Price list" in words(page)
    assert "flag_id=price-list" in link(page, "Price list")
    defined.create_experiment("It is gone", experiment_id="gone", variations=[{"name": "a"}, {"name": "b"}])
    defined.archive_experiment("gone")
    defined.refresh()
    gone = words(viewer.get("/explain", params={"unit": "u", "experiment_id": "gone"}))
    assert "the snapshot has no such experiment" in gone
    assert "Did you mean" not in gone


def test_all_that_a_unit_gets_is_seen_at_a_glance(viewer: Browser, defined: Platform) -> None:
    defined.create_override("u-3", "search", "treatment", reason="<b>asked</b>", actor="person:ada@example.com")
    defined.record_event("u-3", "click", {"what": "<script>alert(1)</script>"})
    defined.assign("u-3", "prices", {"country": "DE"})
    defined.refresh()
    page = viewer.get("/explain", params={"unit": "u-3"})
    read = words(page)
    assert "2 active experiments and 2 flags, decided now without attributes" in read
    assert read.index("treatment") < read.index("none")
    assert "the unit is not in the audience" in read
    assert "treatment <b>asked</b> person:ada@example.com" in read
    assert "Assignments kept in the ledger" in read
    assert '{"what":"<script>alert(1)</script>"}' in read
    assert "<script>alert" not in page.text
    assert "<b>asked" not in page.text
    assert defined.get_user_assignment("u-3", "search") is None
    narrowed = words(viewer.get("/explain", params={"unit": "u-3", "containing": "bann"}))
    assert "0 active experiments and 1 flag" in narrowed
    known = words(viewer.get("/explain", params={"unit": "u-3", "attributes": '{"country": "DE"}'}))
    assert "decided now by the attributes above" in known
    assert "the unit is not in the audience" not in known


def test_many_flags_are_shown_a_page_at_a_time(viewer: Browser, defined: Platform) -> None:
    for number in range(30):
        define_flag(defined, f"many-{number:02}")
    defined.refresh()
    page = viewer.get("/explain", params={"unit": "u", "containing": "many-"})
    assert "30 flags" in words(page)
    assert ("flag_id=many-24" in page.text, "flag_id=many-25" in page.text) == (True, False)
    following = viewer.get(link(page, "More"))
    assert ("flag_id=many-24" in following.text, "flag_id=many-29" in following.text) == (False, True)


def test_a_unit_named_as_markup_is_text(viewer: Browser) -> None:
    for asked in ({"unit": UNIT}, {"unit": UNIT, "experiment_id": "prices"}):
        page = viewer.get("/explain", params=asked)
        assert page.status_code == 200
        assert "<img" not in page.text


def test_a_link_to_the_form_fills_it_in(viewer: Browser) -> None:
    page = viewer.get("/explain", params={"experiment_id": "prices"})
    assert page.status_code == 200
    assert 'value="prices"' in page.text
    assert "<h2" not in page.text


def test_ids_are_suggested_by_what_their_definitions_hold(viewer: Browser) -> None:
    answer = viewer.client.get("/explain/suggestions", params={"kind": "flag", "text": "price l"})
    assert answer.json() == [{"id": "price-list", "name": "Price list"}]
    assert viewer.client.get("/explain/suggestions", params={"kind": "experiment", "text": "sear"}).json()
    assert viewer.client.get("/explain/suggestions", params={"kind": "metric"}).status_code == 422


@pytest.mark.slow
def test_explaining_in_a_browser(opened: Opened, defined: Platform) -> None:
    defined.create_override("u-7", "search", "treatment")
    page = opened("/explain")
    assert_clean(page)
    page.get_by_label("Flag").press_sequentially("price l")
    page.wait_for_selector("#flags option[value=price-list]", state="attached")
    page.get_by_label("Unit").fill("u-5")
    page.get_by_label("Flag").fill("price-list")
    page.get_by_label("Name").fill("country")
    page.get_by_label("Value").fill("DE")
    page.get_by_role("button", name="Add an attribute").click()
    page.wait_for_selector('[name="attributes[1].name"]')
    assert "do=" not in page.url
    page.get_by_role("button", name="Explain").click()
    page.wait_for_selector(".ladder .ladder")
    assert_clean(page)
    page.get_by_role("link", name="All that the unit gets").click()
    page.wait_for_url("**/explain?unit=u-5")
    page.goto("/explain?unit=u-7")
    page.get_by_role("link", name="Remove what is forced for u-7 in search").wait_for()
    assert_clean(page)


def link(page: httpx.Response, name: str) -> str:
    """Return where the link of this name leads."""
    found = re.search(rf'<a [^>]*href="([^"]+)"[^>]*>{re.escape(name)}</a>', page.text)
    assert found is not None, name
    return unescape(found[1])
