"""An override is logged first and then carried out."""

from __future__ import annotations

import pytest

from tests.unit.definition.stage import Stage
from variate.errors import InvalidInputError, NotFoundError
from variate.model.record import override_from_record


@pytest.fixture
def experiment_id(stage: Stage) -> str:
    return stage.experiments.create_experiment("Prices", variations=[{"name": "a"}, {"name": "b"}]).id


def test_an_override_is_logged_with_the_message_that_carries_it_out(stage: Stage, experiment_id: str) -> None:
    made = stage.overrides.create_override("u", experiment_id, "b", reason="a test", actor="ana")
    entry, message = stage.entries()[0], stage.messages()[-1]
    assert (entry.action, entry.actor) == ("override_added", "ana")
    assert entry.data == {"user_id": "u", "value": "b", "reason": "a test"}
    assert override_from_record(message.document.value).value == made.value


def test_an_override_that_stands_can_be_read_and_removed(stage: Stage, experiment_id: str) -> None:
    made = stage.overrides.create_override("u", experiment_id, "b")
    stage.override_store.put(made)
    assert stage.overrides.get_override("u", experiment_id) == made
    assert list(stage.overrides.list_overrides(experiment_id)) == [made]
    assert list(stage.overrides.get_user_overrides("u")) == [made]
    assert stage.overrides.remove_override("u", experiment_id)
    assert stage.entries()[0].action == "override_removed"
    assert stage.messages()[-1].kind == "override_removed"


def test_removing_none_writes_nothing(stage: Stage, experiment_id: str) -> None:
    before = stage.entries()
    assert not stage.overrides.remove_override("u", experiment_id)
    assert stage.entries() == before


def test_an_override_has_to_be_of_an_experiment_and_its_variations(stage: Stage, experiment_id: str) -> None:
    with pytest.raises(NotFoundError):
        stage.overrides.create_override("u", "nobody", "b")
    with pytest.raises(InvalidInputError, match="variation: must be one of a, b, not 'c'"):
        stage.overrides.create_override("u", experiment_id, "c")


def test_without_an_end_it_stands_for_ever(stage: Stage, experiment_id: str) -> None:
    assert stage.overrides.create_override("u", experiment_id, "b", ttl_days=None).expires_at is None
