"""MariaDB and MySQL through asyncmy, with prepared statements: values never become part of a statement's text."""

import asyncio
import importlib
import re
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any, TypeVar
from uuid import UUID

from msgspec import structs

from mallgen_runtime.sql import instants
from mallgen_runtime.sql.connection import Dialect, Done, Isolation, Values
from mallgen_runtime.sql.errors import (
    ConnectionLost,
    DatabaseError,
    DatabaseUnreachable,
    Deadlock,
    DuplicateKey,
    ForeignKeyViolated,
    StatementTimeout,
    ValueRefused,
)
from mallgen_runtime.sql.source import Source
from mallgen_runtime.sql.tls import context

T = TypeVar("T")
_STATEMENTS = 256  # that a connection keeps prepared
_FOUND_ROWS = 2  # CLIENT_FOUND_ROWS: rows that were matched, not those that were changed
_SET_OPTION, _ONE, _MANY = 0x1B, b"\x01\x00", b"\x00\x00"  # COM_SET_OPTION: one statement at a time, or several
_INSTANTS = (7, 12)  # the types TIMESTAMP and DATETIME
_ANSWERED = ("1040", "1044", "1045", "1049", "1129", "1130", "1203", "1698")  # what only a server says that speaks TLS
_KILLING = 5.0  # seconds for the answer to a KILL
_NO_SUCH_THREAD, _NO_SUCH_ZONE = 1094, 1298
_CODES: dict[int, type[DatabaseError]] = {
    **dict.fromkeys((1062, 1169, 1586), DuplicateKey),
    **dict.fromkeys((1216, 1217, 1451, 1452), ForeignKeyViolated),
    **dict.fromkeys((1020, 1205, 1213), Deadlock),  # 1020: changed since the transaction has read it
    **dict.fromkeys((1048, 1264, 1265, 1292, 1364, 1366, 1406, 1690, 3140, 3819, 4025), ValueRefused),
    **dict.fromkeys((1317, 1969, 3024), StatementTimeout),
    **dict.fromkeys((0, 1053, 1927, 2006, 2013, 2014, 2055), ConnectionLost),
}
_VALUE = re.compile(r"(entry|value:?|near|Data) '.*?'(?= for | at |$)", re.DOTALL)


class MysqlConnection:
    """A connection to MariaDB or MySQL."""

    dialect = Dialect.MYSQL
    restless = False

    def __init__(self, connection: Any, source: Source, kill: Callable[[int], Awaitable[None]]) -> None:
        self._connection = connection
        self._zone = source.zone
        self._kill = kill
        self._lost = False
        self._runs = False
        self._places: dict[str, tuple[int, ...]] = {}  # of the datetimes in the rows of a statement

    @property
    def is_broken(self) -> bool:
        """Return whether the connection has ended, or a call was given up."""
        return self._lost or self._connection._stream_broken

    @property
    def in_transaction(self) -> bool:
        """Return whether a transaction is open."""
        return bool(self._connection.get_transaction_status())

    async def fetch(self, sql: str, values: Values = ()) -> list[Values]:
        """Return the rows of a query."""
        cursor = await self._run(sql, values)
        return self._rows(sql, cursor)

    async def fetch_named(self, sql: str, values: Values = ()) -> tuple[tuple[str, ...], list[Values]]:
        """Return the names of the columns, and the rows of a query."""
        cursor = await self._run(sql, values)
        return tuple(column[0] for column in cursor.description or ()), self._rows(sql, cursor)

    async def execute(self, sql: str, values: Values = ()) -> Done:
        """Run a statement that writes."""
        cursor = await self._run(sql, values)
        return Done(max(cursor.rowcount, 0), cursor.lastrowid or 0)

    async def script(self, sql: str) -> None:
        """Run several statements without values."""
        await self._call(self._script, sql)

    async def begin(self, isolation: Isolation | None = None) -> None:
        """Begin a transaction."""
        if isolation is not None:
            await self._call(self._connection.query, f"SET TRANSACTION ISOLATION LEVEL {isolation.value}")
        await self._call(self._connection.query, "BEGIN")

    async def commit(self) -> None:
        """Commit the transaction."""
        await self._call(self._connection.query, "COMMIT")

    async def rollback(self) -> None:
        """Undo the transaction."""
        await self._call(self._connection.query, "ROLLBACK")

    async def ping(self) -> None:
        """Make sure that the server answers."""
        await self._call(self._connection.ping, False)

    def abort(self) -> None:
        """End the connection: what waits for it gets ConnectionLost."""
        self._lost = True
        transport = self._connection._transport
        if transport is not None:
            transport.abort()

    async def close(self) -> None:
        """Close the connection, and end the statement that was given up: the server itself would go on with it."""
        gave_up, self._lost = self._runs, True
        self._connection.close()
        if gave_up:
            await self._kill(self._connection.thread_id())

    async def _run(self, sql: str, values: Values) -> Any:
        if values:
            values = self._checked(values)
        cursor = self._connection.cursor()
        self._runs = True
        try:
            await cursor.execute(sql, values)
        except asyncio.CancelledError:
            self._lost = True
            raise
        except Exception as problem:
            raise self._failed(problem) from None
        self._runs = False
        return cursor

    async def _call(self, call: Callable[..., Awaitable[T]], *words: Any) -> T:
        self._runs = True
        try:
            found = await call(*words)
        except asyncio.CancelledError:
            self._lost = True
            raise
        except Exception as problem:
            raise self._failed(problem) from None
        self._runs = False
        return found

    async def _script(self, sql: str) -> None:
        await _option(self._connection, _MANY)
        await self._connection.query(sql)
        while self._connection._result is not None and self._connection._result.has_next:
            await self._connection.next_result()
        await _option(self._connection, _ONE)

    def _checked(self, values: Values) -> Values:
        """Return values as the driver takes them. Raises ValueRefused for those of no type that it knows."""
        if instants.has_instant(values):
            values = instants.into_zone(values, self._zone)
        for value in values:
            if type(value) is UUID:
                return tuple(str(one) if type(one) is UUID else one for one in values)
        return values

    def _rows(self, sql: str, cursor: Any) -> list[Values]:
        rows: list[Values] = cursor._rows or []
        places = self._places.get(sql)
        if places is None:
            if len(self._places) >= _STATEMENTS:
                self._places.clear()
            found = (place for place, column in enumerate(cursor.description or ()) if column[1] in _INSTANTS)
            places = self._places[sql] = tuple(found)
        return instants.out_of_zone(rows, places, self._zone) if places else rows

    def _failed(self, problem: Exception) -> DatabaseError:
        """Return the error for one of the driver's, and note whether the connection can be used on."""
        self._runs = self.is_broken
        error = mysql_error(problem)
        if isinstance(error, ConnectionLost) or self.is_broken:
            self._lost = True
            return ConnectionLost(str(error), error.code)
        return error


class Killer:
    """Ends statements that were given up, over a connection of its own that it opens when it is needed."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._threads: list[int] = []
        self._working: asyncio.Task[None] | None = None

    async def kill(self, thread: int) -> None:
        """End the server's thread of a connection. Raises DatabaseError when the server does not answer in 5 s."""
        self._threads.append(thread)
        if self._working is None or self._working.done():
            self._working = asyncio.create_task(self._work())
            self._working.add_done_callback(self._ended)
        await asyncio.shield(self._working)

    def _ended(self, work: asyncio.Task[None]) -> None:
        """Forget the threads that could not be ended: a server that starts anew gives their numbers to others.

        The error is retrieved, as those that wait for it may have been cancelled.
        """
        if work.cancelled() or work.exception() is not None:
            self._threads.clear()

    async def _work(self) -> None:
        connection = await self._in_time(_opened(self._source))
        try:
            while self._threads:
                try:
                    await self._in_time(connection.query(f"KILL {self._threads.pop()}"))
                except Exception as problem:
                    error = mysql_error(problem)
                    if error.code != str(_NO_SUCH_THREAD):
                        raise error from None
        finally:
            connection.close()

    async def _in_time(self, work: Awaitable[T]) -> T:
        try:
            async with asyncio.timeout(_KILLING):
                return await work
        except TimeoutError:
            raise DatabaseUnreachable(f"{self._source.label}: no answer within {_KILLING:g} s") from None


async def connect(source: Source, killer: Killer) -> MysqlConnection:
    """Connect to a server. Raises DatabaseUnreachable."""
    connection = await _opened(source)
    try:
        await _option(connection, _ONE)
        await _set_zone(connection, source)
        if source.collation:
            await connection.query(f"SET NAMES utf8mb4 COLLATE {connection.literal(source.collation)}")
    except Exception as problem:
        connection.close()
        raise _unreachable(source, problem) from None
    except BaseException:
        connection.close()
        raise
    return MysqlConnection(connection, source, killer.kill)


async def _opened(source: Source) -> Any:
    """Return a connection of the driver, with `prefer` one without TLS where the server has none."""
    if source.tls != "prefer":
        return await _opened_with(source)
    try:
        return await _opened_with(structs.replace(source, tls="open"))
    except DatabaseUnreachable as problem:
        if problem.code in _ANSWERED:
            raise
    return await _opened_with(structs.replace(source, tls=""))


async def _opened_with(source: Source) -> Any:
    driver: Any = importlib.import_module("asyncmy.connection")  # without types that a checker could read
    connection = driver.Connection(
        host=source.host,
        port=source.port,
        unix_socket=source.path or None,
        user=source.user,
        password=source.password.encode(),
        database=source.database or None,
        charset="utf8mb4",
        autocommit=True,
        client_flag=_FOUND_ROWS,
        connect_timeout=source.timeout or 60,
        ssl=context(source),
        stmt_cache_size=_STATEMENTS,
    )
    try:
        await connection.connect()
    except Exception as problem:
        connection.close()
        raise _unreachable(source, problem) from None
    return connection


async def _option(connection: Any, option: bytes) -> None:
    await connection._execute_command(_SET_OPTION, option)
    await connection.read_packet()


async def _set_zone(connection: Any, source: Source) -> None:
    """Give the session the zone of the source, so that TIMESTAMP means what DATETIME does."""
    name = "+00:00" if source.zone is UTC else getattr(source.zone, "key", "")
    try:
        if name:
            await connection.query(f"SET time_zone = {connection.literal(name)}")
            return
    except Exception as problem:
        if mysql_error(problem).code != str(_NO_SUCH_ZONE):
            raise
    year = datetime.now().year
    offsets = {datetime(year, month, 1, tzinfo=source.zone).strftime("%z") for month in range(1, 13)}
    if len(offsets) > 1:
        raise DatabaseUnreachable(
            f"the server does not know the zone {name}: run mysql_tzinfo_to_sql there, or use loc=UTC"
        )
    offset = offsets.pop()
    await connection.query(f"SET time_zone = '{offset[:3]}:{offset[3:5]}'")


def mysql_error(problem: Exception) -> DatabaseError:
    """Return the error for one of the driver's, without the values that the server repeats."""
    if isinstance(problem, DatabaseError):
        return problem
    if isinstance(problem, OSError):
        return ConnectionLost(problem.strerror or str(problem))
    if isinstance(problem, UnicodeError | OverflowError) or type(problem) in (ValueError, TypeError):
        return ValueRefused("a value of the statement is none that the database can keep")
    words = problem.args
    code = words[0] if words and isinstance(words[0], int) else -1
    text = str(words[1]) if len(words) > 1 else str(problem)
    kind = _CODES.get(code, DatabaseError)
    if "Packet sequence number wrong" in text:
        kind = ConnectionLost
    return kind(_VALUE.sub(r"\1 …", text), str(code) if code >= 0 else "")


def _unreachable(source: Source, problem: Exception) -> DatabaseUnreachable:
    error = mysql_error(problem)
    return DatabaseUnreachable(f"{source.label}: {error}", error.code)
