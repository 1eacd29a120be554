"""A coroutine begun before it is decided how long to wait for it."""

from __future__ import annotations

import asyncio

import pytest

from variate.server.begun import Begun


async def at_once() -> str:
    return "here"


async def wrong() -> str:
    raise LookupError


def test_what_has_nothing_to_wait_for_is_done_at_once() -> None:
    begun = Begun(at_once())
    assert (begun.done, begun.value) == (True, "here")


def test_what_is_done_may_be_awaited_too() -> None:
    async def main() -> str:
        return await Begun(at_once())

    assert asyncio.run(main()) == "here"


def test_what_goes_wrong_at_once_is_raised_at_once() -> None:
    with pytest.raises(LookupError):
        Begun(wrong())


def test_what_has_to_wait_goes_on_where_it_waited() -> None:
    async def main() -> tuple[bool, str]:
        first, second = (asyncio.get_running_loop().create_future() for _ in range(2))

        async def waits() -> str:
            return str(await first) + str(await second)

        begun = Begun(waits())
        done = begun.done
        asyncio.get_running_loop().call_soon(first.set_result, "a")
        asyncio.get_running_loop().call_later(0.001, second.set_result, "b")
        return done, await begun

    assert asyncio.run(main()) == (False, "ab")


def test_what_goes_wrong_later_is_raised_where_it_is_awaited() -> None:
    async def main() -> None:
        future = asyncio.get_running_loop().create_future()

        async def waits() -> None:
            await future

        begun = Begun(waits())
        future.set_exception(LookupError())
        await begun

    with pytest.raises(LookupError):
        asyncio.run(main())


def test_who_is_tired_of_waiting_ends_it_within() -> None:
    ended = []

    async def main() -> None:
        async def waits() -> None:
            try:
                await asyncio.get_running_loop().create_future()
            except asyncio.CancelledError:
                ended.append(True)
                raise

        begun = Begun(waits())
        async with asyncio.timeout(0.001):
            await begun

    with pytest.raises(TimeoutError):
        asyncio.run(main())
    assert ended == [True]


def test_what_takes_a_cancellation_for_a_reason_to_go_on_goes_on() -> None:
    async def main() -> str:
        loop = asyncio.get_running_loop()
        last = loop.create_future()

        async def waits() -> str:
            try:
                await loop.create_future()
            except asyncio.CancelledError:
                return str(await last)
            return ""

        task = asyncio.ensure_future(_awaited(Begun(waits())))
        loop.call_soon(task.cancel)
        loop.call_later(0.001, last.set_result, "went on")
        return await task

    assert asyncio.run(main()) == "went on"


async def _awaited(begun: Begun[str]) -> str:
    return await begun
