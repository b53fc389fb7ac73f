"""Thousands of interleavings of readers, writers and lost entries, in several processes on one store."""

import random
from collections.abc import Coroutine
from functools import partial
from typing import Any

import pytest

from mallgen_runtime.cache.store import Store
from mallgen_runtime.sql.caching import TableCache
from tests.cache import stores
from tests.cache.turns import Turns, in_lanes, in_processes
from tests.cache.world import RULE, Process, World, WorldRow, process

FAST, MANY = 300, 10_000
IDS = range(1, 7)


def _some(chance: random.Random, someone: Process, ids: range) -> Coroutine[Any, Any, Any]:
    """Return what one actor does: a read or a write."""
    key, word, category = chance.choice(ids), f"w{chance.randrange(4)}", chance.randrange(2)
    match chance.randrange(9):
        case 0 | 1:
            return someone.read(key)
        case 2:
            return someone.read_by(word)
        case 3 | 4:
            return someone.page(category)
        case 5:
            return someone.update(key, sales=chance.randrange(5))
        case 6:
            return someone.update(key, category=category, word=word)
        case 7:
            return someone.delete(key)
        case _:
            return someone.insert(WorldRow(key, word, category, chance.randrange(5)))


async def _lost(store: Store, turns: Turns, prefix: str) -> None:
    """Expire or evict everything at some moment."""
    async with turns.turn():
        await store.drop(prefix)


class Lane:
    """Five processes, and a sixth that looks afterwards, whose keys have a prefix of their own."""

    def __init__(self, store: Store, prefix: str) -> None:
        self._store = store
        self._prefix = prefix
        self._chance = random.Random()
        self._turns = Turns(self._chance)
        self._world = World(self._turns, [])

    async def start(self) -> None:
        """Make the processes."""
        caches = [await process(self._world, self._store, self._turns, self._prefix) for _ in range(6)]
        self._people = [Process(self._world, cache, self._turns, self._chance) for cache in caches[:5]]
        self._last = caches[5]

    async def interleaved(self, seed: str) -> int:
        """Let the five do something at a time, and return the number of wrong answers when all is quiet."""
        chance, turns, world = self._chance, self._turns, self._world
        chance.seed(seed)
        rows = [WorldRow(one, f"w{one}", chance.randrange(2), chance.randrange(5)) for one in IDS if one % 3]
        world.rows = {row.id: row for row in rows}
        for category in (0, 1):
            if chance.random() < 0.7:
                await turns.run(self._people[0].page(category))
        extra = [_lost(self._store, turns, self._prefix)] if chance.random() < 0.3 else []
        await turns.run(*(_some(chance, someone, IDS) for someone in self._people), *extra)
        wrong = await _wrong(world, self._last, turns, IDS)
        await self._store.drop(self._prefix)
        return wrong


async def _wrong(world: World, cache: TableCache, turns: Turns, ids: range) -> int:
    """Return how many answers of the cache differ from the database's."""
    found: list[bool] = []

    async def look() -> None:
        found.extend([await cache.find(("id",), (one,)) != world.rows.get(one) for one in ids])
        for number in range(4):
            rows: list[Any] = [row for row in world.rows.values() if row.word == f"w{number}"]
            found.append(await cache.find(("word",), (f"w{number}",)) not in (rows or [None]))
        for category in (0, 1):
            page = await cache.lists.page(RULE, (category,), None, 2)
            if page is not None:
                listed = world.listed(category)
                found.append((page[0], page[1]) != (listed[:2], len(listed) <= 2))

    await turns.run(look())
    return sum(found)


def _raced(make: stores.Make, seed: int, numbers: range) -> int:
    """Run numbered interleavings, and return how many they were."""
    done = 0

    async def lane(store: Store, mine: range) -> None:
        nonlocal done
        people = Lane(store, f"race-{seed}-{mine[0]}.")
        await people.start()
        for number in mine:
            found = await people.interleaved(f"{seed} {number}")
            assert not found, f"interleaving {number} of seed {seed} leaves {found} wrong answers"
            done += 1

    stores.run(make, lambda store: in_lanes(numbers, partial(lane, store)))
    return done


def test_no_interleaving_leaves_a_wrong_answer(make: stores.Make) -> None:
    assert _raced(make, 1, range(FAST)) == FAST


@pytest.mark.slow
def test_ten_thousand_interleavings_leave_no_wrong_answer(quick: stores.Make) -> None:
    done = sum(in_processes(MANY, partial(_raced, quick, 2)))
    print(f"{done} interleavings of five processes, no wrong answer")
    assert done == MANY
