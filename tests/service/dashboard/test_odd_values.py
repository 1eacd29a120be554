"""Whatever is asked of a page or sent to it, no page fails of it: what is odd is refused, or passed over."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import cycle
from urllib.parse import quote

import httpx
import pytest

from tests.service.dashboard.people import Browser
from tests.service.dashboard.seeding import seed
from tests.service.running import Running
from variate.server.dashboard.application import PARTS
from variate.server.dashboard.pages import Page

PAGES = [page for part in PARTS for page in part.declared]
READ = [page for page in PAGES if page.method == "GET" and not page.is_live]
SENT = [page for page in PAGES if page.method == "POST" and page.path != "/sign-out"]

_QUERIES = """
    status owner text last_key after done next prefix kind shown show days unit experiment_id flag_id type at attributes
    containing experiments_from flags_from event_type entity_type entity_id actor action since until environment source
    target from report revision attributes[0].name attributes[01].name do
""".split()  # noqa: SIM905 - names alone are read more easily
_FIELDS = """
    revision new_id id name description hypothesis owner status decision unit experiment_id flag_id environment source
    target starts_at ends_at expires_at lasts reason email role scopes percentage weight salt kind type traffic
    control holdouts layer layer_range[0] plan.units plan.looks plan.alpha dimensions grace_hours theme next
    audience audience.json audience.sample audience.items[0] audience.items[0].value condition.json condition.items[0]
    condition.items[0].operator variations[0].name variations[0].weight variations[0].value variations[01].name
    rules rules_json rules[0].name rules[0].condition.json rules[0].serve.kind default.kind default.rollout[0].weight
    metrics[0].margin conclusion.decision targeting schema prerequisites[0].flag try_unit try_attributes quantile
    window_start_hours measure.event_type power.mde power.baseline do
""".split()  # noqa: SIM905 - as above
_LARGE = ("/experiments/new", "/experiments/{experiment_id}/edit", "/flags/new", "/flags/{flag_id}/rules")
_VALUES = {
    "nothing": "",
    "a zero byte": "\x00",
    "more than 64 bits": "9" * 40,
    "beyond floats": "1e309",
    "a large float": "1e300",
    "below zero": "-1",
    "digits of another script": "\u0663",
    "before the first year": "0001-01-01T00:00+23:59",
    "after the last one": "9999-12-31T23:59-23:59",
    "the end of the last year": "9999-12-31T23:59:59.999999",
    "marks": "'\"><x>{{7*7}}%s%n../..",
    "a surrogate within a list": '[{"a":[1e400,"\\ud800"]}]',
    "a surrogate within an object": '{"a":"\\ud800","b":"\\u0000","\\ud800":1e400}',
    "an object that is deep": '{"a":' * 90 + "1" + "}" * 90,
    "beyond the basic plane": "\U0001f600\u202e\ufffe",
}


def _name(page: Page) -> str:
    return f"{page.method} {page.path}"


def _path(page: Page, named: dict[str, str]) -> str:
    return re.sub(r"\{([^}]*)\}", lambda found: quote(named.get(found[1], named["other"]), safe=""), page.path)


@pytest.fixture(scope="module")
def named(service: Running) -> dict[str, str]:
    """Return what stands in paths of what is there, by its name in them."""
    experiment = seed(service.platform)
    report = service.platform.list_reports(experiment.id, limit=1).items[0]
    return {"experiment_id": experiment.id, "report_id": report.id, "flag_id": "button", "number": "1", "other": "sold"}


def _faults(answers: Iterator[tuple[str, httpx.Response]]) -> list[str]:
    return [
        f"{words}: {answer.status_code}"
        for words, answer in answers
        if answer.status_code >= 500 or "Traceback" in answer.text
    ]


def _one_each(names: list[str]) -> Iterator[tuple[str, dict[str, str]]]:
    """Yield every value under all names at once, and then each name alone with one of the values."""
    for words, value in _VALUES.items():
        yield words, dict.fromkeys(names, value)
    for name, (words, value) in zip(names, cycle(_VALUES.items()), strict=False):
        yield f"{name} with {words}", {name: value}


@pytest.mark.parametrize("page", READ, ids=_name)
def test_no_page_fails_of_what_is_asked(page: Page, admin: Browser, named: dict[str, str]) -> None:
    path = _path(page, named)
    given = [*_one_each(_QUERIES)][:: 1 if path in ("/explain", "/events", "/audit", "/overrides", "/flags") else 6]
    assert _faults((words, admin.get(path, params=asked)) for words, asked in given) == []


@pytest.mark.parametrize("page", SENT, ids=_name)
def test_no_form_fails_of_what_is_sent(page: Page, admin: Browser, named: dict[str, str]) -> None:
    path, token = _path(page, named), {"csrf_token": admin.token}
    given = [*_one_each(_FIELDS)][:: 1 if page.path in _LARGE else 6]
    assert _faults((words, admin.client.post(path, data=token | fields)) for words, fields in given) == []


@pytest.mark.parametrize("page", [page for page in PAGES if "{" in page.path and not page.is_live], ids=_name)
def test_no_page_fails_of_what_its_path_names(page: Page, admin: Browser) -> None:
    token = {"csrf_token": admin.token}
    for odd in ("%", "a?b#c", "\U0001f600", "9" * 5_000, "x" * 2_000, "\x00", "'\"><x>", "\u0663"):
        path = _path(page, {"other": odd})
        answer = admin.get(path) if page.method == "GET" else admin.client.post(path, data=token)
        assert answer.status_code < 500, odd[:20]


@pytest.mark.parametrize(
    "asked",
    [{"attributes": '{"a":"\\ud800"}'}, {"flag_id": "button", "at": "9999-12-31T23:59:59.999999"}],
)
def test_an_explanation_of_odd_values_is_one(asked: dict[str, str], admin: Browser, named: dict[str, str]) -> None:
    assert admin.get("/explain", params={"unit": "u", **asked}).status_code == 200


def test_a_sample_that_is_deep_is_counted(admin: Browser) -> None:
    deep = {"c.sample": '{"a":' * 900 + "1" + "}" * 900, "do": "show:c.count"}
    assert "1 of 1 units that you pasted match" in admin.send("/conditions/builder?prefix=c", deep).text


def test_half_a_character_in_a_sample_is_written_out(admin: Browser) -> None:
    half = {"c.sample": '{"a\\ud800": 1}', "do": "show:c.count"}
    assert 'value="a\\ud800"' in admin.send("/conditions/builder?prefix=c", half).text


def test_a_plan_may_begin_at_the_end_of_time(admin: Browser) -> None:
    asked = {
        "variations[0].name": "a",
        "variations[0].weight": "1",
        "variations[1].name": "b",
        "variations[1].weight": "1",
        "power.baseline": "5",
        "power.mde": "5",
        "power.daily_units": "1000",
        "starts_at": "9999-12-31T00:00",
        "do": "power:use",
    }
    assert admin.send("/experiments/new", asked).status_code == 200


def test_a_form_of_what_has_an_odd_id_leads_to_itself_and_back(service: Running, admin: Browser) -> None:
    service.platform.create_experiment(
        "odd", experiment_id="what?#%", variations=[{"name": "a"}, {"name": "b"}], actor="tests"
    )
    path = f"/experiments/{quote('what?#%', safe='')}/edit"
    page = admin.get(path)
    assert set(re.findall(r'formaction="([^"#]*)', page.text)) == {path}
    assert f'name="next" value="{path}"' in page.text
    assert admin.send("/theme", {"next": path, "theme": "dark"}, follow=False).headers["location"] == path


def test_who_signs_in_from_a_long_link_is_let_in(service: Running, admin: Browser) -> None:
    long = f"/explain?unit={'u' * 1_500}"
    asked = httpx.get(f"{service.url}{long}", headers={"Accept": "text/html"})
    assert (asked.status_code, asked.headers["location"]) == (303, "/sign-in?next=%2F")
    assert 'name="next" value="/"' in admin.get(long).text
