"""The cached lists of a table: pages of them, and where a changed row belongs."""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Any

from mallgen_runtime.cache.resource import Cache
from mallgen_runtime.cache.store import Entry, ListPage, building_key, list_keys
from mallgen_runtime.sql.lists import CachedList, DirectModel, ListPlace, ListRule

FindMany = Callable[[Sequence[tuple[Any, ...]]], Awaitable[list[Any]]]


class ListCache:
    """The lists of one table whose order a sorted set can have; all others are the database's alone.

    A page is answered only when each of its rows, and the one behind it, is in the list at the place that the list
    says; otherwise the database answers, and the rows are put right.
    """

    def __init__(self, cache: Cache, direct: DirectModel, find_many: FindMany) -> None:
        self._cache = cache
        self._direct = direct
        self._find_many = find_many
        self._tally = cache.tally(direct.table.name)
        self._repaired: set[str] = set()
        self._lists: dict[ListRule, CachedList] = {}
        for rule in direct.lists:
            try:
                self._lists[rule] = CachedList(rule, direct._plan, cache)
            except ValueError:
                continue  # docs/cache.md says which ones

    def moves(self, changes: Iterable[str] | None) -> bool:
        """Return whether a change of some attributes, None for any, can take a row out of a list into another."""
        if changes is None:
            return bool(self._lists)
        given = set(changes)
        return any(not given.isdisjoint(one.moved_by) for one in self._lists.values())

    def depends_on(self, changes: Iterable[str] | None) -> bool:
        """Return whether a change of some attributes, None for any, can give a row another place in a list."""
        if self.moves(changes):
            return True
        given = set(changes or ())
        return any(one.sorts_by(given) for one in self._lists.values())

    def needs(self, values: Mapping[str, Any]) -> bool:
        """Return whether the values of a new row leave out one that says which list it is in."""
        return any(one.needs(values) for one in self._lists.values())

    async def page(self, rule: ListRule, equal: Sequence[Any], cursor: Sequence[Any] | None, limit: int) -> Any:
        """Return rows, whether the list ends with them, and the cursor behind them; None: the database must answer."""
        one = self._lists.get(rule)
        if one is None:
            return None
        bound = self._direct._plan.bind(rule.keyset.equal, equal)
        after = None
        if cursor is not None:
            self._direct._plan.bind(rule.keyset.by, cursor)
            after = one.entry_at(cursor)
            if after is None:
                return None
        place, given = one.place(bound), tuple(equal)
        found = await self._entries(one, place, given, after, limit + 1)
        if found.entries is None:
            self._tally.miss(1)
            return None
        rows = await self._find_many([one.key_values(entry.member) for entry in found.entries])
        pairs = zip(rows, found.entries, strict=True)
        wrong = [entry.member for row, entry in pairs if row is None or not one.holds(row, entry, given)]
        if wrong:
            self._tally.miss(1)
            self._repair(one, place.key, wrong)
            return None
        self._tally.hit(1)
        page = rows[:limit]
        return page, len(rows) <= limit, one.cursor(page[-1]) if page else None

    async def changed(self, key_values: Sequence[Any], states: Sequence[Mapping[str, Any]]) -> None:
        """Put a row where it belongs in the lists that it was in, and in those that it is in."""
        for one in self._lists.values():
            keys = {place.key for place in map(one.place_of, states) if place is not None}
            member = one.member(key_values)
            if keys and member is None:
                await self._forget(keys)
            elif keys and member is not None:
                await self._settled(one, sorted(keys), member)

    async def inserted(self, values: Sequence[Mapping[str, Any]]) -> None:
        """Delete the lists that rows of unknown keys are in."""
        for one in self._lists.values():
            if any(one.needs(given) for given in values):
                await self._cache.store.drop(one.stem)
                continue
            await self._forget({place.key for place in map(one.place_of, values) if place is not None})

    async def _forget(self, keys: Iterable[str]) -> None:
        await self._cache.store.delete([name for key in sorted(keys) for name in list_keys(key)])

    async def _entries(
        self,
        one: CachedList,
        place: ListPlace,
        equal: tuple[Any, ...],
        after: Entry | None,
        limit: int,
    ) -> ListPage:
        store = self._cache.store
        key, order, _ = place
        found = await store.page(key, order, after, limit)
        if found.is_absent:
            await self._cache.flights.run(building_key(key), order, lambda: self._build(one, place, equal))
            found = await store.page(key, order, after, limit)
        if found.overdue:
            self._repair(one, key, found.overdue)
        return found

    async def _build(self, one: CachedList, place: ListPlace, equal: tuple[Any, ...]) -> None:
        """Load a list, if nobody else does, and put it in its place with what has changed meanwhile.

        One that cannot be kept exactly keeps its lock for a while, so that not every reader tries.
        """
        store = self._cache.store
        key, order, bound = place
        token = await store.begin(key, order)
        if not token:
            return
        try:
            rows = await self._direct._beginning(one.rule, bound)
        except BaseException:
            self._cache.background(store.delete([building_key(key)]))
            raise
        entries = [one.entry(row) if one.belongs(row, equal) else None for row in rows[: order.limit]]
        known = [entry for entry in entries if entry is not None]
        if len(known) == len(entries):
            await store.finish(
                key, token, order, known, len(rows) <= order.limit, self._cache.jittered(self._cache.times.list)
            )

    async def _settled(self, one: CachedList, keys: Sequence[str], member: str) -> None:
        """Announce a change, read the row as it is now, and give it its place, in the lists that there are."""
        store = self._cache.store
        tokens = await store.touch(keys, member)
        if not any(tokens):
            return
        row = await self._direct._find(self._direct.table.key, one.key_values(member))
        entry = None if row is None else one.entry(row)
        if row is not None and entry is None:
            return await self._forget(keys)
        at = None if row is None else one.place_of_row(row)
        for key, token in zip(keys, tokens, strict=True):
            if token and at is not None and entry is not None and key == at.key:
                await store.settle(key, at.order, member, token, entry.score)
            elif token:
                await store.settle(key, one.order, member, token, None)

    def _repair(self, one: CachedList, key: str, members: Sequence[str]) -> None:
        """Put members right that a reader found in the wrong place, while no other reader does."""

        async def repair() -> None:
            try:
                for member in members:
                    await self._settled(one, [key], member)
            finally:
                self._repaired.discard(key)

        if key not in self._repaired:
            self._repaired.add(key)
            self._cache.background(repair())
