"""The tables of a schema of PostgreSQL, put together from its catalog. An edge: it connects."""

import asyncio
import ssl
from collections import defaultdict
from typing import Any

from mallgen.loading.live.address import Address
from mallgen.loading.live.schema import CannotRead, LiveSchema, LiveTable, mentioned
from mallgen.text.visible import counted

_TIMEOUT = 10  # seconds
_OWN = "NOT EXISTS (SELECT 1 FROM pg_depend e WHERE e.objid = {0} AND e.classid = '{1}'::regclass AND e.deptype = 'e')"
_TABLES = f"""
SELECT c.oid, c.relname, c.relkind::text, quote_ident(c.relname), obj_description(c.oid, 'pg_class'),
       CASE WHEN c.relkind = 'p' THEN pg_get_partkeydef(c.oid) END,
       CASE WHEN c.relkind IN ('v', 'm') THEN pg_get_viewdef(c.oid) END,
       quote_ident(n.nspname) || '.' || quote_ident(c.relname), c.relpersistence::text
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = $1 AND c.relkind IN ('r', 'p', 'v', 'm') AND NOT c.relispartition
  AND {_OWN.format('c.oid', 'pg_class')}
ORDER BY c.relname"""
_COLUMNS = """
SELECT a.attrelid, quote_ident(a.attname), format_type(a.atttypid, a.atttypmod), a.attnotnull,
       pg_get_expr(d.adbin, d.adrelid), a.attidentity::text, a.attgenerated::text,
       col_description(a.attrelid, a.attnum),
       CASE WHEN a.attcollation <> t.typcollation THEN quote_ident(l.collname) END,
       pg_get_serial_sequence(quote_ident(n.nspname) || '.' || quote_ident(c.relname), a.attname)
FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN pg_type t ON t.oid = a.atttypid LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
LEFT JOIN pg_collation l ON l.oid = a.attcollation
WHERE a.attrelid = ANY ($1) AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attrelid, a.attnum"""
_CONSTRAINTS = """
SELECT k.conrelid, quote_ident(k.conname), pg_get_constraintdef(k.oid), k.contype::text, f.relname
FROM pg_constraint k LEFT JOIN pg_class f ON f.oid = k.confrelid
WHERE k.conrelid = ANY ($1) AND k.contype IN ('p', 'u', 'c', 'f', 'x') AND k.conparentid = 0
ORDER BY k.conrelid, array_position(ARRAY['p', 'u', 'x', 'c', 'f'], k.contype::text), k.conname"""
_INDEXES = """
SELECT i.indrelid, pg_get_indexdef(i.indexrelid), obj_description(i.indexrelid, 'pg_class'), quote_ident(c.relname)
FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
WHERE i.indrelid = ANY ($1) AND NOT EXISTS (SELECT 1 FROM pg_constraint k WHERE k.conindid = i.indexrelid
  AND k.contype IN ('p', 'u', 'x')) ORDER BY c.relname"""
_ENUMS = f"""
SELECT quote_ident(t.typname), array_agg(quote_literal(e.enumlabel) ORDER BY e.enumsortorder)
FROM pg_type t JOIN pg_enum e ON e.enumtypid = t.oid JOIN pg_namespace n ON n.oid = t.typnamespace
WHERE n.nspname = $1 AND {_OWN.format('t.oid', 'pg_type')} GROUP BY t.oid, t.typname ORDER BY t.typname"""
_DOMAINS = f"""
SELECT quote_ident(t.typname), format_type(t.typbasetype, t.typtypmod), t.typnotnull, t.typdefault,
       (SELECT string_agg(' CONSTRAINT ' || quote_ident(k.conname) || ' ' || pg_get_constraintdef(k.oid), '' ORDER BY
        k.conname) FROM pg_constraint k WHERE k.contypid = t.oid AND k.contype = 'c')
FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace
WHERE n.nspname = $1 AND t.typtype = 'd' AND {_OWN.format('t.oid', 'pg_type')} ORDER BY t.typname"""
_SEQUENCES = """
SELECT quote_ident(c.relname) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = $1 AND c.relkind = 'S'
  AND NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.objid = c.oid AND d.deptype IN ('a', 'i', 'e'))
ORDER BY c.relname"""
_OTHERS = """
SELECT (SELECT count(*) FROM pg_trigger g JOIN pg_class c ON c.oid = g.tgrelid JOIN pg_namespace n
        ON n.oid = c.relnamespace WHERE n.nspname = $1 AND NOT g.tgisinternal),
       (SELECT count(*) FROM pg_policy p JOIN pg_class c ON c.oid = p.polrelid JOIN pg_namespace n
        ON n.oid = c.relnamespace WHERE n.nspname = $1),
       (SELECT count(*) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE n.nspname = $1 AND c.relkind = 'f')"""
_SERIALS = {"smallint": "smallserial", "integer": "serial", "bigint": "bigserial"}


def read(place: Address, schema: str) -> LiveSchema:
    """Return the tables of a schema. Raises CannotRead."""
    try:
        import asyncpg  # type: ignore[import-untyped]
    except ImportError:
        raise CannotRead("the driver asyncpg is not installed", "pip install 'mallgen-runtime[postgres]'") from None
    try:
        return asyncio.run(_read(asyncpg, place, schema))
    except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError, ValueError) as problem:
        said = str(problem).splitlines()[0] if str(problem) else "no answer within 10 s"
        raise CannotRead(said, "start the server, or correct user, password, host and name") from None


async def _read(asyncpg: Any, place: Address, schema: str) -> LiveSchema:
    connection = await asyncpg.connect(
        host=place.path or place.host,
        port=place.port,
        user=place.user,
        password=place.password,
        database=place.database or place.user,
        ssl=_tls(place),
        timeout=_TIMEOUT,
    )
    try:
        async with connection.transaction(isolation="repeatable_read", readonly=True):
            return await _LiveCatalog(connection, schema).schema()
    finally:
        await connection.close(timeout=_TIMEOUT)


def _tls(place: Address) -> Any:
    if not place.tls:
        return False
    context = ssl.create_default_context(cafile=place.ca_file or None)
    context.check_hostname = place.tls == "full"
    context.verify_mode = ssl.CERT_NONE if place.tls == "open" else ssl.CERT_REQUIRED
    return context


class _LiveCatalog:
    """Reads one schema; names of its own tables and types have no schema in front."""

    def __init__(self, connection: Any, schema: str) -> None:
        self._connection, self._name = connection, schema

    async def schema(self) -> LiveSchema:
        """Return all tables and views, types first."""
        if not await self._rows("SELECT 1 FROM pg_namespace WHERE nspname = $1", self._name):
            raise CannotRead(f"there is no schema `{self._name}`", "name another one: --schema NAME")
        await self._rows("SELECT set_config('search_path', quote_ident($1), true)", self._name)
        found = await self._rows(_TABLES, self._name)
        names = frozenset(str(row[1]) for row in found)
        oids = [row[0] for row in found]
        columns, constraints, indexes = [await self._by_table(sql, oids) for sql in (_COLUMNS, _CONSTRAINTS, _INDEXES)]
        tables = [
            (
                _view(row, indexes[row[0]], columns[row[0]], names)
                if row[2] in ("v", "m")
                else _table(row, columns[row[0]], constraints[row[0]], indexes[row[0]])
            )
            for row in found
        ]
        return LiveSchema(tuple(tables), tuple(await self._before()), tuple(await self._notes()))

    async def _rows(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        return [tuple(row) for row in await self._connection.fetch(sql, *values)]

    async def _by_table(self, sql: str, oids: list[int]) -> defaultdict[int, list[tuple[Any, ...]]]:
        found: defaultdict[int, list[tuple[Any, ...]]] = defaultdict(list)
        for oid, *row in await self._rows(sql, oids):
            found[oid].append(tuple(row))
        return found

    async def _before(self) -> list[str]:
        """Return the types and sequences that no column owns."""
        made = [
            f"CREATE TYPE {name} AS ENUM ({', '.join(values)})" for name, values in await self._rows(_ENUMS, self._name)
        ]
        for name, kind, is_filled, default, checks in await self._rows(_DOMAINS, self._name):
            words = [f"CREATE DOMAIN {name} AS {kind}", *([f"DEFAULT {default}"] if default is not None else [])]
            made.append(" ".join([*words, *(["NOT NULL"] if is_filled else [])]) + (checks or ""))
        return [*made, *(f"CREATE SEQUENCE {name}" for (name,) in await self._rows(_SEQUENCES, self._name))]

    async def _notes(self) -> list[str]:
        ((triggers, policies, foreign),) = await self._rows(_OTHERS, self._name)
        words = [counted(n, noun) for n, noun in ((triggers, "trigger"), (policies, "policy")) if n]
        notes = [f"left in the database, as no model needs it: {', '.join(words)}"] if words else []
        notes += [f"{counted(foreign, 'foreign table')} have no model"] if foreign else []
        if self._name != "public":
            notes.append(f"the tables are those of the schema {self._name}: the user's search_path must begin with it")
        return notes


def _table(
    row: tuple[Any, ...],
    columns: list[tuple[Any, ...]],
    constraints: list[tuple[Any, ...]],
    indexes: list[tuple[Any, ...]],
) -> LiveTable:
    _, name, _, quoted, comment, partitions, _, full, persistence = row
    lines = [_column(column) for column in columns]
    lines += [f"CONSTRAINT {one} {definition}" for one, definition, kind, _ in constraints if kind != "f"]
    inner = ",\n".join(f"  {line}" for line in lines)
    tail = f" PARTITION BY {partitions}" if partitions else ""
    create = f"CREATE {'UNLOGGED ' if persistence == 'u' else ''}TABLE {quoted} (\n{inner}\n){tail}"
    late = [
        f"ALTER TABLE {quoted} ADD CONSTRAINT {one} {definition}"
        for one, definition, kind, _ in constraints
        if kind == "f"
    ]
    needs = frozenset(str(target) for *_, target in constraints if target and target != name)
    more = [*_indexes(quoted, full, indexes), *_comments("TABLE", quoted, comment, columns)]
    return LiveTable(name, (create, *more), needs, tuple(late))


def _view(
    row: tuple[Any, ...], indexes: list[tuple[Any, ...]], columns: list[tuple[Any, ...]], names: frozenset[str]
) -> LiveTable:
    _, name, kind, quoted, comment, _, query, full, _ = row
    word = "MATERIALIZED VIEW" if kind == "m" else "VIEW"
    text = str(query).strip().rstrip(";")
    more = [*_indexes(quoted, full, indexes), *_comments(word, quoted, comment, columns)]
    create = f"CREATE {word} {quoted} AS\n{text}"
    return LiveTable(name, (create, *more), mentioned(text, names - {name}), (), True)


def _column(column: tuple[Any, ...]) -> str:
    name, kind, is_filled, default, identity, generated, _, collation, sequence = column
    is_serial = bool(sequence) and not identity and str(default or "").startswith("nextval(") and kind in _SERIALS
    words = [name, _SERIALS[kind] if is_serial else kind, *([f"COLLATE {collation}"] if collation else [])]
    words += ["NOT NULL"] if is_filled and not is_serial else []
    if generated:
        words.append(f"GENERATED ALWAYS AS ({default}) {'VIRTUAL' if generated == 'v' else 'STORED'}")
    elif identity:
        words.append(f"GENERATED {'ALWAYS' if identity == 'a' else 'BY DEFAULT'} AS IDENTITY")
    elif default is not None and not is_serial:
        words.append(f"DEFAULT {default}")
    return " ".join(words)


def _indexes(quoted: str, full: str, indexes: list[tuple[Any, ...]]) -> list[str]:
    made = []
    for definition, comment, name in indexes:
        made.append(
            str(definition)
            .replace(f" ON {full} ", f" ON {quoted} ", 1)
            .replace(f" ON ONLY {full} ", f" ON {quoted} ", 1)
        )
        made += [f"COMMENT ON INDEX {name} IS {_text(comment)}"] if comment else []
    return made


def _comments(word: str, quoted: str, comment: str | None, columns: list[tuple[Any, ...]]) -> list[str]:
    made = [f"COMMENT ON {word} {quoted} IS {_text(comment)}"] if comment else []
    return [*made, *(f"COMMENT ON COLUMN {quoted}.{one[0]} IS {_text(one[6])}" for one in columns if one[6])]


def _text(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
