"""Passwords that are checked at once."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

import pytest
from mallgen_runtime.rpc import Code, RpcError

from user_rpc import passwords
from user_rpc.passwords import AT_ONCE, MOST_WAITING, fits, hashed


def test_who_comes_when_too_many_wait_is_sent_away() -> None:
    async def talk() -> None:
        known = await hashed("correct horse")
        for _ in range(2):
            calls = [fits("correct horse", known) for _ in range(30)]
            ended = await asyncio.gather(*calls, return_exceptions=True)
            refused = [one for one in ended if isinstance(one, RpcError)]
            assert ended.count(True) == AT_ONCE + MOST_WAITING
            assert [one.code for one in refused] == [Code.RESOURCE_EXHAUSTED] * 12
        assert not await fits("wrong", known)
        assert not await fits("correct horse", None)

    asyncio.run(talk())


def test_who_goes_away_leaves_its_place(monkeypatch: pytest.MonkeyPatch) -> None:
    async def talk() -> None:
        known = await hashed("correct horse")
        calls = [asyncio.create_task(fits("a", known)) for _ in range(18)]
        await asyncio.sleep(0)
        for call in calls:
            call.cancel()
        await asyncio.wait(calls)
        assert await fits("correct horse", known)

    with ThreadPoolExecutor(1) as threads:
        monkeypatch.setattr(passwords, "_THREADS", threads)
        asyncio.run(talk())
