"""A table in memory behind a cache, as several processes see it, each with a cache of its own on one store."""

import random
from collections.abc import Iterable, Sequence
from typing import Any, ClassVar

from mallgen_runtime.cache import Cache, CacheConf
from mallgen_runtime.cache.store import Store
from mallgen_runtime.sql import Dialect, IntColumn, Keyset, ListRule, Row, Table, TextColumn
from mallgen_runtime.sql.caching import TableCache
from mallgen_runtime.sql.table import plan_of
from tests.cache.turns import SteppedStore, Turns

RULE = ListRule("sales", Keyset(("category",), ("sales", "id")), True, 4)
UNIQUE = ("word",)


class WorldRow(Row, frozen=True):
    """A row of the table."""

    id: int
    word: str
    category: int
    sales: int


class World:
    """The rows, committed at once; every access waits for its turn."""

    table: ClassVar = Table(
        "item", (IntColumn("id", 64), TextColumn("word", 20), IntColumn("category"), IntColumn("sales")), ("id",)
    )
    row: ClassVar = WorldRow
    uniques: ClassVar[tuple[tuple[str, ...], ...]] = (UNIQUE,)
    lists: ClassVar[tuple[ListRule, ...]] = (RULE,)

    def __init__(self, turns: Turns, rows: Iterable[WorldRow]) -> None:
        self.rows: dict[int, WorldRow] = {row.id: row for row in rows}
        self._turns = turns

    @property
    def _plan(self) -> Any:
        return plan_of(self.table, Dialect.SQLITE)

    async def _find(self, names: tuple[str, ...], values: Sequence[Any]) -> Any:
        async with self._turns.turn():
            found = [row for row in self.rows.values() if [getattr(row, name) for name in names] == list(values)]
            return found[0] if found else None

    async def _find_each(self, keys: Iterable[Sequence[Any]]) -> list[Any]:
        async with self._turns.turn():
            return [self.rows.get(key) for (key,) in keys]

    async def _beginning(self, rule: ListRule, equal: Sequence[Any]) -> list[Any]:
        async with self._turns.turn():
            return self.listed(equal[0])[: rule.limit + 1]

    def listed(self, category: int) -> list[WorldRow]:
        """Return the rows of a category in the order of its list."""
        rows = [row for row in self.rows.values() if row.category == category]
        return sorted(rows, key=lambda row: (row.sales, row.id), reverse=True)


async def process(world: World, store: Store, turns: Turns | None, prefix: str) -> TableCache:
    """Return the cache of a process that has its own view of a shared store."""
    cache = Cache([], CacheConf(prefix=prefix), "world")
    await cache.start()
    cache._store = SteppedStore(store, turns) if turns is not None else store
    return TableCache(cache, world)


class Process:
    """A process: it writes rows and tells its cache, or reads."""

    def __init__(self, world: World, cache: TableCache, turns: Turns, chance: random.Random) -> None:
        self._world = world
        self._cache = cache
        self._turns = turns
        self._chance = chance

    async def insert(self, row: WorldRow) -> None:
        """Insert a row, unless there is one with its key."""
        async with self._turns.turn():
            if row.id in self._world.rows:
                return
            self._world.rows[row.id] = row
        values = {name: getattr(row, name) for name in row.__struct_fields__}
        await self._cache.inserted((row.id,), values)

    async def update(self, key: int, **values: Any) -> None:
        """Change a row that is there."""
        before = await self._cache.before(self._world, (key,), values)
        async with self._turns.turn():
            old = self._world.rows.get(key)
            if old is not None:
                own = {name: getattr(old, name) for name in old.__struct_fields__}
                self._world.rows[key] = WorldRow(**{**own, **values})
        await self._cache.changed((key,), before, values)

    async def delete(self, key: int) -> None:
        """Delete a row."""
        before = await self._cache.before(self._world, (key,), None)
        async with self._turns.turn():
            self._world.rows.pop(key, None)
        await self._cache.changed((key,), before)

    async def read(self, key: int) -> Any:
        """Return a row."""
        return await self._cache.find(("id",), (key,))

    async def read_by(self, word: str) -> Any:
        """Return the row with a word."""
        return await self._cache.find(UNIQUE, (word,))

    async def page(self, category: int) -> Any:
        """Return what the list of a category begins with."""
        return await self._cache.lists.page(RULE, (category,), None, 2)
