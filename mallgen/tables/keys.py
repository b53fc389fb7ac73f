"""The keys, indexes and constraints of one table while a statement adds them."""

from collections.abc import Mapping
from typing import NamedTuple

from mallgen.diagnostics import Note
from mallgen.tables.cursor import Cursor, Misread, Name
from mallgen.tables.drafts import Draft
from mallgen.tables.expressions import check_expressions
from mallgen.tables.guess import guess
from mallgen.tables.key_lengths import Part, check_length
from mallgen.tables.model import Dialect, ForeignKey, Index
from mallgen.text.span import Span


class _Pending(NamedTuple):
    """An index that may have no name yet."""

    name: Name | None
    parts: tuple[Part, ...]
    unique: bool
    span: Span
    where: str
    is_plain: bool
    noun: str
    is_sorted: bool = True
    spelt: str = ""
    kind: str = ""
    is_constraint: bool = False


class Keys:
    """The keys and indexes that a statement adds to `draft`."""

    def __init__(self, cursor: Cursor, draft: Draft) -> None:
        self.cursor, self.draft = cursor, draft
        self.pending: list[_Pending] = []
        self.primary_parts: tuple[Part, ...] = ()
        self.references: list[tuple[str, tuple[Name, ...], ForeignKey]] = []
        self.expressions: list[tuple[int, int, str]] = []
        self.descends = False

    def primary(self, names: tuple[Name, ...], span: Span, constraint: str) -> None:
        """Add the primary key."""
        self.primary_key(tuple(Part(name) for name in names), span, constraint)

    def primary_key(self, parts: tuple[Part, ...], span: Span, constraint: str) -> None:
        """Add the primary key; a second one is a finding."""
        if self.draft.key:
            notes = (Note(self.draft.key_span, "the first one"),)
            message = f"`{self.draft.name}` has two primary keys"
            hint = "write one, of several columns if need be: PRIMARY KEY (a, b)"
            self.cursor.report("ddl-two-primary-keys", message, span, hint, notes=notes)
            return
        self.primary_parts = parts
        self.draft.key = tuple(part.name.text for part in parts if part.name is not None)
        own = f"{self.draft.name}_pkey" if self.draft.dialect is Dialect.POSTGRES else ""
        self.draft.key_name, self.draft.key_span = constraint or own, span

    def unique_column(self, name: Name, constraint: str) -> None:
        """Add the unique index of one column."""
        named = Name(constraint, name.span) if constraint else None
        self.pending.append(_Pending(named, (Part(name),), True, name.span, "", True, "unique key", is_constraint=True))

    def index(
        self,
        name: Name | None,
        parts: tuple[Part, ...],
        unique: bool,
        span: Span,
        where: str = "",
        plain: bool = True,
        spelt: str = "",
        kind: str = "",
        is_constraint: bool = False,
    ) -> None:
        """Add an index."""
        is_plain = plain and all(part.name is not None and not part.length for part in parts)
        noun = "unique key" if unique else "index"
        self.pending.append(
            _Pending(name, parts, unique, span, where, is_plain, noun, plain, spelt, kind, is_constraint)
        )

    def take_index(self, name: Name) -> Index:
        """Take an index out, which becomes a constraint. Raises Misread, with a finding, when it is not there."""
        found = self.draft.index(name.text)
        if found is None:
            message = f"`{self.draft.name}` has no index `{name.text}`"
            self.cursor.report("ddl-unknown-index", message, name.span, "correct the name, or create the index")
            raise Misread
        self.draft.remove_index(name.text)
        return found

    def check(self, constraint: str) -> None:
        """Read the expression of a CHECK."""
        cursor = self.cursor
        if cursor.now.upper != "(":
            cursor.fail("an expression in brackets follows CHECK", "write `CHECK (price >= 0)`")
        first, last = cursor.skip_group()
        cursor.accept("NOT", "ENFORCED") or cursor.accept("ENFORCED")
        cursor.accept("NO", "INHERIT")
        cursor.accept("NOT", "VALID")
        checks = self.draft.checks
        name = constraint or _free(self.draft, f"{self.draft.name}_chk_", checks)
        checks[self.draft.folded(name)] = cursor.source(first, last)
        self.draft.check_names[self.draft.folded(name)] = name
        self.expression(first, last, "the CHECK")

    def expression(self, first: int, last: int, noun: str) -> None:
        """Keep an expression's tokens, to be looked at when all columns are known."""
        self.expressions.append((first, last, noun))

    def finish(self) -> None:
        """Put the keys into the table: those with names first, as the others are named after them."""
        self._known(self.primary_parts, "primary key")
        self.draft.key = self.draft.spelt(self.draft.key)
        check_length(self.cursor, self.draft, self.primary_parts, self.draft.key_span)
        self.draft.require_key()
        for one in sorted(self.pending, key=lambda one: one.name is None):
            self._known(one.parts, one.noun)
            if one.is_sorted:
                check_length(self.cursor, self.draft, one.parts, one.span)
            self._put(one)
        for constraint, names, reference in self.references:
            self._known(tuple(Part(name) for name in names), "foreign key")
            self._refer(constraint, reference)
        self._number()
        check_expressions(self.cursor, self.draft, self.expressions)

    def _number(self) -> None:
        """Say that SQLite numbers an INTEGER PRIMARY KEY."""
        draft = self.draft
        if draft.dialect is Dialect.SQLITE and len(draft.key) == 1 and draft.has_rowid and not self.descends:
            single = draft.column(draft.key[0])
            if single is not None and single.type.spelt.upper() == "INTEGER":
                draft.put(single._replace(auto=True))

    def _known(self, parts: tuple[Part, ...], noun: str) -> None:
        """Report columns that the table has not, and those that a key names twice."""
        seen: set[str] = set()
        for part in parts:
            if part.name is None:
                continue
            folded = self.draft.folded(part.name.text)
            if folded in seen:
                message = f"`{part.name.text}` is twice in this {noun}"
                self.cursor.report("ddl-duplicate-column", message, part.name.span, "delete one")
            elif folded not in self.draft.columns:
                self.unknown(part.name, noun)
            seen.add(folded)

    def unknown(self, name: Name, noun: str) -> None:
        """Report a column that the table has not."""
        if not self.draft.is_complete:
            return
        names = (column.name for column in self.draft.columns.values())
        message = f"`{self.draft.name}` has no column `{name.text}`, which this {noun} names"
        hint = guess(self.cursor.found, name.text, names) or "correct the name, or add the column"
        self.cursor.report("ddl-unknown-column", message, name.span, hint)

    def _put(self, one: _Pending) -> None:
        draft = self.draft
        columns = tuple(part.name.text for part in one.parts if part.name is not None)
        if one.name is None:
            name = draft.free_name(self._own_name(columns, one.unique), draft.indexes)
        else:
            name = one.name.text
        if draft.folded(name) in draft.indexes:
            message = f"`{draft.name}` has two indexes `{name}`"
            notes = (Note(draft.indexes[draft.folded(name)].span, "the first one"),)
            self.cursor.report("ddl-duplicate-index", message, one.span, "give one another name", notes=notes)
            name = draft.free_name(name, draft.indexes)
        known = draft.spelt(column for column in columns if draft.column(column) is not None)
        plain = one.is_plain and len(known) == len(columns)
        draft.indexes[draft.folded(name)] = Index(
            name, known, one.unique, one.span, one.where, plain, one.spelt, one.kind, one.is_constraint
        )

    def _own_name(self, columns: tuple[str, ...], unique: bool) -> str:
        """Return the name that the database gives an index."""
        dialect, table = self.draft.dialect, self.draft.name
        if dialect is Dialect.MYSQL:
            return columns[0] if columns else "functional_index"
        if dialect is Dialect.POSTGRES:
            return "_".join((table, *(columns or ("expr",)), "key" if unique else "idx"))[:63]
        return f"sqlite_autoindex_{table}_{1 + len(self.draft.indexes)}"

    def _refer(self, constraint: str, reference: ForeignKey) -> None:
        """Add a foreign key, and the index that MySQL makes for one that no other index serves."""
        draft = self.draft
        name = constraint or self._own_reference(reference)
        if draft.folded(name) in draft.foreign_keys:
            message = f"`{draft.name}` has two foreign keys `{name}`"
            self.cursor.report("ddl-duplicate-index", message, reference.span, "give one another name")
            name = _free(draft, f"{name}_", draft.foreign_keys)
        reference = reference._replace(columns=draft.spelt(reference.columns))
        draft.foreign_keys[draft.folded(name)] = reference._replace(name=name)
        if reference.on_delete == "SET NULL" or reference.on_update == "SET NULL":
            for column in map(draft.column, reference.columns):
                if column is not None and not column.nullable:
                    message = f"`{column.name}` is NOT NULL: no reference can set it to NULL"
                    self.cursor.report("ddl-null-not-null", message, reference.span, "make the column nullable")
        if draft.dialect is not Dialect.MYSQL:
            return
        wanted = tuple(map(draft.folded, reference.columns))
        served = (draft.key, *(one.columns for one in draft.indexes.values()))
        if not any(tuple(map(draft.folded, columns[: len(wanted)])) == wanted for columns in served):
            own = draft.free_name(constraint or reference.columns[0], draft.indexes)
            draft.indexes[draft.folded(own)] = Index(own, reference.columns, False, reference.span)

    def _own_reference(self, reference: ForeignKey) -> str:
        """Return the name that the database gives a foreign key."""
        table, taken = self.draft.name, self.draft.foreign_keys
        if self.draft.dialect is not Dialect.POSTGRES:
            return _free(self.draft, f"{table}_ibfk_", taken)
        name = "_".join((table, *reference.columns, "fkey"))[:63]
        return _free(self.draft, name, taken) if name in taken else name


def _free(draft: Draft, stem: str, taken: Mapping[str, object]) -> str:
    """Return the stem with the number that the database gives next; linear in the number of names."""
    number = draft.own_numbers.get(stem, 0) + 1
    while draft.folded(f"{stem}{number}") in taken:
        number += 1
    draft.own_numbers[stem] = number
    return f"{stem}{number}"


def read_parts(cursor: Cursor, keys: Keys) -> tuple[Part, ...]:
    """Read the parts of a key in brackets: columns, prefixes, expressions, each with its order."""
    cursor.expect("(", "a key")
    parts: list[Part] = []
    while True:
        parts.append(_part(cursor, keys))
        if cursor.accept(")"):
            return tuple(parts)
        if not cursor.accept(","):
            cursor.fail("`,` or `)` follows a part of a key", "write `,` between columns, and `)` behind the last one")


def _part(cursor: Cursor, keys: Keys) -> Part:
    length, name = 0, None
    first = cursor.at
    if cursor.now.upper == "(":
        start, end = cursor.skip_group()
        keys.expression(start, end, "the index")
    elif cursor.ahead().upper == "(" and cursor.ahead(2).kind != "number":
        cursor.take()
        cursor.skip_group()
        keys.expression(first, cursor.at, "the index")
    else:
        name = cursor.name("column")
        if cursor.accept("("):
            length = cursor.number() or 0
            cursor.expect(")", "a prefix's length")
    if cursor.accept("COLLATE"):
        cursor.take()
        if cursor.accept("."):
            cursor.take()
    if cursor.dialect is Dialect.POSTGRES and cursor.now.kind in ("word", "name") and cursor.now.upper not in _ORDER:
        cursor.qualified("operator class")
        if cursor.now.upper == "(":
            cursor.skip_group()
    keys.descends = cursor.accept_any("ASC", "DESC") == "DESC" or keys.descends
    keys.draft.numbers_anew = cursor.accept("AUTOINCREMENT") or keys.draft.numbers_anew
    if cursor.accept("NULLS"):
        cursor.accept_any("FIRST", "LAST")
    return Part(name, length)


_ORDER = frozenset(("ASC", "DESC", "NULLS", "WITH"))
_ACTIONS = (("CASCADE",), ("RESTRICT",), ("SET", "NULL"), ("SET", "DEFAULT"), ("NO", "ACTION"))


def read_reference(
    cursor: Cursor, columns: tuple[Name, ...], keys: Keys, constraint: str, *, inline: bool = False
) -> None:
    """Read what follows REFERENCES, and keep the foreign key."""
    first = cursor.before
    outer, target = cursor.qualified("table")
    targets: tuple[str, ...] = ()
    if cursor.now.upper == "(":
        targets = tuple(part.name.text for part in read_parts(cursor, keys) if part.name is not None)
    on_delete = on_update = ""
    options: list[str] = []
    while True:
        start = cursor.at
        if cursor.accept("ON", "DELETE"):
            on_delete = _action(cursor)
        elif cursor.accept("ON", "UPDATE"):
            on_update = _action(cursor)
        elif cursor.accept("MATCH") or cursor.accept("INITIALLY"):
            cursor.take()
            options.append(cursor.source(start, cursor.at).upper())
        elif cursor.accept("DEFERRABLE") or cursor.accept("NOT", "DEFERRABLE"):
            options.append(cursor.source(start, cursor.at).upper())
        elif not cursor.accept("NOT", "VALID"):
            break
    if targets and len(targets) != len(columns):
        message = f"the foreign key has {len(columns)} columns and refers to {len(targets)}"
        cursor.report("ddl-syntax", message, cursor.span(first, cursor.before), "name as many on both sides")
    if inline and cursor.dialect is Dialect.MYSQL:
        message = "MySQL passes over REFERENCES behind a column: there is no foreign key"
        hint = f"write `FOREIGN KEY ({columns[0].text}) REFERENCES …` behind the columns"
        cursor.report("ddl-inline-reference", message, cursor.span(first, cursor.before), hint, "warning")
        return
    span = cursor.span(first, cursor.before)
    names = tuple(name.text for name in columns)
    is_default = cursor.dialect is not Dialect.MYSQL and outer.lower() in ("public", "main")
    database = "" if is_default and not keys.draft.database else outer
    found = ForeignKey(names, target.text, targets, span, on_delete, on_update, database, options=" ".join(options))
    keys.references.append((constraint, columns, found))


def _action(cursor: Cursor) -> str:
    for words in _ACTIONS:
        if cursor.accept(*words):
            return " ".join(words)
    cursor.fail("an action follows ON DELETE and ON UPDATE", "write CASCADE, RESTRICT, SET NULL or NO ACTION")
