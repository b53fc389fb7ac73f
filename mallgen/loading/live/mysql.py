"""The tables of a database of MySQL or MariaDB, as SHOW CREATE TABLE writes them. An edge: it connects."""

import asyncio
import re
import ssl
from collections import defaultdict
from typing import Any

from mallgen.loading.live.address import Address
from mallgen.loading.live.schema import CannotRead, LiveSchema, LiveTable, mentioned
from mallgen.text.visible import counted

_REFERENCES = (
    "SELECT table_name, referenced_table_name, constraint_schema <> unique_constraint_schema "
    "FROM information_schema.referential_constraints WHERE constraint_schema = DATABASE()"
)
_OTHERS = (
    "SELECT (SELECT COUNT(*) FROM information_schema.triggers WHERE trigger_schema = DATABASE()), "
    "(SELECT COUNT(*) FROM information_schema.routines WHERE routine_schema = DATABASE()), "
    "(SELECT COUNT(*) FROM information_schema.events WHERE event_schema = DATABASE())"
)
_VIEWS = "SELECT table_name, view_definition FROM information_schema.views WHERE table_schema = DATABASE()"
_COUNTER = re.compile(r" AUTO_INCREMENT=\d+(?= |$)")
# MariaDB makes `json` a text with a check: https://mariadb.com/kb/en/json-data-type/
_JSON = re.compile(
    r"^(  (`(?:[^`]|``)+`) )longtext(?: CHARACTER SET utf8mb4)?(?: COLLATE utf8mb4_bin)?( .*?)?"
    r" CHECK \(json_valid\(\2\)\)(.*)$",
    re.M,
)
_TIMEOUT = 10  # seconds


def read(place: Address, schema: str) -> LiveSchema:
    """Return the tables of a database. Raises CannotRead."""
    try:
        import asyncmy
    except ImportError:
        raise CannotRead("the driver asyncmy is not installed", "pip install 'mallgen-runtime[mysql]'") from None
    if not place.database:
        raise CannotRead("the address names no database", "write it behind the host: mysql://user:password@host/name")
    try:
        return asyncio.run(_read(asyncmy, place))
    except (asyncmy.errors.MySQLError, OSError, TimeoutError, asyncio.IncompleteReadError) as problem:
        _, said = (*problem.args, "", "")[:2]  # number and message
        raise CannotRead(
            str(said or problem) or "no answer within 10 s",
            "start the server, or correct user, password, host and name",
        ) from None


async def _read(asyncmy: Any, place: Address) -> LiveSchema:
    connection = await asyncio.wait_for(asyncmy.connect(**_arguments(place)), _TIMEOUT)
    try:
        async with connection.cursor() as cursor:
            return await _schema(cursor)
    finally:
        connection.close()


def _arguments(place: Address) -> dict[str, Any]:
    found = {"user": place.user, "password": place.password, "db": place.database, "charset": "utf8mb4"}
    more: dict[str, Any] = {"connect_timeout": _TIMEOUT}
    more |= {"unix_socket": place.path} if place.path else {"host": place.host, "port": place.port}
    if place.tls:
        context = ssl.create_default_context(cafile=place.ca_file or None)
        context.check_hostname = place.tls == "full"
        context.verify_mode = ssl.CERT_NONE if place.tls == "open" else ssl.CERT_REQUIRED
        more["ssl"] = context
    return {**found, **more}


async def _rows(cursor: Any, sql: str) -> list[tuple[Any, ...]]:
    await cursor.execute(sql)
    return [tuple(row) for row in await cursor.fetchall()]


async def _schema(cursor: Any) -> LiveSchema:
    await cursor.execute("SET SESSION sql_mode = '', sql_quote_show_create = 1")
    kinds = {str(name): str(kind) for name, kind in await _rows(cursor, "SHOW FULL TABLES")}
    needs: defaultdict[str, set[str]] = defaultdict(set)
    for table, target, elsewhere in await _rows(cursor, _REFERENCES):
        if not elsewhere and table != target:
            needs[str(table)].add(str(target))
    tables = []
    for name in (name for name, kind in kinds.items() if kind in ("BASE TABLE", "SYSTEM VERSIONED")):
        ((_, sql, *_),) = await _rows(cursor, f"SHOW CREATE TABLE {_quoted(name)}")
        tables.append(LiveTable(name, (_plain(str(sql)),), frozenset(needs[name])))
    tables += await _views(cursor, frozenset(kinds))
    return LiveSchema(tuple(tables), notes=tuple(await _notes(cursor, kinds)))


async def _views(cursor: Any, names: frozenset[str]) -> list[LiveTable]:
    ((database,),) = await _rows(cursor, "SELECT DATABASE()")
    found = []
    for name, definition in await _rows(cursor, _VIEWS):
        if not definition:
            raise CannotRead(
                f"the user may not see the view {name}", "grant SHOW VIEW, or leave the view out with -table"
            )
        query = _unqualified(str(definition), str(database))
        found.append(
            LiveTable(name, (f"CREATE VIEW {_quoted(name)} AS {query}",), mentioned(query, names - {name}), (), True)
        )
    return found


async def _notes(cursor: Any, kinds: dict[str, str]) -> list[str]:
    ((triggers, routines, events),) = await _rows(cursor, _OTHERS)
    words = [
        counted(number, noun)
        for number, noun in ((triggers, "trigger"), (routines, "routine"), (events, "event"))
        if number
    ]
    notes = [f"left in the database, as no model needs it: {', '.join(words)}"] if words else []
    others = sorted(name for name, kind in kinds.items() if kind not in ("BASE TABLE", "SYSTEM VERSIONED", "VIEW"))
    return [*notes, *([f"{', '.join(others)}: no table and no view, so there is no model"] if others else [])]


def _plain(sql: str) -> str:
    """Return a CREATE TABLE without the number of its next row, and with MariaDB's JSON as it was written."""
    head, newline, options = sql.rpartition("\n)")
    head = _JSON.sub(r"\1json\3\4", head)
    return f"{head}{newline}{_COUNTER.sub('', options, count=1)}"


def _unqualified(sql: str, database: str) -> str:
    """Return a query without the database in front of its tables; texts stay as they are."""
    outer = re.escape(f"{_quoted(database)}.")
    return re.sub(rf"'(?:[^'\\]|''|\\.)*'|(?<!\.){outer}", lambda m: m[0] if m[0][0] == "'" else "", sql, flags=re.S)


def _quoted(name: str) -> str:
    return f"`{name.replace('`', '``')}`"
