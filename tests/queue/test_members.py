"""The guarantees of delivery when members come, go and are slow, the same on every queue."""

import asyncio
import random
from collections import Counter
from functools import partial
from typing import Any

import pytest

from mallgen_runtime.queue import MessageContext, QueueError
from mallgen_runtime.queue.link import Outgoing
from tests.queue.conftest import Settings
from tests.queue.kit import Service, letters_of, send, until


def test_a_rebalance_loses_and_repeats_nothing(queue: Settings, topic: str) -> None:
    got: Counter[int] = Counter()
    by_second: list[int] = []

    async def logic(ctx: MessageContext, message: Any) -> None:
        await asyncio.sleep(random.random() / 100)
        got[message.number] += 1

    async def second(ctx: MessageContext, message: Any) -> None:
        by_second.append(message.number)
        await logic(ctx, message)

    sent = 0

    async def keep_sending() -> None:
        nonlocal sent
        while True:
            await send(queue, topic, range(sent, sent + 100), lambda one: str(one % 101))
            sent += 100
            await asyncio.sleep(0.02)

    async def main() -> None:
        async with Service({topic: logic}, queue) as first:
            sending = asyncio.create_task(keep_sending())
            await until(lambda: sum(got.values()) > 300)
            async with Service({topic: second}, queue):
                await until(lambda: len(by_second) > 300)
            before = len(got)
            await until(lambda: len(got) > before + 300)
            sending.cancel()
            await asyncio.wait([sending])
            await until(lambda: first.is_done and len(got) >= sent)

    asyncio.run(main())
    assert set(range(sent)) <= set(got) and set(got.values()) == {1}


def test_a_stop_finishes_what_runs_and_loses_nothing(queue: Settings, topic: str) -> None:
    got: Counter[int] = Counter()
    begun: Counter[int] = Counter()

    async def logic(ctx: MessageContext, message: Any) -> None:
        begun[message.number] += 1
        await asyncio.sleep(0.05)
        got[message.number] += 1

    async def main() -> None:
        await send(queue, topic, range(200))
        for stop_at in (20, 80, 130):
            async with Service({topic: logic}, queue):
                await until(partial(lambda most: len(got) >= most, stop_at))
            assert begun == got, "logic was cut off"
        async with Service({topic: logic}, queue) as last:
            await until(lambda: len(got) == 200)
            await until(lambda: last.is_done)

    asyncio.run(main())
    assert got == dict.fromkeys(range(200), 1)


def test_slow_logic_bounds_what_is_held(queue: Settings, topic: str) -> None:
    free = asyncio.Event()
    got: list[int] = []

    async def logic(ctx: MessageContext, message: Any) -> None:
        await free.wait()
        got.append(message.number)

    async def main() -> None:
        settings = {**queue, "partitions": 1, "processors": 2, "consumers": 4}
        async with Service({topic: logic}, settings) as service:
            await send(queue, topic, range(500))
            await until(lambda: service.held >= 10)
            await asyncio.sleep(0.3)
            assert service.held <= 20
            assert service.consumers.state == "ok"
            free.set()
            await until(lambda: len(got) == 500)

    asyncio.run(main())


def test_dead_letters_that_cannot_be_written_keep_the_offset(
    queue: Settings, topic: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    is_down = True

    async def logic(ctx: MessageContext, message: Any) -> None:
        raise ValueError("no")

    async def main() -> None:
        nonlocal is_down
        async with Service({topic: logic}, {**queue, "retries": 0}) as service:
            (letters,) = service.consumers._letters.values()
            write = letters.write

            async def refused(message: Outgoing) -> None:
                if is_down:
                    raise QueueError("no leader")
                await write(message)

            monkeypatch.setattr(letters, "write", refused)
            await send(queue, topic, [1])
            await until(lambda: "dead letters cannot be written" in service.consumers.state)
            await asyncio.sleep(0.4)
            assert not service.is_done
            is_down = False
            await until(lambda: service.is_done)
        assert len(await letters_of(queue, topic)) == 1

    asyncio.run(main())
