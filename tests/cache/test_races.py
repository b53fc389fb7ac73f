"""Thousands of interleavings of readers, writers and lost entries, in several processes on one store."""

import random
from collections.abc import Coroutine
from typing import Any

import pytest

from mallgen_runtime.cache.store import Store
from mallgen_runtime.sql.caching import TableCache
from tests.cache import stores
from tests.cache.turns import Turns
from tests.cache.world import RULE, Process, World, WorldRow, process

FAST, MANY = 300, 10_000


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


async def _interleaved(store: Store, chance: random.Random, prefix: str) -> int:
    """Let five processes do something at a time, and return the number of wrong answers when all is quiet."""
    turns = Turns(chance)
    ids = range(1, 7)
    world = World(turns, [WorldRow(one, f"w{one}", chance.randrange(2), chance.randrange(5)) for one in ids if one % 3])
    caches = [await process(world, store, turns, prefix) for _ in range(5)]
    people = [Process(world, cache, turns, chance) for cache in caches]
    for category in (0, 1):
        if chance.random() < 0.7:
            await turns.run(people[0].page(category))
    extra = [_lost(store, turns, prefix)] if chance.random() < 0.3 else []
    await turns.run(*(_some(chance, someone, ids) for someone in people), *extra)
    wrong = await _wrong(world, await process(world, store, turns, prefix), turns, ids)
    await store.drop(prefix)
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


def _race(make: stores.Make, count: int, seed: int) -> None:
    async def work(store: Store) -> None:
        wrong = 0
        for number in range(count):
            chance = random.Random(f"{seed} {number}")
            found = await _interleaved(store, chance, f"race-{seed}-{number}")
            assert not found, f"interleaving {number} of seed {seed} leaves {found} wrong answers"
            wrong += found
        print(f"{count} interleavings of five processes, {wrong} wrong answers")

    stores.run(make, work)


def test_no_interleaving_leaves_a_wrong_answer(make: stores.Make) -> None:
    _race(make, FAST, 1)


@pytest.mark.slow
def test_ten_thousand_interleavings_leave_no_wrong_answer(make: stores.Make) -> None:
    _race(make, MANY, 2)
