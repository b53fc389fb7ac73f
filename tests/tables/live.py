"""Tables as a running database describes them, and our models in the same words: what cross-checks compare."""

import re
from collections.abc import Iterable, Sequence
from decimal import Decimal, InvalidOperation
from typing import NamedTuple

from mallgen.tables.model import Base, Column, ColumnType, Default, DefaultKind, Dialect, Table
from tests.servers import SqlServer

_LARGE = {"tinytext": 255, "text": 65535, "mediumtext": 16_777_215, "longtext": 0}
_LARGE |= {"tinyblob": 255, "blob": 65535, "mediumblob": 16_777_215, "longblob": 0}
_INTS = {"tinyint": 8, "smallint": 16, "mediumint": 24, "int": 32, "bigint": 64}
_NUMBERS = (Base.INT, Base.FLOAT, Base.DECIMAL, Base.YEAR, Base.BOOL, Base.BITS)


class Shape(NamedTuple):
    """A table in words: its columns, and its keys by name."""

    name: str
    columns: tuple[str, ...]
    keys: tuple[str, ...]

    @property
    def lines(self) -> list[str]:
        """All of it."""
        return [self.name, *self.columns, *self.keys]


def kind(type_: ColumnType, dialect: Dialect) -> str:
    """Return a column's type in the words of this module."""
    base = type_.base
    if base is Base.BOOL:
        return "int8" if dialect is Dialect.MYSQL else "bool"
    if base is Base.INT:
        return f"int{type_.bits}{'u' if type_.unsigned else ''}"
    if base is Base.FLOAT:
        return f"float{type_.bits}{'u' if type_.unsigned else ''}"
    if base is Base.DECIMAL:
        return f"decimal({type_.precision},{type_.scale}){'u' if type_.unsigned else ''}"
    if base in (Base.TEXT, Base.BYTES):
        return f"{base.value}({type_.length})"
    if base in (Base.TIME, Base.DATETIME):
        return f"{base.value}({type_.scale}){' zoned' if type_.zoned else ''}"
    if base in (Base.BITS, Base.BIT_STRING):
        return f"bits({type_.bits})"
    if base in (Base.ENUM, Base.SET):
        return f"{base.value}{type_.values}"
    if base is Base.ARRAY:
        assert type_.item is not None
        return f"{kind(type_.item, dialect)}[]"
    return str(base.value)


def value(text: str, base: Base) -> str:
    """Return the text of a literal default: numbers without needless digits."""
    if base in _NUMBERS and not text.startswith(("b'", "0x", "x'")):
        try:
            return f"{Decimal(text).normalize():f}"
        except InvalidOperation:
            return text
    return text


def default(column: Column, given: Default | None) -> str:
    """Return a column's default in the words of this module."""
    if column.generated is not None:
        return "generated"
    if column.auto:
        return "auto"
    if given is None:
        return "null" if column.nullable else "none"
    if given.kind is DefaultKind.LITERAL:
        return f"={value(given.text, column.type.base)}"
    return str(given.kind.value)


def column_line(column: Column, dialect: Dialect, *, comments: bool = True) -> str:
    """Return a column of a model as a line."""
    words = [column.name, kind(column.type, dialect), "null" if column.nullable else "not null"]
    words.append(default(column, column.default))
    words += ["on update"] if column.on_update else []
    return " | ".join([*words, column.comment if comments else ""])


def key_lines(table: Table, *, names: bool = True) -> list[str]:
    """Return the keys of a model as lines, in the order of their text."""
    found = [f"primary ({', '.join(table.key)})"] if table.key else []
    for one in table.indexes:
        shape = "" if one.is_plain else " not plain"
        columns = ", ".join(one.columns) if one.is_plain else ""
        found.append(f"{'unique' if one.unique else 'index'} {one.name if names else ''} ({columns}){shape}")
    found += [f"({', '.join(one.columns)}) -> {one.target}" for one in table.foreign_keys]
    return sorted(found)


def shape(table: Table, *, comments: bool = True, names: bool = True) -> Shape:
    """Return a model in the words of this module."""
    columns = tuple(column_line(one, table.dialect, comments=comments) for one in table.columns)
    return Shape(table.name, columns, tuple(key_lines(table, names=names)))


_ESCAPED = {"\\0": "\0", "\\n": "\n", "\\t": "\t", "\\\\": "\\"}


def rows(server: SqlServer, sql: str, database: str) -> list[list[str]]:
    """Return the rows of a query; the client writes line ends and tabs with a backslash."""
    text = server.run(sql, database)
    return [
        [re.sub(r"\\[0nt\\]", lambda one: _ESCAPED[one[0]], cell) for cell in line.split("\t")]
        for line in text.split("\n")
        if line
    ]


def _mariadb_kind(data: str, full: str, length: str, precision: str, scale: str, fraction: str) -> str:
    unsigned = "u" if "unsigned" in full else ""
    if data in _INTS:
        return f"int{_INTS[data]}{unsigned}"
    if data in ("float", "double"):
        return f"float{32 if data == 'float' else 64}{unsigned}"
    if data == "decimal":
        return f"decimal({precision},{scale}){unsigned}"
    if data in _LARGE:
        return f"{'text' if data.endswith('text') else 'bytes'}({_LARGE[data]})"
    if data in ("varchar", "char"):
        return f"text({length})"
    if data in ("varbinary", "binary"):
        return f"bytes({length})"
    if data in ("datetime", "timestamp", "time"):
        return f"{'time' if data == 'time' else 'datetime'}({fraction}){' zoned' if data == 'timestamp' else ''}"
    if data == "bit":
        return f"bits({precision})"
    if data in ("enum", "set"):
        values = re.findall(r"'((?:[^']|'')*)'", full)
        return f"{data}{tuple(one.replace(chr(39) * 2, chr(39)).replace(chr(92) * 2, chr(92)) for one in values)}"
    return data


def _mariadb_default(given: str, extra: str, nullable: bool, data: str) -> str:
    if "GENERATED" in extra:
        return "generated"
    if "auto_increment" in extra:
        return "auto"
    if given in ("NULL", "\\N"):
        return "null" if nullable else "none"
    if given.startswith("'"):
        text = re.sub(r"\\(.)", lambda one: _ESCAPED.get(one[0], one[1]), given[1:-1].replace("''", "'"))
        return f"={value(text, Base.DECIMAL if data in (*_INTS, 'decimal', 'float', 'double', 'year') else Base.TEXT)}"
    if re.match(r"current_timestamp|curdate|curtime", given):
        return "now"
    if re.fullmatch(r"-?[0-9.]+(e[0-9+-]+)?|b'[01]*'", given):
        return f"={value(given, Base.DECIMAL)}"
    return "expression"


def mariadb_shapes(server: SqlServer, database: str) -> dict[str, Shape]:
    """Return the tables of a MariaDB's database by name."""
    quoted = database.replace("'", "''")
    found: dict[str, tuple[list[str], list[str]]] = {}
    for row in rows(
        server,
        "SELECT table_name, column_name, data_type, column_type, ifnull(character_maximum_length, ''),"
        " ifnull(numeric_precision, ''), ifnull(numeric_scale, ''), ifnull(datetime_precision, ''), is_nullable,"
        " ifnull(column_default, '\\\\N'), extra, column_comment FROM information_schema.columns"
        f" WHERE table_schema = '{quoted}' ORDER BY table_name, ordinal_position",
        database,
    ):
        table, name, data, full, length, precision, scale, fraction, null, given, extra, comment = row
        nullable = null == "YES"
        words = [name, _mariadb_kind(data, full, length, precision, scale, fraction)]
        words += ["null" if nullable else "not null", _mariadb_default(given, extra, nullable, data)]
        words += ["on update"] if "on update" in extra else []
        found.setdefault(table, ([], []))[0].append(" | ".join([*words, comment]))
    keys = "SELECT table_name, index_name, min(non_unique), group_concat(column_name ORDER BY seq_in_index"
    keys += " SEPARATOR ', '), max(ifnull(sub_part, 0)), max(index_type) FROM information_schema.statistics"
    for table, name, others, columns, prefix, method in rows(
        server, f"{keys} WHERE table_schema = '{quoted}' GROUP BY table_name, index_name", database
    ):
        plain = prefix == "0" and method == "BTREE"
        word = "unique" if others == "0" else "index"
        line = f"{word} {name} ({columns if plain else ''}){'' if plain else ' not plain'}"
        found[table][1].append(f"primary ({columns})" if name == "PRIMARY" else line)
    references = (
        "SELECT table_name, constraint_name, group_concat(column_name ORDER BY ordinal_position SEPARATOR ', '),"
    )
    references += " max(referenced_table_name) FROM information_schema.key_column_usage WHERE referenced_table_name IS"
    for table, _, columns, target in rows(
        server, f"{references} NOT NULL AND table_schema = '{quoted}' GROUP BY table_name, constraint_name", database
    ):
        found[table][1].append(f"({columns}) -> {target}")
    return {name: Shape(name, tuple(columns), tuple(sorted(keys))) for name, (columns, keys) in found.items()}


def differences(ours: Iterable[Shape], theirs: dict[str, Shape], equal: Sequence[tuple[str, str]] = ()) -> list[str]:
    """Return the lines that are on one side alone; `equal` are words of ours and what the database calls them."""
    found = []
    known = set()
    for one in ours:
        known.add(one.name)
        other = theirs.get(one.name)
        if other is None:
            found.append(f"{one.name}: not in the database")
            continue
        for left, right in zip([*one.lines, *[""] * 999], other.lines, strict=False):
            if left != right and not any(left.replace(a, b) == right for a, b in equal):
                found.append(f"{one.name}: ours `{left}`, the database's `{right}`")
        if len(one.lines) > len(other.lines):
            found.append(f"{one.name}: ours alone {one.lines[len(other.lines):]}")
    return [*found, *(f"{name}: no model" for name in theirs if name not in known)]
