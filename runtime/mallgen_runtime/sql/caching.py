"""A table's cache: rows by their primary key, keys by unique columns, declared lists, and what writes make of them."""

import logging
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Any, get_type_hints

import msgspec

from mallgen_runtime.cache.codec import Codec
from mallgen_runtime.cache.entries import Asked, Entries
from mallgen_runtime.cache.keys import key, own_key, own_stem, stem
from mallgen_runtime.cache.resource import Cache
from mallgen_runtime.sql.errors import DatabaseError
from mallgen_runtime.sql.list_cache import ListCache
from mallgen_runtime.sql.lists import DirectModel, values_of
from mallgen_runtime.sql.table import Plan
from mallgen_runtime.sql.value_columns import ArrayColumn, JsonColumn

_LOG = logging.getLogger("mallgen.sql")


class TableCache:
    """The cache of one table. `direct` is its model on the database, without replicas and without a cache."""

    def __init__(self, cache: Cache, direct: DirectModel) -> None:
        self.cache = cache
        self._direct = direct
        self._plan: Plan = direct._plan
        table, row = direct.table, direct.row
        changeable = any(isinstance(column, JsonColumn | ArrayColumn) for column in table.columns)
        described = repr((table.columns, table.key))
        self._epoch = key(own_stem(cache.prefix, cache.database, table.name, "epoch"), ()) if table.auto else ""
        codec = Codec(row, described)
        self._rows = Entries(cache, table.name, codec, epoch_key=self._epoch, copies=changeable)
        hints = get_type_hints(row)
        kind = tuple.__class_getitem__(tuple(hints[self._attribute(name)] for name in table.key))
        self._pointers = {
            columns: Entries(cache, table.name, Codec(kind, f"{described} by {columns}")) for columns in direct.uniques
        }
        self._stems = {
            columns: stem(cache.prefix, cache.database, table.name, columns) for columns in (table.key, *direct.uniques)
        }
        self._all = own_stem(cache.prefix, cache.database, table.name, "").rpartition("%")[0]
        self._values = {
            columns: values_of([self._attribute(name) for name in columns]) for columns in (table.key, *direct.uniques)
        }
        self._own = own_stem(cache.prefix, cache.database, table.name, "own")
        self._kinds: dict[Any, Entries] = {}
        self.lists = ListCache(cache, direct, self.find_many)

    async def find(self, names: tuple[str, ...], values: Sequence[Any]) -> Any:
        """Return the row with given values in the columns of the primary key or of a unique index."""
        bound = self._plan.bind(names, values)
        if names == self._direct.table.key:
            row = await self._rows.find(
                Asked(key(self._stems[names], bound), tuple(bound)), lambda: self._direct._find(names, values)
            )
        else:
            row = await self._by_pointer(names, values, bound)
        if row is None or self._has(row, names, values, bound):
            return row
        return await self._direct._find(names, values)  # an equal text in another spelling, or a pointer that is old

    async def find_many(self, keys: Sequence[tuple[Any, ...]]) -> list[Any]:
        """Return the rows of primary keys, None for those that are missing."""
        names = self._direct.table.key
        stem, bind = self._stems[names], self._plan.bind
        asked = [Asked(key(stem, one := bind(names, values)), tuple(one)) for values in keys]

        loaded: dict[int, Any] = {}

        async def load(places: list[int]) -> dict[int, Any]:
            found = await self._direct._find_each([keys[place] for place in places])
            loaded.update(zip(places, found, strict=True))
            return loaded

        rows = await self._rows.find_many(asked, load)
        pairs = zip(rows, keys, asked, strict=True)
        wrong = [
            place
            for place, (row, values, one) in enumerate(pairs)
            if row is not None and place not in loaded and not self._has(row, names, values, one.values)
        ]
        if wrong:
            await load(wrong)
            for place in wrong:
                rows[place] = loaded[place]
        return rows

    async def own(self, kind: Any, words: Sequence[Any], load: Callable[[], Awaitable[Any]], expiry: float) -> Any:
        """Return what a query of the user's own has found."""
        if kind not in self._kinds:
            codec = Codec(kind, str(msgspec.inspect.type_info(kind)))
            self._kinds[kind] = Entries(self.cache, self._direct.table.name, codec, copies=True)
        return await self._kinds[kind].find(Asked(self.own_key(words), tuple(words)), load, expiry)

    def own_key(self, words: Sequence[Any]) -> str:
        """Return the key of a query of the user's own."""
        return own_key(self._own, words)

    async def before(
        self, model: DirectModel, key_values: Sequence[Any], changes: Iterable[str] | None
    ) -> Mapping[str, Any]:
        """Return the values of a row before a write, where they say which lists it may leave; else nothing.

        `changes` are the attributes that are written, None for all. `model` reads as the one does that writes.
        """
        if not self.lists.moves(changes):
            return {}
        row = await model._find(self._direct.table.key, key_values)
        return {} if row is None else msgspec.structs.asdict(row)

    async def inserted(self, key_values: Sequence[Any], values: Mapping[str, Any]) -> None:
        """Invalidate what a new row makes wrong, and put it into the lists that it is in."""
        await self.cache.invalidate([*self._row_keys([key_values]), *self._unique_keys([values])])
        states = [values]
        try:
            if self.lists.needs(values) or self._lacks(values, is_new=True):
                states += await self._now(key_values)
                await self.cache.invalidate(self._unique_keys(states[1:]))
            await self.lists.changed(key_values, states)
        except DatabaseError as problem:
            await self._forget_lists(states, problem)

    async def inserted_unseen(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Invalidate what new rows make wrong whose keys are not known."""
        if self._epoch:
            await self.cache.renew(self._epoch)
        table_key = [self._attribute(name) for name in self._direct.table.key]
        known = [[row[name] for name in table_key] for row in rows if all(name in row for name in table_key)]
        await self.cache.invalidate([*self._row_keys(known), *self._unique_keys(rows)])
        await self.lists.inserted(rows)

    async def changed(
        self, key_values: Sequence[Any], before: Mapping[str, Any], values: Mapping[str, Any] | None = None
    ) -> None:
        """Invalidate a row of which attributes in `values`, or any, were written; put it where it belongs in lists."""
        states = [before, {**before, **(values or {})}]
        await self.cache.invalidate([*self._row_keys([key_values]), *self._unique_keys(states)])
        is_listed = self.lists.depends_on(values)
        try:
            if is_listed or values is None or self._lacks(values):
                states += await self._now(key_values)
                await self.cache.invalidate(self._unique_keys(states[2:]))
            if is_listed:
                await self.lists.changed(key_values, states)
        except DatabaseError as problem:
            await self._forget_lists(states, problem)

    async def _forget_lists(self, states: Sequence[Mapping[str, Any]], problem: DatabaseError) -> None:
        """Let lists that cannot be put in order be read anew: the write itself is done."""
        _LOG.warning("lists are forgotten, because a changed row cannot be read: %s", problem)
        await self.lists.inserted(states)

    async def forget_all(self) -> None:
        """Forget everything of the table."""
        try:
            await self.cache.store.drop(self._all)
        finally:
            self.cache.flights.clear()

    async def _now(self, key_values: Sequence[Any]) -> list[Mapping[str, Any]]:
        """Return the values of a row as it is, none without one."""
        row = await self.find(self._direct.table.key, key_values)
        return [] if row is None else [msgspec.structs.asdict(row)]

    def _lacks(self, values: Mapping[str, Any], is_new: bool = False) -> bool:
        """Return whether values leave out a part of a unique index: one of which they have another, or of a new row."""
        for columns in self._pointers:
            given = [self._attribute(name) in values for name in columns]
            if not all(given) and (is_new or any(given)):
                return True
        return False

    def _row_keys(self, keys: Sequence[Sequence[Any]]) -> list[str]:
        names = self._direct.table.key
        return [key(self._stems[names], self._plan.bind(names, values)) for values in keys]

    def _unique_keys(self, states: Sequence[Mapping[str, Any]]) -> list[str]:
        found: dict[str, None] = {}
        for columns in self._pointers:
            for state in states:
                given = [state.get(self._attribute(name)) for name in columns]
                if all(value is not None for value in given):
                    found[key(self._stems[columns], self._plan.bind(columns, given))] = None
        return list(found)

    async def _by_pointer(self, names: tuple[str, ...], values: Sequence[Any], bound: Sequence[Any]) -> Any:
        table_key = self._direct.table.key
        loaded: list[Any] = []

        async def load() -> tuple[Any, ...] | None:
            row = await self._direct._find(names, values)
            if row is None:
                return None
            loaded.append(row)
            return tuple(getattr(row, self._attribute(name)) for name in table_key)

        asked = Asked(key(self._stems[names], bound), tuple(bound))
        pointed = await self._pointers[names].find(asked, load)
        if loaded or pointed is None:
            return loaded[0] if loaded else None
        row = await self.find(table_key, pointed)
        if row is None or not self._has(row, names, values, bound):
            await self.cache.invalidate([asked.key])
            row = await self._direct._find(names, values)
        return row

    def _has(self, row: Any, names: tuple[str, ...], values: Sequence[Any], bound: Any) -> bool:
        """Return whether a row has exactly these values in columns, of which the driver makes `bound`."""
        return self._values[names](row) == values or self._plan.sent(names, row) == tuple(bound)

    def _attribute(self, name: str) -> str:
        return self._plan.columns[name].attribute
