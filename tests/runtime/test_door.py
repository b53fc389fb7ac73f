"""The door of a server as it closes."""

import asyncio
from typing import Any

from mallgen_runtime.process.address import Door, Entering, opened


class Guest(asyncio.Protocol):
    """A connection that has entered when the test says so."""

    entered = False


def test_a_door_that_closed_in_the_same_turn_lets_nobody_in() -> None:
    async def run() -> list[dict[str, Any]]:
        loop = asyncio.get_running_loop()
        problems: list[dict[str, Any]] = []
        loop.set_exception_handler(lambda _, problem: problems.append(problem))
        bound = opened("127.0.0.1:0")
        Door(loop, bound, asyncio.Protocol)()
        bound.close()
        await asyncio.sleep(0.01)
        return problems

    assert asyncio.run(run()) == []


def test_handshakes_are_waited_for_until_they_end_well_or_not() -> None:
    async def run() -> None:
        entering = Entering(Guest)
        first, second = entering(), entering()
        waiting = asyncio.create_task(entering.settled())
        for _ in range(2):
            await asyncio.sleep(0.05)
            assert not waiting.done()
            first.entered = True
        del second  # as a handshake that has failed does
        await asyncio.wait_for(waiting, 2)

    asyncio.run(run())
