"""What is live is told to as many as there is room for, each for as long as they may look."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable

import pytest

from variate.server.dashboard import live
from variate.server.dashboard.live import Live
from variate.server.refusal import Refusal


def chunks(
    shown: Live, topic: str, *, person: str = "ada", may_look: Callable[[], bool] = lambda: True
) -> AsyncIterator[bytes]:
    answer = shown.stream(topic, lambda: {"said": topic}, every=0.01, person=person, may_look=may_look)
    found: AsyncIterator[bytes] = answer.body_iterator  # type: ignore[assignment]  # it is of bytes
    return found


def test_one_person_leaves_room_for_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "MOST_OF_A_PERSON", 2)
    shown = Live()

    async def look() -> None:
        own = [chunks(shown, f"topic {number}") for number in range(2)]
        for each in own:
            await anext(each)
        assert shown.looking() == 2
        with pytest.raises(Refusal, match="too many look"):
            chunks(shown, "topic 3")
        other = chunks(shown, "topic 3", person="bob")
        await anext(other)
        assert shown.looking() == 3
        await own[0].aclose()  # type: ignore[attr-defined]  # it is a generator
        await anext(chunks(shown, "topic 3"))

    asyncio.run(look())
    shown.close()
    assert shown.looking() == 0


def test_a_stream_ends_when_who_looks_no_longer_may(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "CHECK_SECONDS", 0.0)
    shown = Live()
    answers = iter([True, True, False])

    async def look() -> list[bytes]:
        return [each async for each in chunks(shown, "topic", may_look=lambda: next(answers))]

    told = asyncio.run(asyncio.wait_for(look(), timeout=30))
    assert b'data: {"said":"topic"}\n\n' in told
    assert [*answers] == []
    shown.close()
