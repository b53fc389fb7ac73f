"""Thirty tables of PostgreSQL: the server has the same columns, keys and references as our models."""

import re
from collections.abc import Callable

from mallgen.tables.model import Base, Dialect
from mallgen.tables.read import DdlSource, Read, read
from tests.conftest import ROOT
from tests.servers import Postgres
from tests.tables.live import Shape, differences, rows, shape, value

FILE = ROOT / "tests" / "data" / "sql" / "postgres_tables.sql"
COLUMNS = """
SELECT n.nspname, c.relname, a.attname, format_type(a.atttypid, a.atttypmod),
  (SELECT string_agg(e.enumlabel, E'\\x01' ORDER BY e.enumsortorder) FROM pg_enum e
    WHERE e.enumtypid = coalesce(nullif(t.typelem, 0), t.oid)),
  format_type(coalesce(nullif(t.typbasetype, 0), a.atttypid),
    CASE WHEN t.typtype = 'd' THEN t.typtypmod ELSE a.atttypmod END),
  a.attnotnull OR t.typnotnull,
  replace(replace(coalesce(pg_get_expr(d.adbin, d.adrelid), t.typdefault), E'\\t', '\\t'), E'\\n', '\\n'),
  a.attidentity, a.attgenerated,
  replace(replace(coalesce(col_description(c.oid, a.attnum), ''), E'\\t', ' '), E'\\n', ' ')
FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
  JOIN pg_type t ON t.oid = a.atttypid LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
WHERE c.relkind IN ('r', 'p') AND n.nspname IN ('public', 'billing') AND a.attnum > 0 AND NOT a.attisdropped
ORDER BY n.nspname, c.relname, a.attnum
"""
KEYS = """
SELECT n.nspname, c.relname, i.relname, x.indisprimary, x.indisunique, m.amname, x.indexprs IS NULL,
  (SELECT string_agg(a.attname, ', ' ORDER BY k.at)
    FROM unnest(x.indkey[0:x.indnkeyatts - 1]) WITH ORDINALITY AS k(num, at)
    JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = k.num)
FROM pg_index x JOIN pg_class c ON c.oid = x.indrelid JOIN pg_class i ON i.oid = x.indexrelid
  JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_am m ON m.oid = i.relam
WHERE n.nspname IN ('public', 'billing')
"""
REFERENCES = """
SELECT n.nspname, c.relname, o.confrelid::regclass::text,
  (SELECT string_agg(a.attname, ', ' ORDER BY k.at) FROM unnest(o.conkey) WITH ORDINALITY AS k(num, at)
    JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = k.num)
FROM pg_constraint o JOIN pg_class c ON c.oid = o.conrelid JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE o.contype = 'f' AND n.nspname IN ('public', 'billing')
"""
KINDS = {
    "bigint": "int64",
    "integer": "int32",
    "smallint": "int16",
    "boolean": "bool",
    "real": "float32",
    "double precision": "float64",
    "text": "text(0)",
    "xml": "text(0)",
    "tsvector": "text(0)",
    "name": "text(63)",
    "bytea": "bytes(0)",
    "date": "date",
    "json": "json",
    "jsonb": "json",
    "uuid": "uuid",
    "numeric": "decimal(0,0)",
    "character varying": "text(0)",
    "bit varying": "bits(0)",
}
SIZED = {"character varying": "text", "character": "text", "bit": "bits", "bit varying": "bits"}


def reading() -> Read:
    """Read the file."""
    return read([DdlSource(FILE.name, FILE.read_text(encoding="utf-8"))])


def kind(name: str, labels: str) -> str:
    """Return the words of tests.tables.live for a type that format_type() spells."""
    if name.endswith("[]"):
        return f"{kind(name[:-2], labels)}[]"
    if labels:
        return f"enum{tuple(labels.split(chr(1)))}"
    found = re.fullmatch(r"(time(?:stamp)?)(?:\((\d)\))? (with|without) time zone", name)
    if found:
        base = "time" if found[1] == "time" else "datetime"
        return f"{base}({found[2] or 6}){' zoned' if found[3] == 'with' else ''}"
    sized = re.fullmatch(r"([a-z ]+)\((\d+)(?:,(\d+))?\)", name)
    if sized:
        return f"decimal({sized[2]},{sized[3]})" if sized[3] else f"{SIZED[sized[1]]}({sized[2]})"
    return KINDS[name]


def default(given: str, identity: str, generated: str, is_null: bool, name: str) -> str:
    """Return the words of tests.tables.live for a default."""
    if generated:
        return "generated"
    if identity or given.startswith("nextval("):
        return "auto"
    if not given:
        return "null" if is_null else "none"
    bare = re.sub(r"(::(?:[a-z _]+|\"[^\"]+\")(\(\d+(,\d+)?\))?(\[\])?)+$", "", given)
    bare = re.sub(r"^\((.*)\)$", r"\1", bare)
    if name.startswith("bit"):
        return f"=B{bare}"
    number = name.startswith(("bigint", "integer", "smallint", "numeric", "double", "real"))
    if re.fullmatch(r"'(?:[^']|'')*'", bare) or re.fullmatch(r"-?[0-9.]+|true|false", bare):
        return f"={value(bare.strip(chr(39)).replace(chr(39) * 2, chr(39)), Base.DECIMAL if number else Base.TEXT)}"
    if bare == "NULL":
        return "null"
    now = re.fullmatch(r"(?:now|transaction_timestamp)\(\)|(CURRENT|LOCAL)_?(TIMESTAMP|DATE|TIME)(\(\d\))?", bare)
    return "now" if now else "expression"


def server_shapes(server: Postgres, database: str, kinds: str = "'r', 'p'") -> dict[str, Shape]:
    """Return the tables of the database by schema and name."""
    found: dict[str, tuple[str, list[str], list[str]]] = {}
    for schema, table, name, spelt, labels, base, not_null, given, identity, generated, comment in rows(
        server, COLUMNS.replace("'r', 'p'", kinds), database
    ):
        is_null = not_null == "f"
        words = [name, kind(base if not labels else spelt if spelt.endswith("[]") else "", labels)]
        words += ["null" if is_null else "not null", default(given, identity, generated, is_null, base), comment]
        found.setdefault(f"{schema}.{table}", (table, [], []))[1].append(" | ".join(words))
    for schema, table, name, primary, unique, method, plain, columns in rows(server, KEYS, database):
        keys = found[f"{schema}.{table}"][2]
        if primary == "t":
            keys.append(f"primary ({columns})")
            continue
        is_plain = plain == "t" and method == "btree"
        word = "unique" if unique == "t" else "index"
        keys.append(f"{word} {name} ({columns if is_plain else ''}){'' if is_plain else ' not plain'}")
    for schema, table, target, columns in rows(server, REFERENCES, database):
        found[f"{schema}.{table}"][2].append(f"({columns}) -> {target.replace(chr(34), '').rpartition('.')[2]}")
    return {key: Shape(table, tuple(columns), tuple(sorted(keys))) for key, (table, columns, keys) in found.items()}


def test_postgres_has_the_same_columns_keys_and_references(
    postgres_server: Postgres, record_property: Callable[[str, object], None]
) -> None:
    result = reading()
    assert result.diagnostics == ()
    database = postgres_server.database().rpartition("/")[2]
    postgres_server.run(FILE.read_text(encoding="utf-8"), database)
    theirs = server_shapes(postgres_server, database)
    ours = {f"{table.database or 'public'}.{table.name}": shape(table) for table in result.schema.tables}
    assert sorted(ours) == sorted(theirs)
    for key, one in ours.items():
        assert differences([one], {one.name: theirs[key]}) == []
    columns = sum(len(table.columns) for table in result.schema.tables)
    record_property(
        "figure", f"DDL of PostgreSQL: {len(ours)} tables, {columns} columns as the server has them, 0 refused"
    )
    assert len(ours) >= 30
    assert {table.dialect for table in result.schema.tables} == {Dialect.POSTGRES}


def test_a_type_has_a_fixed_length_by_what_it_is_and_not_by_its_name() -> None:
    ddl = "CREATE DOMAIN charge AS varchar(20); CREATE DOMAIN binary_x AS bytea; CREATE DOMAIN four AS bit(4);"
    ddl += "CREATE TABLE t (id int PRIMARY KEY, a charge, b binary_x, c four, d bpchar, e bpchar(3),"
    ddl += " f char, g varbit(4));"
    (table,) = read([DdlSource("t.sql", ddl)], Dialect.POSTGRES).schema.tables
    assert {one.name: (one.type.fixed, one.type.length) for one in table.columns[1:]} == {
        "a": (False, 20),
        "b": (False, 0),
        "c": (True, 0),
        "d": (False, 0),
        "e": (True, 3),
        "f": (True, 1),
        "g": (False, 0),
    }
