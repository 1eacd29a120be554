"""An audience is shared by many, so what a started experiment uses of it stays, and none leads back to itself."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.definition.stage import BETA, Stage, beside
from variate.definition.audiences import MAX_REACHED
from variate.errors import ConflictError, InvalidInputError, NotFoundError
from variate.model.condition import condition_record
from variate.testing.builders import build_audience

NL = {"attribute": "country", "operator": "equals", "value": "NL"}
IN_BETA = {"audience": "beta"}


@pytest.fixture
def beta(stage: Stage) -> Stage:
    stage.audiences.create_audience("beta", condition=BETA)
    return stage


def test_an_audience_is_made_read_and_listed(beta: Stage) -> None:
    made = beta.audiences.create_audience("adults", condition=NL, name="Adults", description="of age", actor="ana")
    assert beta.audiences.get_audience("adults") == made
    assert (made.name, made.description, made.revision) == ("Adults", "of age", 1)
    assert condition_record(made.condition) == NL
    assert [each.id for each in beta.audiences.list_audiences()] == ["adults", "beta"]
    entry, message = beta.entries()[0], beta.messages()[-1]
    assert (entry.entity_type, entry.action, entry.actor) == ("audience", "created", "ana")
    assert entry.data["audience"]["condition"] == NL
    assert (message.kind, message.entity_id, message.document.text) == ("definition_changed", "adults", "{}")
    assert beta.announced == 2


def test_without_a_name_it_is_called_as_its_id(beta: Stage) -> None:
    found = beta.audiences.get_audience("beta")
    assert found is not None
    assert found.name == "beta"


def test_a_change_keeps_what_is_not_given_and_says_before_and_after(beta: Stage) -> None:
    changed = beta.audiences.update_audience("beta", condition=NL, actor="ana")
    assert (condition_record(changed.condition), changed.name, changed.revision) == (NL, "beta", 2)
    entry = beta.entries()[0]
    assert (entry.action, entry.actor) == ("updated", "ana")
    assert (entry.data["before"]["condition"], entry.data["after"]["condition"]) == (BETA, NL)
    assert beta.audiences.update_audience("beta", name="Testers", description="early").name == "Testers"


def test_a_change_to_the_same_leaves_no_trace(beta: Stage) -> None:
    before = beta.state()
    beta.audiences.update_audience("beta", condition=BETA, name="beta")
    assert beta.state() == before


def test_an_id_is_taken_once_and_free_again_when_it_is_removed(beta: Stage) -> None:
    with pytest.raises(ConflictError):
        beta.audiences.create_audience("beta", condition=NL)
    removed = beta.audiences.remove_audience("beta", actor="ana")
    assert (removed.id, beta.audiences.get_audience("beta")) == ("beta", None)
    entry = beta.entries()[0]
    assert (entry.action, entry.actor, entry.data["audience"]["condition"]) == ("removed", "ana", BETA)
    assert beta.messages()[-1].kind == "definition_changed"
    beta.audiences.create_audience("beta", condition=NL)


def test_on_an_expected_revision_a_change_is_made_once(beta: Stage) -> None:
    beta.audiences.update_audience("beta", name="Testers", expected_revision=1)
    with pytest.raises(ConflictError):
        beta.audiences.update_audience("beta", name="Nobody", expected_revision=1)


def test_an_unknown_audience_is_not_found(stage: Stage) -> None:
    with pytest.raises(NotFoundError):
        stage.audiences.update_audience("nobody", name="x")
    with pytest.raises(NotFoundError):
        stage.audiences.remove_audience("nobody")
    assert stage.audiences.get_audience("nobody") is None


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"audience_id": ""}, "audience.id"),
        ({"name": " "}, "audience.name"),
        ({"description": 7}, "audience.description"),
        ({"condition": None}, "condition"),
        ({"condition": {"all": []}}, "condition.all"),
        ({"condition": {"any": [BETA, {"attribute": "a", "operator": "is"}]}}, "condition.any[1].operator"),
        ({"condition": {"audience": "nobody"}}, "condition"),
        ({"condition": {"audience": "new"}}, "condition"),
    ],
)
def test_a_wrong_audience_is_refused_by_its_field(stage: Stage, given: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidInputError) as refusal:
        stage.audiences.create_audience(**{"audience_id": "new", "condition": BETA, **given})
    assert refusal.value.field == field
    assert stage.entries() == []


@pytest.mark.parametrize("length", [1, 2, 5])
def test_a_circle_of_audiences_is_refused_where_it_would_close(beta: Stage, length: int) -> None:
    last = "beta"
    for number in range(1, length):
        beta.audiences.create_audience(f"a-{number}", condition={"all": [NL, {"not": {"audience": last}}]})
        last = f"a-{number}"
    before = beta.state()
    with pytest.raises(InvalidInputError, match=r"^condition: leads back to this audience"):
        beta.audiences.update_audience("beta", condition={"any": [NL, {"audience": last}]})
    assert beta.state() == before


def test_a_circle_that_somebody_wrote_by_hand_is_walked_once(beta: Stage) -> None:
    for name, other in (("x", "y"), ("y", "x")):
        beta.memory.definitions[("audience", name)] = build_audience(name, condition={"audience": other})
    assert beta.audiences.create_audience("z", condition={"audience": "x"}).revision == 1


def chained(stage: Stage, length: int, *, by_hand: bool = False) -> None:
    """Have each of so many audiences, a-0 and on, name the next; the last has no other to name."""
    for number in reversed(range(length)):
        condition = {"audience": f"a-{number + 1}"} if number + 1 < length else NL
        if by_hand:
            name = f"a-{number}"
            stage.memory.definitions[("audience", name)] = build_audience(name, condition=condition)
        else:
            stage.audiences.create_audience(f"a-{number}", condition=condition)


def test_a_chain_of_audiences_that_is_too_long_is_refused(stage: Stage) -> None:
    chained(stage, MAX_REACHED + 1)
    with pytest.raises(InvalidInputError, match=r"^condition: reaches more than 50 audiences"):
        stage.audiences.create_audience("too-far", condition={"audience": "a-0"})


def test_a_chain_of_audiences_grows_too_long_at_no_end(beta: Stage) -> None:
    chained(beta, MAX_REACHED)
    last = f"a-{MAX_REACHED - 1}"
    beta.audiences.update_audience(last, condition={"any": [NL, IN_BETA]})
    beta.audiences.create_audience("one more", condition=BETA)
    beta.audiences.create_audience("beside", condition=NL)
    beta.audiences.create_audience("spoilt", condition=NL)
    beta.memory.spoilt.add(("audience", "spoilt"))
    before = beta.state()
    with pytest.raises(InvalidInputError, match=r"^condition: makes audience 'a-0' reach more than 50 audiences"):
        beta.audiences.update_audience("beta", condition={"audience": "one more"})
    assert beta.state() == before
    beta.audiences.update_audience("beta", condition={"not": BETA})
    beta.audiences.update_audience("beside", condition={"audience": "one more"})


def test_a_chain_of_audiences_that_somebody_made_too_long_keeps_no_other_from_changing(beta: Stage) -> None:
    chained(beta, MAX_REACHED + 10, by_hand=True)
    beta.started(audience={"audience": "a-0"})
    beta.audiences.update_audience("beta", condition=NL)
    beta.audiences.remove_audience("beta")
    with pytest.raises(InvalidInputError, match=r"^condition: cannot change: experiment 'e'"):
        beta.audiences.update_audience("a-55", condition=NL)
    beta.experiments.update_experiment_status("e", "completed")
    beta.audiences.update_audience("a-55", condition=NL)


@pytest.mark.parametrize("status", ["active", "paused"])
@pytest.mark.parametrize("through", [False, True])
def test_what_a_started_experiment_uses_keeps_its_condition(beta: Stage, status: str, through: bool) -> None:
    if through:
        beta.audiences.create_audience("both", condition={"all": [NL, IN_BETA]})
    beta.started(audience={"audience": "both"} if through else {"not": IN_BETA})
    if status != "active":
        beta.experiments.update_experiment_status("e", status)
    before = beta.state()
    with pytest.raises(InvalidInputError, match=f"^condition: cannot change: experiment 'e', which is {status}, uses"):
        beta.audiences.update_audience("beta", condition=NL)
    with pytest.raises(InvalidInputError, match=r"^audience_id: cannot change: experiment 'e'"):
        beta.audiences.remove_audience("beta")
    assert beta.state() == before
    assert beta.audiences.update_audience("beta", name="Testers").name == "Testers"


def test_what_a_draft_uses_may_change_but_not_go(beta: Stage) -> None:
    beta.draft(audience=IN_BETA)
    beta.audiences.update_audience("beta", condition=NL)
    with pytest.raises(InvalidInputError, match=r"^audience_id: .*which is draft, uses it"):
        beta.audiences.remove_audience("beta")


def test_once_the_experiment_has_ended_the_audience_may_change_and_go(beta: Stage) -> None:
    beta.started(audience=IN_BETA)
    beta.experiments.update_experiment_status("e", "completed")
    beta.audiences.update_audience("beta", condition=NL)
    beta.audiences.remove_audience("beta")


def test_what_a_started_experiment_used_before_stays_as_long_as_that_is_remembered(beta: Stage) -> None:
    beta.started(audience=IN_BETA)
    beta.experiments.update_experiment("e", audience=NL)
    with pytest.raises(InvalidInputError, match=r"^condition: cannot change: experiment 'e'"):
        beta.audiences.update_audience("beta", condition=NL)
    with pytest.raises(InvalidInputError, match=r"^audience_id: cannot change: experiment 'e'"):
        beta.audiences.remove_audience("beta")
    beta.experiments.start_new_version("e")
    beta.audiences.remove_audience("beta")


def test_every_page_of_experiments_is_looked_at(beta: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("variate.model.page.MAX_PAGE", 2)
    beta.started("first", audience=IN_BETA)
    for number in range(5):
        beta.started(f"e-{number}")
    with pytest.raises(InvalidInputError, match="'first'"):
        beta.audiences.update_audience("beta", condition=NL)


@pytest.mark.parametrize("unreadable", [("experiment", "e"), ("audience", "other"), ("flag", "f")], ids=str)
def test_what_cannot_be_read_may_use_an_audience_so_it_stays(beta: Stage, unreadable: tuple[str, str]) -> None:
    beta.draft("e")
    beta.audiences.create_audience("other", condition=NL)
    beta.flags.create_feature_flag("f", flag_id="f", type="boolean")
    beta.memory.spoilt.add(unreadable)
    before = beta.state()
    with pytest.raises(InvalidInputError, match=f"'{unreadable[1]}' cannot be read"):
        beta.audiences.remove_audience("beta")
    assert beta.state() == before


def test_an_audience_that_cannot_be_read_may_lead_to_another_which_keeps_its_condition(beta: Stage) -> None:
    beta.audiences.create_audience("between", condition=IN_BETA)
    beta.started(audience={"audience": "between"})
    beta.memory.spoilt.add(("audience", "between"))
    before = beta.state()
    with pytest.raises(InvalidInputError, match="'between' cannot be read"):
        beta.audiences.update_audience("beta", condition=NL)
    assert beta.state() == before


@pytest.mark.parametrize("what", ["experiment", "flag"])
def test_an_audience_stays_though_what_names_it_is_made_meanwhile(
    beta: Stage, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    def name_it() -> None:
        if what == "experiment":
            beta.started(audience=IN_BETA)
        else:
            beta.flags.create_feature_flag("f", type="boolean", rules=[{"condition": IN_BETA, "serve": "on"}])

    beside(beta.audience_store, monkeypatch, "remove", name_it)
    with pytest.raises(InvalidInputError, match=r"^audience_id: "):
        beta.audiences.remove_audience("beta")
    found = beta.audiences.get_audience("beta")
    assert found is not None
    assert condition_record(found.condition) == BETA


def test_an_audience_keeps_its_condition_though_the_experiment_starts_meanwhile(
    beta: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    beta.draft(audience=IN_BETA)
    beside(
        beta.audience_store, monkeypatch, "replace", lambda: beta.experiments.update_experiment_status("e", "active")
    )
    with pytest.raises(InvalidInputError, match=r"^condition: cannot change: experiment 'e', which is active"):
        beta.audiences.update_audience("beta", condition=NL)
    found = beta.audiences.get_audience("beta")
    assert found is not None
    assert condition_record(found.condition) == BETA


def test_of_two_writers_who_make_a_circle_of_audiences_together_none_stays(
    beta: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    beta.audiences.create_audience("other", condition=NL)
    beside(
        beta.audience_store,
        monkeypatch,
        "replace",
        lambda: beta.audiences.update_audience("other", condition=IN_BETA),
    )
    with pytest.raises(InvalidInputError, match="leads back to this audience"):
        beta.audiences.update_audience("beta", condition={"audience": "other"})
    found = beta.audiences.get_audience("beta")
    assert found is not None
    assert condition_record(found.condition) == BETA
