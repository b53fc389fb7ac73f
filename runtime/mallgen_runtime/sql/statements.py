"""Statements that each have a connection of a pool for themselves, outside of transactions."""

import random
from collections.abc import Sequence
from typing import Any

from mallgen_runtime.sql.connection import Dialect, Done, Values
from mallgen_runtime.sql.errors import ConnectionLost
from mallgen_runtime.sql.pool import Pool
from mallgen_runtime.sql.slow import SlowLog
from mallgen_runtime.sql.statement import only_reads


class Statements:
    """Runs statements: those that only read on one of the pools `reading`, others on `writing`."""

    def __init__(self, dialect: Dialect, reading: list[Pool], writing: Pool, slow: SlowLog) -> None:
        self._dialect = dialect
        self._reading = reading
        self._writing = writing
        self._slow = slow
        self._only = writing if reading == [writing] else None

    @property
    def dialect(self) -> Dialect:
        """The dialect of the statements."""
        return self._dialect

    async def fetch(self, sql: str, values: Sequence[Any] = ()) -> list[Values]:
        """Return the rows of a query; one that only reads is repeated when its connection turns out to be dead.

        Raises DatabaseError.
        """
        pool = self._only or self._pool_for(sql)
        held = pool.take() or await pool.wait()
        try:
            return await held.connection.fetch(sql, tuple(values))
        except ConnectionLost:
            held.raise_late()
            if not only_reads(sql):
                raise
        finally:
            self._slow.note(sql, pool.give(held))
        again: list[Values] = await self._once(pool, "fetch", sql, values)
        return again

    async def fetch_named(self, sql: str, values: Sequence[Any] = ()) -> tuple[tuple[str, ...], list[Values]]:
        """Return the names of the columns, and the rows of a query; see `fetch`."""
        pool = self._only or self._pool_for(sql)
        found: tuple[tuple[str, ...], list[Values]]
        try:
            found = await self._once(pool, "fetch_named", sql, values)
        except ConnectionLost:
            if not only_reads(sql):
                raise
            found = await self._once(pool, "fetch_named", sql, values)
        return found

    async def execute(self, sql: str, values: Sequence[Any] = ()) -> Done:
        """Run a statement that writes, in a transaction of its own. Raises DatabaseError."""
        done: Done = await self._once(self._writing, "execute", sql, values)
        return done

    async def _once(self, pool: Pool, kind: str, sql: str, values: Sequence[Any]) -> Any:
        held = pool.take() or await pool.wait()
        try:
            return await getattr(held.connection, kind)(sql, tuple(values))
        except ConnectionLost:
            held.raise_late()
            raise
        finally:
            self._slow.note(sql, pool.give(held))

    def _pool_for(self, sql: str) -> Pool:
        """Return the pool that a statement goes to; replicas that cannot be reached are left out."""
        if not only_reads(sql):
            return self._writing
        if len(self._reading) == 1:
            return self._reading[0]
        pools = [pool for pool in self._reading if pool.problem is None]
        return random.choice(pools) if pools else self._writing  # noqa: S311
