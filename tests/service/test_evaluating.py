"""Evaluation never makes the event loop wait for a store, and nobody wait for one longer than a second."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.service.running import bearer, running
from variate.errors import InvalidInputError, StoreUnavailableError, VariateError
from variate.model import Assignment
from variate.model.decision import Decision, Reason
from variate.platform import Platform
from variate.server.data import evaluating
from variate.server.data.evaluating import Evaluator
from variate.settings import Settings

PATIENCE = 20.0


class Asked:
    """An evaluator over a platform of its own, on one SQLite file."""

    def __init__(self, platform: Platform) -> None:
        self.platform = platform
        self.evaluator = Evaluator(platform)
        self.hanging = threading.Event()

    def flag(self, key: str, **given: Any) -> None:
        self.platform.create_feature_flag(key, flag_id=key, type="boolean", status="active", **given)

    def experiment(self, **given: Any) -> str:
        variations = [{"name": "control", "value": 1}, {"name": "treatment", "value": 2}]
        made = self.platform.create_experiment("Experiment", variations=variations)
        self.platform.update_experiment_status(made.id, "active")
        if given:
            self.platform.update_experiment(made.id, **given)
        return made.id

    def soon(self, key: str, unit: str = "u") -> Decision:
        return asyncio.run(self.evaluator.soon(key, unit, {}))

    def all_soon(self, unit: str = "u") -> Mapping[str, Decision | VariateError]:
        return asyncio.run(self.evaluator.all_soon(unit, {}))

    def ledger_hangs(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Have the ledger answer nobody until the test ends."""

        def hang(*_: object, **__: object) -> Assignment | None:
            assert self.hanging.wait(PATIENCE)
            return None

        monkeypatch.setattr(evaluating, "DEADLINE_SECONDS", 0.1)
        monkeypatch.setattr(self.platform._backends.assignments, "get", hang)
        monkeypatch.setattr(self.platform._backends.assignments, "keep", hang)


@pytest.fixture
def asked(tmp_path: Path) -> Iterator[Asked]:
    with Platform.open(Settings(home=tmp_path, change_delay_seconds=0)) as platform:
        found = Asked(platform)
        yield found
        found.hanging.set()
        found.evaluator.close()


def test_before_the_first_snapshot_and_after_a_change_here_it_is_made_in_a_thread_and_then_at_once(
    asked: Asked,
) -> None:
    asked.flag("nav")
    assert asked.evaluator.now("nav", "u", {}) is None
    assert asked.soon("nav").value is True
    at_once = asked.evaluator.now("nav", "u", {})
    assert (at_once and at_once.value) is True
    asked.platform.update_feature_flag("nav", default="off")
    asked.platform.update_feature_flag("nav", description="changed twice, so that the publication is put off")
    assert asked.evaluator.now("nav", "u", {}) is None
    assert asked.soon("nav").value is False


def test_a_flag_comes_before_an_experiment_and_what_is_neither_is_unknown(asked: Asked) -> None:
    experiment = asked.experiment()
    assert asked.soon(experiment).reason is Reason.SPLIT
    asked.flag(experiment)
    assert asked.soon(experiment).value is True
    assert asked.soon("nobody").reason is Reason.UNKNOWN


def test_an_experiment_that_asks_the_ledger_is_decided_in_a_thread_for_who_was_not_seen(asked: Asked) -> None:
    experiment = asked.experiment(reads_ledger=True)
    asked.soon("anything")
    assert asked.evaluator.now(experiment, "u", {}) is None
    first = asked.soon(experiment)
    assert first.reason is Reason.SPLIT
    again = asked.evaluator.now(experiment, "u", {})
    assert again is not None
    assert (again.reason, again.variation) == (Reason.KEPT, first.variation)


def test_also_through_a_flag_that_serves_it_and_a_flag_that_depends_on_that(asked: Asked) -> None:
    experiment = asked.experiment(reads_ledger=True)
    variations = [{"name": name, "value": name} for name in ("control", "treatment")]
    served: dict[str, Any] = {"name": "all", "serve": {"experiment": experiment}}
    asked.platform.create_feature_flag(
        "served", flag_id="served", status="active", variations=variations, off="control", default="control",
        rules=[served],
    )  # fmt: skip
    asked.flag("above", prerequisites=[{"flag": "served", "variations": ["control", "treatment"]}])
    asked.soon("anything")
    assert asked.evaluator.now("served", "u", {}) is None
    assert asked.evaluator.now("above", "u", {}) is None
    assert asked.evaluator.now("nobody", "u", {}) is not None


def test_a_ledger_that_hangs_is_given_up_and_the_draw_decides(asked: Asked, monkeypatch: pytest.MonkeyPatch) -> None:
    experiment = asked.experiment(reads_ledger=True)
    drawn = asked.platform.decide("another", experiment)
    asked.ledger_hangs(monkeypatch)
    began = time.monotonic()
    found = asked.soon(experiment, "another")
    assert (found.reason, found.variation) == (Reason.SPLIT, drawn.variation)
    assert time.monotonic() - began < PATIENCE / 4


def test_while_every_thread_waits_for_a_ledger_that_hangs_others_are_answered(
    asked: Asked, monkeypatch: pytest.MonkeyPatch
) -> None:
    experiment = asked.experiment(reads_ledger=True)
    asked.flag("nav")
    asked.soon("nav")
    asked.ledger_hangs(monkeypatch)

    async def ask() -> list[Decision]:
        many = [asked.evaluator.soon(experiment, f"u-{number}", {}) for number in range(5 * evaluating.THREADS)]
        waiting = asyncio.gather(*many)
        await asyncio.sleep(0)
        at_once = asked.evaluator.now("nav", "u", {})
        assert at_once is not None
        return await waiting

    assert {each.reason for each in asyncio.run(ask())} == {Reason.SPLIT}


def test_all_are_every_flag_and_every_active_experiment(asked: Asked) -> None:
    asked.flag("nav")
    experiment = asked.experiment()
    asked.platform.create_experiment("Draft", variations=[{"name": "a"}, {"name": "b"}])
    asked.soon("nav")
    assert asked.evaluator.all_now("u", {}) is None, "not all is compiled yet"
    found = asked.all_soon()
    assert set(found) == {"nav", experiment}
    assert asked.evaluator.all_now("u", {}) == found
    asked.platform.update_feature_flag("nav", default="off")
    assert asked.all_soon()["nav"] != found["nav"]


def test_some_are_assigned_at_once_or_soon(asked: Asked) -> None:
    plain, asking = asked.experiment(), asked.experiment(reads_ledger=True)
    asked.soon("anything")
    at_once = asked.evaluator.assign_now([plain], "u", {})
    assert at_once is not None
    assert asked.evaluator.assign_now([plain, asking], "u", {}) is None
    soon = asyncio.run(asked.evaluator.assign_soon([plain, asking], "u", {}))
    assert (set(soon), soon[plain]) == ({plain, asking}, at_once[plain])


def test_what_is_wrong_with_the_question_is_said_at_once(asked: Asked) -> None:
    asked.soon("anything")
    with pytest.raises(InvalidInputError):
        asked.evaluator.now("nobody", "", {})


def test_prepared_there_is_a_snapshot_before_the_first_request(asked: Asked) -> None:
    asyncio.run(asked.evaluator.prepare())
    assert asked.evaluator.now("nobody", "u", {}) is not None


def test_where_no_snapshot_was_ever_loaded_and_none_can_be_evaluation_says_so(tmp_path: Path) -> None:
    file = tmp_path / "no folder"
    file.touch()
    with Platform.open(Settings(home=file)) as platform:
        evaluator = Evaluator(platform)
        asyncio.run(evaluator.prepare())  # which raises nothing
        with pytest.raises(StoreUnavailableError):
            asyncio.run(evaluator.soon("nav", "u", {}))
        evaluator.close()
        with running(platform) as served:
            answer = httpx.post(
                f"{served.url}/ofrep/v1/evaluate/flags/nav",
                json={"context": {"targetingKey": "u"}},
                headers=bearer("evaluate"),
            )
    assert (answer.status_code, int(answer.headers["Retry-After"]) > 0) == (503, True)
