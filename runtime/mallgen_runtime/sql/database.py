"""A service's database: opened with the service, watched while it runs, used by the models."""

import asyncio
import logging
import os
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from importlib.util import find_spec
from itertools import count
from pathlib import Path
from shlex import quote
from time import monotonic
from typing import Any, TypeVar

from mallgen_runtime.process import metrics, watch
from mallgen_runtime.process.durations import seconds
from mallgen_runtime.process.errors import ConfigError
from mallgen_runtime.sql.conf import DataSourceConf, limits
from mallgen_runtime.sql.connection import DatabaseConnection, Dialect, Isolation
from mallgen_runtime.sql.errors import ConnectionLost, DatabaseError, Deadlock
from mallgen_runtime.sql.pool import Held, Pool
from mallgen_runtime.sql.pool_figures import readings
from mallgen_runtime.sql.schema import Schema, prepare
from mallgen_runtime.sql.slow import StatementLog
from mallgen_runtime.sql.source import MEMORY, Source, source
from mallgen_runtime.sql.statements import Statements
from mallgen_runtime.sql.transaction import Transaction

T = TypeVar("T")
_DRIVERS = {
    Dialect.MYSQL: ("asyncmy", "mysql"),
    Dialect.POSTGRES: ("asyncpg", "postgres"),
    Dialect.SQLITE: ("aiosqlite", "sqlite"),
}
_DEV_MODES = ("dev", "test")
_SQLITE_READERS = 4
_TICK = 1.0  # seconds between looks at the connections
_LAST_WORD = 5.0  # seconds that COMMIT or ROLLBACK of a cancelled request may take
_TRIES = 3
_COMPARED = 30.0  # seconds that the comparison of the tables may take
_SYSTEMS = {Dialect.MYSQL: "mysql", Dialect.POSTGRES: "postgresql", Dialect.SQLITE: "sqlite"}  # OpenTelemetry's
UNREACHABLE, REPLICA = "unreachable", "replica unreachable"
_LOG = logging.getLogger("mallgen.sql")


class Database(Statements):
    """The database of a service: models run their statements on it. The generated service context keeps it.

    `mode` is that of the service's settings; in dev and test, or with MALLGEN_DEV=1 in the environment, a file of
    SQLite is made from `schema`. `key` is its name in readiness answers, `setting` the one in messages. Raises
    ConfigError for settings that cannot be used.
    """

    def __init__(
        self,
        conf: DataSourceConf,
        schema: Schema | None = None,
        mode: str = "pro",
        *,
        key: str = "database",
        setting: str = "DataSource",
    ) -> None:
        self.key = key
        self._setting = setting
        self._required = conf.required
        self._schema = schema
        self._source = source(conf.url, setting)
        _need_driver(self._source.dialect, setting)
        self._makes = self._source.path == MEMORY or mode in _DEV_MODES or os.environ.get("MALLGEN_DEV", "") == "1"
        log = StatementLog(seconds(conf.slow_threshold, f"{setting}.SlowThreshold"), _SYSTEMS[self._source.dialect])
        reading, writing = _pools(conf, self._source, setting, self._makes)
        super().__init__(self._source.dialect, reading, writing, log)
        self._by_chance = conf.policy == "random"
        newest = [writing] if conf.replicas else reading
        self.primary = Primary(self, self._source.dialect, newest, writing, log)
        self._minding: asyncio.Task[Any] | None = None
        self._end_showing: Callable[[], None] = metrics.end_nothing
        self._is_prepared = self._differs = False
        self._state = "ok"

    @property
    def state(self) -> str:
        """`ok`, `unreachable`, `replica unreachable`, or `schema` where tables differ from their models."""
        return self._state

    async def start(self) -> None:
        """Connect and compare the tables. Raises ConfigError when the database is down and `Required`."""
        if self._minding is not None:
            return
        try:
            await self._connect()
        except DatabaseError as problem:
            if self._required:
                await self._close_pools()
                raise ConfigError(f"{self._setting}: the database is required and cannot be used: {problem}") from None
            self._became(UNREACHABLE, str(problem))
        self._log.measure()
        self._end_showing = metrics.shown(self._readings)
        self._minding = watch.keep(self._mind(), self.key)

    async def close(self) -> None:
        """Close all connections."""
        if self._minding is not None:
            self._minding.cancel()
            self._minding = None
            self._end_showing()
        await self._close_pools()

    @asynccontextmanager
    async def transaction(self, isolation: Isolation | None = None) -> AsyncIterator[Transaction]:
        """Begin a transaction, which the end of the block commits and an exception undoes.

        `isolation`: the database's own default without one. Raises DatabaseError.
        """
        held = await self._begun(isolation)
        made = Transaction(held, self._log)
        try:
            yield made
        except BaseException:
            await self._ended(held, made, made.rollback())
            raise
        await self._ended(held, made, made.commit())

    async def retried(
        self, work: Callable[[Transaction], Awaitable[T]], *, isolation: Isolation | None = None, attempts: int = 3
    ) -> T:
        """Return what `work` returns in a transaction; after a deadlock it runs again in a new one.

        Raises Deadlock when it happens in all `attempts`.
        """
        for attempt in range(1, attempts):
            try:
                async with self.transaction(isolation) as transaction:
                    return await work(transaction)
            except Deadlock as problem:
                _LOG.info("a transaction is repeated after a deadlock, attempt %d: %s", attempt + 1, problem)
            await asyncio.sleep(random.uniform(0.0, 0.01 * 2**attempt))  # noqa: S311 - so that two do not meet again
        async with self.transaction(isolation) as transaction:
            return await work(transaction)

    async def _begun(self, isolation: Isolation | None) -> Held:
        """Return a connection with a transaction; one that turns out to be dead is replaced."""
        for attempt in range(1, _TRIES + 1):
            held = self._writing.take() or await self._writing.wait()
            try:
                await held.connection.begin(isolation)
            except BaseException as problem:
                self._writing.give(held)
                if not isinstance(problem, ConnectionLost) or held.late or attempt == _TRIES:
                    if isinstance(problem, DatabaseError):
                        raise held.in_time(problem) from None
                    raise
            else:
                return held
        raise AssertionError("the last attempt returns or raises")

    async def _ended(self, held: Held, made: Transaction, work: Awaitable[None]) -> None:
        """Wait for a COMMIT or ROLLBACK, which goes on to its end when the request is cancelled meanwhile."""
        task = asyncio.ensure_future(self._finish(held, made, work))
        try:
            await asyncio.shield(task)
        except asyncio.CancelledError:
            if not made.is_released:
                self._writing.limit(held, monotonic() + _LAST_WORD)
            task.add_done_callback(_retrieved)
            raise

    async def _finish(self, held: Held, made: Transaction, work: Awaitable[None]) -> None:
        """End a transaction, give its connection back, and only then call what waits for it: it may need one too."""
        try:
            await work
        finally:
            made.is_released = True
            self._writing.give(held)
            await made.call_after()

    async def _mind(self) -> None:
        """Look at the database every second."""
        while True:
            await asyncio.sleep(_TICK)
            await asyncio.gather(*(pool.tidy() for pool in {self._writing, *self._reading}))
            try:
                await self._connect()
            except DatabaseError as problem:
                self._is_prepared = False  # the server may come back with other tables
                self._became(UNREACHABLE, str(problem))

    async def _connect(self) -> None:
        """Connect where there is no connection, and compare the tables once. Raises DatabaseError."""
        if not self._is_prepared:
            await self._prepare()
        await _connected(self._writing)
        others = [pool for pool in self._reading if pool is not self._writing]
        found = await asyncio.gather(*map(_connected, others), return_exceptions=True)
        problems = [problem for problem in found if isinstance(problem, BaseException)]
        if problems and not isinstance(problems[0], DatabaseError):
            raise problems[0]
        state = "schema" if self._differs else REPLICA if problems else "ok"
        self._became(state, str(problems[0]) if problems else "")

    async def _prepare(self) -> None:
        held = await self._writing.reach()
        self._writing.limit(held, monotonic() + _COMPARED)
        try:
            lines = [] if self._schema is None else await prepare(held.connection, self._schema, self._makes)
        finally:
            self._writing.give(held)
        self._is_prepared, self._differs = True, bool(lines)
        for line in lines:
            _LOG.error("%s: %s%s", self._source.label, line, self._cure())

    def _cure(self) -> str:
        """Return the way to a new file where that is what developers may want: all of the old one is kept."""
        if self.dialect is not Dialect.SQLITE or not self._makes:
            return ""
        path = Path(self._source.path)
        folders = (path.with_name(f"old{number if number > 1 else ''}") for number in count(1))
        old = quote(str(next(folder for folder in folders if not folder.exists())))
        moving = f"mkdir {old} && mv {quote(str(path))}* {old}/"
        return f"; for a new file stop the service first: {moving}; then start again"

    def _became(self, state: str, problem: str = "") -> None:
        """Keep the state, and log how it has changed."""
        before, self._state = self._state, state
        if state != before and state == UNREACHABLE:
            _LOG.error("%s: the database is unreachable, and is tried every second: %s", self._setting, problem)
        elif state != before and state == REPLICA:
            _LOG.error("%s: a replica is unreachable, and is tried every second: %s", self._setting, problem)
        elif state != before and before in (UNREACHABLE, REPLICA):
            _LOG.info("%s: the database answers: %s", self._setting, self._source.label)

    def _readings(self) -> Iterator[metrics.Reading]:
        for pool in {*self._reading, self._writing}:
            yield from readings(pool, self._source.database or self._source.path)

    async def _close_pools(self) -> None:
        await asyncio.gather(*(pool.close() for pool in {*self._reading, self._writing}))


class Primary(Statements):
    """A database without its replicas, which lag."""

    def __init__(
        self, database: Database, dialect: Dialect, reading: list[Pool], writing: Pool, log: StatementLog
    ) -> None:
        super().__init__(dialect, reading, writing, log)
        self.transaction = database.transaction


def _pools(conf: DataSourceConf, primary: Source, setting: str, makes: bool) -> tuple[list[Pool], Pool]:
    """Return the pools for reading and the one for writing, which may be the same."""
    limit = limits(conf, setting)
    own = Pool(connecting(primary, makes), limit, primary.label)
    if primary.dialect is not Dialect.SQLITE:
        replicas = [source(text, f"{setting}.Replicas") for text in conf.replicas]
        return [Pool(connecting(one, False), limit, one.label) for one in replicas] or [own], own
    if primary.path == MEMORY:
        limit = limit._replace(most=1, idle=1, lifetime=0.0)
        only = Pool(connecting(primary, makes), limit, primary.label)
        return [only], only
    writer = Pool(connecting(primary, makes), limit._replace(most=1, idle=1), primary.label)  # SQLite has one writer
    most = min(limit.most, _SQLITE_READERS)
    return [Pool(connecting(primary, makes), limit._replace(most=most), primary.label)], writer


def _need_driver(dialect: Dialect, setting: str) -> None:
    """Raise ConfigError when the driver of a dialect is not installed."""
    module, extra = _DRIVERS[dialect]
    if find_spec(module) is None:
        raise ConfigError(f"{setting}: {extra} needs {module}: pip install 'mallgen-runtime[{extra}]'")


def connecting(found: Source, makes: bool) -> Callable[[], Awaitable[DatabaseConnection]]:
    """Return the function that connects to a database; its driver is imported when it is called."""
    killers: list[Any] = []

    async def connect() -> DatabaseConnection:
        if found.dialect is Dialect.SQLITE:
            from mallgen_runtime.sql import sqlite

            return await sqlite.connect(found, makes)
        if found.dialect is Dialect.POSTGRES:
            from mallgen_runtime.sql import postgres

            return await postgres.connect(found)
        from mallgen_runtime.sql import mysql

        if not killers:
            killers.append(mysql.Killer(found))
        return await mysql.connect(found, killers[0])

    return connect


async def _connected(pool: Pool) -> None:
    """Make a connection of a pool that has none. Raises DatabaseError."""
    if not pool.is_connected:
        pool.give(await pool.reach())


def _retrieved(task: "asyncio.Future[Any]") -> None:
    """Log what went wrong after the request was cancelled, which nobody else will see."""
    if not task.cancelled() and (problem := task.exception()) is not None:
        _LOG.warning("a transaction of a cancelled request did not end well: %s", problem)
