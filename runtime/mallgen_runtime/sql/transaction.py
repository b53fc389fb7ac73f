"""A transaction: statements on one connection that are kept together or not at all."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from time import monotonic
from typing import Any, TypeVar

from mallgen_runtime.sql.connection import Dialect, Done, Values
from mallgen_runtime.sql.errors import ConnectionLost, DatabaseError, StatementTimeout
from mallgen_runtime.sql.pool import Held
from mallgen_runtime.sql.slow import EXEC, QUERY, StatementLog

T = TypeVar("T")
AfterCommit = Callable[[], Awaitable[None]]
_LOG = logging.getLogger("mallgen.sql")


class Transaction:
    """The statements of one transaction; `async with database.transaction()` makes it. Models join by `within`.

    It can be used by several tasks: their statements run one after the other.
    """

    def __init__(self, held: Held, log: StatementLog) -> None:
        self._held = held
        self._log = log
        self._turn = asyncio.Lock()
        self._after: list[AfterCommit] = []
        self._savepoints = 0
        self._is_over = False
        self._may_be_kept = False
        self.is_released = False

    @property
    def dialect(self) -> Dialect:
        """The dialect of the statements."""
        return self._held.connection.dialect

    async def fetch(self, sql: str, values: Sequence[Any] = ()) -> list[Values]:
        """Return the rows of a query."""
        return await self._run(QUERY, self._held.connection.fetch, sql, values)

    async def fetch_named(self, sql: str, values: Sequence[Any] = ()) -> tuple[tuple[str, ...], list[Values]]:
        """Return the names of the columns, and the rows of a query."""
        return await self._run(QUERY, self._held.connection.fetch_named, sql, values)

    async def execute(self, sql: str, values: Sequence[Any] = ()) -> Done:
        """Run a statement that writes."""
        return await self._run(EXEC, self._held.connection.execute, sql, values)

    @asynccontextmanager
    async def savepoint(self) -> AsyncIterator[None]:
        """Undo what the block has written when it raises, and go on with the transaction."""
        self._savepoints += 1
        name, after = f"mallgen_{self._savepoints}", len(self._after)
        await self.execute(f"SAVEPOINT {name}")
        try:
            yield
        except BaseException:
            del self._after[after:]
            if not self._held.connection.is_broken:
                await self.execute(f"ROLLBACK TO SAVEPOINT {name}")
            raise
        await self.execute(f"RELEASE SAVEPOINT {name}")

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator["Transaction"]:
        """Undo what the block has written when it raises, as `savepoint` does."""
        async with self.savepoint():
            yield self

    def after_commit(self, callback: AfterCommit) -> None:
        """Call `callback` once the transaction is committed, also when the end of its COMMIT is not known."""
        self._after.append(callback)

    async def commit(self) -> None:
        """Commit: only `Database.transaction` calls it, at the end of its block."""
        try:
            await self._run(EXEC, self._commit, "COMMIT", ())
        except (ConnectionLost, StatementTimeout):
            self._may_be_kept = True
            raise
        self._may_be_kept = True

    async def call_after(self) -> None:
        """Call what waits for the commit, if it has happened or may have: only `Database.transaction` calls it."""
        for callback in self._after if self._may_be_kept else ():
            try:
                await callback()
            except Exception:  # the transaction is committed whatever they do
                _LOG.exception("a call after a commit failed")

    async def rollback(self) -> None:
        """Undo everything: only `Database.transaction` calls it, when its block raises.

        Nothing is sent on a connection that is lost, as the server undoes the transaction by itself then.
        """
        async with self._turn:
            self._is_over = True
            if self._held.connection.is_broken:
                return
            try:
                await self._held.connection.rollback()
            except DatabaseError as problem:
                self._held.connection.abort()
                _LOG.warning("a rollback failed, so the connection is closed: %s", problem)

    async def _commit(self, sql: str, values: Values) -> None:
        self._is_over = True
        await self._held.connection.commit()

    async def _run(self, kind: str, call: Callable[[str, Values], Awaitable[T]], sql: str, values: Sequence[Any]) -> T:
        async with self._turn:
            if self._is_over:
                raise RuntimeError("the transaction has ended")
            began = monotonic()
            try:
                return await call(sql, tuple(values))
            except DatabaseError as problem:
                self._log.failed(kind, problem)
                raise self._held.in_time(problem) from None
            finally:
                self._log.note(kind, sql, monotonic() - began)
