"""Every id that the platform permits has pages: of each kind, by the links that pages have to it."""

from __future__ import annotations

import re
from html import unescape

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.service.dashboard.people import Browser, words
from variate.model.rules import check_id
from variate.platform import Platform
from variate.server.dashboard.segments import NEW, id_of, segment_of
from variate.server.dashboard.templating import path_of
from variate.server.tricks import check_path

ODD = (
    "new",
    "a/b",
    "/",
    "..",
    ".",
    "a\\b",
    "two\nlines",
    "a~2Fb",
    "x%2Fy",
    "q?a=b#c;d&e",
    "no\u200bspace",
    "~",
    "NEW",
    "ü ü",
)
BELOW = {
    "experiments": ("edit", "history", "results", "units", "complete"),
    "flags": ("edit", "history", "rules", "off", "promote"),
    "audiences": ("uses",),
    "metric-catalog": ("uses",),
    "layers": ("uses",),
    "holdouts": ("uses",),
}


def _define(platform: Platform, odd: str, name: str) -> None:
    platform.create_experiment(name, experiment_id=odd, variations=[{"name": "a"}, {"name": "b"}])
    platform.update_experiment_status(odd, "active")
    platform.create_feature_flag(name, flag_id=odd, status="active")
    condition = {"attribute": "plan", "operator": "equals", "value": "pro"}
    platform.create_audience(odd, condition=condition, name=name)
    platform.create_metric(odd, kind="proportion", measure="order", name=name)
    platform.create_layer(odd, name=name)
    platform.create_holdout(odd, percentage=5, name=name)


@pytest.fixture(scope="module", autouse=True)
def defined(platform: Platform) -> None:
    for number, odd in enumerate(ODD):
        _define(platform, odd, f"Odd number {number}.")


@pytest.mark.parametrize("part", BELOW)
@pytest.mark.parametrize("number", range(len(ODD)), ids=map(repr, ODD))
def test_a_definition_has_its_pages_by_the_links_of_lists(part: str, number: int, editor: Browser) -> None:
    name = f"Odd number {number}."
    listed = editor.get(f"/{part}").text
    (path,) = {unescape(found) for found in re.findall(rf'<th scope="row"><a href="([^"]+)">{name}</a>', listed)}
    page = editor.get(path)
    assert page.status_code == 200
    assert f"<h1>{name}</h1>" in page.text
    for below in BELOW[part]:
        assert name in words(editor.get(f"{path}/{below}")), below


@pytest.mark.parametrize("part", BELOW)
def test_the_form_of_something_new_is_where_it_was(part: str, editor: Browser) -> None:
    assert "<h1>New " in editor.get(f"/{part}/new").text


def test_what_is_called_new_is_changed_by_its_own_form(editor: Browser, platform: Platform) -> None:
    path = path_of("layers", "new")
    page = editor.get(path)
    action = re.findall(r'<form method="post" action="([^"]+)"', page.text)
    assert path in action
    layer = platform.get_layer("new")
    assert layer is not None
    editor.send(path, {"revision": str(layer.revision), "name": "Renamed", "description": ""})
    after = platform.get_layer("new")
    assert after is not None
    assert after.name == "Renamed"
    platform.update_layer("new", name=layer.name)


def test_other_places_lead_to_it_too(editor: Browser, platform: Platform) -> None:
    path = path_of("experiments", "a/b")
    assert f'href="{path}"' in editor.get("/audit?entity_type=experiment&entity_id=a%2Fb").text
    platform.create_override("u-1", "a/b", "a", reason="to look")
    assert f'href="{path}"' in editor.get("/overrides").text
    assert "Odd number 1." in editor.get(path_of("explain", unit="u-1", experiment_id="a/b")).text


def _is_id(text: str) -> bool:
    try:
        check_id("id", text)
    except ValueError:
        return False
    return True


@given(st.text(min_size=1, max_size=30).filter(_is_id))
@example("new")
@example("~6Eew")
@example("..")
@example("~7")
def test_an_id_has_one_spelling_that_the_front_lets_through(text: str) -> None:
    segment = segment_of(text)
    assert id_of(segment) == text
    assert segment != NEW.value
    path = path_of("flags", text)
    check_path(f"/flags/{segment}", path.encode())


@pytest.mark.parametrize("segment", ["~6eew", "~61", "~2F~FF", "~FF", "a~"])
def test_another_spelling_is_another_id(segment: str) -> None:
    assert id_of(segment) == segment
