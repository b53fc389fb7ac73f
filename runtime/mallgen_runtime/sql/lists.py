"""The lists that a table declares, as sorted sets: their keys, their order, and rows as entries."""

import hashlib
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from operator import attrgetter
from typing import Any, ClassVar, NamedTuple, Protocol

from mallgen_runtime.cache.keys import key, own_stem
from mallgen_runtime.cache.resource import Cache
from mallgen_runtime.cache.store import Entry, ListOrder
from mallgen_runtime.sql.scores import can_choose, part_of, score_of
from mallgen_runtime.sql.table import Keyset, Plan, Table

_BETWEEN = ","  # less than any digit, so that a text stands before those that it begins


def _digest(text: str, size: int) -> str:
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=size).hexdigest()


def values_of(attributes: Sequence[str]) -> Callable[[Any], tuple[Any, ...]]:
    """Return the function that gives the values of some attributes as a tuple."""
    if len(attributes) == 1:
        get = attrgetter(attributes[0])
        return lambda row: (get(row),)
    return attrgetter(*attributes) if attributes else lambda row: ()


class ListRule(NamedTuple):
    """A list as it is declared: `-- mallgen:list NAME by …, sort … desc, limit N`; `keyset` has its columns."""

    name: str
    keyset: Keyset
    descending: bool
    limit: int


class DirectModel(Protocol):
    """A model as its cache uses it: on the database without replicas, and without a cache."""

    table: ClassVar[Table]
    row: ClassVar[type[Any]]
    uniques: ClassVar[tuple[tuple[str, ...], ...]]
    lists: ClassVar[tuple[ListRule, ...]]

    @property
    def _plan(self) -> Any:
        """The table in the dialect of the database."""

    async def _find(self, names: tuple[str, ...], values: Sequence[Any]) -> Any:
        """Return the row with given values in columns."""

    async def _find_each(self, keys: Iterable[Sequence[Any]]) -> list[Any]:
        """Return the row of each primary key, None without one."""

    async def _beginning(self, rule: ListRule, equal: Sequence[Any]) -> list[Any]:
        """Return what a list begins with."""


class ListPlace(NamedTuple):
    """The key of a list, its order with the spelling of what it belongs to, and this as the driver has it."""

    key: str
    order: ListOrder
    bound: Sequence[Any]


class CachedList:
    """A list whose beginning is a sorted set for each value of its columns `by`."""

    def __init__(self, rule: ListRule, plan: Plan, cache: Cache) -> None:
        """Raises ValueError for a list that a sorted set cannot have: the database answers it alone."""
        self.rule = rule
        self.order = ListOrder(rule.descending, rule.limit)
        self._plan = plan
        keyset, columns, table = rule.keyset, plan.columns, plan.table
        self.sort, *_ = keyset.by
        score = score_of(columns[self.sort])
        parts = [part_of(columns[name]) for name in table.key]
        if score is None or columns[self.sort].null or not all(can_choose(columns[name]) for name in keyset.equal):
            raise ValueError(f"the list {rule.name} of {table.name} has no order or values that a sorted set can have")
        self._score = score
        self._parts = [part for part in parts if part is not None]
        if len(self._parts) < len(table.key):
            raise ValueError(f"the primary key of {table.name} cannot be the member of a sorted set")
        self.equal_attributes = [columns[name].attribute for name in keyset.equal]  # they say which list a row is in
        self._equal = values_of(self.equal_attributes)
        self._sorted = attrgetter(columns[self.sort].attribute)
        self._attributes = {name: columns[name].attribute for name in (*keyset.equal, *keyset.by, *table.key)}
        described = repr((rule.keyset, rule.descending, [columns[name] for name in self._attributes]))
        self.stem = own_stem(cache.prefix, cache.database, table.name, "list", rule.name, _digest(described, 4))

    def place(self, bound: Sequence[Any]) -> "ListPlace":
        """Return the place of the list for the driver's values of the columns `by`."""
        texts = [value for value in bound if isinstance(value, str)]
        order = self.order._replace(spelling=_digest(repr(texts), 8)) if texts else self.order
        return ListPlace(key(self.stem, bound), order, bound)

    @property
    def moved_by(self) -> list[str]:
        """The attributes whose change takes a row out of its list: also the mark of deleted rows."""
        deleted = self._plan.table.deleted
        return [*self.equal_attributes, *([self._plan.columns[deleted].attribute] if deleted else [])]

    def sorts_by(self, attributes: Collection[str]) -> bool:
        """Return whether a change of attributes changes the value that the list is sorted by."""
        column = self._plan.columns[self.sort]
        return column.attribute in attributes or column.on_update or column.made

    def place_of(self, values: Mapping[str, Any]) -> "ListPlace | None":
        """Return the place of the list that a row is in, by its values; None for no list, or where one is not given."""
        given = [values.get(name) for name in self.equal_attributes]
        if any(value is None for value in given):
            return None
        return self.place(self._plan.bind(self.rule.keyset.equal, given))

    def place_of_row(self, row: Any) -> "ListPlace | None":
        """Return the place of the list that a row is in."""
        return self.place_of({name: getattr(row, name) for name in self.equal_attributes})

    def belongs(self, row: Any, equal: tuple[Any, ...]) -> bool:
        """Return whether a row has exactly the values of a list."""
        return self._equal(row) == equal

    def needs(self, values: Mapping[str, Any]) -> bool:
        """Return whether values by attribute leave out one that says which list a row is in."""
        return any(name not in values for name in self.equal_attributes)

    def entry(self, row: Any) -> Entry | None:
        """Return the entry of a row, None for one with a value that no score has exactly."""
        score = self._score(getattr(row, self._attributes[self.sort]))
        return self._entry(score, [getattr(row, name) for name in self._key])

    def entry_at(self, values: Sequence[Any]) -> Entry | None:
        """Return the entry for the values of a cursor, which are those of the columns of the order."""
        by = dict(zip(self.rule.keyset.by, values, strict=True))
        return self._entry(self._score(by[self.sort]), [by[name] for name in self._plan.table.key])

    def member(self, key_values: Sequence[Any]) -> str | None:
        """Return the member for a primary key, None for one that cannot be a member."""
        texts = [part.text(value) for part, value in zip(self._parts, key_values, strict=True)]
        return None if None in texts else _BETWEEN.join(filter(None, texts))

    def key_values(self, member: str) -> tuple[Any, ...]:
        """Return the primary key of a member."""
        if len(self._parts) == 1:
            return (self._parts[0].value(member),)
        return tuple(part.value(text) for part, text in zip(self._parts, member.split(_BETWEEN), strict=True))

    def holds(self, row: Any, entry: Entry, equal: tuple[Any, ...]) -> bool:
        """Return whether a row is in the list of some values, at the place of an entry."""
        return self._equal(row) == equal and self._score(self._sorted(row)) == entry.score

    def cursor(self, row: Any) -> tuple[Any, ...]:
        """Return the cursor behind a row."""
        return tuple(getattr(row, self._attributes[name]) for name in self.rule.keyset.by)

    def _entry(self, score: float | None, key_values: Sequence[Any]) -> Entry | None:
        member = self.member(key_values)
        return None if score is None or member is None else Entry(score, member)

    @property
    def _key(self) -> list[str]:
        return [self._attributes[name] for name in self._plan.table.key]
