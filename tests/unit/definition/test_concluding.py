"""What was decided is kept with the completed experiment, and may be corrected; the log keeps both."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.definition.stage import Stage
from variate.errors import ConflictError, IllegalTransitionError, InvalidInputError, NotFoundError
from variate.model import Experiment
from variate.model.conclusion import ConclusionFields
from variate.testing.report_builders import build_report

SHIP: ConclusionFields = {"decision": "ship", "variation": "b", "note": "Sells more"}
KEEP: ConclusionFields = {"decision": "keep"}


def completed(stage: Stage, conclusion: ConclusionFields | None = None, **more: Any) -> Experiment:
    stage.started()
    return stage.experiments.update_experiment_status("e", "completed", conclusion=conclusion, **more)


def told(experiment: Experiment) -> tuple[Any, ...]:
    found = experiment.conclusion
    assert found is not None
    return found.decision, found.variation, found.note, found.report_id, found.decided_by


def test_an_experiment_is_completed_with_what_was_decided_and_the_log_says_so(stage: Stage) -> None:
    ended = completed(stage, SHIP, actor="ana")
    assert told(ended) == ("ship", "b", "Sells more", None, "ana")
    assert stage.experiments.get_experiment("e") == ended
    entry = stage.entries()[0]
    assert (entry.action, entry.actor, entry.data["previous_status"], entry.data["new_status"]) == (
        "status_change",
        "ana",
        "active",
        "completed",
    )
    logged = entry.data["conclusion"]
    assert (logged["decision"], logged["variation"], logged["note"]) == ("ship", "b", "Sells more")
    assert ended.conclusion is not None
    assert ended.conclusion.decided_at == ended.updated_at == entry.created_at


def test_a_completed_experiment_need_not_be_concluded(stage: Stage) -> None:
    assert completed(stage).conclusion is None
    assert stage.entries()[0].data == {"previous_status": "active", "new_status": "completed"}


@pytest.mark.parametrize("status", ["active", "paused", "archived"])
def test_only_a_completion_is_concluded(stage: Stage, status: str) -> None:
    stage.started()
    before = stage.state()
    with pytest.raises(InvalidInputError, match=f"^conclusion: goes with completed only, not with {status}"):
        stage.experiments.update_experiment_status("e", status, conclusion=SHIP)
    assert stage.state() == before


def test_a_draft_is_not_completed_by_a_conclusion(stage: Stage) -> None:
    stage.draft()
    with pytest.raises(IllegalTransitionError):
        stage.experiments.update_experiment_status("e", "completed", conclusion=KEEP)


@pytest.mark.parametrize(
    ("conclusion", "field"),
    [
        ({"decision": "ship", "variation": "c"}, "conclusion.variation"),
        ({"decision": "ship", "variation": "a"}, "conclusion.variation"),
        ({"decision": "win"}, "conclusion.decision"),
        ({"decision": "keep", "note": 1}, "conclusion.note"),
        ({"decision": "keep", "report_id": "none"}, "conclusion.report_id"),
    ],
)
def test_a_conclusion_that_breaks_a_rule_completes_nothing(stage: Stage, conclusion: Any, field: str) -> None:
    stage.started()
    before = stage.state()
    with pytest.raises(InvalidInputError) as refusal:
        stage.experiments.update_experiment_status("e", "completed", conclusion=conclusion)
    assert refusal.value.field == field
    assert stage.state() == before


def test_a_conclusion_names_a_report_of_its_own_experiment(stage: Stage) -> None:
    own, other = build_report("own", experiment_id="e"), build_report("other", experiment_id="f")
    stage.report_store.add(own)
    stage.report_store.add(other)
    completed(stage)
    with pytest.raises(InvalidInputError, match=r"conclusion.report_id: names 'other'"):
        stage.experiments.conclude_experiment("e", {**KEEP, "report_id": "other"})
    assert told(stage.experiments.conclude_experiment("e", {**KEEP, "report_id": "own"}))[3] == "own"


def test_a_completion_that_is_sent_again_changes_nothing_and_a_different_one_is_refused(stage: Stage) -> None:
    ended = completed(stage, SHIP, actor="ana")
    before = stage.state()
    again = stage.experiments.update_experiment_status("e", "completed", conclusion=SHIP, actor="ben")
    assert again == ended
    assert stage.experiments.update_experiment_status("e", "completed") == ended
    with pytest.raises(InvalidInputError, match=r"conclude_experiment"):
        stage.experiments.update_experiment_status("e", "completed", conclusion=KEEP)
    assert stage.state() == before


def test_a_conclusion_is_said_later_and_corrected_and_the_log_keeps_both(stage: Stage) -> None:
    completed(stage)
    first = stage.experiments.conclude_experiment("e", SHIP, actor="ana")
    second = stage.experiments.conclude_experiment("e", KEEP, actor="ben", expected_revision=first.revision)
    assert (told(first)[4], told(second)) == ("ana", ("keep", None, "", None, "ben"))
    assert second.revision == first.revision + 1
    corrected, said = stage.entries()[:2]
    assert (corrected.action, said.action, corrected.actor) == ("concluded", "concluded", "ben")
    assert (said.data["before"], said.data["after"]["conclusion"]["decision"]) == ({"conclusion": None}, "ship")
    assert corrected.data["before"] == said.data["after"]
    assert corrected.data["after"]["conclusion"]["decision"] == "keep"
    assert [message.kind for message in stage.messages()][-2:] == ["experiment_changed"] * 2


def test_what_it_says_already_leaves_no_trace(stage: Stage) -> None:
    ended = completed(stage, SHIP, actor="ana")
    before = stage.state()
    assert stage.experiments.conclude_experiment("e", SHIP, actor="ben") == ended
    assert stage.state() == before


@pytest.mark.parametrize("status", ["draft", "active", "paused", "archived"])
def test_nothing_but_a_completed_experiment_is_concluded(stage: Stage, status: str) -> None:
    stage.draft()
    moves = {"draft": (), "active": ("active",), "paused": ("active", "paused"), "archived": ("archived",)}
    for move in moves[status]:
        stage.experiments.update_experiment_status("e", move)
    before = stage.state()
    with pytest.raises(
        InvalidInputError, match=f"^conclusion: is of a completed experiment only; this one is {status}"
    ):
        stage.experiments.conclude_experiment("e", KEEP)
    assert stage.state() == before


def test_a_conclusion_is_decided_on_the_revision_it_names(stage: Stage) -> None:
    ended = completed(stage)
    stage.experiments.conclude_experiment("e", SHIP, expected_revision=ended.revision)
    with pytest.raises(ConflictError):
        stage.experiments.conclude_experiment("e", KEEP, expected_revision=ended.revision)
    with pytest.raises(NotFoundError):
        stage.experiments.conclude_experiment("nobody", KEEP)


def test_another_change_leaves_the_conclusion(stage: Stage) -> None:
    ended = completed(stage, SHIP)
    changed = stage.experiments.update_experiment("e", description="It was about prices")
    assert changed.conclusion == ended.conclusion
    assert stage.experiments.archive_experiment("e").conclusion == ended.conclusion
