"""What fields are called, by one table: in forms, in what is wrong with them, in histories and in the audit log."""

from __future__ import annotations

import pytest

from tests.service.dashboard.people import Browser
from variate.model.conclusion import ConclusionFields
from variate.model.design_record import DesignFields
from variate.model.metric_record import MetricFields
from variate.model.targeting_record import TargetingFields
from variate.platform import Platform
from variate.server.dashboard.field_names import field_words, label_of
from variate.server.dashboard.form import Form


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("keeps_outside_audience", "Who is in stays in, once no longer in the audience"),
        ("variations[blue].weight", "Variation blue, weight"),
        ("variations[blue].value", "Variation blue, value (JSON)"),
        ("variations[blue].value.max_items[0]", "Variation blue, value (JSON), max_items[0]"),
        ("plan.alpha", "Plan, chance of error (alpha)"),
        ("environments.my_dev.default", "Environment my_dev, served where no rule decides"),
        ("environments.prod.rules[staff].condition", "Environment prod, rule staff, who it is for"),
        ("layer_range[1]", "To, in percent"),
        ("schema", "JSON schema of the values"),
        ("default.rollout", "Served where no rule decides, shares"),
        ("sample_size_per_variation", "Sample size per variation"),
        ("variations[a]b].weight", "variations[a]b].weight"),
        ("", ""),
    ],
)
def test_a_field_is_called_what_its_form_calls_it(path: str, said: str) -> None:
    assert field_words(path) == said


def test_every_field_of_a_definition_has_a_name() -> None:
    for fields in (DesignFields, TargetingFields, MetricFields):
        for name in fields.__annotations__:
            assert label_of(name)
    for name in ConclusionFields.__annotations__:
        assert label_of(f"conclusion.{name}")


def test_a_form_counts_the_rows_that_are_left() -> None:
    form = Form([("variations[0].name", "a"), ("variations[7].weight", "x")], sent=True)
    assert form.words("variations[7].weight") == "Variation 2, weight"
    assert form.words("audience.items[0].value") == "Audience, row 1, value"
    assert form.words("variations[²].weight") == "Variation ², weight", "a digit that counts nothing is a name"


def test_histories_and_the_audit_log_say_the_words_of_the_forms_and_the_raw_name_beside(
    platform: Platform, editor: Browser, viewer: Browser
) -> None:
    experiment = platform.create_experiment("Words", experiment_id="words", variations=[{"name": "a"}, {"name": "b"}])
    platform.update_experiment(experiment.id, keeps_outside_audience=True, plan={"units": 500})
    flag = platform.create_feature_flag("Flag", flag_id="words-flag", default="off", off="off")
    platform.update_flag_environment(flag.id, "prod", enabled=False)
    platform.create_flag_override("u-1", flag.id, "on", reason="looking")
    said = "Who is in stays in, once no longer in the audience"
    assert said in editor.get("/experiments/words/edit").text
    for page in ("/experiments/words/history", "/audit?entity_id=words"):
        shown = viewer.get(page).text
        assert f'<th scope="row">{said} <code class="quiet">keeps_outside_audience</code></th>' in shown
        assert "Plan, units in all variations" in shown
    assert '<th scope="row">Name</th>' in viewer.get("/audit?entity_id=words").text, "nothing is said twice"
    history = viewer.get("/flags/words-flag/history").text
    assert 'Environment prod, switched on <code class="quiet">environments.prod.enabled</code>' in history
    assert 'Unit: <a href="/explain?unit=u-1&amp;flag_id=words-flag">u-1</a>' in history
    assert "user_id" not in history
