"""What an answer remembered by name promises."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from variate.aws.remembered import FAILURE_MAX_AGE_SECONDS, FRUITLESS_PAUSE_SECONDS, Remembered
from variate.errors import ConfigurationError, MissingExtraError, StoreUnavailableError


class Source:
    """Answers with what is set, counts how often it is asked, and keeps a clock."""

    def __init__(self) -> None:
        self.now = 1_000_000.0
        self.asked = 0
        self.answer: str | None = "first"
        self.error: Exception | None = None

    def ask(self, name: str) -> str | None:
        self.asked += 1
        if self.error is not None:
            raise self.error
        return self.answer

    def clock(self) -> float:
        return self.now


@pytest.fixture
def source() -> Source:
    return Source()


@pytest.fixture
def remembered(source: Source) -> Remembered[str | None]:
    return Remembered(source.ask, max_age_seconds=300, clock=source.clock)


def test_an_answer_is_asked_for_once_until_it_is_too_old(source: Source, remembered: Remembered[str | None]) -> None:
    assert remembered.get("a") == "first"
    source.answer = "second"
    source.now += 299.9
    assert remembered.get("a") == "first"
    source.now += 0.1
    assert remembered.get("a") == "second"
    assert source.asked == 2


def test_names_are_remembered_apart(source: Source, remembered: Remembered[str | None]) -> None:
    remembered.get("a")
    remembered.get("b")
    assert source.asked == 2


def test_that_there_is_nothing_is_an_answer_too(source: Source, remembered: Remembered[str | None]) -> None:
    source.answer = None
    assert remembered.get("a") is None
    assert remembered.get("a") is None
    assert source.asked == 1


def test_a_failure_is_believed_for_a_shorter_time(source: Source, remembered: Remembered[str | None]) -> None:
    source.error = StoreUnavailableError("away")
    for _ in range(3):
        with pytest.raises(StoreUnavailableError, match="away"):
            remembered.get("a")
    assert source.asked == 1
    source.error = None
    source.now += FAILURE_MAX_AGE_SECONDS
    assert remembered.get("a") == "first"


def test_a_failure_is_never_believed_longer_than_an_answer(source: Source) -> None:
    remembered = Remembered(source.ask, max_age_seconds=2, clock=source.clock)
    source.error = StoreUnavailableError("away")
    with pytest.raises(StoreUnavailableError):
        remembered.get("a")
    source.error = None
    source.now += 2
    assert remembered.get("a") == "first"


@pytest.mark.parametrize("error", [ConfigurationError("no region"), MissingExtraError("boto3", "dynamodb")])
def test_a_remembered_failure_is_raised_as_it_was(
    source: Source, remembered: Remembered[str | None], error: Exception
) -> None:
    error.__cause__ = KeyError("of the driver")
    source.error = error
    for _ in range(2):
        with pytest.raises(type(error)) as raised:
            remembered.get("a")
        assert str(raised.value) == str(error)
        assert raised.value.__cause__ is error.__cause__
        assert raised.value is not error


def test_a_known_answer_outlives_a_failure_to_ask_again(
    source: Source, remembered: Remembered[str | None], caplog: pytest.LogCaptureFixture
) -> None:
    remembered.get("a")
    source.error = StoreUnavailableError("away")
    source.now += 300
    assert remembered.get("a") == "first"
    assert "keeping the known value of a: away" in caplog.text
    source.error, source.answer = None, "second"
    assert remembered.get("a") == "first"  # asked again only after a pause
    source.now += FAILURE_MAX_AGE_SECONDS
    assert remembered.get("a") == "second"


def test_a_clock_set_back_makes_an_answer_too_old(source: Source, remembered: Remembered[str | None]) -> None:
    remembered.get("a")
    source.now -= 3_600
    source.answer = "second"
    assert remembered.get("a") == "second"


def test_fifty_threads_ask_once_and_all_get_the_answer() -> None:
    everybody = threading.Barrier(50)
    may_answer = threading.Event()
    asked: list[str] = []

    def ask(name: str) -> str:
        asked.append(name)
        may_answer.wait(10)
        return "answer"

    remembered = Remembered(ask, max_age_seconds=300)

    def get() -> str:
        if everybody.wait(10) == 0:
            may_answer.set()
        return remembered.get("a")

    with ThreadPoolExecutor(50) as threads:
        answers = [future.result() for future in [threads.submit(get) for _ in range(50)]]
    assert answers == ["answer"] * 50
    assert asked == ["a"]


def test_a_refused_answer_is_asked_for_again_before_it_is_too_old(
    source: Source, remembered: Remembered[str | None]
) -> None:
    refused = remembered.get("a")
    source.answer = "second"
    assert remembered.newer("a", than=refused) == "second"
    assert remembered.get("a") == "second"
    assert source.asked == 2


def test_who_was_refused_an_answer_replaced_meanwhile_gets_the_new_one_unasked(
    source: Source, remembered: Remembered[str | None]
) -> None:
    refused = remembered.get("a")
    source.answer = "second"
    remembered.newer("a", than=refused)
    assert remembered.newer("a", than=refused) == "second"
    assert source.asked == 2


def test_the_newest_answer_refused_again_and_again_is_asked_for_once_a_second(
    source: Source, remembered: Remembered[str | None]
) -> None:
    refused = remembered.get("a")
    for _ in range(5):
        assert remembered.newer("a", than=refused) == "first"
    assert source.asked == 2
    source.now += FRUITLESS_PAUSE_SECONDS
    source.answer = "second"
    assert remembered.newer("a", than=refused) == "second"
