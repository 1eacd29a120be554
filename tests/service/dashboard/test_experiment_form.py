"""The form of an experiment: what is typed becomes a draft, once, and nothing typed is lost."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from tests.service.dashboard.people import Browser, words
from tests.service.running import Running

MEASURED = ("orders", "revenue", "refunds")


@pytest.fixture(autouse=True, scope="module")
def catalog(service: Running) -> None:
    """Metrics, a layer and a holdout to choose from."""
    for metric in MEASURED:
        kind = "mean" if metric == "revenue" else "proportion"
        service.platform.create_metric(metric, kind=kind, measure={"event_type": metric})
    service.platform.create_layer("checkout")
    service.platform.create_holdout("long-term", percentage=5)


NEW_ID = iter(range(1, 10_000))


def typed(**more: str | list[str]) -> dict[str, str | list[str]]:
    """Return what somebody types who fills in all that has to be."""
    fields: dict[str, str | list[str]] = {
        "new_id": f"00000000-0000-0000-0000-{next(NEW_ID):012}",
        "name": "One-page checkout",
        "owner": "ana@example.com",
        "hypothesis": "Fewer steps, more orders",
        "description": "",
        "control": "0",
        "variations[0].name": "control",
        "variations[0].weight": "1",
        "variations[0].description": "",
        "variations[0].value": "",
        "variations[1].name": "one-page",
        "variations[1].weight": "3",
        "variations[1].description": "All on one page",
        "variations[1].value": '{"steps": 1}',
        "audience.way": "rows",
        "audience.alone": "yes",
        "traffic": "50",
        "layer": "",
        "layer_range[0]": "",
        "layer_range[1]": "",
        "unit_type": "user",
        "salt": "",
        "starts_at": "",
        "ends_at": "",
        "metrics[0].metric": "orders",
        "metrics[0].role": "goal",
        "metrics[0].margin": "",
        "plan.units": "20000",
        "plan.looks": "10",
        "plan.alpha": "0.05",
        "plan.spending": "obrien_fleming",
    }
    return {**fields, **more}


def test_what_is_typed_becomes_a_draft(service: Running, editor: Browser) -> None:
    answer = editor.send(
        "/experiments/new",
        typed(
            id="one-page",
            control="1",
            holdouts=["long-term"],
            starts_at="2030-01-01T09:30",
            layer="checkout",
            **{
                "layer_range[0]": "0",
                "layer_range[1]": "12.5",
                "metrics[3].metric": "refunds",
                "metrics[3].role": "guardrail",
                "metrics[3].margin": "0.005",
                "audience.json": '{"attribute": "country", "operator": "in", "value": ["DE"]}',
                "audience.way": "json",
            },
        ),
        follow=False,
    )
    assert (answer.status_code, answer.headers["location"]) == (303, "/experiments/one-page?done=created")
    made = service.platform.get_experiment("one-page")
    assert made is not None
    assert (made.owner, made.status, made.control) == ("ana@example.com", "draft", "one-page")
    assert [(each.name, each.weight, each.value.value) for each in made.variations] == [
        ("control", 1, {}),
        ("one-page", 3, {"steps": 1}),
    ]
    design = made.design
    assert (design.traffic, design.holdouts, design.starts_at) == (
        50,
        ("long-term",),
        datetime(2030, 1, 1, 9, 30, tzinfo=UTC),
    )
    assert design.layer is not None
    assert (design.layer.layer_id, design.layer.start, design.layer.end) == ("checkout", 0, 12.5)
    assert [(each.metric, each.role, each.margin) for each in design.metrics] == [
        ("orders", "goal", None),
        ("refunds", "guardrail", 0.005),
    ]
    assert (design.plan.units, design.plan.looks) == (20_000, 10)
    assert design.audience is not None
    entries = service.platform.audit_log(entity_type="experiment", entity_id="one-page")
    assert [each.actor for each in entries] == ["person:editor@example.com"]


@pytest.mark.parametrize("chosen", ["", "sent-twice"])
def test_a_form_that_is_sent_twice_creates_once(service: Running, editor: Browser, chosen: str) -> None:
    name = f"Sent twice {chosen or 'without an id'}"
    fields = typed(name=name, id=chosen)
    first = editor.send("/experiments/new", fields, follow=False)
    again = editor.send("/experiments/new", fields, follow=False)
    assert first.headers["location"] == again.headers["location"]
    assert len(service.platform.list_experiments(text=name)) == 1


def test_an_id_that_another_experiment_has_is_refused_beside_it(editor: Browser) -> None:
    assert editor.send("/experiments/new", typed(id="taken"), follow=False).status_code == 303
    answer = editor.send("/experiments/new", typed(id="taken", name="Another"))
    assert answer.status_code == 422
    assert 'id="f-id-wrong"' in answer.text
    assert "is taken by another experiment" in words(answer)


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"name": " "}, "f-name"),
        ({"variations[1].name": "control"}, "f-variations"),
        ({"variations[1].weight": "-1"}, "f-variations-1-weight"),
        ({"variations[1].weight": "much"}, "f-variations-1-weight"),
        ({"variations[1].weight": ""}, "f-variations-1-weight"),
        ({"variations[1].value": "{"}, "f-variations-1-value"),
        ({"variations[1].value": "NaN"}, "f-variations-1-value"),
        ({"traffic": "101"}, "f-traffic"),
        ({"layer": "checkout", "layer_range[0]": "50"}, "f-layer_range-1"),
        ({"layer": "checkout", "layer_range[0]": "80", "layer_range[1]": "70"}, "f-layer_range"),
        ({"layer": "nowhere", "layer_range[0]": "0", "layer_range[1]": "1"}, "f-layer"),
        ({"holdouts": "nowhere"}, "f-holdouts"),
        ({"unit_type": ""}, "f-unit_type"),
        ({"starts_at": "soon"}, "f-starts_at"),
        ({"starts_at": "2030-01-02T00:00", "ends_at": "2030-01-01T00:00"}, "f-ends_at"),
        ({"metrics[0].metric": "nowhere"}, "f-metrics-0-metric"),
        ({"metrics[0].margin": "0.1"}, "f-metrics-0-margin"),
        ({"metrics[0].margin": "small"}, "f-metrics-0-margin"),
        ({"metrics[0].metric": "", "metrics[0].margin": "0.1"}, "f-metrics-0-metric"),
        ({"plan.units": "1"}, "f-plan-units"),
        ({"plan.looks": "0"}, "f-plan-looks"),
        ({"plan.alpha": "0.9"}, "f-plan-alpha"),
        ({"audience.json": "[", "audience.way": "json"}, "f-audience-json"),
    ],
)
def test_a_refusal_names_its_field_and_keeps_what_was_typed(editor: Browser, given: dict[str, str], field: str) -> None:
    fields = typed(**{"hypothesis": "Kept <i>", "variations[0].description": "Kept, too", **given})
    answer = editor.send("/experiments/new", fields)
    assert answer.status_code == 422
    assert f'<a href="#{field}">' in answer.text
    assert f'id="{field}"' in answer.text
    assert f'id="{field}-wrong"' in answer.text or f'class="wrong" id="{field}"' in answer.text
    assert "Kept &lt;i&gt;</textarea>" in answer.text
    assert 'value="Kept, too"' in answer.text
    for name, value in given.items():
        assert not value.strip() or f'value="{value}"' in answer.text or f">\n{value}<" in answer.text, name


def test_all_that_is_wrong_is_said_at_once(editor: Browser) -> None:
    wrong = {"variations[0].weight": "x", "traffic": "", "plan.units": "some", "ends_at": "never"}
    answer = editor.send("/experiments/new", typed(**wrong))
    for field in ("f-variations-0-weight", "f-traffic", "f-plan-units", "f-ends_at"):
        assert f'<a href="#{field}">' in answer.text


def test_what_is_wrong_is_named_by_the_row_of_the_form_and_not_by_its_place(editor: Browser) -> None:
    fields = typed(**{"variations[7].name": "third", "variations[7].weight": "1"})
    fields = {name: value for name, value in fields.items() if not name.startswith("variations[1]")}
    answer = editor.send("/experiments/new", {**fields, "variations[7].name": ""})
    assert 'id="f-variations-7-name-wrong"' in answer.text
    more = {"metrics[4].metric": "revenue", "metrics[4].role": "secondary", "metrics[4].margin": "1"}
    answer = editor.send("/experiments/new", typed(**{"metrics[0].metric": "", **more}))
    assert 'id="f-metrics-4-margin-wrong"' in answer.text


def test_what_is_wrong_is_called_as_the_page_counts_its_rows(editor: Browser) -> None:
    fields = typed(**{"variations[7].name": "third", "variations[7].weight": "much", "plan.units": "some"})
    fields = {name: value for name, value in fields.items() if not name.startswith("variations[1]")}
    told = words(editor.send("/experiments/new", fields))
    assert "Variation 2, weight must be a number" in told
    assert "Plan, units in all variations must be a number" in told


def test_a_metric_that_is_not_there_is_said_beside_its_row(editor: Browser) -> None:
    answer = editor.send("/experiments/new", typed(**{"metrics[3].metric": "revnue", "metrics[3].role": "secondary"}))
    assert 'id="f-metrics-3-metric-wrong"' in answer.text
    assert "must be the id of a metric, and 'revnue' is none" in words(answer)


def test_a_margin_of_a_share_is_no_percentage(editor: Browser) -> None:
    row = {"metrics[1].metric": "refunds", "metrics[1].role": "guardrail", "metrics[1].margin": "1"}
    answer = editor.send("/experiments/new", typed(**row))
    assert 'id="f-metrics-1-margin-wrong"' in answer.text
    assert "must be below 1 for a share, not 1: 0.01 is one percentage point" in words(answer)
    assert editor.send("/experiments/new", typed(**{**row, "metrics[1].margin": "0.5"})).status_code == 200


def test_rows_are_added_and_removed_and_shares_refreshed(editor: Browser) -> None:
    more = editor.send("/experiments/new", typed(do="add:variations"))
    assert 'name="variations[2].name"' in more.text
    fewer = editor.send("/experiments/new", typed(do="remove:variations[0]"))
    assert 'name="variations[0].name"' not in fewer.text
    assert 'name="variations[1].name"' in fewer.text
    assert "add:metrics" in editor.send("/experiments/new", typed(do="add:metrics")).text
    shares = editor.send("/experiments/new", typed(do="shares"))
    assert "Share: 25.00 %" in words(shares)
    assert "Share: 75.00 %" in words(shares)
    assert "Share: -" in words(editor.send("/experiments/new", typed(**{"do": "shares", "variations[0].weight": "x"})))


def test_a_copy_begins_as_a_draft_of_its_own(service: Running, editor: Browser) -> None:
    later = (datetime.now(UTC) + timedelta(days=9)).strftime("%Y-%m-%dT%H:%M")
    fields = typed(id="original", layer="checkout", ends_at=later, salt="grain", control="1")
    fields |= {"layer_range[0]": "40", "layer_range[1]": "60"}
    assert editor.send("/experiments/new", fields, follow=False).status_code == 303
    service.platform.update_experiment_status("original", "active")
    page = editor.get("/experiments/new?from=original")
    assert 'value="Copy of One-page checkout"' in page.text
    assert 'value="editor@example.com"' in page.text
    assert 'value="orders"' in page.text
    assert "{&#34;steps&#34;: 1}" in page.text
    assert later not in page.text
    assert 'value="grain"' not in page.text
    assert 'value="40"' not in page.text
    assert editor.get("/experiments/new?from=nowhere").status_code == 404


def test_only_who_may_change_sees_the_form(viewer: Browser, editor: Browser) -> None:
    assert editor.send("/experiments/new", typed(id="looked-at"), follow=False).status_code == 303
    for path in ("/experiments/new", "/experiments/looked-at/edit"):
        assert viewer.get(path).status_code == 403
        assert viewer.send(path, typed()).status_code == 403


def test_names_are_text(service: Running, editor: Browser) -> None:
    name = '"><script>alert(1)</script>'
    service.platform.create_metric(f"m{name}", name=name, kind="proportion", measure={"event_type": "x"})
    service.platform.create_layer(f"l{name}", name=name)
    service.platform.create_holdout(f"h{name}", percentage=1, name=name)
    variations: list[dict[str, object]] = [
        {"name": f"a{name}", "description": name, "value": {"k": name}},
        {"name": f"b{name}"},
    ]
    made = service.platform.create_experiment(
        name,
        description=name,
        owner=name,
        hypothesis=name,
        variations=variations,
        unit_type=name,
        salt=name,
        holdouts=[f"h{name}"],
        metrics=[f"m{name}"],
        layer=f"l{name}",
        layer_range=[0, 10],
        audience={"attribute": name, "operator": "equals", "value": name},
    )
    for _ in ("draft", "active"):
        for path in (f"/experiments/{made.id}/edit", f"/experiments/new?from={made.id}"):
            page = editor.get(path)
            assert page.status_code == 200
            assert "<script>alert" not in page.text
            assert "alert(1)" in page.text
        service.platform.update_experiment_status(made.id, "active")


def test_a_field_has_what_stands_to_the_letter(service: Running, editor: Browser) -> None:
    name, value = "two  spaces \u202e and a turn", {"text": "two  spaces"}
    made = service.platform.create_experiment(name, variations=[{"name": "a", "value": value}, {"name": "b"}])
    page = editor.get(f"/experiments/{made.id}/edit")
    assert f'value="{name}"' in page.text
    assert "two  spaces&#34;}</textarea>" in page.text


def test_an_id_that_no_program_can_ask_for_is_refused(editor: Browser) -> None:
    answer = editor.send("/experiments/new", typed(id="one/page"))
    assert answer.status_code == 422
    assert "Id must be printable and without slashes and backslashes" in words(answer)
    assert 'value="one/page"' in answer.text
