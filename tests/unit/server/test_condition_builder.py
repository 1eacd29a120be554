"""A condition goes through the builder's rows and its JSON unchanged, and what is wrong is said at its row."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any, cast

import pytest
from hypothesis import given, settings

from tests.unit.decision.condition_strategies import conditions
from tests.unit.server.filling import fields_of
from variate.errors import InvalidInputError
from variate.model import Page
from variate.model.condition import Condition, condition_record
from variate.model.operators import Operator
from variate.server.dashboard.conditions.builder import Builder, condition_of, view
from variate.server.dashboard.conditions.sample import Samples
from variate.server.dashboard.conditions.words import OPERATORS
from variate.server.dashboard.form import Form
from variate.server.dashboard.templating import render
from variate.server.dashboard.visit import Visit

PLATFORM = SimpleNamespace(list_audiences=lambda **_: Page(items=()), get_audience=lambda _: None)
VISIT = cast(
    "Visit",
    SimpleNamespace(
        platform=PLATFORM,
        site=SimpleNamespace(samples=Samples()),
        now=datetime.now(UTC),
        once=lambda _, read: read(),
    ),
)
PLAN = {"attribute": "plan", "operator": "equals", "value": "pro"}
AGE = {"attribute": "age", "operator": "greater_than", "value": 17}
STAFF = {"audience": "staff"}


def shown(builder: Builder, form: Form) -> str:
    return render("conditions/alone.html.j2", {"builder": builder, "form": form, "legend": "Whom"})


def page_of(standing: Any) -> str:
    form = Form()
    return shown(view(form, "when[1].c", standing, VISIT), form)


def sent(page: str, *more: tuple[str, str]) -> Form:
    return Form([*fields_of(page), *more], sent=True)


def again(form: Form) -> str:
    assert form.reshaped()
    return shown(view(form, "when[1].c", None, VISIT), form)


@settings(deadline=None, max_examples=60)
@given(conditions())
def test_a_condition_goes_through_the_page_unchanged(condition: Condition) -> None:
    record = condition_record(condition)
    page = page_of(record)
    assert json.dumps(condition_of(sent(page), "when[1].c")) == json.dumps(record)


@settings(deadline=None, max_examples=60)
@given(conditions())
def test_a_condition_shown_again_is_still_the_same(condition: Condition) -> None:
    record = condition_record(condition)
    page = again(sent(page_of(record), ("do", "show:it")))
    assert json.dumps(condition_of(sent(page), "when[1].c")) == json.dumps(record)


@settings(deadline=None, max_examples=60)
@given(conditions())
def test_a_condition_that_rows_show_goes_to_json_and_back(condition: Condition) -> None:
    record = condition_record(condition)
    page = page_of(record)
    if "when[1].c.json" in dict(fields_of(page)):
        return
    as_json = again(sent(page, ("do", "set:when[1].c.way=json")))
    assert json.loads(dict(fields_of(as_json))["when[1].c.json"]) == record
    assert json.dumps(condition_of(sent(as_json), "when[1].c")) == json.dumps(record)
    assert fields_of(again(sent(as_json, ("do", "set:when[1].c.way=rows")))) == fields_of(page)


@pytest.mark.parametrize(
    "record",
    [
        PLAN,
        STAFF,
        {"not": STAFF},
        {"not": PLAN},
        {"all": [PLAN]},
        {"any": [PLAN, {"not": STAFF}, {"percentage": 12.5, "salt": "s"}]},
        {"not": {"any": [PLAN]}},
        {"not": {"all": [PLAN, AGE]}},
        {"all": [PLAN, {"any": [AGE, {"not": PLAN}]}, STAFF]},
        {"all": [{"attribute": "a", "operator": "in", "value": ["x", 1, 1.0, True, None, " y ", "a\nb"]}]},
        {"attribute": "a", "operator": "equals", "value": " two  blanks "},
        {"attribute": "a", "operator": "not_in", "value": [1, 2.5]},
        {"attribute": "a", "operator": "in_cidr", "value": ["10.0.0.0/8"]},
        {"attribute": "a", "operator": "in_cidr", "value": "10.0.0.0/8"},
        {"attribute": "a", "operator": "before", "value": "2026-01-31T09:30:00Z"},
        {"attribute": "a", "operator": "after", "value": "2026-01-31T10:30:00.250+01:00"},
        *({"attribute": "a", "operator": operator} for operator in ("exists", "not_exists", "empty", "is_null")),
    ],
)
def test_what_people_define_is_shown_as_rows(record: Any) -> None:
    page = page_of(record)
    assert "when[1].c.json" not in dict(fields_of(page))
    assert json.dumps(condition_of(sent(page), "when[1].c")) == json.dumps(record)


@pytest.mark.parametrize(
    "record",
    [
        {"attribute": "a", "operator": "equals", "value": ""},
        {"attribute": "a", "operator": "equals", "value": "two\nlines"},
        {"attribute": "a", "operator": "equals", "value": "turned \u202eabout"},
        {"attribute": " a", "operator": "exists"},
        {"attribute": "a", "operator": "in", "value": []},
        {"any": [{"any": [{"any": [{"any": [PLAN]}]}]}]},
        {"any": [PLAN] * 201},
    ],
)
def test_what_rows_cannot_show_is_json(record: Any) -> None:
    page = page_of(record)
    assert "when[1].c.json" in dict(fields_of(page))
    assert json.dumps(condition_of(sent(page), "when[1].c")) == json.dumps(record)
    back = again(sent(page, ("do", "set:when[1].c.way=rows")))
    assert "cannot be shown as rows" in back
    assert dict(fields_of(back)) == dict(fields_of(page))


def test_every_operator_can_be_chosen() -> None:
    assert {operator for _, operators in OPERATORS for operator, _ in operators} == set(Operator)


def test_without_a_row_it_is_for_everybody() -> None:
    assert condition_of(sent(page_of(None)), "when[1].c") is None
    assert condition_of(Form([("when[1].c.json", " ")], sent=True), "when[1].c") is None


def test_rows_are_put_together_by_buttons() -> None:
    page = page_of(None)
    page = again(sent(page, ("do", "add:when[1].c.items=audience")))
    page = page.replace(
        'name="when[1].c.items[0].audience" value=""', 'name="when[1].c.items[0].audience" value="beta"'
    )
    page = again(sent(page, ("do", "add:when[1].c.items=group")))
    page = again(sent(page, ("do", "add:when[1].c.items[1].items=percentage")))
    page = page.replace('items[0].percentage" value=""', 'items[0].percentage" value="20"')
    page = again(sent(page, ("do", "add:when[1].c.items=comparison")))
    page = again(sent(page, ("do", "remove:when[1].c.items[2]")))
    found: Any = condition_of(sent(page), "when[1].c")
    salt = found["all"][1].pop("salt")
    assert len(salt) == 8
    assert found == {"all": [{"audience": "beta"}, {"percentage": 20}]}


@pytest.mark.parametrize(
    ("fields", "field", "rule"),
    [
        ({"": "comparison"}, "attribute", "must be given"),
        ({"attribute": "a.", "value": "x"}, "attribute", "must have a name before, after and between dots"),
        ({"attribute": "a"}, "value", "must be given"),
        ({"attribute": "a", "operator": "nope", "value": "x"}, "operator", "must be one of"),
        ({"attribute": "a", "operator": "less_than", "value": "many"}, "value", "must be a number such as 12.5"),
        ({"attribute": "a", "operator": "less_than", "value": "1e999"}, "value", "must be a number such as 12.5"),
        ({"attribute": "a", "operator": "before", "value": "soon"}, "value", "must be a time such as"),
        ({"attribute": "a", "operator": "matches", "value": "("}, "value", "must be a regular expression"),
        ({"attribute": "a", "operator": "semver_equals", "value": "x"}, "value", "must be a version such as"),
        ({"attribute": "a", "operator": "in_cidr", "value": "10.0.0.1\nhere"}, "value", "(value 2)"),
        ({"attribute": "a", "operator": "in", "value": "1\nx", "kind": "number"}, "value", "(value 2)"),
        ({"attribute": "a", "operator": "in", "value": "1", "kind": "true"}, "kind", "must be texts, numbers, or JSON"),
        ({"attribute": "a", "operator": "equals", "value": "1", "kind": "json"}, "kind", "must be a text, a number"),
        ({"attribute": "a", "operator": "not_equals", "kind": "null"}, "value", "use not_null"),
        ({"": "audience", "inside": "no"}, "audience", "must not be empty"),
        ({"": "percentage", "percentage": "101", "salt": "s"}, "percentage", "must be a percentage from 0 to 100"),
        ({"": "percentage", "percentage": "10"}, "salt", "must not be empty"),
    ],
)
def test_what_is_wrong_is_said_at_its_row(fields: dict[str, str], field: str, rule: str) -> None:
    row = [(f"c.items[3]{name and '.'}{name}", value) for name, value in fields.items()]
    form = Form([("c.items[0]", "audience"), ("c.items[0].audience", "beta"), *row], sent=True)
    with pytest.raises(InvalidInputError) as refused:
        condition_of(form, "c")
    assert refused.value.field == f"c.items[3].{field}"
    assert rule in refused.value.rule
    page = shown(view(form, "c", None, VISIT), form)
    assert f'id="f-c-items-3-{field}-wrong"' in page


def test_all_rows_that_are_wrong_are_told_at_once() -> None:
    form = Form([("c.items[0]", "audience"), ("c.items[1]", "comparison"), ("c.items[2]", "group")], sent=True)
    with pytest.raises(InvalidInputError):
        condition_of(form, "c")
    assert [*form.errors] == ["c.items[0].audience", "c.items[1].attribute", "c.items[2]"]


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("{", "must be JSON: expecting property name enclosed in double quotes at line 1, column 2"),
        ('{"all": [{"audience": ""}]}', "all[0].audience must not be empty"),
        ("NaN", "must be JSON: there is no NaN in it"),
        ("[" * 100_000, "must be JSON"),
    ],
)
def test_json_that_is_wrong_is_kept_and_told(text: str, rule: str) -> None:
    form = Form([("c.way", "json"), ("c.json", text)], sent=True)
    with pytest.raises(InvalidInputError) as refused:
        condition_of(form, "c")
    assert refused.value.field == "c.json"
    assert rule in refused.value.rule
    assert dict(fields_of(shown(view(form, "c", None, VISIT), form)))["c.json"] == text


def test_what_people_typed_is_text_on_the_page() -> None:
    typed = '"><script>alert(1)</script>'
    page = page_of({"attribute": typed, "operator": "in", "value": [typed, "</textarea><script>"]})
    assert "<script>" not in page
