"""The race of the article, with both of its ways to add to a cached list, and with ours.

Each interleaving has a list in Redis that expires at some moment, a request that inserts a row, and readers that build
the list where it is missing, all in an order that chance decides. Afterwards the list must have what the table has, or
not be there. Between the steps of the article's ways it does not always.
"""

import random
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, NamedTuple

import pytest

from mallgen_runtime.cache.redis_store import RedisStore
from mallgen_runtime.cache.store import Store
from tests import servers
from tests.cache import stores
from tests.cache.turns import Turns, in_lanes, in_processes
from tests.cache.world import RULE, Process, World, WorldRow, process

FEW, MANY = 400, 100_000
EXPIRY = 60
Command = Callable[..., Awaitable[Any]]


class Seen(NamedTuple):
    """The lists of many interleavings: how many were there and wrong, and how many of those had one element."""

    done: int
    wrong: int
    single: int


class ArticleCache:
    """The list of the article: a sorted set that a reader builds by ZADD and EXPIRE, and a request adds to."""

    def __init__(self, command: Command, key: str, turns: Turns, rows: dict[int, int]) -> None:
        self._command = command
        self._key = key
        self._turns = turns
        self.rows = rows

    async def _step(self, *words: Any) -> Any:
        async with self._turns.turn():
            return await self._command(*words)

    async def read(self) -> None:
        """Read the list, and build it from the table where it is missing."""
        if await self._step("ZREVRANGE", self._key, 0, -1):
            return
        async with self._turns.turn():
            rows = dict(self.rows)
        for member, score in rows.items():
            await self._step("ZADD", self._key, score, member)
        await self._step("EXPIRE", self._key, EXPIRY)

    async def add_if_it_exists(self, member: int, score: int) -> None:
        """Insert a row and add it to the list: EXISTS, then ZADD."""
        async with self._turns.turn():
            self.rows[member] = score
        if await self._step("EXISTS", self._key):
            await self._step("ZADD", self._key, score, member)

    async def add_if_it_can_be_renewed(self, member: int, score: int) -> None:
        """Insert a row and add it to the list: EXPIRE, then ZADD."""
        async with self._turns.turn():
            self.rows[member] = score
        if await self._step("EXPIRE", self._key, EXPIRY):
            await self._step("ZADD", self._key, score, member)

    async def expire(self) -> None:
        """Let the list expire, or be evicted."""
        await self._step("DEL", self._key)


def _article(host: str, way: str, numbers: range) -> Seen:
    """Run interleavings of one of the article's ways."""
    done = wrong = single = 0

    async def lane(command: Command, mine: range) -> None:
        nonlocal done, wrong, single
        for number in mine:
            chance = random.Random(f"{way} {number}")
            key = f"article:{way}:{number}"
            turns = Turns(chance)
            cache = ArticleCache(command, key, turns, {1: 5, 2: 7})
            if chance.random() < 0.5:
                await turns.run(cache.read())
            await turns.run(getattr(cache, way)(3, 6), cache.expire(), cache.read())
            listed = {int(member) for member in (await command("ZPOPMIN", key, 9))[::2]}
            done += 1
            if listed and listed != set(cache.rows):
                wrong += 1
                single += len(listed) == 1

    async def work(store: Store) -> None:
        assert isinstance(store, RedisStore)
        await in_lanes(numbers, partial(lane, store._link.call))

    stores.run(stores.pipelined(host), work)
    return Seen(done, wrong, single)


class Ours:
    """Two processes that write, at times the same row, and a third one that builds the list."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._chance = random.Random()
        self._turns = Turns(self._chance)
        self._world = World(self._turns, [])

    async def start(self) -> None:
        """Make the processes."""
        caches = [await process(self._world, self._store, self._turns, "ours") for _ in range(3)]
        self._people = [Process(self._world, cache, self._turns, self._chance) for cache in caches]
        self._cached = caches[0].lists._lists[RULE]

    async def listed(self, number: int) -> tuple[list[tuple[int, float]] | None, list[tuple[int, float]]]:
        """Run an interleaving; return the list in the cache, None without one, and that of the table."""
        chance, turns, people = self._chance, self._turns, self._people
        chance.seed(f"ours {number}")
        first, key = 10 * number, self._cached.place([number]).key
        self._world.rows = {
            first + place: WorldRow(first + place, "w", number, sales) for place, sales in ((1, 5), (2, 7))
        }
        if chance.random() < 0.5:
            await turns.run(people[2].page(number))
        actors = [people[2].page(number)]
        actors += [_expire(self._store, turns, key)] if chance.random() < 0.5 else []
        if chance.random() < 0.5:
            actors.append(people[0].insert(WorldRow(first + 3, "w", number, chance.choice([4, 6, 8]))))
            actors += [people[1].delete(first + 2)] if chance.random() < 0.3 else []
        else:
            actors += [people[place].update(first + 1, sales=4 + 2 * place) for place in (0, 1)]
        await turns.run(*actors)
        known = await self._store.page(key, self._cached.order, None, 9)
        listed = None if known.entries is None else [(int(one.member), one.score) for one in known.entries]
        return listed, [(row.id, row.sales) for row in self._world.listed(number)]


def _ours(make: stores.Make, numbers: range) -> Seen:
    """Run interleavings of our way."""
    done = wrong = single = 0

    async def lane(store: Store, mine: range) -> None:
        nonlocal done, wrong, single
        ours = Ours(store)
        await ours.start()
        for number in mine:
            listed, wanted = await ours.listed(number)
            done += 1
            if listed is not None and listed != wanted:
                wrong += 1
                single += len(listed) == 1

    stores.run(make, lambda store: in_lanes(numbers, partial(lane, store)))
    return Seen(done, wrong, single)


async def _expire(store: Store, turns: Turns, key: str) -> None:
    async with turns.turn():
        await store.delete([key])


def _shown(way: str, count: int, *parts: Seen) -> Seen:
    """Print what the parts of many interleavings have seen, and return the whole."""
    seen = Seen(*map(sum, zip(*parts, strict=True)))
    print(f"{way}: {seen.done} interleavings, {seen.wrong} wrong lists, {seen.single} of them of one element")
    assert seen.done == count
    return seen


@pytest.mark.parametrize("way", ["add_if_it_exists", "add_if_it_can_be_renewed"])
def test_both_ways_of_the_article_leave_lists_of_one_element(redis_server: servers.Redis, way: str) -> None:
    seen = _shown(way, FEW, _article(redis_server.host, way, range(FEW)))
    assert seen.single > 0


def test_ours_leaves_no_wrong_list(make: stores.Make) -> None:
    count = 10 * FEW if make is stores.local else FEW
    seen = _shown("ours", count, _ours(make, range(count)))
    assert seen.wrong == 0


@pytest.mark.slow
def test_100_000_interleavings_of_each_way(own_redis: servers.Redis) -> None:
    """On a Redis of its own: what is left there would slow those down who look for keys by a prefix."""
    for way in ("add_if_it_exists", "add_if_it_can_be_renewed"):
        seen = _shown(way, MANY, *in_processes(MANY, partial(_article, own_redis.host, way)))
        assert seen.single > 0
    ours = _shown("ours", MANY, *in_processes(MANY, partial(_ours, stores.pipelined(own_redis.host))))
    assert ours.wrong == 0
