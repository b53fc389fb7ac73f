"""A Redis that is down, silent, full or replaced: the database answers, and nothing stale is left behind."""

import asyncio
import logging
import subprocess
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from mallgen_runtime import ConfigError
from mallgen_runtime.cache import Cache, CacheConf, CacheRedisConf
from tests import servers
from tests.cache import clusters
from tests.parts import program
from tests.ports import free_port
from tests.run.discovering import silent_server, until
from tests.sql.made import Models, opened


@asynccontextmanager
async def shop(path: Path, *redis: CacheRedisConf, **options: Any) -> AsyncIterator[tuple[Models, Cache]]:
    """Open models on a file of SQLite, with a cache."""
    cache = Cache(redis, CacheConf(**options), path.name)
    async with opened(f"sqlite:///{path / 'a.db'}", cache) as on:
        yield on, cache


def asked(server: servers.Redis, *words: str) -> str:
    """Return what a Redis answers to a command."""
    command = [program("redis-cli", "redis-tools"), "-p", str(server.port), *words]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def entries(server: servers.Redis) -> int:
    """Return how many entries a Redis has; the key of its ping is there for a second."""
    return int(asked(server, "EVAL", "return #redis.call('KEYS', '*{*')", "0"))


def _warnings(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]


def test_without_redis_the_database_answers_and_one_line_says_so(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async def work() -> None:
        async with shop(tmp_path, CacheRedisConf(host=f"127.0.0.1:{free_port()}")) as (on, cache):
            assert (cache.key, cache.state) == ("cache", "degraded")
            key = await on.account.insert(id=1, balance=5)
            began = time.monotonic()
            for _ in range(300):
                assert (await on.account.find_one(key)).balance == 5
            assert time.monotonic() - began < 3, "nobody waits for it"
            assert (await on.post.list_by_author_score(1)).rows == []

    asyncio.run(work())
    assert len(_warnings(caplog)) == 1
    assert "does not answer, the database does" in _warnings(caplog)[0]


def test_a_redis_that_says_nothing_costs_its_time_limit_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async def work() -> None:
        with silent_server() as host:
            began = time.monotonic()
            async with shop(tmp_path, CacheRedisConf(host=host, ping_timeout="200ms"), timeout="300ms") as (on, cache):
                await on.account.insert(id=1)
                assert cache.state == "degraded"
                assert time.monotonic() - began < 2.5
                began = time.monotonic()
                for _ in range(100):
                    assert await on.account.find_one(1)
                assert time.monotonic() - began < 1

    asyncio.run(work())
    assert len(_warnings(caplog)) == 1


def test_what_was_written_while_redis_was_away_is_made_good(
    tmp_path: Path, own_redis: servers.Redis, caplog: pytest.LogCaptureFixture
) -> None:
    """Redis keeps its data over the restart, so that every entry would be stale."""

    async def work() -> None:
        async with shop(tmp_path, CacheRedisConf(host=own_redis.host)) as (on, cache):
            for key in range(20):
                await on.account.insert(id=key, balance=1)
                await on.post.insert(author=1, slug=f"s{key}", score=key)
            for key in range(20):
                assert (await on.account.find_one(key)).balance == 1
            assert len((await on.post.list_by_author_score(1)).rows) == 20
            asked(own_redis, "SAVE")
            own_redis.kill()
            for key in range(20):
                await on.account.update(key, 0, balance=2)
            await on.post.update(1, score=100)
            assert cache.state == "degraded"
            own_redis.start()
            assert int(asked(own_redis, "DBSIZE")) > 20
            await until(lambda: cache.state == "ok", 10, "the cache is used again")
            for key in range(20):
                assert (await on.account.find_one(key)).balance == 2
            assert (await on.post.list_by_author_score(1, limit=1)).rows[0].id == 1

    asyncio.run(work())
    assert len(_warnings(caplog)) == 1


def test_a_redis_that_must_answer_and_does_not_ends_the_start(tmp_path: Path) -> None:
    async def work(host: str) -> None:
        began = time.monotonic()
        with pytest.raises(ConfigError, match=r"CacheRedis: .* does not answer, and NonBlock is false"):
            async with shop(tmp_path, CacheRedisConf(host=host, non_block=False, ping_timeout="200ms"), timeout="5s"):
                raise AssertionError("it started")
        assert time.monotonic() - began < 4

    asyncio.run(work(f"127.0.0.1:{free_port()}"))
    with silent_server() as host:
        asyncio.run(work(host))


def test_all_that_must_answer_and_do_not_are_named(tmp_path: Path) -> None:
    hosts = [f"127.0.0.1:{free_port()}" for _ in range(3)]

    async def work() -> None:
        confs = [CacheRedisConf(host=host, non_block=host == hosts[1]) for host in hosts]
        with pytest.raises(ConfigError, match=f"CacheRedis: {hosts[0]} and {hosts[2]} does not answer"):
            async with shop(tmp_path, *confs):
                raise AssertionError("it started")

    asyncio.run(work())


@pytest.mark.slow
def test_kill_9_under_load_fails_no_request(tmp_path: Path, own_redis: servers.Redis) -> None:
    """Twenty readers and a writer go on while Redis is killed and started twice."""
    counts = {"reads": 0, "writes": 0, "stale": 0, "slowest": 0.0}
    balance = dict.fromkeys(range(50), 0)

    async def work() -> None:
        async with shop(tmp_path, CacheRedisConf(host=own_redis.host)) as (on, cache):
            await on.account.insert_many([{"id": key, "balance": 0} for key in balance])
            end = asyncio.Event()

            async def read(first: int) -> None:
                while not end.is_set():
                    for key in range(first, 50, 7):
                        least, began = balance[key], time.monotonic()
                        counts["stale"] += (await on.account.find_one(key)).balance < least
                        counts["reads"] += 1
                        counts["slowest"] = max(counts["slowest"], time.monotonic() - began)

            async def write() -> None:
                version = dict.fromkeys(balance, 0)
                while not end.is_set():
                    for key in balance:
                        assert await on.account.update(key, version[key], balance=balance[key] + 1)
                        balance[key] += 1
                        version[key] += 1
                        counts["writes"] += 1

            async def kill() -> None:
                for _ in range(2):
                    await asyncio.sleep(0.5)
                    own_redis.kill()
                    await until(lambda: cache.state == "degraded", 5, "the loss is seen")
                    await asyncio.sleep(0.5)
                    await asyncio.to_thread(own_redis.start)
                    await until(lambda: cache.state == "ok", 15, "Redis is used again")
                end.set()

            await asyncio.gather(kill(), write(), *(read(place % 7) for place in range(20)))
            for key in balance:
                assert (await on.account.find_one(key)).balance == balance[key]

    asyncio.run(work())
    print(f"kill -9 of Redis under load, twice: {counts}")
    assert counts["stale"] == 0
    assert counts["reads"] > 1000
    assert counts["slowest"] < 2


def test_a_full_redis_keeps_nothing_and_nothing_is_wrong(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async def work() -> None:
        with servers.redis("--maxmemory", "1mb", "--maxmemory-policy", "noeviction") as server:
            async with shop(tmp_path, CacheRedisConf(host=server.host)) as (on, cache):
                await on.account.insert(id=1, balance=1)
                await on.post.insert(author=1, slug="a", score=1)
                assert await on.account.find_one(1)
                assert (await on.post.list_by_author_score(1)).rows[0].score == 1
                asked(server, "CONFIG", "SET", "maxmemory", "1")
                await on.account.update(1, 0, balance=2)
                await on.post.update(1, score=2)
                assert (await on.account.find_one(1)).balance == 2
                assert (await on.post.list_by_author_score(1)).rows[0].score == 2
                assert cache.state == "ok"

    asyncio.run(work())
    assert len(_warnings(caplog)) == 1
    assert "refuses" in _warnings(caplog)[0]


def test_a_password_that_is_wrong_is_no_reason_to_stop(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async def work() -> None:
        with servers.redis() as server:
            asked(server, "CONFIG", "SET", "requirepass", "right")
            async with shop(tmp_path, CacheRedisConf(host=server.host, password="wrong")) as (on, cache):
                await on.account.insert(id=1)
                assert await on.account.find_one(1)
                assert cache.state == "degraded"
            async with shop(tmp_path, CacheRedisConf(host=server.host, password="right")) as (on, cache):
                assert await on.account.find_one(1)
                assert cache.state == "ok"

    asyncio.run(work())
    assert len(_warnings(caplog)) == 1
    assert "wrong" not in _warnings(caplog)[0].split("answer")[0]


@pytest.mark.slow
def test_after_a_failover_the_new_master_is_used(tmp_path: Path) -> None:
    async def work() -> None:
        with clusters.watched() as found:
            conf = CacheRedisConf(host=found.hosts, type="sentinel", master=clusters.MASTER)
            async with shop(tmp_path, conf) as (on, cache):
                await on.account.insert(id=1, balance=1)
                assert (await on.account.find_one(1)).balance == 1
                assert int(asked(found.master, "DBSIZE")) > 0
                await until(lambda: asked(found.replica, "DBSIZE") == asked(found.master, "DBSIZE"), 10, "it is copied")
                found.master.kill()
                await on.account.update(1, 0, balance=2)
                taken = await until(lambda: cache.state == "ok" and _is_master(found.replica), 30, "a new master")
                assert (await on.account.find_one(1)).balance == 2
                await on.account.update(1, 1, balance=3)
                assert (await on.account.find_one(1)).balance == 3
                print(f"a new master is used {taken:.1f} s after the old one was killed")

    asyncio.run(work())


def _is_master(server: servers.Redis) -> bool:
    return asked(server, "ROLE").startswith("master")


def test_keys_are_spread_over_several_redis_by_weight(tmp_path: Path) -> None:
    async def work() -> None:
        with servers.redis() as one, servers.redis() as other:
            confs = [CacheRedisConf(host=one.host, weight=100), CacheRedisConf(host=other.host, weight=300)]
            async with shop(tmp_path, *confs) as (on, cache):
                await on.account.insert_many([{"id": key} for key in range(2000)])
                assert len(await on.account.find_many(range(2000))) == 2000
                few, many = map(entries, (one, other))
                assert few + many >= 2000
                assert 2 < many / few < 4.5
                other.kill()
                assert len(await on.account.find_many(range(2000))) == 2000
                assert cache.state == "degraded"
                assert entries(one) == few

    asyncio.run(work())
