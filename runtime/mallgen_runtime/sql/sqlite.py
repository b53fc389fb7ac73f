"""SQLite through aiosqlite: each connection has a thread of its own, and a call is one visit to it.

Short reads need no visit, see `short_reads`.
"""

import asyncio
import os
import sqlite3
import threading
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from time import monotonic
from typing import Any, TypeVar
from uuid import UUID

from mallgen_runtime.process.origin import remaining
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
from mallgen_runtime.sql.short_reads import ShortReads
from mallgen_runtime.sql.source import MEMORY, Source

T = TypeVar("T")
_BUSY = 0.05  # seconds that the thread itself waits for a lock: an interrupt does not reach it there
_PATIENCE = 5.0  # seconds for a lock that another process holds
_SETTINGS = ("foreign_keys = ON", "journal_mode = WAL", "synchronous = NORMAL", f"busy_timeout = {int(_BUSY * 1000)}")
_CODES: dict[str, type[DatabaseError]] = {
    "SQLITE_CONSTRAINT_UNIQUE": DuplicateKey,
    "SQLITE_CONSTRAINT_PRIMARYKEY": DuplicateKey,
    "SQLITE_CONSTRAINT_ROWID": DuplicateKey,
    "SQLITE_CONSTRAINT_FOREIGNKEY": ForeignKeyViolated,
    "SQLITE_CONSTRAINT_NOTNULL": ValueRefused,
    "SQLITE_CONSTRAINT_CHECK": ValueRefused,
    "SQLITE_CONSTRAINT_DATATYPE": ValueRefused,
    "SQLITE_TOOBIG": ValueRefused,
    "SQLITE_MISMATCH": ValueRefused,
    "SQLITE_BUSY": Deadlock,
    "SQLITE_LOCKED": Deadlock,
    "SQLITE_INTERRUPT": StatementTimeout,
    "SQLITE_CANTOPEN": ConnectionLost,
    "SQLITE_CORRUPT": ConnectionLost,
    "SQLITE_IOERR": ConnectionLost,
    "SQLITE_NOTADB": ConnectionLost,
}
_CLOSING = threading.Lock()  # the last connection removes the WAL; of two that close at once neither is the last
_FAILURES = (sqlite3.Error, ValueError, OverflowError)  # ValueError: the connection is closed
_PLAIN: dict[type, Callable[[Any], Any]] = {
    datetime: lambda value: value.astimezone(UTC).replace(tzinfo=None).isoformat(" "),
    date: date.isoformat,
    time: time.isoformat,
    timedelta: lambda value: value // timedelta(microseconds=1),
    Decimal: str,
    UUID: str,
}


class SqliteConnection:
    """A connection to a file of SQLite, or to a database in memory that lives as long as the connection."""

    dialect = Dialect.SQLITE
    restless = False

    def __init__(self, connection: Any, is_memory: bool) -> None:
        self._connection = connection
        self._is_memory = is_memory  # its rows would be lost with it, and an interrupted statement does it no harm
        self._raw: sqlite3.Connection = connection._conn
        self._lost = False
        self._running = 0
        self._short = ShortReads(self._raw)

    @property
    def is_broken(self) -> bool:
        """Return whether a call was given up, whose end is not known."""
        return self._lost

    @property
    def in_transaction(self) -> bool:
        """Return whether a transaction is open; an interrupted statement may have undone it."""
        return not self._lost and self._raw.in_transaction

    async def fetch(self, sql: str, values: Values = ()) -> list[Values]:
        """Return the rows of a query; one that is known to be short runs here and not in the thread."""
        began = monotonic()
        if self._short.known(sql, began) and not self._running and not self._lost:
            here = self._short.run(_fetched, sql, values)
            if here is not None:
                if self._short.is_turn(began):
                    await asyncio.sleep(0)
                return here
        self._running += 1
        try:
            found: list[Values] = await self._connection._execute(_fetched, self._raw, sql, values)
        except asyncio.CancelledError:
            self.abort()
            raise
        except _FAILURES as problem:
            error = _error(problem)
        else:
            self._running -= 1
            self._short.learn(sql, began)
            return found
        self._running -= 1
        if not isinstance(error, Deadlock):
            raise error
        return await self._call(_fetched, sql, values)

    async def fetch_named(self, sql: str, values: Values = ()) -> tuple[tuple[str, ...], list[Values]]:
        """Return the names of the columns, and the rows of a query."""
        return await self._call(_described, sql, values)

    async def execute(self, sql: str, values: Values = ()) -> Done:
        """Run a statement that writes."""
        return await self._call(_executed, sql, values)

    async def script(self, sql: str) -> None:
        """Run several statements without values."""
        await self._call(_scripted, sql, ())

    async def begin(self, isolation: Isolation | None = None) -> None:
        """Begin a transaction, which has the right to write from its start: every level is SERIALIZABLE here."""
        await self._call(_executed, "BEGIN IMMEDIATE", ())

    async def commit(self) -> None:
        """Commit the transaction."""
        await self._call(_executed, "COMMIT", ())

    async def rollback(self) -> None:
        """Undo the transaction, if an interrupted statement has not done so."""
        if self.in_transaction:
            await self._call(_executed, "ROLLBACK", ())

    async def ping(self) -> None:
        """Make sure that the file can be read."""
        await self.fetch("SELECT 1 FROM sqlite_master LIMIT 1")

    def abort(self) -> None:
        """Interrupt what runs."""
        self._lost = not self._is_memory
        self._interrupt()

    async def close(self) -> None:
        """Close the connection after what runs on it."""
        self._lost = True
        self._interrupt()
        try:
            await self._connection._execute(_close, self._raw)
            await self._connection.close()
        except (sqlite3.Error, ValueError) as problem:
            raise _error(problem) from None

    async def _call(self, work: Callable[[Any, str, Values], T], sql: str, values: Values) -> T:
        """Run a statement in the thread, again and again while another process holds the lock."""
        until = monotonic() + (remaining(_PATIENCE) or 0.0)
        while True:
            self._running += 1
            try:
                found: T = await self._connection._execute(work, self._raw, sql, values)
            except asyncio.CancelledError:
                self.abort()  # it counts as running: the thread goes on until it notices
                raise
            except _FAILURES as problem:
                error = _error(problem)
            else:
                self._running -= 1
                return found
            self._running -= 1
            if not isinstance(error, Deadlock) or self.in_transaction or monotonic() >= until:
                raise error

    def _interrupt(self) -> None:
        """Interrupt what runs; without that the last connection would leave its journal behind."""
        if self._running and self._connection._connection is not None:
            self._connection._connection.interrupt()


async def connect(source: Source, makes: bool) -> SqliteConnection:
    """Open a file, which is made only if `makes`, its folder too. Raises DatabaseUnreachable."""
    import aiosqlite

    path = source.path
    is_memory = path == MEMORY
    try:
        if makes and not is_memory:
            os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
        if not makes and not is_memory and not os.path.exists(path):
            raise DatabaseUnreachable(
                f"there is no file {path}; a start with the environment variable MALLGEN_DEV=1 makes it"
            )
        made = aiosqlite.connect(path, isolation_level=None, cached_statements=256, check_same_thread=False)
        made._thread.daemon = True  # a process must be able to end while a statement runs
        connection = SqliteConnection(await made, is_memory)
    except (sqlite3.Error, OSError) as problem:
        raise DatabaseUnreachable(f"{path}: {problem}") from None
    try:
        for setting in _SETTINGS:
            await connection.fetch(f"PRAGMA {setting}")
    except BaseException as problem:
        await connection.close()
        if isinstance(problem, DatabaseError):
            raise DatabaseUnreachable(f"{path}: {problem}") from None
        raise
    return connection


def _fetched(connection: sqlite3.Connection, sql: str, values: Values) -> list[Values]:
    return connection.execute(sql, _plain(values)).fetchall()


def _described(connection: sqlite3.Connection, sql: str, values: Values) -> tuple[tuple[str, ...], list[Values]]:
    cursor = connection.execute(sql, _plain(values))
    try:
        return tuple(column[0] for column in cursor.description or ()), cursor.fetchall()
    finally:
        cursor.close()


def _executed(connection: sqlite3.Connection, sql: str, values: Values) -> Done:
    cursor = connection.execute(sql, _plain(values))
    try:
        return Done(max(cursor.rowcount, 0), cursor.lastrowid or 0)
    finally:
        cursor.close()


def _scripted(connection: sqlite3.Connection, sql: str, values: Values) -> None:
    connection.executescript(sql)


def _close(connection: sqlite3.Connection) -> None:
    with _CLOSING:
        connection.close()


def _plain(values: Values) -> Values:
    """Return values as SQLite keeps them; those of models have passed their columns already."""
    for value in values:
        if type(value) in _PLAIN:
            return tuple(_PLAIN[type(one)](one) if type(one) in _PLAIN else one for one in values)
    return values


def _error(problem: Exception) -> DatabaseError:
    name = getattr(problem, "sqlite_errorname", "") or ""
    kind = next((kind for start, kind in _CODES.items() if name.startswith(start)), None)
    if kind is None:
        kind = ConnectionLost if str(problem) in ("Connection closed", "no active connection") else DatabaseError
        kind = ValueRefused if isinstance(problem, OverflowError | UnicodeError) else kind
    return kind(str(problem), name)
