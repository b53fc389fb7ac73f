"""The pool on connections that are made up: limits, order, age, health, and what cancelled requests leave."""

import asyncio
import gc
import time
from collections.abc import Awaitable, Callable
from types import SimpleNamespace
from typing import Any

import pytest

from mallgen_runtime.process.origin import NOBODY, Origin, origin
from mallgen_runtime.sql import Database, DatabaseUnreachable, DataSourceConf, PoolTimeout, StatementTimeout, mysql
from mallgen_runtime.sql import pool as pool_module
from mallgen_runtime.sql.conf import PoolLimits
from mallgen_runtime.sql.errors import ConnectionLost
from mallgen_runtime.sql.pool import Held, Pool
from mallgen_runtime.sql.source import source
from tests.pauses import Pauses

LIMITS = PoolLimits(most=2, idle=1, lifetime=0.0, connect=1.0, wait=5.0)


class Made:
    """A connection without a server."""

    def __init__(self) -> None:
        self.is_broken = self.in_transaction = self.restless = self.is_closed = self.is_dead = self.is_silent = False
        self.ended = asyncio.Event()
        self.pings = 0
        self.aborted = 0.0

    async def ping(self) -> None:
        """Answer, or not."""
        self.pings += 1
        if self.is_silent:
            await self.ended.wait()
        if self.is_dead or self.is_broken:
            raise ConnectionLost("dead")
        self.restless = False

    async def begin(self, isolation: object) -> None:
        """Begin no transaction until the connection ends."""
        await self.ended.wait()
        raise ConnectionLost("ended")

    def abort(self) -> None:
        """Give up."""
        self.is_broken, self.aborted = True, time.monotonic()
        self.ended.set()

    async def close(self) -> None:
        """Close."""
        self.is_closed = True


class Server:
    """Makes connections; `down` says why it makes none, `slow` is the seconds that one takes."""

    def __init__(self, **limits: Any) -> None:
        self.made: list[Made] = []
        self.down = ""
        self.slow = 0.0
        self.pool = Pool(self._connect, LIMITS._replace(**limits), "made-up")

    async def _connect(self) -> Any:
        await asyncio.sleep(self.slow)
        if self.down:
            raise DatabaseUnreachable(self.down)
        self.made.append(Made())
        return self.made[-1]

    async def lend(self) -> Held:
        """Return a connection."""
        return self.pool.take() or await self.pool.wait()


def run(work: Callable[[Server], Awaitable[None]], **limits: Any) -> None:
    """Run a coroutine with a server, then close its pool."""

    async def whole() -> None:
        server = Server(**limits)
        await work(server)
        await server.pool.close()
        await asyncio.sleep(0)
        assert all(made.is_closed for made in server.made)

    asyncio.run(whole())


def test_no_more_than_the_limit_and_first_come_first_served() -> None:
    async def work(server: Server) -> None:
        order: list[int] = []

        async def user(number: int) -> None:
            held = await server.lend()
            assert server.pool.counts[0] <= 2
            order.append(number)
            await asyncio.sleep(0.001)
            server.pool.give(held)

        await asyncio.gather(*map(user, range(50)))
        assert order == list(range(50))
        assert len(server.made) == 2

    run(work)


def test_connection_is_not_lost_with_a_request_that_is_cancelled_as_it_gets_one() -> None:
    async def work(server: Server) -> None:
        first = await server.lend()
        waiting = asyncio.create_task(server.lend())
        await asyncio.sleep(0)
        server.pool.give(first)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        assert server.pool.counts == (0, 1)
        server.pool.give(await server.lend())
        assert len(server.made) == 1

    run(work, most=1)


def test_broken_ones_and_open_transactions_are_not_lent_again() -> None:
    async def work(server: Server) -> None:
        for spoil in ("is_broken", "in_transaction"):
            held = await server.lend()
            setattr(held.connection, spoil, True)
            server.pool.give(held)
            other = await server.lend()
            assert other.connection is not held.connection
            server.pool.give(other)
        one = await server.lend()
        server.pool.give(one)
        one.connection.abort()  # as when the server ends while nobody uses it
        assert (await server.lend()).connection is not one.connection

    run(work)


def test_one_that_a_cancelled_call_left_restless_comes_to_rest_before_it_is_lent() -> None:
    async def work(server: Server) -> None:
        held = await server.lend()
        (made,) = server.made
        made.restless = True
        server.pool.give(held)
        assert server.pool.take() is None
        assert await server.lend() is held
        assert made.pings == 1
        made.restless = made.is_dead = True
        server.pool.give(held)
        assert await server.lend() is not held

    run(work, most=1)


def test_down_is_told_at_once_to_all_that_wait() -> None:
    async def work(server: Server) -> None:
        server.down = "nobody listens"
        began = time.monotonic()
        found = await asyncio.gather(*(server.lend() for _ in range(20)), return_exceptions=True)
        assert all(isinstance(one, DatabaseUnreachable) and "nobody listens" in str(one) for one in found)
        assert time.monotonic() - began < 1.0
        server.down = ""
        server.pool.give(await server.lend())
        assert server.pool.problem is None

    run(work)


def test_no_answer_in_time() -> None:
    async def work(server: Server) -> None:
        server.slow = 60.0
        with pytest.raises(DatabaseUnreachable, match=r"no answer within 0\.05 s"):
            await server.lend()

    run(work, connect=0.05)


def test_waiting_ends_with_the_wait_timeout_or_the_deadline() -> None:
    async def work(server: Server) -> None:
        held = await server.lend()
        for left in (60.0, 0.06):
            origin.set(Origin("", "", time.monotonic() + left))
            with pytest.raises(PoolTimeout, match="1 are in use"):
                await server.lend()
        origin.set(Origin("", "", time.monotonic() - 1))
        with pytest.raises(StatementTimeout):
            await server.lend()
        origin.set(NOBODY)
        server.pool.give(held)
        server.pool.give(await server.lend())

    run(work, most=1, wait=0.1)


def test_each_deadline_ends_its_own_connection() -> None:
    async def work(server: Server) -> None:
        with Pauses() as pauses:
            began = time.monotonic()
            for left in (0.3, 0.1, None):
                origin.set(Origin("", "", None if left is None else began + left))
                await server.lend()
            await asyncio.sleep(0.4)
        first, second, third = (made.aborted and made.aborted - began for made in server.made)
        assert 0.05 < second < 0.2 + pauses.longest
        assert 0.2 < first < 0.4 + pauses.longest
        assert not third

    run(work, most=3)


def test_deadline_that_has_passed_stays_with_its_request() -> None:
    async def work(server: Server) -> None:
        server.pool.give(await server.lend())
        origin.set(Origin("", "", time.monotonic() - 1))
        with pytest.raises(StatementTimeout):
            server.pool.take()
        assert server.pool.counts == (0, 1)
        origin.set(NOBODY)
        held = await server.lend()
        origin.set(Origin("", "", time.monotonic() + 0.1))
        await server.lend()  # its alarm looks at all that are lent
        await asyncio.sleep(0.2)
        first, second = server.made
        assert (bool(first.aborted), bool(second.aborted), held.late) == (False, True, False)

    run(work)


def test_transaction_that_does_not_begin_in_time() -> None:
    async def work(server: Server) -> None:
        database = Database(DataSourceConf(url="sqlite://:memory:"))
        database._writing = server.pool
        origin.set(Origin("", "", time.monotonic() + 0.2))
        with pytest.raises(StatementTimeout):
            async with database.transaction():
                pass
        assert server.pool.counts == (0, 0)

    run(work)


@pytest.mark.parametrize("silent", ["_opened", "query"])
def test_killing_a_statement_on_a_silent_server_ends(silent: str, monkeypatch: pytest.MonkeyPatch) -> None:
    async def never(*words: object) -> None:
        await asyncio.sleep(60)

    async def opened(*words: object) -> Any:
        return SimpleNamespace(query=never, close=lambda: None)

    monkeypatch.setattr(mysql, "_opened", never if silent == "_opened" else opened)
    monkeypatch.setattr(mysql, "_KILLING", 0.05)

    async def work() -> None:
        killer = mysql.Killer(source("mysql://u@127.0.0.1:1/x", ""))
        async with asyncio.timeout(5):
            with pytest.raises(DatabaseUnreachable, match=r"no answer within 0\.05 s"):
                await killer.kill(7)

    asyncio.run(work())


def test_statements_of_a_server_that_was_gone_are_not_killed_later(monkeypatch: pytest.MonkeyPatch) -> None:
    """The numbers of its threads begin anew, so an old one is that of a connection in use."""
    asked: list[str] = []
    seen: list[Any] = []
    is_gone = True

    async def query(text: str) -> None:
        asked.append(text)

    async def opened(*words: object) -> Any:
        await asyncio.sleep(0.01)
        if is_gone:
            raise DatabaseUnreachable("gone")
        return SimpleNamespace(query=query, close=lambda: None)

    monkeypatch.setattr(mysql, "_opened", opened)

    async def work() -> None:
        nonlocal is_gone
        asyncio.get_running_loop().set_exception_handler(lambda loop, context: seen.append(context))
        killer = mysql.Killer(source("mysql://u@127.0.0.1:1/x", ""))
        found = await asyncio.gather(killer.kill(7), killer.kill(8), return_exceptions=True)
        assert [str(one) for one in found] == ["gone", "gone"]
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0):
                await killer.kill(9)
        await asyncio.sleep(0.05)
        is_gone = False
        await killer.kill(1)

    asyncio.run(work())
    gc.collect()
    assert asked == ["KILL 1"]
    assert seen == []


def test_old_and_surplus_ones_are_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool_module, "_UNUSED", 5.0)
    now = [0.0]
    monkeypatch.setattr(pool_module, "monotonic", lambda: now[0])

    async def work(server: Server) -> None:
        for held in [await server.lend(), await server.lend()]:
            server.pool.give(held)
        now[0] += 6
        await server.pool.tidy()
        assert server.pool.counts == (0, 1)
        assert server.pool.figures.surplus == 1
        now[0] += 20
        await server.pool.tidy()
        assert server.pool.counts == (0, 0)
        assert server.pool.figures.worn == 1
        held = await server.lend()
        now[0] += 25
        server.pool.give(held)
        assert server.pool.counts == (0, 0), "one in use is closed when it is given back"
        assert server.pool.figures.worn == 2

    run(work, lifetime=20.0)


def test_unused_ones_are_asked_whether_they_live(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool_module, "_UNUSED", 0.01)

    async def work(server: Server) -> None:
        server.pool.give(await server.lend())
        (made,) = server.made
        await asyncio.sleep(0.02)
        await server.pool.tidy()
        assert (made.pings, server.pool.counts) == (1, (0, 1))
        made.is_dead = True
        await asyncio.sleep(0.02)
        await server.pool.tidy()
        assert server.pool.counts == (0, 0)

    run(work)


def test_unused_ones_are_asked_at_the_same_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool_module, "_UNUSED", 0.01)

    async def work(server: Server) -> None:
        for held in [await server.lend() for _ in range(8)]:
            server.pool.give(held)
        for made in server.made:
            made.is_silent = True
        await asyncio.sleep(0.02)
        with Pauses() as pauses:
            began = time.monotonic()
            await server.pool.tidy()
        assert time.monotonic() - began < 0.6 + pauses.longest, "0.2 s each"
        assert server.pool.counts == (0, 0)

    run(work, most=8, idle=8, connect=0.2)


def test_closing_ends_what_runs_and_what_waits() -> None:
    async def work(server: Server) -> None:
        held = await server.lend()
        waiting = asyncio.create_task(server.lend())
        await asyncio.sleep(0)
        closing = asyncio.create_task(server.pool.close())
        with pytest.raises(DatabaseUnreachable, match="is stopping"):
            await waiting
        server.pool.give(held)
        await closing
        with pytest.raises(DatabaseUnreachable, match="is stopping"):
            await server.lend()

    run(work, most=1)
