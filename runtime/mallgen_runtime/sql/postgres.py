"""PostgreSQL through asyncpg, with prepared statements."""

import asyncio
import importlib
import re
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

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
_EPOCH = datetime(2000, 1, 1)
_CODES: dict[str, type[DatabaseError]] = {
    "23505": DuplicateKey,
    "23503": ForeignKeyViolated,
    "23": ValueRefused,
    "22": ValueRefused,
    "40": Deadlock,
    "55P03": Deadlock,
    "57014": StatementTimeout,
    "57P": ConnectionLost,
    "08": ConnectionLost,
    "53300": DatabaseUnreachable,
}
_VALUE = re.compile(r'(: |= )"(?:[^"]|"")*"|(query argument \$\d+): .*', re.DOTALL)
# A server that does not look would go on with the statement of a client that has gone; PostgreSQL 14 can look.
_LOOKS = "SELECT set_config(name, '1s', false) FROM pg_settings WHERE name = 'client_connection_check_interval'"


class PostgresConnection:
    """A connection to PostgreSQL."""

    dialect = Dialect.POSTGRES

    def __init__(self, connection: Any) -> None:
        self._connection = connection
        self._statements: dict[str, Any] = {}
        self._lost = False
        self.restless = False

    @property
    def is_broken(self) -> bool:
        """Return whether the connection has ended, or a call was given up."""
        return self._lost or self._connection.is_closed()

    @property
    def in_transaction(self) -> bool:
        """Return whether a transaction is open."""
        return bool(self._connection.is_in_transaction())

    async def fetch(self, sql: str, values: Values = ()) -> list[Values]:
        """Return the rows of a query."""
        instants.has_instant(values)
        prepared = self._statements.get(sql)
        if prepared is not None:
            try:  # what PreparedStatement.fetch() does, without the four calls that it takes
                execute = self._connection._protocol.bind_execute
                found: list[Values] = await execute(prepared._state, values, "", 0, False, None)
                return found
            except asyncio.CancelledError:
                self.restless = True
                raise
            except Exception as problem:
                self._check(problem)
        return (await self._run(sql, values))[1]

    async def fetch_named(self, sql: str, values: Values = ()) -> tuple[tuple[str, ...], list[Values]]:
        """Return the names of the columns, and the rows of a query."""
        instants.has_instant(values)
        statement, rows = await self._run(sql, values)
        return tuple(column.name for column in statement.get_attributes()), rows

    async def execute(self, sql: str, values: Values = ()) -> Done:
        """Run a statement that writes; an id that the database made is what it returns first."""
        instants.has_instant(values)
        statement, rows = await self._run(sql, values)
        count = statement.get_statusmsg().rpartition(" ")[2]
        made = rows[0][0] if rows and len(rows[0]) else 0
        return Done(int(count) if count.isdigit() else 0, made if isinstance(made, int) else 0)

    async def script(self, sql: str) -> None:
        """Run several statements without values."""
        await self._call(self._connection.execute, sql)

    async def begin(self, isolation: Isolation | None = None) -> None:
        """Begin a transaction."""
        level = f" ISOLATION LEVEL {isolation.value}" if isolation is not None else ""
        await self._call(self._connection.execute, f"BEGIN{level}")

    async def commit(self) -> None:
        """Commit the transaction. Raises DatabaseError when a statement had failed, so that the server undoes it."""
        if await self._call(self._connection.execute, "COMMIT") == "ROLLBACK":
            raise DatabaseError("the transaction was undone, because a statement in it had failed", "25P02")

    async def rollback(self) -> None:
        """Undo the transaction."""
        await self._call(self._connection.execute, "ROLLBACK")
        self.restless = False

    async def ping(self) -> None:
        """Make sure that the server answers."""
        await self._call(self._connection.execute, "")
        self.restless = False

    def abort(self) -> None:
        """End the connection: what waits for it gets ConnectionLost."""
        self._lost = True
        self._connection.terminate()

    async def close(self) -> None:
        """Close the connection; a statement that was given up is cancelled before."""
        self._lost = True
        try:
            await self._connection.close()
        except Exception as problem:
            self._connection.terminate()
            raise postgres_error(problem) from None

    async def _run(self, sql: str, values: Values) -> tuple[Any, list[Values]]:
        """Return a prepared statement and its rows; it is prepared again when a table has other columns now."""
        try:
            statement = self._statements.get(sql) or await self._prepared(sql)
            return statement, await statement.fetch(*values)
        except asyncio.CancelledError:
            self.restless = True
            raise
        except Exception as problem:
            self._check(problem)
        prepared: Any = await self._call(self._prepared, sql)
        return prepared, await self._call(prepared.fetch, *values)

    def _check(self, problem: Exception) -> None:
        """Forget all prepared statements when one is out of date and can be repeated, else raise."""
        name = type(problem).__name__
        self._lost = self._lost or name == "OutdatedSchemaCacheError"  # a type has changed: a new connection knows it
        if name != "InvalidCachedStatementError" or self.in_transaction:
            raise self._error(problem) from None
        self._statements.clear()

    async def _prepared(self, sql: str) -> Any:
        if len(self._statements) >= _STATEMENTS:
            self._statements.pop(next(iter(self._statements)))
        statement = self._statements[sql] = await self._connection.prepare(sql)
        return statement

    async def _call(self, call: Callable[..., Awaitable[T]], *words: Any) -> T:
        try:
            return await call(*words)
        except asyncio.CancelledError:
            self.restless = True  # the driver has asked the server to end the statement, and waits before the next
            raise
        except Exception as problem:
            raise self._error(problem) from None

    def _error(self, problem: Exception) -> DatabaseError:
        error = postgres_error(problem)
        if isinstance(error, ConnectionLost) or self.is_broken:
            self._lost = True
            return ConnectionLost(str(error), error.code)
        return error


async def connect(source: Source) -> PostgresConnection:
    """Connect to a server. Raises DatabaseUnreachable."""
    asyncpg: Any = importlib.import_module("asyncpg")  # without types that a checker could read
    zone = getattr(source.zone, "key", "UTC")
    try:
        connection = await asyncpg.connect(
            host=source.path or source.host,
            port=source.port,
            user=source.user,
            password=source.password,
            database=source.database or source.user,
            ssl=source.tls if source.tls == "prefer" else context(source) or False,
            timeout=source.timeout or 60,
            server_settings={"timezone": zone, "application_name": "mallgen"},
        )
    except Exception as problem:
        raise _unreachable(source, problem) from None
    made = PostgresConnection(connection)
    try:
        await _set_up(connection, source)
    except BaseException as problem:
        connection.terminate()
        if isinstance(problem, Exception):
            raise _unreachable(source, problem) from None
        raise
    return made


async def _set_up(connection: Any, source: Source) -> None:
    """Let `timestamp` columns have instants as those of other databases have, and the server look for its client."""
    zone = source.zone

    def encode(value: datetime) -> tuple[int]:
        return ((value.astimezone(zone).replace(tzinfo=None) - _EPOCH) // timedelta(microseconds=1),)

    def decode(value: tuple[int]) -> datetime:
        found = (_EPOCH + timedelta(microseconds=value[0])).replace(tzinfo=zone)
        return found if zone is UTC else found.astimezone(UTC)

    await connection.set_type_codec("timestamp", schema="pg_catalog", encoder=encode, decoder=decode, format="tuple")
    try:
        await connection.execute(_LOOKS)
    except Exception as problem:
        if not isinstance(postgres_error(problem), ValueRefused):  # a system on which it cannot look
            raise


def postgres_error(problem: Exception) -> DatabaseError:
    """Return the error for one of the driver's, without the values that the server repeats."""
    if isinstance(problem, DatabaseError):
        return problem
    if isinstance(problem, OSError):
        return ConnectionLost(problem.strerror or str(problem))
    code = str(getattr(problem, "sqlstate", "") or "")
    text = _VALUE.sub(lambda found: f"{found[2] or found[1]}…", str(problem.args[0] if problem.args else problem))
    kind = next((kind for start, kind in _CODES.items() if code.startswith(start)), DatabaseError) if code else None
    if kind is None:
        kind = ValueRefused if isinstance(problem, ValueError | TypeError | OverflowError) else DatabaseError
        kind = ConnectionLost if "connection is closed" in text or "connection was closed" in text else kind
    return kind(text, code)


def _unreachable(source: Source, problem: Exception) -> DatabaseUnreachable:
    if isinstance(problem, TimeoutError):
        return DatabaseUnreachable(f"{source.label}: no answer in time")
    error = postgres_error(problem)
    return DatabaseUnreachable(f"{source.label}: {error}", error.code)
