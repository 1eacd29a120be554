"""Stopping in good order."""

from __future__ import annotations

import asyncio
import time

import pytest

from variate.server.operations.draining import Draining


def test_streams_end_first_and_once() -> None:
    ended: list[str] = []
    draining = Draining()
    draining.at_first(lambda: ended.append("stream"))
    draining.begin()
    draining.begin()
    assert (ended, draining.begun) == (["stream"], True)


def test_what_runs_in_the_background_ends_last_and_in_order() -> None:
    ended: list[str] = []
    draining = Draining()
    draining.at_last(lambda: ended.append("evaluator"))
    draining.at_last(lambda: ended.append("numbers"))
    draining.at_first(lambda: ended.append("stream"))
    draining.finish()
    assert ended == ["stream", "evaluator", "numbers"]


def test_what_fails_holds_up_nothing_else(caplog: pytest.LogCaptureFixture) -> None:
    ended: list[str] = []
    draining = Draining()

    def fail() -> None:
        raise RuntimeError("broken")

    draining.at_last(fail)
    draining.at_last(lambda: ended.append("numbers"))
    draining.finish()
    assert ended == ["numbers"]
    assert "broken" in caplog.text


def test_it_settles_once_nobody_comes_any_more() -> None:
    draining = Draining()
    began = time.perf_counter()
    asyncio.run(draining.settled(most_seconds=20))
    assert 0.5 <= time.perf_counter() - began < 10


def test_it_does_not_wait_for_ever_for_those_who_keep_coming() -> None:
    draining = Draining()

    async def coming() -> None:
        while True:
            draining.last_request = time.perf_counter()
            await asyncio.sleep(0.01)

    async def stop() -> float:
        began = time.perf_counter()
        visitors = asyncio.create_task(coming())
        await draining.settled(most_seconds=0.8)
        visitors.cancel()
        return time.perf_counter() - began

    assert asyncio.run(stop()) >= 0.8
