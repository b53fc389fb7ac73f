"""The services of both versions that have a table, and the change of each one's tables."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from mallgen.breaking.services import Pair, ServiceVersion
from mallgen.text.span import Span

if TYPE_CHECKING:
    from mallgen.breaking.tables import TablesChange

Names = dict[tuple[str, str], set[str]]


class TableOwners:
    """Knows which services have a table, by its place in either version and by the names of its database and its own.

    A table without a database has no owner but its place: two services may have one of its name.
    """

    def __init__(self, pairs: Sequence[Pair]) -> None:
        users: dict[Span, dict[str, None]] = {}
        self._names: tuple[Names, Names] = ({}, {})
        for old, new in pairs:
            for number, side in enumerate((old, new)):
                if side is not None and side.tables is not None:
                    service = new or side
                    for table in side.tables.tables:
                        named = {service.name: None} if service.name != service.path else {}
                        users.setdefault(table.span, {}).update(named)
                        if table.database:
                            self._names[number].setdefault((table.database, table.name), set()).add(service.name)
        self._users = {span: tuple(names) for span, names in users.items()}

    def change(self, old: ServiceVersion | None, new: ServiceVersion, label: str) -> "TablesChange | None":
        """Return the change of a service's tables, None where it has none in either version."""
        if (old is None or old.tables is None) and new.tables is None:
            return None
        from mallgen.breaking.tables import TablesChange  # imported only where there are tables
        from mallgen.tables.model import Schema

        before, after = (
            frozenset(name for name, services in side.items() if services - {new.name}) for side in self._names
        )
        left = old.tables if old is not None else None
        return TablesChange(left or Schema(()), new.tables or Schema(()), label, self._users, (before, after))
