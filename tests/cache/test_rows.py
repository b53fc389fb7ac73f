"""Rows behind a cache: how many queries they cost, what is kept, and what a transaction sees and tells."""

import asyncio
import random
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest

from mallgen_runtime.cache import Cache, CacheConf, CacheRedisConf
from mallgen_runtime.process import metrics
from mallgen_runtime.process.origin import Origin, origin
from mallgen_runtime.sql import Database, Row
from mallgen_runtime.sql.statements import Statements
from tests import servers
from tests.sql.made import Models, opened

Work = Callable[[Models], Awaitable[None]]
Run = Callable[[Work], None]


class Queries:
    """The queries that the database was asked."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.asked: list[str] = []
        for name in ("fetch", "fetch_named"):
            monkeypatch.setattr(Statements, name, self._counted(getattr(Statements, name)))

    def _counted(self, read: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
        async def counted(on: Any, sql: str, values: Any = ()) -> Any:
            self.asked.append(sql)
            await asyncio.sleep(0)
            return await read(on, sql, values)

        return counted

    async def during(self, work: Awaitable[Any]) -> int:
        """Return the number of queries that work needs."""
        before = len(self.asked)
        await work
        return len(self.asked) - before


@pytest.fixture
def queries(monkeypatch: pytest.MonkeyPatch) -> Queries:
    return Queries(monkeypatch)


@pytest.fixture(params=["local", "redis"])
def redis(request: pytest.FixtureRequest) -> list[CacheRedisConf]:
    """Return the settings of a cache in the process, and of one in Redis."""
    if request.param == "local":
        return []
    server: servers.Redis = request.getfixturevalue("redis_server")
    return [CacheRedisConf(host=server.host)]


@pytest.fixture
def run(redis: list[CacheRedisConf], tmp_path: Path) -> Run:
    """Return a function that runs a coroutine with models on SQLite behind a cache."""

    def runs(work: Work) -> None:
        async def whole() -> None:
            async with shop(tmp_path, redis) as on:
                await work(on)

        asyncio.run(whole())

    return runs


@asynccontextmanager
async def shop(path: Path, redis: list[CacheRedisConf], **options: Any) -> AsyncIterator[Models]:
    """Open models on a file of SQLite; caches of one path share what is in Redis."""
    cache = Cache(redis, CacheConf(**options), f"{path.parent.name} {path.name}")
    async with opened(f"sqlite:///{path / 'a.db'}", cache) as on:
        yield on


@pytest.mark.slow
def test_ten_thousand_that_ask_at_once_cost_one_query(run: Run, queries: Queries) -> None:
    async def work(on: Models) -> None:
        await on.account.insert(id=1, balance=7)

        async def all_at_once(key: int) -> None:
            rows = await asyncio.gather(*(on.account.find_one(key) for _ in range(10_000)))
            assert {row and row.balance for row in rows} == {7 if key == 1 else None}

        assert await queries.during(all_at_once(1)) == 1
        assert await queries.during(all_at_once(2)) == 1, "that there is no row is kept too"
        assert await queries.during(all_at_once(1)) == 0

    run(work)


def test_the_one_that_works_is_cancelled_and_another_takes_over(run: Run, queries: Queries) -> None:
    async def work(on: Models) -> None:
        await on.account.insert(id=1)
        tasks = [asyncio.create_task(on.account.find_one(1)) for _ in range(50)]
        await asyncio.sleep(0)
        tasks[0].cancel()
        found = await asyncio.gather(*tasks, return_exceptions=True)
        assert sum(isinstance(one, asyncio.CancelledError) for one in found) == 1
        assert sum(getattr(one, "id", 0) == 1 for one in found) == 49

    run(work)


def test_a_row_by_a_unique_index_is_found_by_its_key(run: Run, queries: Queries) -> None:
    async def work(on: Models) -> None:
        key = await on.post.insert(author=1, slug="first")
        assert await queries.during(on.post.find_one_by_slug("first")) == 1
        assert await queries.during(on.post.find_one_by_slug("first")) == 1, "the row itself is loaded"
        assert await queries.during(on.post.find_one_by_slug("first")) == 0
        assert (await on.post.find_one_by_slug("FIRST")) is None, "another text for SQLite"
        await on.post.update(key, slug="second")
        assert await on.post.find_one_by_slug("first") is None
        assert (await on.post.find_one_by_slug("second")).id == key
        assert await on.post.find_one_by_slug("third") is None
        await on.post.insert(author=1, slug="third")
        assert (await on.post.find_one_by_slug("third")).slug == "third", "its absence is forgotten"
        await on.post.delete(key)
        assert await on.post.find_one_by_slug("second") is None

    run(work)


def test_find_many_asks_only_for_what_is_missing(run: Run, queries: Queries) -> None:
    async def work(on: Models) -> None:
        await on.account.insert_many([{"id": number, "balance": number} for number in range(10)])
        await on.account.find_many([1, 2])
        assert await queries.during(on.account.find_many(range(12))) == 1
        assert await queries.during(on.account.find_many(range(12))) == 0
        rows = await on.account.find_many([3, 1, 11, 3])
        assert [row.balance for row in rows] == [3, 1, 3]

    run(work)


def test_rows_of_unknown_keys_end_the_absence_of_their_keys(run: Run) -> None:
    async def work(on: Models) -> None:
        assert await on.post.find_one(1) is None
        assert await on.post.find_many([1, 2]) == []
        await on.post.insert_many([{"author": 1, "slug": "a"}, {"author": 1, "slug": "b"}])
        assert (await on.post.find_one(1)).slug == "a"
        assert [row.slug for row in await on.post.find_many([1, 2])] == ["a", "b"]

    run(work)


def test_a_transaction_reads_its_own_and_tells_the_cache_when_it_is_committed(run: Run, queries: Queries) -> None:
    async def work(on: Models) -> None:
        await on.account.insert(id=1, balance=1)
        assert (await on.account.find_one(1)).balance == 1
        async with on.db.transaction() as tx:
            within = on.account.within(tx)
            await within.update(1, 0, balance=2)
            assert (await within.find_one(1)).balance == 2
            assert (await on.account.find_one(1)).balance == 1, "others see what is committed"
        assert (await on.account.find_one(1)).balance == 2
        with pytest.raises(ZeroDivisionError):
            async with on.db.transaction() as tx:
                await on.account.within(tx).update(1, 1, balance=3)
                raise ZeroDivisionError
        assert await queries.during(on.account.find_one(1)) == 0, "what was undone invalidates nothing"
        async with on.db.transaction() as tx:
            with pytest.raises(ZeroDivisionError):
                async with tx.savepoint():
                    await on.account.within(tx).update(1, 1, balance=4)
                    raise ZeroDivisionError
            await on.account.within(tx).insert(id=2)
        assert (await on.account.find_one(1)).balance == 2
        assert await on.account.find_one(2) is not None

    run(work)


def test_a_statement_of_ones_own_invalidates_the_rows_that_it_names_or_all(run: Run, queries: Queries) -> None:
    async def work(on: Models) -> None:
        await on.account.insert_many([{"id": 1}, {"id": 2}])
        await on.account.find_many([1, 2])
        add = 'UPDATE "account" SET "balance" = "balance" + 1 WHERE "id" = ?'
        assert await on.account.execute(add, 1, changes=[1]) == 1
        assert (await on.account.find_one(1)).balance == 1
        assert await queries.during(on.account.find_one(2)) == 0
        await on.account.execute('UPDATE "account" SET "balance" = 9')
        assert [row.balance for row in await on.account.find_many([1, 2])] == [9, 9]
        assert await on.account.execute(add, 77) == 0
        assert await queries.during(on.account.find_many([1, 2])) == 0, "a statement without rows invalidates nothing"

    run(work)


class Total(Row, frozen=True):
    """The result of a query of one's own."""

    author: int
    posts: int


def test_the_result_of_ones_own_query_is_kept_until_it_is_forgotten(run: Run, queries: Queries) -> None:
    async def work(on: Models) -> None:
        async def totals() -> list[Total]:
            query = 'SELECT "author", COUNT(*) AS "posts" FROM "post" GROUP BY "author" ORDER BY "author"'
            found: list[Total] = await on.post.fetch(Total, query)
            return found

        def cached() -> Awaitable[list[Total]]:
            made: Awaitable[list[Total]] = on.post.cached(("totals", 1), totals, list[Total])
            return made

        await on.post.insert(author=1, slug="a")
        assert await cached() == [Total(1, 1)]
        await on.post.insert(author=2, slug="b")
        assert await queries.during(cached()) == 0
        assert await cached() == [Total(1, 1)], "a cache of ones own knows no writes"
        await on.post.forget(("totals", 1))
        assert await cached() == [Total(1, 1), Total(2, 1)]
        async with on.db.transaction() as tx:
            await on.post.within(tx).forget(("totals", 1))
            assert await queries.during(cached()) == 0
        assert await queries.during(cached()) == 1
        assert await on.post.cached("totals", totals, list[Total]) == await cached(), "another key"

    run(work)


def test_an_entry_of_other_columns_is_a_miss(run: Run, redis: list[CacheRedisConf], queries: Queries) -> None:
    async def work(on: Models) -> None:
        await on.account.insert(id=1, balance=3)
        await on.account.find_one(1)
        store = on.account._reads.cache.store
        key = on.account._reads._row_keys([(1,)])[0]
        kept = await store.get(key)
        for entry in (b"", b"{}", kept[:9] + b"v\xff", kept[:9], b"mg\x01other1v" + kept[10:], kept[:-3], b"\xc1" * 99):
            await store.put(key, entry, 60)
            assert (await on.account.find_one(1)).balance == 3
            assert await store.get(key) == kept, "and is replaced"

    run(work)


def test_odd_texts_are_keys_and_values(run: Run) -> None:
    async def work(on: Models) -> None:
        odd = [*"{}:*%\n'\\", "{}", "a:b", "%7B", "é", "É", "e\u0301", " a", "ß", "ss", "\u200b", "😀"]
        for number, team in enumerate(odd):
            assert await on.membership.find_one(team, 1) is None
            await on.membership.insert(team=team, member=1, role=f"r{number}")
        for _ in range(2):
            for number, team in enumerate(odd):
                row = await on.membership.find_one(team, 1)
                assert (row.team, row.role) == (team, f"r{number}")
        await on.membership.delete(":", 1)
        assert await on.membership.find_one(":", 1) is None
        assert await on.membership.find_one("a:b", 1)

    run(work)


def test_values_that_can_be_changed_are_each_callers_own(run: Run) -> None:
    async def work(on: Models) -> None:
        now = datetime.now(UTC)
        values = {"flag": True, "tiny": 1, "small": 1, "whole": 1, "big": 1, "ratio": 1.0, "money": 1, "word": "w"}
        key = await on.everything.insert(**values, moment=now, second=now, data={"a": [1]})
        rows = await asyncio.gather(*(on.everything.find_one(key) for _ in range(5)))
        rows[0].data["a"].append(2)
        assert [row.data for row in rows[1:]] == [{"a": [1]}] * 4
        assert (await on.everything.find_one(key)).data == {"a": [1]}

    run(work)


def test_a_json_number_of_any_size_is_right_though_it_is_not_kept(run: Run, queries: Queries) -> None:
    async def work(on: Models) -> None:
        now = datetime.now(UTC)
        values = {"flag": True, "tiny": 1, "small": 1, "whole": 1, "big": 1, "ratio": 1.0, "money": 1, "word": "w"}
        key = await on.everything.insert(**values, moment=now, second=now, data={"a": 10**30})
        for _ in range(2):
            assert (await on.everything.find_one(key)).data == {"a": 10**30}

    run(work)


def test_cancelled_requests_leave_no_wrong_row_and_no_mixed_answers(run: Run) -> None:
    """Two thousand readers and writers, of which half are cancelled at some moment."""
    chance = random.Random(2)

    async def work(on: Models) -> None:
        await on.account.insert_many([{"id": number, "balance": number} for number in range(20)])

        async def one(key: int) -> None:
            row = await on.account.find_one(key)
            assert row.id == key and row.balance % 20 == key
            if chance.random() < 0.3:
                statement = 'UPDATE "account" SET "balance" = "balance" + 20 WHERE "id" = ?'
                await on.account.execute(statement, key, changes=[key])

        for _ in range(40):
            tasks = [asyncio.create_task(one(chance.randrange(20))) for _ in range(50)]
            for task in tasks[::2]:
                await asyncio.sleep(0)
                task.cancel()
            for found in await asyncio.gather(*tasks, return_exceptions=True):
                assert found is None or isinstance(found, asyncio.CancelledError), found
        await asyncio.sleep(0.1)
        wanted = await on.account.fetch(on.account.row, 'SELECT * FROM "account" ORDER BY "id"')
        assert [await on.account.find_one(number) for number in range(20)] == wanted

    run(work)


def test_a_write_is_seen_although_its_request_is_out_of_time(run: Run) -> None:
    async def work(on: Models) -> None:
        await on.post.insert(author=1, slug="a", score=1)
        assert (await on.post.list_by_author_score(1)).rows[0].score == 1
        loop = asyncio.get_running_loop()
        execute = Database.execute

        async def slow(database: Database, sql: str, values: Any = ()) -> Any:
            done = await execute(database, sql, values)
            origin.set(Origin("", "", loop.time() - 1))
            return done

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(Database, "execute", slow)
            await asyncio.create_task(on.post.update(1, score=2))
        assert (await on.post.find_one(1)).score == 2
        assert (await on.post.list_by_author_score(1)).rows[0].score == 2

    run(work)


def test_a_second_invalidation_follows_where_replicas_are_read(
    redis: list[CacheRedisConf], tmp_path: Path, queries: Queries
) -> None:
    async def whole() -> None:
        async with shop(tmp_path, redis, again_after="1s") as on:
            await on.account.insert(id=1)
            began = time.monotonic()
            await on.account.update(1, 0, balance=2)
            await on.account.find_one(1)
            assert await queries.during(on.account.find_one(1)) == 0
            while not await queries.during(on.account.find_one(1)):
                assert time.monotonic() - began < 10
                await asyncio.sleep(0.02)
            assert time.monotonic() - began > 0.9

    asyncio.run(whole())


def test_hits_and_misses_are_counted(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metrics, "_on", False)
    metrics.enable()

    async def work(on: Models) -> None:
        await on.account.insert(id=1)
        for _ in range(3):
            await on.account.find_one(1)
        prefix = f'cache_requests_total{{database="{on.account._reads.cache.database}",result='
        lines = [line for line in metrics.text().decode().splitlines() if line.startswith(prefix) and "account" in line]
        counted = {line.removeprefix(prefix).split('"')[1]: float(line.rpartition(" ")[2]) for line in lines}
        assert counted == {"hit": 2, "miss": 1}

    run(work)


def test_two_processes_see_each_others_writes(redis_server: servers.Redis, tmp_path: Path) -> None:
    async def whole() -> None:
        conf = [CacheRedisConf(host=redis_server.host)]
        async with shop(tmp_path, conf) as one, shop(tmp_path, conf) as other:
            await one.account.insert(id=1, balance=1)
            for balance in range(2, 30):
                assert (await other.account.find_one(1)).balance == balance - 1
                await one.account.update(1, balance - 2, balance=balance)
            await one.post.insert(author=1, slug="a", score=1)
            assert (await other.post.list_by_author_score(1)).rows[0].score == 1
            await one.post.update(1, score=5)
            assert (await other.post.list_by_author_score(1)).rows[0].score == 5

    asyncio.run(whole())


def test_a_row_keeps_the_type_of_each_column(run: Run) -> None:
    async def work(on: Models) -> None:
        now = datetime.now(UTC)
        values = {"flag": True, "tiny": 1, "small": 1, "whole": 1, "big": 1, "ratio": 1.0, "money": 1, "word": "w"}
        key = await on.everything.insert(**values, moment=now, second=now, tags={"a", "c"}, bits=3, raw=b"\0\xff")
        first, again = await on.everything.find_one(key), await on.everything.find_one(key)
        pairs = zip(msgspec.structs.astuple(first), msgspec.structs.astuple(again), strict=True)
        assert all((one, type(one), str(one)) == (other, type(other), str(other)) for one, other in pairs)

    run(work)
