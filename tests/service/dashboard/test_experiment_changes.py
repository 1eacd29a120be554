"""The form of an experiment that stands: what may change, what is fixed, and what a change would move."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from itertools import count
from typing import Any

import httpx
import pytest

from tests.service.dashboard.filled import filled
from tests.service.dashboard.people import Browser, Fields, words
from tests.service.running import Running
from variate.model import Experiment
from variate.platform import Platform

_numbers = count(1)
GERMANS = {"attribute": "country", "operator": "in", "value": ["DE", "AT"]}
DESIGN: dict[str, Any] = {
    "description": "As it was",
    "owner": "ana",
    "hypothesis": "Fewer steps",
    "audience": GERMANS,
    "traffic": 50,
    "layer_range": [20, 40.5],
    "holdouts": ["kept-out"],
    "unit_type": "company",
    "salt": "grain",
    "starts_at": datetime(2026, 1, 2, 3, 4, 5, 678, tzinfo=UTC),
    "ends_at": datetime(2040, 1, 1, tzinfo=UTC),
    "control": "b",
    "metrics": [
        "signups",
        {"metric": "errors", "role": "guardrail", "margin": 0.5},
        {"metric": "visits", "role": "secondary"},
    ],
    "plan": {"units": 5000, "looks": 3, "alpha": 0.01, "spending": "pocock"},
    "keeps_outside_audience": True,
}


@pytest.fixture(scope="module")
def platform(service: Running) -> Platform:
    """The platform, with what the experiments name."""
    for metric in ("signups", "errors", "visits"):
        service.platform.create_metric(metric, kind="proportion", measure={"event_type": metric})
    service.platform.create_holdout("kept-out", percentage=5)
    return service.platform


@pytest.fixture
def draft(platform: Platform) -> Experiment:
    """A draft of which everything is said."""
    name = f"standing-{next(_numbers)}"
    platform.create_layer(name)
    variations = [{"name": "a", "weight": 1.5, "value": [1, "two"]}, {"name": "b", "weight": 2, "description": "B"}]
    return platform.create_experiment(name, experiment_id=name, layer=name, variations=variations, **DESIGN)


@pytest.fixture
def active(platform: Platform, draft: Experiment) -> Experiment:
    """The same, started."""
    return platform.update_experiment_status(draft.id, "active")


def form_of(browser: Browser, experiment: Experiment) -> dict[str, Any]:
    page = browser.get(f"/experiments/{experiment.id}/edit")
    assert page.status_code == 200
    return filled(page, "experiment-form")


def sent(browser: Browser, experiment: Experiment, fields: Fields) -> httpx.Response:
    return browser.send(f"/experiments/{experiment.id}/edit", fields, follow=False)


def now(platform: Platform, experiment: Experiment) -> Experiment:
    found = platform.get_experiment(experiment.id)
    assert found is not None
    return found


@pytest.mark.parametrize("status", ["draft", "active", "completed"])
def test_a_form_that_nobody_touched_changes_nothing(
    platform: Platform, editor: Browser, draft: Experiment, status: str
) -> None:
    if status != "draft":
        platform.update_experiment_status(draft.id, "active")
    if status == "completed":
        platform.update_experiment_status(draft.id, "completed")
    before = now(platform, draft)
    answer = sent(editor, draft, form_of(editor, draft))
    assert answer.headers["location"] == f"/experiments/{draft.id}?done=saved"
    assert now(platform, draft) == before


def test_a_draft_changes_in_everything(platform: Platform, editor: Browser, draft: Experiment) -> None:
    fields = form_of(editor, draft)
    more = {"name": "Renamed", "owner": "ben", "control": "0", "variations[1].name": "c", "plan.units": ""}
    more |= {"starts_at": "", "ends_at": "2031-02-03T04:05", "salt": "", "layer": "", "metrics[1].margin": "0.25"}
    more |= {"layer_range[0]": "", "layer_range[1]": "", "hypothesis": "", "unit_type": "user", "holdouts": ""}
    assert sent(editor, draft, {**fields, **more}).status_code == 303
    after = now(platform, draft)
    design = after.design
    assert (after.name, after.owner, after.control) == ("Renamed", "ben", "a")
    assert [each.name for each in after.variations] == ["a", "c"]
    assert (design.plan.units, design.starts_at, design.salt, design.layer, design.holdouts) == (None,) * 4 + ((),)
    assert design.ends_at == datetime(2031, 2, 3, 4, 5, tzinfo=UTC)
    assert [each.margin for each in design.metrics] == [None, 0.25, None]
    assert design.audience == draft.design.audience


def test_who_saves_what_somebody_else_changed_is_told(platform: Platform, editor: Browser, draft: Experiment) -> None:
    fields = form_of(editor, draft)
    platform.update_experiment(draft.id, description="Theirs")
    answer = sent(editor, draft, {**fields, "name": "Mine"})
    assert answer.status_code == 409
    assert "What you typed is still here" in words(answer)
    assert 'value="Mine"' in answer.text
    assert now(platform, draft).name == draft.name
    again = sent(editor, draft, filled(answer, "experiment-form"))
    assert again.status_code == 409


def test_what_is_fixed_once_it_runs_is_text_and_is_not_taken(
    platform: Platform, editor: Browser, active: Experiment
) -> None:
    page = editor.get(f"/experiments/{active.id}/edit")
    said = words(page)
    assert "This experiment has started." in said
    fields = filled(page, "experiment-form")
    for name in ("hypothesis", "unit_type", "salt", "layer", "plan.units", "variations[0].name", "variations[0].value"):
        assert name not in fields
    assert "Hypothesis ○ fixed Fewer steps" in said
    assert f"{active.id}, from 20 to 40.5 %" in said
    assert "signups goal" in said
    assert "errors guardrail 0.5" in said
    forged = {"hypothesis": "Moved", "salt": "other", "plan.units": "7", "variations[0].name": "z", "control": "0"}
    assert sent(editor, active, {**fields, **forged, "description": "Said anew"}).status_code == 303
    after = now(platform, active)
    assert after.description == "Said anew"
    assert replace(after.design, past=()) == active.design
    assert [replace(each, updated_at=each.created_at) for each in after.variations] == [*active.variations]


def test_secondary_metrics_come_and_go_while_it_runs(platform: Platform, editor: Browser, active: Experiment) -> None:
    fields = form_of(editor, active)
    assert fields["metrics[0].metric"] == "visits"
    answer = sent(editor, active, {**fields, "metrics[0].metric": "signups"})
    assert answer.status_code == 422
    assert 'id="f-metrics"' in answer.text
    assert sent(editor, active, {**fields, "metrics[0].metric": ""}).status_code == 303
    assert [each.metric for each in now(platform, active).design.metrics] == ["signups", "errors"]


def test_what_a_change_would_move_is_shown_before_it_is_saved(
    platform: Platform, editor: Browser, active: Experiment
) -> None:
    for number in range(60):
        platform.assign(f"unit-{number}", active.id, {"country": "DE"})
    platform.flush_assignments()
    kept = len(platform.get_experiment_assignments(active.id, limit=100))
    assert kept
    fields = {**form_of(editor, active), "variations[0].weight": "900"}
    shown = sent(editor, active, fields)
    assert shown.status_code == 200
    said = words(shown)
    assert "Not saved yet" in said
    assert f"Have an assignment {kept} unit" in said
    assert "Would get another variation, or none 0 units" in said
    assert now(platform, active).revision == active.revision
    seen = filled(shown, "experiment-form")
    other = sent(editor, active, {**seen, "traffic": "20"})
    assert other.status_code == 200
    assert "Not saved yet" in words(other)
    assert sent(editor, active, seen).status_code == 303
    assert [each.weight for each in now(platform, active).variations] == [900, 2]


def test_a_preview_saves_nothing_and_keeps_what_was_typed(
    platform: Platform, editor: Browser, active: Experiment
) -> None:
    fields = {**form_of(editor, active), "traffic": "12.5", "do": "preview"}
    shown = sent(editor, active, fields)
    assert "What this change would move" in words(shown)
    assert "Not saved yet" not in words(shown)
    assert 'value="12.5"' in shown.text
    assert now(platform, active) == active
    refused = sent(editor, active, {**fields, "traffic": "120"})
    assert refused.status_code == 422
    assert 'id="f-traffic-wrong"' in refused.text


def test_an_experiment_that_ended_changes_in_its_words_only(
    platform: Platform, editor: Browser, active: Experiment
) -> None:
    platform.update_experiment_status(active.id, "completed")
    fields = form_of(editor, active)
    assert set(fields) <= {"csrf_token", "revision", "name", "owner", "description"}
    assert sent(editor, active, {**fields, "name": "As it ended", "owner": "cyd"}).status_code == 303
    after = now(platform, active)
    assert (after.name, after.owner, after.design) == ("As it ended", "cyd", active.design)
    platform.update_experiment_status(active.id, "archived")
    page = editor.get(f"/experiments/{active.id}/edit")
    assert "no longer changes" in words(page)
    assert ">Save<" not in page.text


def test_an_experiment_goes_to_another_owner_and_is_not_left_without_one(
    platform: Platform, editor: Browser, draft: Experiment
) -> None:
    for owner in ("", "o" * 2_000):
        answer = sent(editor, draft, {**form_of(editor, draft), "owner": owner, "name": "Not this"})
        assert answer.status_code == 422
        assert 'id="f-owner-wrong"' in answer.text
        assert now(platform, draft) == draft


def test_a_new_version_may_change_all_of_the_design(platform: Platform, editor: Browser, active: Experiment) -> None:
    for number in range(40):
        platform.assign(f"unit-{number}", active.id, {"country": "DE"})
    platform.flush_assignments()
    path = f"/experiments/{active.id}/redesign"
    page = editor.get(path)
    assert "Every unit is drawn anew" in words(page)
    fields = filled(page, "experiment-form")
    assert fields["metrics[0].metric"] == "signups"
    fields |= {"hypothesis": "Otherwise", "variations[2].name": "c", "variations[2].weight": "2", "plan.looks": "9"}
    fields |= {"metrics[1].metric": "", "metrics[1].margin": ""}
    refused = editor.send(path, {**fields, "plan.looks": "0"})
    assert 'id="f-plan-looks-wrong"' in refused.text
    shown = editor.send(path, fields)
    assert "What this change would move" in words(shown)
    assert platform.get_experiment(active.id) == active
    seen = filled(shown, "experiment-form")
    without = editor.send(path, seen)
    assert 'id="f-reason-wrong"' in without.text
    begun = editor.send(path, {**seen, "reason": "The second step was broken"}, follow=False)
    assert begun.headers["location"] == f"/experiments/{active.id}?done=new-version"
    after = now(platform, active)
    assert (after.version, after.design.hypothesis, after.design.plan.looks) == (2, "Otherwise", 9)
    assert [each.name for each in after.variations] == ["a", "b", "c"]
    assert [each.metric for each in after.design.metrics] == ["signups", "visits"]
    assert after.design.starts_at == active.design.starts_at
    entry = platform.audit_log(entity_type="experiment", entity_id=active.id).items[0]
    assert "The second step was broken" in str(entry.data)
    assert editor.send(path, {**seen, "reason": "Late"}).status_code == 409


def test_only_a_started_experiment_has_a_new_version(editor: Browser, draft: Experiment) -> None:
    page = editor.get(f"/experiments/{draft.id}/redesign")
    assert "this one is draft" in words(page)
    assert 'id="experiment-form"' not in page.text
