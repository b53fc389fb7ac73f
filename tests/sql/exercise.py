"""A random row for any generated model, written, found, listed, changed and deleted."""

import importlib
import inspect
import math
import random
import string
from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from mallgen_runtime.cache import Cache
from mallgen_runtime.sql import (
    ArrayColumn,
    BitsColumn,
    BitStringColumn,
    BoolColumn,
    BytesColumn,
    Column,
    Database,
    DateColumn,
    DatetimeColumn,
    DecimalColumn,
    EnumColumn,
    FloatColumn,
    IntColumn,
    JsonColumn,
    Model,
    SetColumn,
    TextColumn,
    TimeColumn,
    UuidColumn,
    YearColumn,
)


class Maker:
    """Random values that columns take, the same in each run."""

    def __init__(self, seed: int = 5) -> None:
        self._chance = random.Random(seed)

    def value(self, column: Column) -> Any:
        """Return a value of a column, never None."""
        made: Any = getattr(self, f"_{type(column).__name__.removesuffix('Column').lower()}")(column)
        return made

    def _bool(self, column: BoolColumn) -> bool:
        return self._chance.random() < 0.5

    def _int(self, column: IntColumn) -> int:
        low, high = column.bounds
        return self._chance.randint(max(low, 1), min(high, (1 << 63) - 1))

    def _year(self, column: YearColumn) -> int:
        return self._chance.randint(1901, 2155)

    def _bits(self, column: BitsColumn) -> int:
        return self._chance.getrandbits(min(column.bits, 62))

    def _bitstring(self, column: BitStringColumn) -> str:
        return "".join(self._chance.choice("01") for _ in range(column.bits or 9))

    def _float(self, column: FloatColumn) -> float:
        return self._chance.randint(2, 19) / 2  # a FLOAT or DOUBLE(2,1) keeps it, and one with few binary digits

    def _decimal(self, column: DecimalColumn) -> Decimal:
        """A number of a few digits, because computed columns multiply it."""
        scale = column.scale if column.precision else 3
        whole = min(column.precision - scale, 9) if column.precision else 9
        fraction = Decimal(self._chance.randrange(10 ** min(scale, 6))).scaleb(-min(scale, 6))
        return self._chance.randrange(10**whole) + fraction

    def _text(self, column: TextColumn) -> str:
        return self._word(min(column.length or 40, 40))

    def _word(self, length: int) -> str:
        return "".join(self._chance.choice(string.ascii_letters + "'%\\\"") for _ in range(length - 1)) + "x"

    def _bytes(self, column: BytesColumn) -> bytes:
        return self._chance.randbytes(column.length if column.fixed else min(column.length or 40, 40))

    def _date(self, column: DateColumn) -> date:
        return date(2000, 1, 1) + timedelta(days=self._chance.randrange(10_000))

    def _datetime(self, column: DatetimeColumn) -> datetime:
        step = 10 ** (6 - column.digits)
        micros = self._chance.randrange(1_000_000) // step * step
        return datetime(2001, 1, 1, tzinfo=UTC) + timedelta(seconds=self._chance.randrange(10**9), microseconds=micros)

    def _time(self, column: TimeColumn) -> timedelta | time:
        step = 10 ** (6 - column.digits)
        micros = self._chance.randrange(1_000_000) // step * step
        span = timedelta(seconds=self._chance.randrange(86_400), microseconds=micros)
        return span if column.span else (datetime.min + span).time().replace(tzinfo=UTC if column.zoned else None)

    def _json(self, column: JsonColumn) -> Any:
        return {"a": [1, None, self._word(5)], "b": {"c": 0.5}}

    def _enum(self, column: EnumColumn) -> str:
        return self._chance.choice(column.values)

    def _set(self, column: SetColumn) -> frozenset[str]:
        return frozenset(word for word in column.values if self._chance.random() < 0.5)

    def _uuid(self, column: UuidColumn) -> UUID:
        return UUID(int=self._chance.getrandbits(128))

    def _array(self, column: ArrayColumn) -> list[Any]:
        return [self.value(column.item) for _ in range(2)]


async def exercise(model: Model[Any], maker: Maker) -> int:
    """Write, find, list, change and delete a row; return the number of methods that were called."""
    table, own = model.table, [column for column in model.table.columns if not column.made]
    values = {column.attribute: maker.value(column) for column in own if not column.auto}
    writer: Any = model
    key = await writer.insert(**values)
    await writer.insert_many([{column.attribute: maker.value(column) for column in own if not column.auto}])
    if not table.key:
        return 2
    keys = key if isinstance(key, tuple) else (key,)
    row = await writer.find_one(*keys)
    expect(row, values, table.name)
    assert await writer.find_many([key]) == [row]
    called = 4 + await _listed(model, row)
    changed = next((one for one in own if one.name not in (*table.key, table.version) and not one.auto), None)
    if changed is not None:
        new = {changed.attribute: maker.value(changed)}
        version = (getattr(row, _attribute(model, table.version)),) if table.version else ()
        assert await writer.update(*keys, *version, **new)
        expect(await writer.find_one(*keys), new, table.name)
    assert await writer.delete(*keys)
    assert await writer.find_one(*keys) is None
    return called + 2


async def _listed(model: Model[Any], row: Any) -> int:
    """Find the row in every list and by every unique index."""
    called = 0
    for name in dir(model):
        if not name.startswith(("list_by_", "find_one_by_", "count_by_")):
            continue
        method = getattr(model, name)
        asked = [one for one in inspect.signature(method).parameters if one not in ("cursor", "limit", "descending")]
        values = [getattr(row, word) for word in asked]
        if any(value is None or (isinstance(value, float) and not math.isfinite(value)) for value in values):
            continue
        found = await method(*values)
        if name.startswith("find_one_by_"):
            assert found == row, name
        elif name.startswith("count_by_"):
            assert found >= 1, name
        else:
            assert row in found.rows, name
        called += 1
    return called


def _attribute(model: Model[Any], name: str) -> str:
    return next(column.attribute for column in model.table.columns if column.name == name)


def expect(row: Any, values: dict[str, Any], where: str) -> None:
    """Compare a row with the values that were written."""
    for name, value in values.items():
        assert getattr(row, name) == value, f"{where}.{name}: {value!r} is {getattr(row, name)!r}"


def models_of(package: str, names: Sequence[str], db: Database, cache: Cache | None = None) -> list[Model[Any]]:
    """Return the generated models of tables, by the names of their modules."""
    found: list[Model[Any]] = []
    for name in names:
        module = importlib.import_module(f"{package}.model.{name}_model")
        (kind,) = [
            one
            for one in vars(module).values()
            if isinstance(one, type) and issubclass(one, Model) and one.__module__ == module.__name__
        ]
        found.append(kind(db, cache))
    return found
