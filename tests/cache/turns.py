"""Interleavings: actors that take one step at a time, in an order that chance decides."""

import asyncio
import os
import random
from collections.abc import Callable, Coroutine, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextvars import ContextVar
from multiprocessing import get_context
from typing import Any, TypeVar

from mallgen_runtime.cache.store import Entry, Filling, ListOrder, ListPage, Store

R = TypeVar("R")
LANES = 32
_ACTOR = ContextVar("actor", default=-1)
_SPAN, _CHANGES = 40, 3  # steps within which an actor that goes on is stopped, and how often
_FEWEST = 20  # interleavings of a lane
_ITERATIONS = 5  # of the loop, after which nothing goes on by itself any more


class Turns:
    """Lets one of several actors at a time take its next step; each asks for a turn before it does anything.

    Half of the orders are by chance alone. In the other half one actor goes on until one of a few changes, as in
    "A Randomized Scheduler with Probabilistic Guarantees of Finding Bugs": that finds what needs one to stand still.
    """

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance
        self._parked: list[tuple[int, asyncio.Future[None]]] = []
        self._busy = 0
        self._steps = 0
        self._is_watched = True
        self._ranks: dict[int, float] = {}
        self._changes: list[int] = []

    def turn(self) -> "Turns":
        """Return a block that waits for its turn, and keeps it until it ends."""
        return self

    async def __aenter__(self) -> None:
        turn = asyncio.get_running_loop().create_future()
        self._parked.append((_ACTOR.get(), turn))
        await turn
        self._busy += 1

    async def __aexit__(self, *_: object) -> None:
        self._busy -= 1
        self._steps += 1
        if not self._is_watched:
            self._is_watched = True
            asyncio.get_running_loop().call_soon(self._look)

    async def run(self, *actors: Coroutine[Any, Any, Any]) -> None:
        """Run actors to their ends, and what they have begun in the background."""
        ranked = self._chance.random() < 0.5
        self._ranks = {place: self._chance.random() for place in range(len(actors))} if ranked else {}
        self._changes = [self._steps + self._chance.randrange(_SPAN) for _ in range(_CHANGES)]
        tasks = [asyncio.create_task(_acting(place, actor)) for place, actor in enumerate(actors)]
        while True:
            await self._still()
            if not self._parked:
                break
            self._parked.pop(self._next())[1].set_result(None)
        assert all(task.done() for task in tasks), "an actor waits for what nobody does"
        for task in tasks:
            task.result()

    def _next(self) -> int:
        """Return the place of the one that takes the next step."""
        if not self._ranks:
            return self._chance.randrange(len(self._parked))
        place = max(range(len(self._parked)), key=lambda place: self._ranks.get(self._parked[place][0], 0.0))
        if self._steps in self._changes:
            self._ranks[self._parked[place][0]] = -1.0 * self._steps
        return place

    async def _still(self) -> None:
        """Wait until everybody waits for a turn."""
        self._seen, self._quiet = (-1, -1), 0
        loop = asyncio.get_running_loop()
        self._rest = loop.create_future()
        loop.call_soon(self._look)
        await self._rest

    def _look(self) -> None:
        """Look whether anything has happened since the last iteration of the loop, but not while a turn is used."""
        if self._busy:
            self._is_watched = False
            return
        self._is_watched = True
        now = (self._steps, len(self._parked))
        self._quiet = self._quiet + 1 if now == self._seen else 0
        self._seen = now
        if self._quiet < _ITERATIONS:
            asyncio.get_running_loop().call_soon(self._look)
        else:
            self._rest.set_result(None)


async def in_lanes(numbers: range, lane: Callable[[range], Coroutine[Any, Any, None]]) -> None:
    """Run interleavings in lanes of the same loop, so that one goes on while others wait for Redis.

    `lane` gets the numbers of its interleavings, which it runs one after the other.
    """
    async with asyncio.TaskGroup() as group:
        lanes = min(LANES, 1 + len(numbers) // _FEWEST)
        for place in range(lanes):
            group.create_task(lane(numbers[place::lanes]))


def in_processes(count: int, work: Callable[[range], R]) -> list[R]:
    """Run numbered interleavings in as many processes as there are processors; return what each has found."""
    parts = min(count, os.cpu_count() or 1)
    with ProcessPoolExecutor(parts, get_context("spawn")) as pool:
        return list(pool.map(work, [range(place, count, parts) for place in range(parts)]))


async def _acting(place: int, actor: Coroutine[Any, Any, Any]) -> None:
    _ACTOR.set(place)
    await actor


class SteppedStore:
    """A store whose every call waits for its turn; see Store."""

    def __init__(self, store: Store, turns: Turns) -> None:
        self._store = store
        self._turns = turns

    async def get(self, key: str) -> bytes | None:
        async with self._turns.turn():
            return await self._store.get(key)

    async def get_many(self, keys: Sequence[str]) -> list[bytes | None]:
        async with self._turns.turn():
            return await self._store.get_many(keys)

    async def lease(self, keys: Sequence[str], head: bytes) -> list[bytes]:
        async with self._turns.turn():
            return await self._store.lease(keys, head)

    async def fill(self, fillings: Sequence[Filling]) -> None:
        async with self._turns.turn():
            await self._store.fill(fillings)

    async def put(self, key: str, value: bytes, expiry: float) -> None:
        async with self._turns.turn():
            await self._store.put(key, value, expiry)

    async def claim(self, key: str, value: bytes, expiry: float) -> bytes | None:
        async with self._turns.turn():
            return await self._store.claim(key, value, expiry)

    async def resolve(self, key: str, claim: bytes, value: bytes, expiry: float) -> None:
        async with self._turns.turn():
            await self._store.resolve(key, claim, value, expiry)

    async def count(self, key: str, expiry: float) -> int:
        async with self._turns.turn():
            return await self._store.count(key, expiry)

    async def take(self, key: str) -> bool | None:
        async with self._turns.turn():
            return await self._store.take(key)

    async def give(self, key: str) -> None:
        async with self._turns.turn():
            await self._store.give(key)

    async def delete(self, keys: Sequence[str]) -> None:
        async with self._turns.turn():
            await self._store.delete(keys)

    async def drop(self, prefix: str) -> None:
        async with self._turns.turn():
            await self._store.drop(prefix)

    async def page(self, key: str, order: ListOrder, after: Entry | None, limit: int) -> ListPage:
        async with self._turns.turn():
            return await self._store.page(key, order, after, limit)

    async def touch(self, keys: Sequence[str], member: str) -> list[bytes]:
        async with self._turns.turn():
            return await self._store.touch(keys, member)

    async def settle(self, key: str, order: ListOrder, member: str, token: bytes, score: float | None) -> None:
        async with self._turns.turn():
            await self._store.settle(key, order, member, token, score)

    async def begin(self, key: str, order: ListOrder) -> bytes:
        async with self._turns.turn():
            return await self._store.begin(key, order)

    async def finish(
        self, key: str, token: bytes, order: ListOrder, entries: Sequence[Entry], is_whole: bool, expiry: float
    ) -> bool:
        async with self._turns.turn():
            return await self._store.finish(key, token, order, entries, is_whole, expiry)

    async def ping(self) -> None:
        await self._store.ping()

    async def close(self) -> None:
        """Leave the store open: it is shared."""
