"""Tables while statements are read: what CREATE, ALTER and COMMENT change until all files are read."""

from collections.abc import Iterable, Iterator

from mallgen.diagnostics import Diagnostic
from mallgen.tables.annotations import Annotation
from mallgen.tables.model import Column, Dialect, ForeignKey, Index, ListRule, Table
from mallgen.text.span import Span


class Draft:
    """One table; `columns` by their names as the dialect compares them."""

    def __init__(self, name: str, database: str, span: Span, dialect: Dialect) -> None:
        self.name, self.database, self.span, self.dialect = name, database, span, dialect
        self.columns: dict[str, Column] = {}
        self.key: tuple[str, ...] = ()
        self.key_name, self.key_span = "", span
        self.indexes: dict[str, Index] = {}
        self.foreign_keys: dict[str, ForeignKey] = {}
        self.checks: dict[str, str] = {}
        self.own_numbers: dict[str, int] = {}  # the last one of the names that the database makes, by their stems
        self.check_names: dict[str, str] = {}  # as the DDL spells them, by their folded ones
        self.lists: list[ListRule] = []
        self.numbers: dict[str, int] = {}  # where to look for the next free name
        self.annotations: list[Annotation] = []
        self.refers: list[ForeignKey] = []
        self.comment, self.charset, self.select = "", "", ""
        self.version, self.deleted, self.collation, self.engine = "", "", "", ""
        self.numbers_anew = False  # SQLite's AUTOINCREMENT
        self.is_materialized = False
        self.is_complete, self.is_altered, self.number = True, False, 0
        self.reported: list[Diagnostic] = []
        self.has_rowid, self.is_strict = True, False  # of SQLite

    def folded(self, name: str) -> str:
        """Return a column's or index's name as the dialect compares it."""
        return name if self.dialect is Dialect.POSTGRES else name.lower()

    def column(self, name: str) -> Column | None:
        """Return the column of a name, if there is one."""
        return self.columns.get(self.folded(name))

    def spelt(self, names: Iterable[str]) -> tuple[str, ...]:
        """Return names of columns as the columns spell them, which may differ in case."""
        found = ((name, self.column(name)) for name in names)
        return tuple(column.name if column is not None else name for name, column in found)

    def index(self, name: str) -> Index | None:
        """Return the index of a name, if there is one."""
        return self.indexes.get(self.folded(name))

    def remove_index(self, name: str) -> None:
        """Take out an index that is there."""
        del self.indexes[self.folded(name)]

    def rename_index(self, old: str, new: str) -> None:
        """Give an index that is there another name; it keeps its place."""
        gone = self.folded(old)
        self.indexes = {
            (self.folded(new) if key == gone else key): (one._replace(name=new) if key == gone else one)
            for key, one in self.indexes.items()
        }

    def remove_constraint(self, name: str) -> bool:
        """Take out the key, unique index, check or foreign key of a name; False when there is none."""
        folded = self.folded(name)
        if self.key and self.key_name and self.folded(self.key_name) == folded:
            self.key, self.key_name = (), ""
            return True
        for named in (self.foreign_keys, self.checks, self.indexes):
            if folded in named:
                del named[folded]
                return True
        return False

    def rename_constraint(self, old: str, new: str) -> None:
        """Give a constraint another name."""
        if self.index(old) is not None:
            self.rename_index(old, new)
        if self.key_name and self.folded(self.key_name) == self.folded(old):
            self.key_name = new
        if self.folded(old) in self.foreign_keys:
            self.foreign_keys[self.folded(new)] = self.foreign_keys.pop(self.folded(old))._replace(name=new)
        if self.folded(old) in self.checks:
            self.checks[self.folded(new)] = self.checks.pop(self.folded(old))
            self.check_names[self.folded(new)] = new

    def put(self, column: Column) -> None:
        """Add a column at the end, or replace the one of its name."""
        self.columns[self.folded(column.name)] = column

    def place(self, column: Column, after: str | None, instead: str = "") -> None:
        """Put a column behind another, at the front (`after` empty) or, with None, where `instead` is."""
        gone = self.folded(instead or column.name)
        old = list(self.columns.values())
        position = next((at for at, one in enumerate(old) if self.folded(one.name) == gone), len(old))
        rest = [one for one in old if self.folded(one.name) != gone]
        if after is not None:
            names = [self.folded(one.name) for one in rest]
            position = names.index(self.folded(after)) + 1 if after and self.folded(after) in names else 0
        rest.insert(position, column)
        self.columns = {self.folded(one.name): one for one in rest}

    def rename_column(self, old: str, new: str) -> None:
        """Give a column's new name to all that refer to it within the table."""

        def renamed(names: tuple[str, ...]) -> tuple[str, ...]:
            return tuple(new if self.folded(name) == self.folded(old) else name for name in names)

        self.key = renamed(self.key)
        self.indexes = {key: one._replace(columns=renamed(one.columns)) for key, one in self.indexes.items()}
        self.foreign_keys = {key: one._replace(columns=renamed(one.columns)) for key, one in self.foreign_keys.items()}

    def drop_column(self, name: str) -> None:
        """Take a column out, of indexes too: MySQL keeps an index as long as it has columns."""
        self.columns.pop(self.folded(name), None)
        lean = self.dialect is not Dialect.POSTGRES

        def without(names: tuple[str, ...]) -> tuple[str, ...]:
            return tuple(one for one in names if self.folded(one) != self.folded(name))

        self.key = without(self.key)
        kept = {}
        for key, one in self.indexes.items():
            columns = without(one.columns)
            if columns == one.columns or (columns and lean):
                kept[key] = one if columns == one.columns else one._replace(columns=columns, spelt="")
        self.indexes = kept
        self.foreign_keys = {key: one for key, one in self.foreign_keys.items() if without(one.columns) == one.columns}

    def require_key(self) -> None:
        """Make the columns of the primary key NOT NULL."""
        for name in self.key:
            column = self.column(name)
            if column is not None and column.nullable:
                self.put(column._replace(nullable=False))

    def free_name(self, wanted: str, taken: dict[str, Index]) -> str:
        """Return a name for an index that has none, as the database makes it: `name`, `name_2` …"""
        number, glue = (1, "") if self.dialect is Dialect.POSTGRES else (2, "_")
        number, name = self.numbers.get(wanted, number), wanted
        while self.folded(name) in taken:
            name, number = f"{wanted}{glue}{number}", number + 1
        self.numbers[wanted] = number
        return name

    def finished(self) -> Table:
        """Return the table as a value."""
        return Table(
            self.name,
            tuple(self.columns.values()),
            self.span,
            self.dialect,
            self.database,
            self.key,
            tuple(self.indexes.values()),
            tuple(self.foreign_keys.values()),
            tuple(self.checks.values()),
            tuple(self.lists),
            self.comment,
            self.charset,
            self.select,
            self.version,
            self.deleted,
            self.key_name,
            tuple(self.check_names.get(key, key) for key in self.checks),
            self.collation,
            tuple(self._options()),
            tuple(self.refers),
        )

    def _options(self) -> Iterator[str]:
        if self.engine and self.engine.lower() != "innodb":
            yield f"ENGINE={self.engine}"
        if not self.has_rowid:
            yield "WITHOUT ROWID"
        if self.is_strict:
            yield "STRICT"
        if self.numbers_anew:
            yield "AUTOINCREMENT"
        if self.is_materialized:
            yield "MATERIALIZED"


def copy_table(draft: Draft, other: Draft, *, everything: bool, included: frozenset[str] = frozenset()) -> None:
    """Add the columns of another table, as LIKE does: in MySQL with all but references, in PostgreSQL by INCLUDING."""
    for column in other.columns.values():
        draft.put(column if everything else _included(column, included))
    if everything or "INDEXES" in included:
        draft.key, draft.key_span = draft.key or other.key, other.key_span
        draft.indexes |= {key: one for key, one in other.indexes.items() if key not in draft.indexes}
    if everything or "CONSTRAINTS" in included or "ALL" in included:
        draft.checks |= other.checks
    if everything:
        draft.comment, draft.charset = other.comment, other.charset


def _included(column: Column, included: frozenset[str]) -> Column:
    keeps_default = "DEFAULTS" in included
    return column._replace(
        default=column.default if keeps_default else None,
        auto=column.auto and ("IDENTITY" in included or (keeps_default and column.type.spelt.lower() != "serial")),
        generated=column.generated if "GENERATED" in included else None,
        comment=column.comment if "COMMENTS" in included else "",
    )
