"""A database on SQLite: start, states, transactions, deadlines, cancelled requests."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from mallgen_runtime import ConfigError
from mallgen_runtime.process.origin import Origin, origin
from mallgen_runtime.sql import (
    Database,
    DatabaseError,
    DataSourceConf,
    Deadlock,
    DuplicateKey,
    IntColumn,
    PoolTimeout,
    Schema,
    StatementTimeout,
    Table,
    TextColumn,
    Transaction,
    ValueRefused,
)

TABLE = Table("item", (IntColumn("id"), TextColumn("name", 20)), ("id",))
SCHEMA = Schema("shop", (TABLE,), 'CREATE TABLE "item" ("id" INTEGER PRIMARY KEY, "name" TEXT NOT NULL);')
ENDLESS = "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT count(*) FROM c"


def _conf(path: Path, **settings: object) -> DataSourceConf:
    return DataSourceConf(url=f"sqlite:///{path}", **settings)  # type: ignore[arg-type]


@asynccontextmanager
async def _opened(conf: DataSourceConf, mode: str = "dev") -> AsyncIterator[Database]:
    database = Database(conf, SCHEMA, mode)
    await database.start()
    try:
        yield database
    finally:
        await database.close()


async def _insert(on: Database | Transaction, number: int) -> None:
    await on.execute("INSERT INTO item (id, name) VALUES (?, ?)", (number, f"n{number}"))


async def _count(on: Database | Transaction) -> int:
    return int((await on.fetch("SELECT COUNT(*) FROM item"))[0][0])


def test_file_is_made_in_dev_mode_only(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / "data" / "a.db"

    async def run() -> None:
        async with _opened(_conf(path), "pro") as database:
            assert database.state == "unreachable"
            assert not path.exists()
            async with _opened(_conf(path), "dev") as other:
                assert other.state == "ok"
            await asyncio.sleep(1.3)
            assert database.state == "ok"
            assert await _count(database) == 0

    asyncio.run(run())
    assert "MALLGEN_DEV=1" in caplog.messages[0]
    assert sorted(one.name for one in path.parent.iterdir()) == ["a.db"]


def test_required_database_that_is_missing(tmp_path: Path) -> None:
    async def run() -> None:
        with pytest.raises(ConfigError, match="DataSource: the database is required"):
            await Database(_conf(tmp_path / "a.db", required=True), SCHEMA).start()

    asyncio.run(run())


def test_table_that_differs(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    wider = Schema("shop", (), 'CREATE TABLE "item" ("id" INTEGER PRIMARY KEY, "name" BLOB NOT NULL);')

    async def run() -> None:
        async with _opened(_conf(tmp_path / "a.db")):
            pass
        database = Database(_conf(tmp_path / "a.db"), wider, "dev")
        await database.start()
        assert database.state == "schema"
        await database.close()

    asyncio.run(run())
    assert "item.name is TEXT NOT NULL and should be BLOB NOT NULL" in caplog.text
    assert "mv " in caplog.text


def test_transactions(tmp_path: Path) -> None:
    told: list[str] = []

    async def tell() -> None:
        told.append("committed")

    async def run() -> None:
        async with _opened(_conf(tmp_path / "a.db")) as database:
            with pytest.raises(KeyError):
                async with database.transaction() as undone:
                    await _insert(undone, 1)
                    undone.after_commit(tell)
                    raise KeyError
            async with database.transaction() as kept:
                await _insert(kept, 2)
                with pytest.raises(DuplicateKey):
                    async with kept.savepoint():
                        await _insert(kept, 3)
                        await _insert(kept, 2)
                kept.after_commit(tell)
                assert (await _count(kept), await _count(database)) == (1, 0)
            assert await _count(database) == 1
            with pytest.raises(RuntimeError, match="has ended"):
                await _count(kept)

    asyncio.run(run())
    assert told == ["committed"]


def test_deadlocks_are_repeated(tmp_path: Path) -> None:
    tries: list[int] = []

    async def work(transaction: Transaction) -> str:
        await _insert(transaction, len(tries))
        tries.append(len(tries))
        if len(tries) < 3:
            raise Deadlock("made up")
        return "done"

    async def run() -> None:
        async with _opened(_conf(tmp_path / "a.db")) as database:
            assert await database.retried(work) == "done"
            assert await database.fetch("SELECT id FROM item") == [(2,)]
            tries.clear()
            with pytest.raises(Deadlock):
                await database.retried(work, attempts=2)

    asyncio.run(run())


def test_statement_ends_with_the_deadline(tmp_path: Path) -> None:
    async def run() -> None:
        async with _opened(_conf(tmp_path / "a.db")) as database:
            origin.set(Origin("", "", time.monotonic() + 0.2))
            with pytest.raises(StatementTimeout):
                await database.fetch(ENDLESS)
            with pytest.raises(StatementTimeout):
                await database.fetch("SELECT 1")
            origin.set(Origin("", "", None))
            assert await _count(database) == 0

    asyncio.run(run())


@pytest.mark.parametrize("where", ["file", "memory"])
def test_cancelled_statement_leaves_the_pool_whole(tmp_path: Path, where: str) -> None:
    conf = _conf(tmp_path / "a.db") if where == "file" else DataSourceConf(url="sqlite://:memory:")

    async def half(database: Database) -> None:
        async with database.transaction() as transaction:
            await _insert(transaction, 9)
            await transaction.fetch(ENDLESS)

    async def run() -> None:
        async with _opened(conf) as database:
            await _insert(database, 1)
            for _ in range(20):
                with pytest.raises(TimeoutError):
                    await asyncio.wait_for(half(database), 0.01)
            assert await _count(database) == 1
            await _insert(database, 2)
            assert await _count(database) == 2

    asyncio.run(run())


def test_writer_that_never_comes_free(tmp_path: Path) -> None:
    async def run() -> None:
        async with _opened(_conf(tmp_path / "a.db", wait_timeout="50ms")) as database:
            async with database.transaction():
                with pytest.raises(PoolTimeout, match=r"within 0\.05 s"):
                    await _insert(database, 1)
            await _insert(database, 1)

    asyncio.run(run())


def test_refused_values_and_statements(tmp_path: Path) -> None:
    async def run() -> None:
        async with _opened(_conf(tmp_path / "a.db")) as database:
            with pytest.raises(ValueRefused):
                await database.execute("INSERT INTO item (id, name) VALUES (?, ?)", (1, None))
            with pytest.raises(ValueRefused):
                await database.execute("INSERT INTO item (id, name) VALUES (?, ?)", (1 << 70, "a"))
            with pytest.raises(DatabaseError, match="no such table"):
                await database.fetch("SELECT * FROM absent")

    asyncio.run(run())


def test_slow_statement_is_logged_without_its_values(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async def run() -> None:
        async with _opened(_conf(tmp_path / "a.db", slow_threshold="1ns")) as database:
            await database.fetch(
                "SELECT name\nFROM item WHERE name = 'it''s secret' AND id = 7 OR name = ?", ("hidden",)
            )

    with caplog.at_level(logging.WARNING, "mallgen.sql"):
        asyncio.run(run())
    assert caplog.messages[-1] == "[SQL] slowcall - SELECT name FROM item WHERE name = ? AND id = ? OR name = ?"
