"""Audiences, metrics, layers and holdouts on pages: they are made, changed, found in use and removed."""

from __future__ import annotations

from typing import Any

import pytest

from tests.service.dashboard.people import Browser, words
from tests.service.running import Running
from tests.unit.server.filling import fields_of
from variate.model import Experiment, Page
from variate.platform import Platform

PARTS = {"audiences": "audience", "metric-catalog": "metric", "layers": "layer", "holdouts": "holdout"}
PRO = {"attribute": "plan", "operator": "equals", "value": "pro"}
ROW = {
    "condition.items[0]": "comparison",
    "condition.items[0].attribute": "plan",
    "condition.items[0].operator": "equals",
    "condition.items[0].value": "pro",
}
NEW: dict[str, dict[str, str]] = {
    "audiences": ROW,
    "metric-catalog": {"kind": "proportion", "direction": "increase", "measure.event_type": "order"},
    "layers": {},
    "holdouts": {"percentage": "5"},
}


def create(editor: Browser, part: str, definition_id: str, **more: str) -> None:
    answer = editor.send(f"/{part}/new", {"id": definition_id, **NEW[part], **more}, follow=False)
    assert (answer.status_code, answer.headers["location"]) == (303, f"/{part}/{definition_id}?done=created"), (
        answer.text
    )


def stands(platform: Platform, part: str, definition_id: str) -> object:
    return getattr(platform, f"get_{PARTS[part]}")(definition_id)


@pytest.mark.parametrize("part", PARTS)
def test_one_is_created_listed_changed_and_removed(part: str, editor: Browser, service: Running) -> None:
    name = PARTS[part]
    create(editor, part, f"a-{name}", name="<b>First</b>", description="Why & how")
    assert "&lt;b&gt;First&lt;/b&gt;" in editor.get(f"/{part}").text
    page = editor.get(f"/{part}/a-{name}")
    assert "Why & how" in words(page)
    fields = dict(fields_of(page.text)) | {"name": "Second"}
    saved = editor.send(f"/{part}/a-{name}", fields)
    assert "Saved." in words(saved)
    assert "Second" in words(saved)
    uses = editor.get(f"/{part}/a-{name}/uses")
    assert "Nothing uses it" in words(uses)
    removed = editor.send(f"/{part}/a-{name}/remove", {"revision": "2"})
    assert removed.url.path == f"/{part}"
    assert "Removed." in words(removed)
    assert stands(service.platform, part, f"a-{name}") is None
    assert editor.get(f"/{part}/a-{name}").status_code == 404


@pytest.mark.parametrize("part", PARTS)
def test_who_only_looks_sees_no_form(part: str, editor: Browser, viewer: Browser) -> None:
    create(editor, part, "seen")
    for path in (f"/{part}", f"/{part}/seen", f"/{part}/seen/uses"):
        page = viewer.get(path)
        assert page.status_code == 200
        actions = page.text.split('action="')[1:]
        assert {each.split('"')[0] for each in actions} == {"/theme", "/sign-out"}, path
        assert f"/{part}/new" not in page.text
    assert viewer.get(f"/{part}/new").status_code == 403


@pytest.mark.parametrize("part", PARTS)
def test_what_is_wrong_is_said_and_what_was_typed_stays(part: str, editor: Browser) -> None:
    answer = editor.send(f"/{part}/new", {**NEW[part], "id": "a/b", "name": "Kept", "description": "Kept, too"})
    assert answer.status_code == 422
    assert 'id="f-id-wrong"' in answer.text
    assert dict(fields_of(answer.text)).items() >= {"id": "a/b", "name": "Kept", **NEW[part]}.items()
    assert "Kept, too" in answer.text
    create(editor, part, "taken")
    again = editor.send(f"/{part}/new", {"id": "taken", **NEW[part]}, follow=False)
    assert again.status_code == 303, "sent twice, it is created once"
    other = editor.send(f"/{part}/new", {"id": "taken", **NEW[part], "name": "Another"})
    assert "is taken by another" in words(other)


@pytest.mark.parametrize("part", PARTS)
def test_nobody_writes_over_what_they_have_not_seen(part: str, editor: Browser, service: Running) -> None:
    create(editor, part, "both")
    fields = dict(fields_of(editor.get(f"/{part}/both").text))
    assert editor.send(f"/{part}/both", {**fields, "name": "One"}, follow=False).status_code == 303
    late = editor.send(f"/{part}/both", {**fields, "name": "Two"})
    assert late.status_code == 409
    assert 'value="Two"' in late.text
    assert "load the page anew" in words(late)
    assert editor.send(f"/{part}/both/remove", {"revision": "1"}).status_code == 409
    assert stands(service.platform, part, "both") is not None


def test_an_audience_is_a_condition_and_never_everybody(editor: Browser, service: Running) -> None:
    create(editor, "audiences", "pros")
    audience = service.platform.get_audience("pros")
    assert audience is not None
    page = editor.get("/audiences/pros")
    assert 'plan equals "pro"' in words(page)
    fields = {name: value for name, value in fields_of(page.text) if ".items" not in name}
    empty = editor.send("/audiences/pros", fields)
    assert "an audience without one would be everybody" in words(empty)
    assert service.platform.get_audience("pros") == audience


def test_where_an_audience_is_used_is_told_through_others_too(editor: Browser, service: Running) -> None:
    platform = service.platform
    platform.create_audience("core", condition=PRO)
    platform.create_audience("wide", condition={"any": [{"audience": "core"}, {"percentage": 5, "salt": "s"}]})
    platform.create_experiment(
        "Button", variations=[{"name": "a"}, {"name": "b"}], experiment_id="button", audience={"audience": "wide"}
    )
    platform.create_feature_flag(
        "Flag",
        flag_id="flag",
        type="boolean",
        rules=[{"condition": {"audience": "core"}, "serve": "on"}],
    )
    page = words(editor.get("/audiences/core/uses"))
    assert "wide audience - names it" in page
    assert "Button experiment ○ draft through wide" in page
    assert "Flag flag" in page
    assert "Remove the audience" not in page
    refused = editor.send("/audiences/core/remove", {"revision": "1"})
    assert refused.status_code == 422
    assert "core" in words(refused)
    assert platform.get_audience("core") is not None


def test_a_metric_in_use_keeps_what_it_measures_and_says_so_at_the_field(editor: Browser, service: Running) -> None:
    platform = service.platform
    create(editor, "metric-catalog", "goal")
    platform.create_experiment(
        "Judged", variations=[{"name": "a"}, {"name": "b"}], experiment_id="judged", metrics=["goal"]
    )
    platform.update_experiment_status("judged", "active")
    fields = dict(fields_of(editor.get("/metric-catalog/goal").text))
    refused = editor.send("/metric-catalog/goal", {**fields, "window_end_hours": "24"})
    assert refused.status_code == 422
    assert 'id="f-window_end_hours-wrong"' in refused.text
    assert "Judged experiment ● active as goal" in words(editor.get("/metric-catalog/goal/uses"))


METRICS: dict[str, dict[str, str]] = {
    "mean": {
        "measure.event_type": "order",
        "measure.aggregation": "sum",
        "measure.field": "items",
        "cap_quantile": "0.999",
        "covariate_hours": "336",
        "window_end_hours": "168",
    },
    "ratio": {"measure.event_type": "order", "measure.aggregation": "sum", "denominator.event_type": "visit"},
    "quantile": {"measure.event_type": "page-load", "measure.field": "ms", "quantile": "0.9", "direction": "decrease"},
    "retention": {"measure.event_type": "visit", "window_start_hours": "168", "window_end_hours": "192.5"},
    "funnel": {"steps": "cart\n\norder \n"},
}


@pytest.mark.parametrize("kind", METRICS)
def test_each_kind_of_metric_is_made_by_its_own_fields(kind: str, editor: Browser, service: Running) -> None:
    shown = editor.send("/metric-catalog/new", {"do": "show:kind", "kind": kind, "id": f"of-{kind}"})
    fields = dict(fields_of(shown.text))
    assert METRICS[kind].keys() <= fields.keys()
    assert ("steps" in fields) == (kind == "funnel")
    made = editor.send("/metric-catalog/new", {**fields, "direction": "increase", **METRICS[kind]})
    assert "Created." in words(made), words(made)
    before = service.platform.get_metric(f"of-{kind}")
    assert before is not None
    assert before.kind == kind
    editor.send(f"/metric-catalog/of-{kind}", dict(fields_of(editor.get(f"/metric-catalog/of-{kind}").text)))
    assert service.platform.get_metric(f"of-{kind}") == before, "saved as it is shown, nothing changes"


def test_what_a_metric_lacks_is_said_at_its_field(editor: Browser) -> None:
    quantile = {"id": "x", "kind": "quantile", "direction": "increase"}
    missing = editor.send("/metric-catalog/new", {**quantile, "measure.event_type": ""})
    assert 'id="f-measure-event_type-wrong"' in missing.text, words(missing)
    missing = editor.send("/metric-catalog/new", {**quantile, "measure.event_type": "load"})
    assert 'id="f-quantile-wrong"' in missing.text
    wrong = editor.send("/metric-catalog/new", {**quantile, "kind": "mean", "cap_quantile": "most"})
    assert "must be a number such as 12.5" in words(wrong)


def test_a_layer_shows_who_holds_what_of_it(editor: Browser, service: Running) -> None:
    create(editor, "layers", "checkout")
    platform = service.platform
    for name, ends in (("one", [10.0, 40.0]), ("two", [62.5, 100.0])):
        platform.create_experiment(
            name.title(),
            variations=[{"name": "a"}, {"name": "b"}],
            experiment_id=f"layered-{name}",
            layer="checkout",
            layer_range=ends,
        )
    page = editor.get("/layers/checkout")
    assert "free - 0 % 10 % 10 % One ○ draft 10 % 40 % 30 % free - 40 % 62.5 % 22.5 % Two ○ draft" in words(page)
    assert page.text.count("<rect") == 4
    assert "checkout 2 32.5 %" in words(editor.get("/layers"))
    refused = editor.send("/layers/checkout/remove", {"revision": "3"})
    assert "is in use by experiment" in words(refused)


def test_who_holds_a_layer_is_read_together_and_who_cannot_be_read_by_id(
    editor: Browser, service: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    platform = service.platform
    platform.create_layer("held")
    sides = [{"name": "a"}, {"name": "b"}]
    for place, name in enumerate(("first", "second")):
        held: list[float] = [50 * place, 50 * place + 50]
        platform.create_experiment(
            name.title(), variations=sides, experiment_id=f"held-{name}", layer="held", layer_range=held
        )
    listed = platform.list_experiments

    def one_unreadable(**asked: Any) -> Page[Experiment]:
        page = listed(**asked)
        return Page(tuple(each for each in page if each.id != "held-second"), page.last_key)

    def one_by_one(experiment_id: str) -> Experiment:
        raise AssertionError(f"{experiment_id} is read alone")

    monkeypatch.setattr(platform, "list_experiments", one_unreadable)
    monkeypatch.setattr(platform, "get_experiment", one_by_one)
    assert "First ○ draft 0 % 50 % 50 % held-second - 50 % 100 % 50 %" in words(editor.get("/layers/held"))
    assert "held-second" in words(editor.get("/layers/held/uses"))


def test_lists_go_on_page_by_page(editor: Browser, service: Running) -> None:
    for number in range(60):
        service.platform.create_holdout(f"h-{number:02}", percentage=1)
    first = editor.get("/holdouts").text
    assert "h-59" not in first
    more = first.split('rel="next"')[0].rsplit('href="', 1)[1].split('"')[0].replace("&amp;", "&")
    assert "h-59" in editor.get(more).text
