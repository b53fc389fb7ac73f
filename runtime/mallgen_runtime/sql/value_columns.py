"""Columns of structured values: JSON, enums, sets, UUIDs and arrays."""

from typing import Any
from uuid import UUID

import msgspec

from mallgen_runtime.sql.column import Column, Convert
from mallgen_runtime.sql.connection import Dialect


class JsonColumn(Column, frozen=True):
    """A column of JSON values: what msgspec reads, numbers of any size included."""

    def _bind(self, dialect: Dialect) -> Convert:
        def bind(value: Any) -> str:
            try:
                return msgspec.json.encode(value).decode()
            except (TypeError, ValueError, RecursionError, msgspec.MsgspecError) as problem:
                raise self.refused(f"the value cannot be JSON: {problem}") from None

        return bind

    def reader(self, dialect: Dialect) -> Convert | None:
        """Return the value of a JSON text."""
        return lambda value: msgspec.json.decode(value) if isinstance(value, str | bytes) else value


class EnumColumn(Column, frozen=True):
    """A column with one of some texts."""

    values: tuple[str, ...] = ()

    def _bind(self, dialect: Dialect) -> Convert:
        def bind(value: Any) -> Any:
            if value in self.values:
                return value
            raise self.refused(f"the value must be one of {', '.join(self.values)}")

        return bind


class SetColumn(Column, frozen=True):
    """MySQL's SET: a column with some of a few texts, as a frozenset."""

    values: tuple[str, ...] = ()

    def _bind(self, dialect: Dialect) -> Convert:
        def bind(value: Any) -> str:
            if isinstance(value, frozenset | set) and value <= set(self.values):
                return ",".join(word for word in self.values if word in value)
            raise self.refused(f"the value must be a set of {', '.join(self.values)}")

        return bind

    def reader(self, dialect: Dialect) -> Convert | None:
        """Return the set of a text with commas."""
        return lambda value: frozenset(value.split(",")) if value else frozenset()


class UuidColumn(Column, frozen=True):
    """A column of UUIDs."""

    def _bind(self, dialect: Dialect) -> Convert:
        check = self._typed(UUID, "a UUID")

        def bind(value: Any) -> Any:
            check(value)
            return value if dialect is Dialect.POSTGRES else str(value)

        return bind

    def reader(self, dialect: Dialect) -> Convert | None:
        """Return the UUID of a text."""
        return lambda value: value if isinstance(value, UUID) else UUID(value)


class ArrayColumn(Column, frozen=True, kw_only=True):
    """PostgreSQL's array of one dimension; elsewhere it is kept as JSON."""

    item: Column

    def _bind(self, dialect: Dialect) -> Convert:
        inner = self.item.binder(dialect)

        def bind(value: Any) -> Any:
            if not isinstance(value, list | tuple):
                raise self.refused(f"a list is needed, not {type(value).__name__}")
            items = [inner(one) for one in value]
            return items if dialect is Dialect.POSTGRES else msgspec.json.encode(items).decode()

        return bind

    def reader(self, dialect: Dialect) -> Convert | None:
        """Return the list of a driver's value."""
        inner = self.item.reader(dialect)

        def read(value: Any) -> list[Any]:
            items = msgspec.json.decode(value) if isinstance(value, str) else value
            return [one if one is None or inner is None else inner(one) for one in items]

        return read
