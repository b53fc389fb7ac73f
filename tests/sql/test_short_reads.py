"""Reads of SQLite that run in the event loop: which ones do, and what keeps them from blocking it."""

import asyncio
import sqlite3
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from mallgen_runtime.process.origin import Origin, origin
from mallgen_runtime.sql import StatementTimeout, sqlite
from mallgen_runtime.sql.conf import DataSourceConf
from mallgen_runtime.sql.database import Database
from mallgen_runtime.sql.short_reads import ShortReads
from mallgen_runtime.sql.source import source

COUNT = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?) SELECT sum(i) FROM n"
LONG = 500_000
WORDS = "SELECT word FROM words WHERE id = ?"


def run(folder: Path, work: Callable[[sqlite.SqliteConnection], Awaitable[None]]) -> None:
    """Run a coroutine with a connection to a new file that has a table."""

    async def whole() -> None:
        connection = await sqlite.connect(source(f"sqlite:///{folder / 'words.db'}", "DataSource"), True)
        await connection.script(
            "CREATE TABLE words (id INTEGER PRIMARY KEY, word TEXT); INSERT INTO words VALUES (1, 'a')"
        )
        try:
            await work(connection)
        finally:
            await connection.close()

    asyncio.run(whole())


async def learned(connection: sqlite.SqliteConnection, sql: str, value: int) -> None:
    """Run a statement until it is known as a short one."""
    for _ in range(100):
        await connection.fetch(sql, (value,))
        if connection._short.known(sql, time.monotonic()):
            return
    raise AssertionError(f"no run of it was short: {sql}")


def at_once(connection: sqlite.SqliteConnection, sql: str, *values: Any) -> Any:
    """Return the rows that a statement gives without waiting, None where it waits for the thread."""
    connection._short._turn = time.monotonic()  # other tasks have just had theirs
    call = connection.fetch(sql, values)
    try:
        call.send(None)
    except StopIteration as done:
        return done.value
    call.close()
    return None


def test_a_read_that_was_short_needs_no_thread(tmp_path: Path) -> None:
    """The first run goes to the thread, later ones give their rows without a wait."""

    async def work(connection: sqlite.SqliteConnection) -> None:
        await learned(connection, WORDS, 1)
        assert at_once(connection, WORDS, 1) == [("a",)]
        assert at_once(connection, WORDS, 2) == []

    run(tmp_path, work)


def test_what_writes_always_goes_to_the_thread(tmp_path: Path) -> None:
    """A statement that is given up in the loop runs again in the thread, so none that writes may be."""

    async def work(connection: sqlite.SqliteConnection) -> None:
        insert = "INSERT INTO words (word) VALUES (?) RETURNING id"
        for number in range(2, 30):
            assert await connection.fetch(insert, ("b",)) == [(number,)]
        assert not connection._short.known(insert, time.monotonic())

    run(tmp_path, work)


def test_a_read_that_turns_out_long_moves_to_the_thread(tmp_path: Path) -> None:
    """After few steps the loop gives it up: other tasks run meanwhile, and its rows are right."""

    async def work(connection: sqlite.SqliteConnection) -> None:
        await learned(connection, COUNT, 3)
        turns, began = 0, time.monotonic()

        async def others() -> None:
            nonlocal turns
            while True:
                await asyncio.sleep(0.005)
                turns += 1

        task = asyncio.create_task(others())
        assert await connection.fetch(COUNT, (LONG,)) == [(LONG * (LONG + 1) // 2,)]
        task.cancel()
        assert turns > 2
        assert not connection._short.known(COUNT, began + 0.9)
        assert connection._short.known(COUNT, time.monotonic() + 1.1)

    run(tmp_path, work)


def test_earlier_runs_do_not_count_against_a_read(tmp_path: Path) -> None:
    """SQLite counts the steps of a statement on from run to run; a short one stays a short one."""

    async def work(connection: sqlite.SqliteConnection) -> None:
        await learned(connection, COUNT, 50)
        given_up = [connection._short.run(sqlite._fetched, COUNT, (50,)) for _ in range(500)].count(None)
        assert given_up == 0

    run(tmp_path, work)


def test_the_deadline_ends_a_read_that_was_known_as_short(tmp_path: Path) -> None:
    """A statement that is long this time ends at the deadline, and the pool goes on with another connection."""

    async def work() -> None:
        database = Database(DataSourceConf(url=f"sqlite:///{tmp_path / 'words.db'}"), mode="dev")
        await database.start()
        for _ in range(20):
            await database.fetch(COUNT, (3,))
        token = origin.set(Origin("", "", time.monotonic() + 0.2))
        began = time.monotonic()
        with pytest.raises(StatementTimeout):
            await database.fetch(COUNT, (1_000_000_000,))
        assert time.monotonic() - began < 2.0
        origin.reset(token)
        assert await database.fetch(COUNT, (3,)) == [(6,)]
        await database.close()

    asyncio.run(work())


def test_a_task_that_only_reads_can_be_cancelled(tmp_path: Path) -> None:
    """Others have their turn though each read is at once, and the connection can be used afterwards."""

    async def work(connection: sqlite.SqliteConnection) -> None:
        await learned(connection, WORDS, 1)

        async def reads() -> None:
            while True:
                await connection.fetch(WORDS, (1,))

        began = time.monotonic()
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(reads(), 0.05)
        assert time.monotonic() - began < 2.0
        assert await connection.fetch(WORDS, (1,)) == [("a",)]

    run(tmp_path, work)


def test_a_read_that_has_waited_sends_its_statement_to_the_thread() -> None:
    """A disk or a lock may take its time once, then a hundred times as long nothing is tried in the loop."""

    def slow(connection: Any, sql: str, values: Any) -> list[Any]:
        time.sleep(0.02)
        return []

    reads = ShortReads(sqlite3.connect(":memory:"))
    reads.learn(WORDS, time.monotonic())
    began = time.monotonic()
    assert reads.known(WORDS, began)
    assert reads.run(slow, WORDS, ()) == []
    assert not reads.known(WORDS, began + 1.9)
    assert reads.known(WORDS, began + 2.0 + 100 * (time.monotonic() - began))


def test_a_read_that_was_only_preempted_stays_short() -> None:
    """The time that other processes take says nothing of the statement."""

    def busy(connection: Any, sql: str, values: Any) -> list[Any]:
        end = time.monotonic() + 0.02
        while time.monotonic() < end:
            pass
        return []

    reads = ShortReads(sqlite3.connect(":memory:"))
    reads.learn(WORDS, time.monotonic())
    assert reads.run(busy, WORDS, ()) == []
    assert reads.known(WORDS, time.monotonic())
