"""All tables, types and databases that the statements read so far have left."""

from mallgen.diagnostics import Diagnostic
from mallgen.tables.drafts import Draft
from mallgen.tables.model import ColumnType, Dialect, Schema

_DEFAULT_SCHEMAS = {Dialect.POSTGRES: ("public", "pg_catalog"), Dialect.SQLITE: ("main",), Dialect.MYSQL: ()}


class Catalog:
    """The state of reading; `database` is that of the last USE."""

    def __init__(self) -> None:
        self.drafts: dict[tuple[str, str], Draft] = {}
        self.made: dict[str, ColumnType] = {}
        self.sequences: set[str] = set()
        self.database = ""
        self.found: list[Diagnostic] = []

    def home(self, outer: str, dialect: Dialect) -> str:
        """Return the database of a name with `outer` in front: that of USE where there is none."""
        return self.database if not outer or outer.lower() in _DEFAULT_SCHEMAS[dialect] else outer

    def get(self, outer: str, name: str, dialect: Dialect) -> Draft | None:
        """Return a table or view."""
        return self.drafts.get((self.home(outer, dialect), folded(name, dialect)))

    def put(self, draft: Draft) -> None:
        """Add a table."""
        self.drafts[draft.database, folded(draft.name, draft.dialect)] = draft

    def drop(self, draft: Draft) -> None:
        """Take a table out."""
        del self.drafts[draft.database, folded(draft.name, draft.dialect)]

    def schema(self) -> Schema:
        """Return all tables as values."""
        return Schema(tuple(draft.finished() for draft in self.drafts.values()))


def folded(name: str, dialect: Dialect) -> str:
    """Return a table's name as the dialect compares it."""
    return name.lower() if dialect is Dialect.SQLITE else name
