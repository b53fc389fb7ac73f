"""Databases of all three kinds: transactions, deadlines, cancelled requests, errors, the log of slow statements."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

from mallgen_runtime.process.origin import NOBODY, Origin, origin
from mallgen_runtime.sql import (
    Database,
    DatabaseError,
    DataSourceConf,
    Deadlock,
    Dialect,
    DuplicateKey,
    Isolation,
    PoolTimeout,
    StatementTimeout,
    Transaction,
    ValueRefused,
)
from mallgen_runtime.sql.statement import for_values
from tests.pauses import Pauses
from tests.sql.conftest import SCHEMA

ENDLESS = {
    Dialect.SQLITE: "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT count(*) FROM c",
    Dialect.MYSQL: "SELECT SLEEP(60)",
    Dialect.POSTGRES: "SELECT pg_sleep(60)",
}
Work = Callable[[Database], Awaitable[None]]


@asynccontextmanager
async def opened(url: str, **settings: object) -> AsyncIterator[Database]:
    """Open a database; the machine may be busy."""
    patient = {"connect_timeout": "30s", "wait_timeout": "30s", **settings}
    database = Database(DataSourceConf(url=url, **patient), SCHEMA, "dev")  # type: ignore[arg-type]
    await database.start()
    assert database.state == "ok"
    try:
        yield database
    finally:
        await database.close()


def run(url: str, work: Work, **settings: object) -> None:
    """Run a coroutine with an open database."""

    async def whole() -> None:
        async with opened(url, **settings) as database:
            await work(database)

    asyncio.run(whole())


async def execute(on: Database | Transaction, sql: str, *values: object) -> int:
    """Run a statement with `?` for its values."""
    return (await on.execute(*for_values(sql, on.dialect, values))).count


async def insert(on: Database | Transaction, number: int) -> None:
    """Insert an item."""
    await execute(on, "INSERT INTO item (id, name) VALUES (?, ?)", number, f"n{number}")


async def rows(on: Database | Transaction) -> int:
    """Return the number of items."""
    return int((await on.fetch("SELECT COUNT(*) FROM item"))[0][0])


def test_transactions(source_url: str) -> None:
    told: list[str] = []

    async def tell() -> None:
        told.append("committed")

    async def work(database: Database) -> None:
        with pytest.raises(KeyError):
            async with database.transaction() as undone:
                await insert(undone, 1)
                undone.after_commit(tell)
                raise KeyError
        async with database.transaction() as kept:
            await insert(kept, 2)
            with pytest.raises(DuplicateKey):
                async with kept.savepoint():
                    await insert(kept, 3)
                    await insert(kept, 2)
            async with kept.savepoint():
                await insert(kept, 4)
            kept.after_commit(tell)
            assert (await rows(kept), await rows(database)) == (2, 0)
        assert await rows(database) == 2
        with pytest.raises(RuntimeError, match="has ended"):
            await rows(kept)

    run(source_url, work)
    assert told == ["committed"]


@pytest.mark.parametrize("level", list(Isolation))
def test_isolation_levels(source_url: str, level: Isolation) -> None:
    async def work(database: Database) -> None:
        async with database.transaction(level) as transaction:
            await insert(transaction, 1)
        assert await rows(database) == 1

    run(source_url, work)


def test_deadlocks_are_repeated(source_url: str) -> None:
    tries: list[int] = []

    async def made_up(transaction: Transaction) -> str:
        await insert(transaction, len(tries))
        tries.append(len(tries))
        if len(tries) < 3:
            raise Deadlock("made up")
        return "done"

    async def work(database: Database) -> None:
        assert await database.retried(made_up) == "done"
        assert [tuple(row) for row in await database.fetch("SELECT id FROM item")] == [(2,)]
        tries.clear()
        with pytest.raises(Deadlock):
            await database.retried(made_up, attempts=2)

    run(source_url, work)


def test_a_row_that_changed_since_it_was_read_is_a_deadlock(source_url: str, request: pytest.FixtureRequest) -> None:
    """MariaDB with innodb_snapshot_isolation, which it has by default from 11.6 on."""
    if not source_url.startswith("mysql"):
        pytest.skip("it is MariaDB's innodb_snapshot_isolation")
    server = request.getfixturevalue("mariadb_server")
    if not server.run("SHOW VARIABLES LIKE 'innodb_snapshot_isolation'"):
        pytest.skip("this MariaDB has no innodb_snapshot_isolation")
    tries: list[int] = []

    async def work(database: Database) -> None:
        await insert(database, 1)

        async def renamed(transaction: Transaction) -> None:
            await execute(transaction, "SET SESSION innodb_snapshot_isolation = ON")
            await transaction.fetch("SELECT name FROM item WHERE id = 1")
            tries.append(1)
            if len(tries) == 1:
                await execute(database, "UPDATE item SET name = ? WHERE id = 1", "theirs")
            await execute(transaction, "UPDATE item SET name = ? WHERE id = 1", "mine")

        await database.retried(renamed)
        assert [tuple(row) for row in await database.fetch("SELECT name FROM item")] == [("mine",)]

    run(source_url, work)
    assert len(tries) == 2


def test_two_transactions_that_lock_each_other_out(source_url: str) -> None:
    """Both end: the one that the server gives up runs again. SQLite lets one write after the other."""

    async def work(database: Database) -> None:
        await insert(database, 1)
        await insert(database, 2)

        async def swap(first: int, second: int) -> None:
            async def both(transaction: Transaction) -> None:
                await execute(transaction, "UPDATE item SET name = ? WHERE id = ?", f"by {first}", first)
                await asyncio.sleep(0.1)
                await execute(transaction, "UPDATE item SET name = ? WHERE id = ?", f"by {first}", second)

            await database.retried(both)

        await asyncio.gather(swap(1, 2), swap(2, 1))
        names = {row[0] for row in await database.fetch("SELECT name FROM item")}
        assert names in ({"by 1"}, {"by 2"})

    run(source_url, work)


def test_statement_ends_with_the_deadline(source_url: str) -> None:
    async def work(database: Database) -> None:
        with Pauses() as pauses:
            began = time.monotonic()
            origin.set(Origin("", "", began + 0.2))
            with pytest.raises(StatementTimeout):
                await database.fetch(ENDLESS[database.dialect])
        assert time.monotonic() - began < 0.5 + pauses.longest
        with pytest.raises(StatementTimeout):
            await database.fetch("SELECT 1")
        origin.set(Origin("", "", time.monotonic() + 0.2))
        with pytest.raises(StatementTimeout):
            async with database.transaction() as transaction:
                await insert(transaction, 1)
                await transaction.fetch(ENDLESS[database.dialect])
        origin.set(NOBODY)
        assert await rows(database) == 0

    run(source_url, work)


def test_cancelled_statement_leaves_the_pool_whole(source_url: str) -> None:
    async def half(database: Database) -> None:
        async with database.transaction() as transaction:
            await insert(transaction, 9)
            await transaction.fetch(ENDLESS[database.dialect])

    async def work(database: Database) -> None:
        await insert(database, 1)
        for _ in range(20):
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(half(database), 0.02)
        assert await rows(database) == 1
        await insert(database, 2)
        assert await rows(database) == 2

    run(source_url, work, wait_timeout="10s")


def test_cancelled_transaction_is_undone(source_url: str) -> None:
    async def half(database: Database) -> None:
        async with database.transaction() as transaction:
            await insert(transaction, 9)
            await asyncio.sleep(60)

    async def work(database: Database) -> None:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(half(database), 0.1)
        assert await rows(database) == 0
        await insert(database, 9)

    run(source_url, work)


def test_pool_that_is_used_up(source_url: str) -> None:
    async def work(database: Database) -> None:
        async with database.transaction():
            with pytest.raises(PoolTimeout, match=r"within 0\.05 s"):
                await insert(database, 1)
        await insert(database, 1)

    run(source_url, work, wait_timeout="50ms", max_open=1)


def test_transaction_that_was_begun_by_hand_is_not_lent_on(source_url: str) -> None:
    async def work(database: Database) -> None:
        if database.dialect is not Dialect.SQLITE:  # where a statement of its own cannot write
            await database.execute("BEGIN")
            await insert(database, 1)
        assert await rows(database) == (0 if database.dialect is Dialect.SQLITE else 1)

    run(source_url, work, max_open=1)


def test_refused_values_and_statements(source_url: str) -> None:
    async def work(database: Database) -> None:
        for values in ((1, None), (1 << 70, "a"), (1, "\ud800")):
            with pytest.raises(ValueRefused):
                await execute(database, "INSERT INTO item (id, name) VALUES (?, ?)", *values)
        with pytest.raises(DatabaseError, match="absent") as caught:
            await database.fetch("SELECT * FROM absent")
        assert type(caught.value) is DatabaseError
        await insert(database, 1)
        with pytest.raises(DuplicateKey) as twice:
            await execute(database, "INSERT INTO item (id, name) VALUES (?, ?)", 1, "hidden")
        assert "hidden" not in str(twice.value)
        assert await execute(database, "UPDATE item SET name = name WHERE id = ?", 1) == 1

    run(source_url, work)


def test_slow_statement_is_logged_without_its_values(source_url: str, caplog: pytest.LogCaptureFixture) -> None:
    query = "SELECT name\nFROM item WHERE name = 'it''s secret' AND id = 7 OR name = ?"

    async def work(database: Database) -> None:
        await database.fetch(*for_values(query, database.dialect, ("hidden",)))

    with caplog.at_level(logging.WARNING, "mallgen.sql"):
        run(source_url, work, slow_threshold="1ns")
    (line,) = [line for line in caplog.messages if "FROM item WHERE" in line]
    assert line.startswith("[SQL] slowcall - SELECT name FROM item WHERE name = ? AND id = ? OR name = ")
    assert "secret" not in line and "hidden" not in line


@pytest.mark.slow
@pytest.mark.parametrize("end", ["cancelled", "late"])
def test_write_that_was_given_up_while_it_waited_for_a_lock_is_not_carried_out_later(source_url: str, end: str) -> None:
    async def work(database: Database) -> None:
        await insert(database, 1)
        change = "UPDATE item SET name = ? WHERE id = ?"
        async with database.transaction() as transaction:
            await execute(transaction, change, "holder", 1)
            if end == "late":
                origin.set(Origin("", "", time.monotonic() + 0.3))
                with pytest.raises(StatementTimeout if database.dialect is not Dialect.SQLITE else DatabaseError):
                    await execute(database, change, "given up", 1)
                origin.set(NOBODY)
            else:
                with pytest.raises(TimeoutError):
                    await asyncio.wait_for(execute(database, change, "given up", 1), 0.3)
            await asyncio.sleep(1.5 if database.dialect is Dialect.POSTGRES else 0.5)
        await asyncio.sleep(0.5)
        assert [row[0] for row in await database.fetch("SELECT name FROM item")] == ["holder"]

    run(source_url, work)
