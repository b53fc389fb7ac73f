"""Statements that each have a connection of a pool for themselves, outside of transactions."""

import random
from collections.abc import Sequence
from typing import Any

from mallgen_runtime.sql.connection import Dialect, Done, Values
from mallgen_runtime.sql.errors import ConnectionLost, DatabaseError, DatabaseUnreachable
from mallgen_runtime.sql.pool import Held, Pool
from mallgen_runtime.sql.slow import EXEC, QUERY, StatementLog
from mallgen_runtime.sql.statement import only_reads


class Statements:
    """Runs statements: those that only read on one of the pools `reading`, others on `writing`."""

    def __init__(self, dialect: Dialect, reading: list[Pool], writing: Pool, log: StatementLog) -> None:
        self._dialect = dialect
        self._reading = reading
        self._writing = writing
        self._log = log
        self._only = writing if reading == [writing] else None
        self._turn = 0
        self._by_chance = False

    @property
    def dialect(self) -> Dialect:
        """The dialect of the statements."""
        return self._dialect

    async def fetch(self, sql: str, values: Sequence[Any] = ()) -> list[Values]:
        """Return the rows of a query; one that only reads is repeated when its connection turns out to be dead.

        Raises DatabaseError.
        """
        pool, held = self._only or self._pool_for(sql), None
        try:
            held = pool.take() or await pool.wait()
            return await held.connection.fetch(sql, tuple(values))
        except DatabaseError as problem:
            other = self._other(pool, held, problem, sql)
        finally:
            if held is not None:
                self._log.note(QUERY, sql, pool.give(held))
        again: list[Values] = await self._once(other, "fetch", sql, values)
        return again

    async def fetch_named(self, sql: str, values: Sequence[Any] = ()) -> tuple[tuple[str, ...], list[Values]]:
        """Return the names of the columns, and the rows of a query; see `fetch`."""
        pool, held = self._only or self._pool_for(sql), None
        try:
            held = pool.take() or await pool.wait()
            return await held.connection.fetch_named(sql, tuple(values))
        except DatabaseError as problem:
            other = self._other(pool, held, problem, sql)
        finally:
            if held is not None:
                self._log.note(QUERY, sql, pool.give(held))
        again: tuple[tuple[str, ...], list[Values]] = await self._once(other, "fetch_named", sql, values)
        return again

    async def execute(self, sql: str, values: Sequence[Any] = ()) -> Done:
        """Run a statement that writes, in a transaction of its own. Raises DatabaseError."""
        done: Done = await self._once(self._writing, "execute", sql, values)
        return done

    async def _once(self, pool: Pool, kind: str, sql: str, values: Sequence[Any]) -> Any:
        word, held = EXEC if kind == "execute" else QUERY, None
        try:
            held = pool.take() or await pool.wait()
            return await getattr(held.connection, kind)(sql, tuple(values))
        except DatabaseError as problem:
            self._log.failed(word, problem)
            raise problem if held is None else held.in_time(problem) from None
        finally:
            if held is not None:
                self._log.note(word, sql, pool.give(held))

    def _other(self, pool: Pool, held: Held | None, problem: DatabaseError, sql: str) -> Pool:
        """Return the pool on which a query that has failed is repeated, or raise its error."""
        is_replica = pool is not self._writing and self.dialect is not Dialect.SQLITE
        dead = isinstance(problem, ConnectionLost) or (is_replica and isinstance(problem, DatabaseUnreachable))
        found = problem if held is None else held.in_time(problem)
        if not dead or found is not problem or not only_reads(sql):
            self._log.failed(QUERY, found)
            raise found from None
        return self._writing if is_replica else pool

    def _pool_for(self, sql: str) -> Pool:
        """Return the pool that a statement goes to; replicas that cannot be reached are left out."""
        if not only_reads(sql):
            return self._writing
        if len(self._reading) == 1:
            return self._reading[0]
        pools = [pool for pool in self._reading if pool.problem is None] or [self._writing]
        self._turn = random.randrange(len(pools)) if self._by_chance else (self._turn + 1) % len(pools)  # noqa: S311
        return pools[self._turn]
