"""The base of generated models: rows by key, changes, pages by cursor, and queries of the user's own."""

from asyncio import CancelledError
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Mapping, Sequence
from itertools import islice
from types import SimpleNamespace
from typing import Any, ClassVar, Generic, NamedTuple, TypeVar

import msgspec

from mallgen_runtime.cache.resource import Cache
from mallgen_runtime.sql.caching import TableCache
from mallgen_runtime.sql.connection import Executor
from mallgen_runtime.sql.errors import ConnectionLost, DatabaseError, StatementTimeout
from mallgen_runtime.sql.lists import ListRule
from mallgen_runtime.sql.reading import rows_of
from mallgen_runtime.sql.statement import few_sizes, for_values, power_of_two
from mallgen_runtime.sql.table import Beginning, Keyset, Table, plan_of
from mallgen_runtime.sql.transaction import Transaction

MOST_ROWS = 10_000  # of one page
_CHUNK = 500  # values of one IN, rows of one INSERT
_MOST_VALUES = 30_000  # of one statement; PostgreSQL takes 32 767, SQLite 32 766
_UNKNOWN = (ConnectionLost, StatementTimeout, CancelledError)  # after them a statement may have been carried out

Key = tuple[Any, ...]  # the driver's values of a primary key
T = TypeVar("T")
RowT = TypeVar("RowT", bound=msgspec.Struct)
AnyRow = TypeVar("AnyRow", bound=msgspec.Struct)
CursorT = TypeVar("CursorT", bound=tuple[Any, ...])
ModelT = TypeVar("ModelT", bound="Model[Any]")


class Row(msgspec.Struct, frozen=True):
    """The base of generated rows: a value without ways back to the database."""


class Page(NamedTuple, Generic[RowT, CursorT]):
    """A page of a list: its rows, whether the list ends with them, and the cursor of the next page.

    `cursor` has the values of the last row that the list is ordered by; it is None on an empty page.
    """

    rows: list[RowT]
    is_end: bool
    cursor: CursorT | None


class Model(Generic[RowT]):
    """The statements on one table, run on a database or in a transaction."""

    table: ClassVar[Table]
    row: ClassVar[type[msgspec.Struct]]
    uniques: ClassVar[tuple[tuple[str, ...], ...]] = ()
    lists: ClassVar[tuple[ListRule, ...]] = ()

    def __init__(self, on: Executor, cache: Cache | None = None) -> None:
        """With a cache, rows are read from it, and writes invalidate them; see docs/cache.md."""
        self._on = on
        self._plan: Any = plan_of(self.table, on.dialect)
        self._reads = self._writes = None if cache is None or not self.table.key else self._cached_by(cache)

    def within(self: ModelT, transaction: Executor) -> ModelT:
        """Return this model on a transaction's connection, which reads what the transaction has written."""
        return self._on_another(transaction, self._writes)

    def _on_another(self: ModelT, on: Executor, writes: TableCache | None) -> ModelT:
        """Return this model on another executor, where nothing is read from the cache."""
        model = object.__new__(type(self))
        model.__dict__.update(self.__dict__, _on=on, _reads=None, _writes=writes)
        return model

    def _cached_by(self, cache: Cache) -> TableCache:
        return TableCache(cache, self._on_another(getattr(self._on, "primary", self._on), None))

    async def fetch(self, row: type[AnyRow], sql: str, *values: Any) -> list[AnyRow]:
        """Return the rows of a query of your own; `?` stands for each value, `"name"` for a quoted name.

        Columns go to the fields of `row` that have their names; a column without a field is an error, and so is a
        field without a column or default. A tuple is the list of an IN: `"id" IN (?)`.
        """
        text, bound = for_values(sql, self._on.dialect, values)
        names, found = await self._on.fetch_named(text, bound)
        own: type[msgspec.Struct] = self.row
        return rows_of(row, names, found, self._on.dialect, self._plan if row is own else None)

    async def fetch_one(self, row: type[AnyRow], sql: str, *values: Any) -> AnyRow | None:
        """Return the first row of a query of your own, None without one; see `fetch`."""
        found = await self.fetch(row, sql, *values)
        return found[0] if found else None

    async def execute(self, sql: str, *values: Any, changes: Iterable[Any] | None = None) -> int:
        """Run a statement of your own that writes, and return the number of rows that it matched; see `fetch`.

        `changes` are the primary keys of the rows that it writes, for the cache. Without them the cache forgets the
        whole table, which takes long where it has much.
        """
        text, bound = for_values(sql, self._on.dialect, values)
        count = -1
        try:
            count = (await self._on.execute(text, bound)).count
        finally:
            if count and changes is not None:
                await self.changed(*changes)
            elif count:
                await self._tell(lambda cache: cache.forget_all())
        return count

    async def cached(
        self, key: str | Sequence[Any], load: Callable[[], Awaitable[T]], kind: type[T], *, expiry: float = 60.0
    ) -> T:
        """Return what `load` returns, at most `expiry` seconds old: a query of your own whose result may be kept.

        `key` is a text, or texts and numbers, of this table's own. `kind` is the type of the result. Within a
        transaction, and without a cache, `load` is always called.
        """
        if self._reads is None:
            return await load()
        words = (key,) if isinstance(key, str) else tuple(key)
        found: T = await self._reads.own(kind, words, load, expiry)
        return found

    async def forget(self, *keys: str | Sequence[Any]) -> None:
        """Forget what `cached` has kept under keys; in a transaction, when it is committed."""
        words = [(key,) if isinstance(key, str) else tuple(key) for key in keys]
        await self._tell(lambda cache: cache.cache.invalidate([cache.own_key(one) for one in words]))

    async def changed(self, *keys: Any) -> None:
        """Tell the cache of rows that were written past this model, by their primary keys.

        In a transaction they are invalidated when that is committed.
        """
        for key in keys:
            values = key if isinstance(key, tuple) else (key,)
            await self._tell(lambda cache, values=values: cache.changed(values, {}))  # type: ignore[misc]

    async def _tell(self, work: Callable[[TableCache], Coroutine[Any, Any, None]]) -> None:
        """Tell the cache of a write, now or when the transaction is committed."""
        writes = self._writes
        if writes is None:
            return
        if isinstance(self._on, Transaction):
            self._on.after_commit(lambda: writes.cache.after_write(work(writes)))
        else:
            await writes.cache.after_write(work(writes))

    async def _find(self, names: tuple[str, ...], values: Sequence[Any]) -> RowT | None:
        """Return the row with given values in columns that are unique together, None without one."""
        if self._reads is not None:
            cached: RowT | None = await self._reads.find(names, values)
            return cached
        plan = self._plan
        found = await self._on.fetch(plan.find(names), plan.bind(names, values))
        return plan.row(found[0], self.row) if found else None

    async def _find_many(self, keys: Iterable[Sequence[Any]]) -> list[RowT]:
        """Return the rows of primary keys, in the order of the keys and without those that are missing."""
        asked = [tuple(key) for key in keys]
        if self._reads is None:
            return [row for row in await self._find_each(asked) if row is not None]
        rows = dict(zip(distinct := list(dict.fromkeys(asked)), await self._reads.find_many(distinct), strict=True))
        return [row for row in (rows[key] for key in asked) if row is not None]

    async def _find_each(self, keys: Iterable[Sequence[Any]]) -> list[RowT | None]:
        """Return the row of each primary key as `_find` finds it in the database, None without one."""
        sent = [tuple(self._plan.bind(self.table.key, key)) for key in keys]
        left, known = iter(dict.fromkeys(sent)), {}
        while some := list(islice(left, _CHUNK)):
            known.update(await self._found(some))
        return [known.get(key) for key in sent]

    async def _found(self, sent: list[Key]) -> dict[Key, RowT]:
        """Return the rows of different primary keys, which are the driver's values; at most 500.

        A row may have its key in another spelling: a collation takes `a` for `A`. Which one was asked for only the
        database knows, so the keys that are left over are asked for anew in fewer and fewer until each has its row.
        """
        plan, names = self._plan, self.table.key
        padded = sent + sent[-1:] * (min(_CHUNK, power_of_two(len(sent))) - len(sent))
        values = [one for key in padded for one in key]
        rows: list[RowT] = plan.rows(await self._on.fetch(plan.find_many(names, len(padded)), values), self.row)
        if len(sent) == 1:
            return {sent[0]: rows[0]} if rows else {}
        own = {plan.sent(names, row): row for row in rows}
        found = {key: own[key] for key in sent if key in own}
        left = [key for key in sent if key not in found]
        if rows and left and (len(found) < len(rows) or not plan.has_exact(names)):
            half = len(left) // 2 if len(left) == len(sent) else 0
            for part in filter(None, (left[:half], left[half:])):
                found.update(await self._found(part))
        return found

    async def _insert(self, values: Mapping[str, Any]) -> Any:
        """Insert a row of values by attribute, and return the value of its primary key, a tuple for several columns."""
        plan = self._plan
        names = tuple(column.name for column in self.table.columns if column.attribute in values)
        self._check_attributes(values)
        bound = plan.bind(names, [values[plan.columns[name].attribute] for name in names])
        try:
            done = await self._on.execute(plan.insert(names, 1), bound)
        except _UNKNOWN:
            await self._tell(lambda cache: cache.inserted_unseen([values]))
            raise
        given = {name: values[plan.columns[name].attribute] for name in names}
        key = tuple(given.get(name, done.last_id) for name in self.table.key)
        await self._tell(lambda cache: cache.inserted(key, values))
        return key[0] if len(key) == 1 else key

    async def _insert_many(self, rows: Sequence[Mapping[str, Any]]) -> int:
        """Insert all rows, which give the same columns, or none; return their number."""
        if not rows:
            return 0
        plan = self._plan
        names = tuple(column.name for column in self.table.columns if column.attribute in rows[0])
        attributes = [plan.columns[name].attribute for name in names]
        for number, row in enumerate(rows):
            if row.keys() != rows[0].keys():
                differing = ", ".join(sorted(row.keys() ^ rows[0].keys()))
                raise ValueError(f"all rows must give the same columns; row {number} differs in {differing}")
        self._check_attributes(rows[0])
        left = iter([plan.bind(names, [row[name] for name in attributes]) for row in rows])
        most = max(1, min(_CHUNK, _MOST_VALUES // max(1, len(names))))
        parts = [list(islice(left, size)) for size in few_sizes(len(rows), most)]
        statements = [(plan.insert(names, len(part)), [one for values in part for one in values]) for part in parts]
        try:
            if len(statements) == 1:
                return (await self._on.execute(*statements[0])).count
            async with self._on.transaction() as together:
                return sum([(await together.execute(*statement)).count for statement in statements])
        finally:
            await self._tell(lambda cache: cache.inserted_unseen(rows))

    async def _update(self, key: Sequence[Any], values: Mapping[str, Any], *version: Any) -> bool:
        """Write the given columns of the row of a primary key; return whether there is such a row.

        A table with a version asks for the one that the change was made from: a row of another version stays.
        """
        plan = self._plan
        self._check_attributes(values)
        if not values:
            raise ValueError(f"update of {self.table.name}: give at least one column")
        names = tuple(column.name for column in self.table.columns if column.attribute in values)
        bound = plan.bind(names, [values[plan.columns[name].attribute] for name in names])
        bound += (newer := plan.newer(version[0]) if version else [])
        names += (self.table.version,) * len(newer)
        bound += plan.bind(self.table.key, key)
        bound += plan.bind((self.table.version,), version) if version else []
        return await self._write(plan.update(names), bound, key, values)

    async def _delete(self, key: Sequence[Any], version: Any = None) -> bool:
        """Delete the row of a primary key, where a version is given that of it; return whether there was one."""
        names, values = self.table.key, tuple(key)
        if version is not None:
            names, values = (*names, self.table.version), (*values, version)
        return await self._write(self._plan.delete(names), self._plan.bind(names, values), key, None)

    async def _write(self, text: str, bound: list[Any], key: Sequence[Any], values: Mapping[str, Any] | None) -> bool:
        """Run a statement that changes the row of a primary key, if it is there; return whether it was.

        The row is invalidated whatever happens: a statement that failed may have been carried out.
        """
        writes = self._writes
        if writes is None:
            return bool((await self._on.execute(text, bound)).count)
        before = await writes.before(self, key, values)
        try:
            return bool((await self._on.execute(text, bound)).count)
        finally:
            await self._tell(lambda cache: cache.changed(key, before, values))

    async def _page(
        self, keyset: Keyset, equal: Sequence[Any], cursor: CursorT | None, limit: int, descending: bool
    ) -> Page[RowT, CursorT]:
        """Return the page of a list that follows a cursor."""
        if not 1 <= limit <= MOST_ROWS:
            raise ValueError(f"limit must be from 1 to {MOST_ROWS}, not {limit}")
        plan = self._plan
        after = [] if cursor is None else plan.bind(keyset.by, cursor)

        def statement() -> tuple[str, list[Any]]:
            text, places = plan.page(keyset, descending, cursor is not None)
            return text, [*plan.bind(keyset.equal, equal), *(after[place] for place in places), limit + 1]

        found = await self._along(keyset, statement)
        rows: list[RowT] = plan.rows(found[:limit], self.row)
        attributes = [plan.columns[name].attribute for name in keyset.by]
        last: Any = tuple(getattr(rows[-1], name) for name in attributes) if rows else None
        return Page(rows, len(found) <= limit, last)

    async def _list(
        self, rule: ListRule, equal: Sequence[Any], cursor: CursorT | None, limit: int, descending: bool
    ) -> Page[RowT, CursorT]:
        """Return the page of a declared list that follows a cursor: from the cache if it knows it, with equal rows."""
        if self._reads is not None and descending == rule.descending and 1 <= limit <= MOST_ROWS:
            found = await self._reads.lists.page(rule, equal, cursor, limit)
            if found is not None:
                return Page(*found)
        return await self._page(rule.keyset, equal, cursor, limit, descending)

    async def _beginning(self, rule: ListRule, equal: Sequence[Any]) -> list[Any]:
        """Return what a list begins with, one row more than it keeps, as rows of its columns alone."""

        def beginning() -> Beginning:
            found: Beginning = self._plan.beginning(rule.keyset, rule.descending)
            return found

        values = await self._along(rule.keyset, lambda: (beginning().text, [*equal, rule.limit + 1]))
        _, names, rows = beginning()
        return rows(values, lambda *own: SimpleNamespace(**dict(zip(names, own, strict=True))))

    async def _along(self, keyset: Keyset, statement: Callable[[], tuple[str, list[Any]]]) -> list[Any]:
        """Run the statement of a list, once more where the database has not the index that it names."""
        text, values = statement()
        try:
            return await self._on.fetch(text, values)
        except DatabaseError as problem:
            if not self._plan.is_without(keyset.served_by, problem.code, text):
                raise
        text, values = statement()
        return await self._on.fetch(text, values)

    async def _count(self, names: tuple[str, ...], values: Sequence[Any]) -> int:
        """Return the number of rows with given values in columns."""
        plan = self._plan
        found = await self._on.fetch(plan.count(names), plan.bind(names, values))
        return int(found[0][0])

    def _check_attributes(self, values: Mapping[str, Any]) -> None:
        """Raise TypeError for a value of no column, or of one that the database computes."""
        for name in values:
            column = self._plan.by_attribute.get(name)
            if column is None or column.made:
                why = "is computed by the database" if column else "is no column"
                raise TypeError(f"{self.table.name}: {name} {why}")
