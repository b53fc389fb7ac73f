"""Definitions of one dialect in a form in which two that mean the same are equal, however they are spelt."""

import re
from decimal import Decimal, InvalidOperation

from mallgen.tables.lexis import patterns, unescape
from mallgen.tables.model import Base, Column, ColumnType, Default, DefaultKind, Dialect, ForeignKey, Index, Table

Words = tuple[str, ...]
_NUMERIC = (Base.INT, Base.FLOAT, Base.DECIMAL, Base.YEAR, Base.BITS, Base.BOOL)
_FAMILIES = {
    **dict.fromkeys(("char", "character", "nchar", "bpchar", "national char", "national character"), "char"),
    **dict.fromkeys(
        ("varchar", "character varying", "char varying", "nvarchar", "varchar2", "varcharacter", "national varchar"),
        "varchar",
    ),
    **dict.fromkeys(("text", "tinytext", "mediumtext", "longtext", "long", "long varchar", "clob"), "text"),
    "binary": "binary",
    "varbinary": "varbinary",
    **dict.fromkeys(("blob", "tinyblob", "mediumblob", "longblob", "bytea", "long varbinary"), "blob"),
}
_NAME = re.compile(r"[a-z_][a-z0-9_ ]*")
_CHARSETS = {"utf8": "utf8mb3"}
# words behind the parts of a key that stand for what the database does in any case
_IDLE = (("asc",), ("using", "btree"), ("visible",), ("nulls", "last"))
_QUOTED_NUMBER = re.compile(r"'(-?)(\d+(?:\.\d+)?)'")
_TRUE = ("1", "true", "t", "yes", "on")


class Canon:
    """The canonical forms of one dialect.

    With `loose` also those of a database that has written its expressions anew: casts, brackets and the tables in front
    of columns do not count.
    """

    def __init__(self, dialect: Dialect, loose: bool) -> None:
        self.dialect, self.loose = dialect, loose

    def folded(self, name: str) -> str:
        """Return a name as the dialect compares those of columns and indexes."""
        return name if self.dialect is Dialect.POSTGRES else name.lower()

    def table(self, name: str) -> str:
        """Return a name as the dialect compares those of tables."""
        return name.lower() if self.dialect is Dialect.SQLITE else name

    def words(self, sql: str) -> Words:
        """Return the tokens of an expression or query."""
        found: list[str] = []
        for one in patterns(self.dialect, False).finditer(sql):
            kind, text = one.lastgroup, one[0]
            if kind == "name":
                found.append(self.folded(unescape(text, self.dialect)))
            elif kind == "text":
                found.append(f"'{unescape(text, self.dialect)}'")
            elif kind in ("word", "number", "sign"):
                found.append(text.lower())
            elif kind not in ("space", "comment", "version", "closing"):
                found.append(text)
        return tuple(_loosened(found) if self.loose else found)

    def mentions(self, sql: str, name: str) -> bool:
        """Return whether an expression has a name among its words."""
        return self.folded(name).lower() in {word.lower() for word in self.words(sql)}

    def type(self, kind: ColumnType) -> tuple[object, ...]:
        """Return the canonical form of a type."""
        base, spelt = kind.base, kind.spelt.lower()
        if kind.made:
            return ("made", kind.made, kind.values)
        if self.dialect is Dialect.MYSQL and base is Base.BOOL:
            return (Base.INT, 8, False, True, False)
        if base is Base.INT:
            return (base, kind.bits or 32, kind.unsigned, kind.bool_like, "zerofill" in spelt)
        if base is Base.DECIMAL:
            precision = kind.precision or (10 if self.dialect is Dialect.MYSQL else 0)
            return (base, precision, kind.scale, "unsigned" in spelt, self._affinity(spelt))
        if base is Base.FLOAT:
            digits = re.search(r"\(\s*(\d+)\s*,\s*(\d+)\s*\)", spelt)
            return (base, kind.bits, digits.groups() if digits else (), "unsigned" in spelt)
        if base in (Base.TEXT, Base.BYTES):
            return (base, self._family(spelt), kind.length)
        if base is Base.ARRAY and kind.item is not None:
            return (base, self.type(kind.item), spelt.count("["))
        if base is Base.JSON:
            return (base, spelt.split("(")[0].strip())
        return (base, kind.bits, kind.length, kind.scale, kind.zoned, kind.values)

    def _family(self, spelt: str) -> str:
        name = _NAME.match(spelt.removeprefix("pg_catalog."))
        words = name[0].strip() if name else ""
        longest = next((known for known in sorted(_FAMILIES, key=len, reverse=True) if _begins(words, known)), "")
        return _FAMILIES.get(longest, words)

    def _affinity(self, spelt: str) -> str:
        return spelt.split("(")[0].strip() if self.dialect is Dialect.SQLITE else ""

    def default(self, column: Column) -> tuple[object, ...] | None:
        """Return the canonical form of a column's default, None where there is none."""
        default = column.default
        if default is None or column.auto:
            return None
        if default.kind is DefaultKind.LITERAL:
            return (default.kind, self._literal(column.type, default))
        if default.kind is DefaultKind.NOW:
            return (default.kind,)
        return (default.kind, _without_brackets(self.words(default.text)))

    def _literal(self, kind: ColumnType, default: Default) -> object:
        if bits := re.fullmatch(r"[bB]?'?([01]+)'?", default.text) if "bit" in kind.spelt.lower() else None:
            return bits[1]
        if kind.base is Base.BOOL or kind.bool_like:
            return default.text.lower() in _TRUE
        if kind.base in _NUMERIC:
            try:
                return Decimal(default.text)
            except InvalidOperation:
                return default.text.lower()
        return default.text

    def charset(self, table: Table, column: Column) -> tuple[str, str]:
        """Return character set and collation of a text column, empty where they are the database's."""
        if self.dialect is not Dialect.MYSQL or column.type.base not in (Base.TEXT, Base.ENUM, Base.SET):
            return "", column.collation
        charset = column.charset or table.charset
        own = column.collation or ("" if column.charset not in ("", table.charset) else table.collation)
        return _told(charset, own)

    def table_charset(self, table: Table) -> tuple[str, str]:
        """Return character set and collation of a table, empty where they are the database's."""
        return _told(table.charset, table.collation)

    def told_apart(self, old: tuple[str, str], new: tuple[str, str]) -> bool:
        """Return whether character set or collation differ; what the new side does not tell is the database's own.

        A collation that is not told is that of the character set, except where a database has told the other one.
        """
        if self.loose:
            return any(a != b for a, b in zip(old, new, strict=True) if a and b)
        if old[0] == new[0]:
            return old[1] != new[1] and bool(new[0] or new[1])
        return bool(new[0])

    def column(self, table: Table, column: Column) -> tuple[object, ...]:
        """Return the canonical form of a column, its name, character set and comment apart."""
        generated = column.generated
        made = (_without_brackets(self.words(generated.expression)), generated.stored) if generated is not None else ()
        numbered = (column.identity or "serial") if column.auto else ""
        return (
            self.type(column.type),
            column.nullable and column.name not in table.key,
            self.default(column),
            numbered,
            column.on_update,
            made,
        )

    def index(self, index: Index) -> tuple[object, ...]:
        """Return the canonical form of an index without its name."""
        quote = "`" if self.dialect is Dialect.MYSQL else '"'
        plain = f"({', '.join(f'{quote}{name.replace(quote, 2 * quote)}{quote}' for name in index.columns)})"
        words = _without(self.words(index.spelt or plain), _IDLE)
        constraint = index.is_constraint and self.dialect is not Dialect.MYSQL
        return (index.unique, index.kind.upper(), words, self.words(index.where), constraint)

    def reference(self, reference: ForeignKey, target_key: tuple[str, ...]) -> tuple[object, ...]:
        """Return the canonical form of a foreign key without its name; `target_key` is its target's primary key."""
        targets = reference.target_columns or target_key
        return (
            tuple(map(self.folded, reference.columns)),
            self.table(reference.target),
            tuple(map(self.folded, targets)),
            self._action(reference.on_delete),
            self._action(reference.on_update),
            reference.options.replace("NOT DEFERRABLE", "")
            .replace("INITIALLY IMMEDIATE", "")
            .replace("MATCH SIMPLE", "")
            .strip(),
        )

    def _action(self, action: str) -> str:
        is_idle = action == "NO ACTION" or (action == "RESTRICT" and self.dialect is Dialect.MYSQL)
        return "" if is_idle else action

    def domain(self, text: str) -> Words:
        """Return the canonical form of a domain, from behind its name on."""
        return _without_names(self.words(text))

    def check(self, expression: str) -> Words:
        """Return the canonical form of a CHECK."""
        return _without_brackets(self.words(expression))


def _without_names(words: Words) -> Words:
    """Return words without the names of constraints, which a database gives where the DDL has none."""
    named = {at + step for at, word in enumerate(words) if word == "constraint" for step in (0, 1)}
    return tuple(word for at, word in enumerate(words) if at not in named)


def _told(charset: str, collation: str) -> tuple[str, str]:
    return _CHARSETS.get(charset, charset), collation.lower().replace("utf8_", "utf8mb3_")


def _begins(words: str, known: str) -> bool:
    return words == known or words.startswith(f"{known} ")


def _without(words: Words, idle: tuple[Words, ...]) -> Words:
    """Return words without some that change nothing."""
    found = list(words)
    for one in idle:
        at = 0
        while at <= len(found) - len(one):
            if tuple(found[at : at + len(one)]) == one:
                del found[at : at + len(one)]
            else:
                at += 1
    return tuple(found)


def _without_brackets(words: Words) -> Words:
    """Return words without brackets around all of them."""
    while len(words) > 1 and words[0] == "(" and words[-1] == ")" and _closes_last(words):
        words = words[1:-1]
    return words


def _closes_last(words: Words) -> bool:
    depth = 0
    for at, word in enumerate(words):
        depth += (word == "(") - (word == ")")
        if depth == 0:
            return at == len(words) - 1
    return False


def _loosened(words: list[str]) -> list[str]:
    """Return words without brackets, casts, the tables in front of columns, and `AS x` behind x.

    BETWEEN, IN and != are as PostgreSQL writes them.
    """
    found: list[str] = []
    at, between = 0, ""
    while at < len(words):
        word, after = words[at], words[at + 1 : at + 3]
        if word == "::":
            at = _behind_cast(words, at + 1)
            continue
        if word == "as" and found and after[:1] == found[-1:]:
            at += 1
        elif word == "." and found:
            found.pop()
        elif word == "between" and found:
            between = found[-1]
            found += (">", "=")
        elif word == "and" and between:
            found += ("and", between, "<", "=")
            between = ""
        elif word == "!" and after[:1] == ["="]:
            found += ("<", ">")
            at += 1
        elif word == "=" and after == ["any", "("]:
            found.append("in")
            at += 1
        elif number := _QUOTED_NUMBER.fullmatch(word):
            found += filter(None, number.groups())
        elif word not in _LOOSE:
            found.append(word)
        at += 1
    return found


_LOOSE = frozenset(("(", ")", "[", "]", ";", "as", "array"))


def _behind_cast(words: list[str], at: int) -> int:
    """Return the position behind the type of a cast."""
    at += 1
    while at < len(words) and words[at] in ("varying", "precision", "with", "without", "time", "zone", "[", "]", "."):
        at += 2 if words[at] == "." else 1
    if at < len(words) and words[at] == "(":
        while at < len(words) and words[at] != ")":
            at += 1
        at += 1
    return at
