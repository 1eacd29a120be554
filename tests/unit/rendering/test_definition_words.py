"""Conditions and what flags serve, as a person reads them."""

from __future__ import annotations

from typing import Any

import pytest

from variate.model.condition import read_condition
from variate.model.targeting import Serve, ServeExperiment, ServeRollout, ServeVariation
from variate.rendering.definition_words import condition_words, serve_words

DE = {"attribute": "country", "operator": "equals", "value": "DE"}
NEW = {"attribute": "app", "operator": "semver_greater_than", "value": "2.0.0"}


@pytest.mark.parametrize(
    ("condition", "words"),
    [
        (DE, 'country equals "DE"'),
        ({"attribute": "plan", "operator": "not_exists"}, "plan not exists"),
        ({"attribute": "plan", "operator": "in", "value": ["a", 1, None]}, 'plan in ["a", 1, null]'),
        ({"all": [DE, NEW]}, 'country equals "DE" and app semver greater than "2.0.0"'),
        (
            {"any": [DE, {"all": [DE, NEW]}]},
            'country equals "DE" or (country equals "DE" and app semver greater than "2.0.0")',
        ),
        ({"not": {"audience": "beta"}}, "not (audience beta)"),
        ({"percentage": 12.5, "salt": "wave-1"}, "12.5 % by wave-1"),
    ],
)
def test_a_condition_is_read_on_one_line(condition: Any, words: str) -> None:
    assert condition_words(read_condition("condition", condition)) == words


@pytest.mark.parametrize(
    ("serve", "words"),
    [
        (ServeVariation(variation="on"), "on"),
        (ServeRollout(weights=(("on", 20), ("off", 80.0))), "rollout: on 20, off 80"),
        (ServeExperiment(experiment_id="x"), "experiment x"),
    ],
)
def test_what_is_served_is_read_on_one_line(serve: Serve, words: str) -> None:
    assert serve_words(serve) == words
