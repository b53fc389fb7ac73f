"""The tables that a message or type may hold rows of, by its name and by the names of its fields.

A finding about two things that are not meant to agree is worse than none. So a table is taken for a message's only if
its name says so or several telling columns are there, and a rule holds a field beside the columns of all such tables.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from mallgen.lint.scope import words
from mallgen.tablerules.carriers import WRITES, CarriedField, Carrier, folded
from mallgen.tablerules.scope import PREFIX, SHORT
from mallgen.tables.model import Column, Table

_MANY = 3  # tables from which on a prefix that all have is none of their names
_SHARED, _TELLING = 3, 2  # fields that a message shares with a table of another name, and those that tell it apart
_NOISE = WRITES | frozenset(
    "request req response resp reply res result item info dto vo bo po do model entity data detail details row record "
    "basic base simple summary list page get query find delete remove batch msg pb".split()
)
_COMMON = frozenset(
    "id uid name title type kind status state sort remark description desc content image url position createtime "
    "updatetime deletetime createdat updatedat deletedat createdby updatedby creator updater version page size".split()
)


class HeldColumn(NamedTuple):
    """A column of a table that a field may hold."""

    table: Table
    column: Column


class TableMatching:
    """The tables of one chain of services, by the names that messages give them and their columns."""

    def __init__(self, tables: Sequence[Table]) -> None:
        self._tables = [table for table in tables if not table.select]
        self._by_name: dict[str, list[int]] = {}
        self._by_column: dict[str, dict[int, Column]] = {}
        shared = _shared_prefix([table.name for table in self._tables])
        for number, table in enumerate(self._tables):
            spellings = _spellings(table.name) | _spellings(table.name[shared:])
            for spelling in spellings:
                self._by_name.setdefault(spelling, []).append(number)
            for name, column in _columns(table, spellings).items():
                self._by_column.setdefault(name, {})[number] = column

    def held(self, carrier: Carrier) -> Iterator[tuple[CarriedField, tuple[HeldColumn, ...]]]:
        """Yield the fields of a message with the columns that each may hold, at least one.

        A table of another name says nothing of common columns: its `id` is hardly the message's.
        """
        names = sorted(_names(carrier.name), key=lambda name: (-len(name), name))  # the closest name first
        named = dict.fromkeys(number for name in names for number in self._by_name.get(name, ()))
        alike = [number for number in self._alike(carrier) if number not in named]
        for field in carrier.fields:
            columns = self._by_column.get(field.folded, {})
            numbers = [*named, *(alike if field.folded not in _COMMON else ())]
            found = tuple(HeldColumn(self._tables[one], columns[one]) for one in numbers if one in columns)
            if found:
                yield field, found

    def _alike(self, carrier: Carrier) -> list[int]:
        """Return the tables that share so many fields with a message that it may hold their rows."""
        found = [(field.folded not in _COMMON, self._by_column.get(field.folded, {})) for field in carrier.fields]
        telling = Counter(number for tells, columns in found if tells for number in columns)
        likely = [number for number, count in telling.items() if count >= _TELLING]
        least = max(_SHARED, (len(carrier.fields) + 1) // 2)
        return sorted(one for one in likely if sum(one in columns for _, columns in found) >= least)

    def secrets(self, secret: frozenset[str]) -> dict[str, HeldColumn]:
        """Return the columns whose names have a secret's word, by their folded names."""
        found: dict[str, HeldColumn] = {}
        for table in self._tables:
            for column in table.columns:
                if any(word in secret or word.endswith(("password", "pwd")) for word in words(column.name)):
                    found.setdefault(folded(column.name), HeldColumn(table, column))
        return found


def _columns(table: Table, spellings: set[str]) -> dict[str, Column]:
    """Return the columns by the names that a field may have for them: `orders.id` is also `order_id`."""
    found: dict[str, Column] = {}
    for column in table.columns:
        name = folded(column.name)
        found[name] = column
        owner = name.removesuffix("id")
        if owner in SHORT and name != owner:
            found.setdefault(f"{SHORT[owner]}id", column)
    if len(table.key) == 1 and folded(table.key[0]) == "id":
        for spelling in spellings:
            found.setdefault(f"{spelling}id", found["id"])
    return found


def _shared_prefix(names: Sequence[str]) -> int:
    """Return the length of a prefix that all of several names have, such as `mall_`."""
    if len(names) < _MANY:
        return 0
    first, last = min(names), max(names)
    same = next((at for at, (one, other) in enumerate(zip(first, last, strict=False)) if one != other), len(first))
    return first.rfind("_", 0, same) + 1


def _names(carrier: str) -> set[str]:
    """Return what a message is about: the whole name, and the words that are left without `Create`, `Item`, `Resp`."""
    own = carrier.rpartition(".")[2]
    parts = words(own)
    left = [word for word in parts if word not in _NOISE]
    return {folded(own), *_spellings("".join(left))} if left else {folded(own)}


def _spellings(name: str) -> set[str]:
    """Return a name in lower case without prefix and underscores, in the plural as it is and in the singular."""
    plain = folded(PREFIX.sub("", name.lower()))
    singular = {plain}
    if plain.endswith("ies"):
        singular.add(f"{plain[:-3]}y")
    if plain.endswith("es"):
        singular.add(plain[:-2])
    if plain.endswith("s"):
        singular.add(plain[:-1])
    return singular
