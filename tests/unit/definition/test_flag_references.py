"""What a flag names has to be there and fit, and no flag depends on itself, however long the way round."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.definition.stage import BETA, Stage, beside
from variate.definition.flag_references import MAX_CHAIN
from variate.errors import DecryptionError, InvalidInputError
from variate.model import FeatureFlag, Page
from variate.testing.builders import build_flag


def flag(stage: Stage, flag_id: str, *needs: str, **given: Any) -> None:
    """Create a flag of on and off that needs others to be on."""
    prerequisites = [{"flag": name, "variations": ["on"]} for name in needs]
    stage.flags.create_feature_flag(flag_id, flag_id=flag_id, type="boolean", prerequisites=prerequisites, **given)


def needs(stage: Stage, flag_id: str, *names: str) -> None:
    """Have the flag need others."""
    stage.flags.update_feature_flag(flag_id, prerequisites=[{"flag": name, "variations": ["on"]} for name in names])


def test_a_flag_may_need_others(stage: Stage) -> None:
    flag(stage, "base")
    flag(stage, "middle", "base")
    flag(stage, "top", "middle", "base")
    top = stage.flags.get_feature_flag("top")
    assert top is not None
    assert top.targeting is not None
    assert top.targeting.value["prerequisites"] == [
        {"flag": "middle", "variations": ["on"]},
        {"flag": "base", "variations": ["on"]},
    ]


def test_a_flag_without_rules_is_on_or_off_and_so_may_be_needed(stage: Stage) -> None:
    stage.flags.create_feature_flag("plain", flag_id="plain")
    flag(stage, "top", "plain")


@pytest.mark.parametrize(
    ("prerequisite", "field", "said"),
    [
        ({"flag": "nobody", "variations": ["on"]}, "prerequisites[0].flag", "is not there"),
        ({"flag": "free", "variations": ["on"]}, "prerequisites[0].flag", "is not there"),
        ({"flag": "top", "variations": ["on"]}, "prerequisites[0].flag", "leads back to this flag"),
        ({"flag": "base", "variations": ["on", "red"]}, "prerequisites[0].variations", "must be among on, off"),
        ({"flag": "base", "variations": []}, "prerequisites[0].variations", "must name at least one"),
        ({"flag": "base", "variations": "on"}, "prerequisites[0].variations", "must be a list"),
        ({"flag": "base"}, "prerequisites[0].variations", "must be given"),
        ({"variations": ["on"]}, "prerequisites[0].flag", "must be given"),
        ({"flag": 7, "variations": ["on"]}, "prerequisites[0].flag", "must be a string"),
        ({"flag": "base", "variations": ["on"], "value": 1}, "prerequisites[0].value", "is not known"),
        ("base", "prerequisites[0]", "must be a dict"),
    ],
)
def test_a_prerequisite_that_cannot_be_is_refused_at_its_place(
    stage: Stage, prerequisite: Any, field: str, said: str
) -> None:
    flag(stage, "base")
    flag(stage, "top")
    stage.flags.create_feature_flag("free", flag_id="free", rules={"any": "thing"})
    before = stage.state()
    with pytest.raises(InvalidInputError) as refusal:
        stage.flags.update_feature_flag("top", prerequisites=[prerequisite])
    assert refusal.value.field == field
    assert said in refusal.value.rule
    assert stage.state() == before


def test_a_new_flag_cannot_need_itself(stage: Stage) -> None:
    with pytest.raises(InvalidInputError, match=r"^prerequisites\[0\].flag: names 'top', which (leads back|is not)"):
        flag(stage, "top", "top")


@pytest.mark.parametrize("length", [2, 3, 10])
def test_a_circle_through_others_is_refused_where_it_would_close(stage: Stage, length: int) -> None:
    flag(stage, "f-0")
    for number in range(1, length):
        flag(stage, f"f-{number}", f"f-{number - 1}")
    flag(stage, "beside")
    before = stage.state()
    with pytest.raises(InvalidInputError, match=r"^prerequisites\[1\].flag: leads back to this flag"):
        needs(stage, "f-0", "beside", f"f-{length - 1}")
    assert stage.state() == before


def test_many_ways_to_one_flag_are_no_circle(stage: Stage) -> None:
    flag(stage, "f-0")
    for number in range(1, 12):
        flag(stage, f"f-{number}", *(f"f-{each}" for each in range(number)))


def test_so_many_ways_to_one_flag_that_a_decision_would_take_long_are_refused_at_either_end(stage: Stage) -> None:
    """Two flags at each level, each of which requires both below: every level doubles what is evaluated."""
    for end in "ab":
        flag(stage, f"1{end}")
    for level in range(2, 12):
        for end in "ab":
            flag(stage, f"{level}{end}", f"{level - 1}a", f"{level - 1}b")
    below = [f"0{end}" for end in "abcdef"]
    for name in below:
        flag(stage, name)
    before = stage.state()
    said = "flags that take more than 2,000 evaluations, one for each way that leads to one"
    with pytest.raises(InvalidInputError, match=rf"^prerequisites\[0\].flag: depends on {said}"):
        flag(stage, "top", "11a")
    with pytest.raises(InvalidInputError, match=rf"^prerequisites: make flag '10a' depend on {said}"):
        needs(stage, "1a", *below)
    assert stage.state() == before


def test_a_chain_that_is_too_long_is_refused(stage: Stage) -> None:
    flag(stage, "f-0")
    for number in range(1, MAX_CHAIN + 2):
        flag(stage, f"f-{number}", f"f-{number - 1}")
    with pytest.raises(InvalidInputError, match=r"^prerequisites\[0\].flag: depends on more than 100 flags"):
        flag(stage, "too-far", f"f-{MAX_CHAIN + 1}")


def test_a_chain_grows_too_long_at_no_end(stage: Stage) -> None:
    for name in ("lowest", "beside", "f-0"):
        flag(stage, name)
    for number in range(1, MAX_CHAIN + 1):
        flag(stage, f"f-{number}", f"f-{number - 1}")
    flag(stage, "top", f"f-{MAX_CHAIN}")
    before = stage.state()
    with pytest.raises(InvalidInputError, match=r"^prerequisites: make flag 'f-100' depend on more than 100 flags"):
        needs(stage, "f-0", "lowest")
    assert stage.state() == before
    needs(stage, "lowest", "beside")
    stage.flags.update_feature_flag("top", rules=[{"serve": "on"}])


def test_of_many_flags_only_those_of_the_chain_are_read(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(30):
        flag(stage, f"beside-{number}")
    for name, below in (("lowest", []), ("low", []), ("middle", ["low"]), ("high", ["middle"])):
        flag(stage, name, *below)
    read: set[str] = set()
    get, listed = stage.flag_store.get, stage.flag_store.list

    def get_noted(flag_id: str) -> FeatureFlag | None:
        read.add(flag_id)
        return get(flag_id)

    def list_noted(**asked: Any) -> Page[FeatureFlag]:
        found = listed(**asked)
        read.update(each.id for each in found)
        return found

    monkeypatch.setattr(stage.flag_store, "get", get_noted)
    monkeypatch.setattr(stage.flag_store, "list", list_noted)
    needs(stage, "low", "lowest")
    assert read == {"lowest", "low", "middle", "high"}


@pytest.mark.parametrize(("levels", "ids"), [(0, 20), (1, 20), (4, 1), (4, 20)])
def test_chains_are_found_alike_by_searching_and_by_reading_every_flag(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, levels: int, ids: int
) -> None:
    monkeypatch.setattr("variate.definition.flag_references._LEVELS_SEARCHED", levels)
    monkeypatch.setattr("variate.definition.flag_references._IDS_SEARCHED", ids)
    monkeypatch.setattr("variate.definition.flag_references.MAX_CHAIN", 3)
    for name, below in (
        ("x", []),
        ("w", ["x"]),
        ("v", ["w"]),
        ("a", []),
        ("b", ["a"]),
        ("b2", ["a"]),
        ("c", ["b", "b2"]),
    ):
        flag(stage, name, *below)
    flag(stage, "d", "c")
    needs(stage, "b2", "a", "b")
    with pytest.raises(InvalidInputError, match=r"^prerequisites: make flag 'b' depend on more than 3 flags"):
        needs(stage, "a", "v")
    with pytest.raises(InvalidInputError, match=r"^prerequisites: make flag 'c' depend on more than 3 flags"):
        needs(stage, "a", "x")


def test_one_below_that_cannot_be_read_keeps_no_other_from_changing(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, below in (("lost", []), ("low", ["lost"]), ("beside", []), ("middle", ["low"]), ("high", ["middle"])):
        flag(stage, name, *below)
    get = stage.flag_store.get

    def refuse(flag_id: str) -> FeatureFlag | None:
        if flag_id == "lost":
            raise DecryptionError("it does not open")
        return get(flag_id)

    monkeypatch.setattr(stage.flag_store, "get", refuse)
    needs(stage, "middle", "low", "beside")


def test_a_circle_that_somebody_wrote_by_hand_is_walked_once(stage: Stage) -> None:
    for name, other in (("a", "b"), ("b", "a")):
        flag(stage, name)
        found = stage.memory.flags[name]
        assert found.targeting is not None
        fields = found.targeting.value | {"prerequisites": [{"flag": other, "variations": ["on"]}]}
        stage.memory.flags[name] = build_flag(name, targeting=fields, rules=[])
    flag(stage, "top", "a")


def test_a_rule_may_serve_an_experiment_whose_variations_the_flag_has(stage: Stage) -> None:
    stage.draft(variations=[{"name": "on"}, {"name": "off"}])
    flag(stage, "f", rules=[{"condition": BETA, "serve": {"experiment": "e"}}])
    assert stage.memory.flags["f"].rules.value[0]["serve"] == {"experiment": "e"}


@pytest.mark.parametrize(
    ("experiment", "said"),
    [("nobody", "names 'nobody', which is not there"), ("e", "has the variation 'a', and the flag none of that name")],
)
def test_a_rule_that_serves_an_experiment_that_does_not_fit_is_refused(
    stage: Stage, experiment: str, said: str
) -> None:
    stage.draft()
    with pytest.raises(InvalidInputError) as refusal:
        flag(stage, "f", rules=[{"serve": "on", "condition": BETA}, {"serve": {"experiment": experiment}}])
    assert refusal.value.field == "rules[1].serve.experiment"
    assert refusal.value.rule.startswith(said)


def with_blue(stage: Stage, status: str) -> None:
    """Have the experiment e, which is a draft or has started, gain the variation blue."""
    change = stage.experiments.update_experiment if status == "draft" else stage.experiments.start_new_version
    change("e", variations=[{"name": "on"}, {"name": "off"}, {"name": "blue"}])


def test_a_flag_that_cannot_be_read_keeps_no_experiment_from_changing(stage: Stage) -> None:
    stage.draft(variations=[{"name": "on"}, {"name": "off"}])
    flag(stage, "spoilt")
    stage.memory.spoilt.add(("flag", "spoilt"))
    with_blue(stage, "draft")


@pytest.mark.parametrize("status", ["draft", "active"])
@pytest.mark.parametrize("where", ["rules", "environments"])
def test_an_experiment_that_a_flag_serves_gains_no_variation_that_the_flag_lacks(
    stage: Stage, status: str, where: str
) -> None:
    (stage.draft if status == "draft" else stage.started)(variations=[{"name": "on"}, {"name": "off"}])
    rules = [{"condition": BETA, "serve": {"experiment": "e"}}]
    flag(stage, "f", **({"rules": rules} if where == "rules" else {"environments": {"prod": {"rules": rules}}}))
    before = stage.state()
    with pytest.raises(InvalidInputError, match=r"^variations: must not have 'blue': flag 'f' serves the experiment"):
        with_blue(stage, status)
    assert stage.state() == before
    stage.experiments.update_experiment("e", variations=[{"name": "on", "weight": 2}, {"name": "off"}])
    colours = [{"name": name, "value": name} for name in ("on", "off", "blue")]
    stage.flags.update_feature_flag("f", type="string", variations=colours)
    with_blue(stage, status)


def test_what_an_archived_flag_serves_may_gain_a_variation_and_then_the_flag_needs_it_to_come_back(
    stage: Stage,
) -> None:
    stage.draft(variations=[{"name": "on"}, {"name": "off"}])
    flag(stage, "f", rules=[{"serve": {"experiment": "e"}}], status="archived")
    with_blue(stage, "draft")
    with pytest.raises(InvalidInputError, match=r"^rules\[0\].serve.experiment: has the variation 'blue'"):
        stage.flags.update_feature_flag_status("f", "active")


@pytest.mark.parametrize("where", ["rules", "environments"])
def test_an_audience_that_is_not_there_is_refused_wherever_it_is_named(stage: Stage, where: str) -> None:
    rules = [{"condition": {"not": {"audience": "nobody"}}, "serve": "on"}]
    given: dict[str, Any] = {"rules": rules} if where == "rules" else {"environments": {"prod": {"rules": rules}}}
    with pytest.raises(InvalidInputError, match=r"rules\[0\].condition: names the audience 'nobody', which is not"):
        flag(stage, "f", **given)
    stage.audiences.create_audience("nobody", condition=BETA)
    flag(stage, "f", **given)


def test_what_a_flag_names_is_looked_up_again_where_that_changes_and_never_keeps_it_from_being_switched_off(
    stage: Stage,
) -> None:
    flag(stage, "base")
    flag(stage, "top", "base")
    stage.memory.flags["base"] = build_flag("base", rules={"free": "form"})
    stage.flags.update_feature_flag("top", name="a new name")
    stage.flags.update_feature_flag_status("top", "active")
    stage.flags.update_feature_flag("top", owner="ana")
    stage.flags.update_flag_environment("top", "prod", enabled=False)
    with pytest.raises(InvalidInputError, match=r"^prerequisites\[0\].flag: names 'base', which is not there"):
        stage.flags.update_feature_flag("top", rules=[{"serve": "on"}])


def test_a_variation_that_another_flag_requires_stays(stage: Stage) -> None:
    flag(stage, "base")
    flag(stage, "top", "base")
    others = [{"name": "yes", "value": True}, {"name": "no", "value": False}]
    with pytest.raises(InvalidInputError, match=r"^variations: must have 'on': flag 'top' requires it"):
        stage.flags.update_feature_flag("base", variations=others, default="yes", off="no")
    stage.flags.archive_feature_flag("top")
    stage.flags.update_feature_flag("base", variations=others, default="yes", off="no")


@pytest.mark.parametrize("rules", [{"min_age": 18}, "on for everybody"])
def test_a_flag_that_another_requires_does_not_become_free_form(stage: Stage, rules: Any) -> None:
    stage.flags.create_feature_flag("base", flag_id="base")
    flag(stage, "top", "base")
    before = stage.state()
    with pytest.raises(InvalidInputError, match=r"^rules: cannot be free-form: flag 'top' requires 'on'"):
        stage.flags.update_feature_flag("base", rules=rules)
    assert stage.state() == before
    stage.flags.archive_feature_flag("top")
    stage.flags.update_feature_flag("base", rules=rules)


@pytest.mark.parametrize("status", ["active", "inactive"])
def test_what_an_archived_flag_names_is_looked_up_when_it_comes_back(stage: Stage, status: str) -> None:
    stage.audiences.create_audience("beta", condition=BETA)
    flag(stage, "base")
    flag(stage, "f", "base", rules=[{"condition": {"audience": "beta"}, "serve": "on"}])
    stage.flags.archive_feature_flag("f")
    assert stage.flags.update_feature_flag_status("f", status).status == status
    stage.flags.archive_feature_flag("f")
    stage.audiences.remove_audience("beta")
    before = stage.state()
    with pytest.raises(
        InvalidInputError, match=r"^rules\[0\].condition: names the audience 'beta', which is not there"
    ):
        stage.flags.update_feature_flag_status("f", status)
    assert stage.state() == before
    stage.flags.update_feature_flag("f", rules=[])
    assert stage.flags.update_feature_flag_status("f", status).status == status


def test_what_an_archived_flag_requires_is_looked_up_when_it_comes_back(stage: Stage) -> None:
    stage.flags.create_feature_flag("base", flag_id="base")
    flag(stage, "top", "base")
    stage.flags.archive_feature_flag("top")
    stage.flags.update_feature_flag("base", rules={"free": "form"})
    with pytest.raises(InvalidInputError, match=r"^prerequisites\[0\].flag: names 'base', which is not there"):
        stage.flags.update_feature_flag_status("top", "active")


def test_of_two_writers_who_make_a_circle_together_none_stays(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    flag(stage, "a")
    flag(stage, "b")
    beside(
        stage.flag_store,
        monkeypatch,
        "replace",
        lambda: stage.flags.update_feature_flag("b", prerequisites=[{"flag": "a", "variations": ["on"]}]),
    )
    announced = stage.announced
    with pytest.raises(InvalidInputError, match="leads back to this flag"):
        stage.flags.update_feature_flag("a", prerequisites=[{"flag": "b", "variations": ["on"]}])
    found = stage.flags.get_feature_flag("a")
    assert found is not None
    assert (found.targeting or found.rules).value["prerequisites"] == []
    assert [entry.action for entry in stage.entries()][:2] == ["withdrawn", "updated"]
    assert stage.announced == announced + 2, "the other's change, and what came of this"


def test_targeting_that_somebody_wrote_by_hand_is_named_as_wrong_where_it_is_needed(stage: Stage) -> None:
    stage.memory.flags["base"] = build_flag("base", targeting={"type": "nonsense"}, rules=[])
    with pytest.raises(InvalidInputError, match=r"^type: must be one of boolean"):
        flag(stage, "top", "base")
