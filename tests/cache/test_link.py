"""Connections to Redis: cancelled commands, old connections, time limits, TLS; no answer goes to another command."""

import asyncio
import random
import socket
import subprocess
import time
from collections.abc import Awaitable, Callable

import pytest

from mallgen_runtime import ConfigError
from mallgen_runtime.cache import Cache, CacheConf, CacheRedisConf
from mallgen_runtime.cache.redis_store import RedisStore
from mallgen_runtime.cache.store import CacheDown
from tests import servers
from tests.cache import stores
from tests.parts import program
from tests.ports import free_port
from tests.run.discovering import silent_server

Work = Callable[[RedisStore], Awaitable[None]]


def has_ipv6() -> bool:
    """Return whether this machine has an address of its own in IPv6."""
    try:
        with socket.create_server(("::1", 0), family=socket.AF_INET6):
            return True
    except OSError:
        return False


def _run(host: str, work: Work, timeout: float = 5.0) -> None:
    async def main() -> None:
        store = RedisStore(CacheRedisConf(host=host), timeout)
        try:
            await work(store)
        finally:
            await store.close()

    asyncio.run(main())


@pytest.mark.slow
def test_ten_thousand_cancelled_commands_mix_up_no_answers(redis_server: servers.Redis) -> None:
    """Each of many tasks reads a key of its own; half are cancelled at some moment, also while they connect."""
    chance = random.Random(4)
    cancelled = 0

    async def work(store: RedisStore) -> None:
        nonlocal cancelled
        prefix = stores.fresh("mixed")
        for number in range(100):
            await store.put(f"{prefix}{number}", str(number).encode(), 60)

        async def read(number: int) -> None:
            assert await store.get(f"{prefix}{number}") == str(number).encode()
            assert await store.get_many([f"{prefix}{number}", f"{prefix}none"]) == [str(number).encode(), None]

        for _ in range(150):
            tasks = [asyncio.create_task(read(chance.randrange(100))) for _ in range(150)]
            for _ in range(chance.randrange(1, 12)):
                await asyncio.sleep(0)
            for task in tasks[::2]:
                task.cancel()
            for found in await asyncio.gather(*tasks, return_exceptions=True):
                assert found is None or isinstance(found, asyncio.CancelledError), repr(found)
                cancelled += found is not None
        await asyncio.gather(*map(read, range(100)))

    _run(redis_server.host, work)
    print(f"{cancelled} of 22500 readers were cancelled")
    assert cancelled > 10_000


def test_a_connection_that_the_server_closed_is_replaced_unseen(redis_server: servers.Redis) -> None:
    async def work(store: RedisStore) -> None:
        key = stores.fresh("old")
        await asyncio.gather(*(store.put(f"{key}{number}", b"x", 60) for number in range(20)))
        await store._link.call("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
        assert [await store.get(f"{key}{number}") for number in range(20)] == [b"x"] * 20

    _run(redis_server.host, work)


def test_a_script_that_a_redis_has_forgotten_is_sent_again(redis_server: servers.Redis) -> None:
    async def work(store: RedisStore) -> None:
        await store.lease([stores.fresh("a")], b"head")
        await store._link.call("SCRIPT", "FLUSH")
        assert len(await store.lease([stores.fresh("b")], b"head")) == 1

    _run(redis_server.host, work)


def test_no_command_takes_longer_than_the_time_limit() -> None:
    async def work(store: RedisStore) -> None:
        began = time.monotonic()
        found = await asyncio.gather(*(store.get(f"key{number}") for number in range(500)), return_exceptions=True)
        assert all(isinstance(one, CacheDown) for one in found)
        assert 0.25 < time.monotonic() - began < 2.5

    with silent_server() as host:
        _run(host, work, 0.3)


def test_a_drop_costs_few_connections_and_steps_that_end_in_time(redis_server: servers.Redis) -> None:
    async def work(store: RedisStore) -> None:
        name = stores.fresh("drop")
        for start in range(0, 20_000, 500):
            words = [word for number in range(start, start + 500) for word in (f"{name}{number}", "x")]
            await store._link.call("MSET", *words)
        await store._link.call("SET", f"{name}\udcff".encode("utf-8", "surrogateescape"), "x")
        clients = len((await store._link.call("CLIENT", "LIST")).splitlines())
        total = await store._link.call("DBSIZE")
        calls, largest, call = [0], [0], store._link.call

        async def counted(*words: object) -> object:
            calls[0] += words[0] == "SCAN"
            largest[0] = max(largest[0], len(words))
            return await call(*words)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(store._link, "call", counted)
            await asyncio.gather(*(store.drop(name) for _ in range(50)))
        assert await store._link.call("EXISTS", *(f"{name}{number}" for number in range(20_000))) == 0
        assert largest[0] <= 501, "keys are deleted in parts"
        assert calls[0] <= 3 * (total / 1000 + 1), "those who wait share one"
        assert len((await store._link.call("CLIENT", "LIST")).splitlines()) <= clients + 8

    _run(redis_server.host, work)


def test_a_drop_of_a_redis_that_says_nothing_ends_in_time() -> None:
    async def work(store: RedisStore) -> None:
        began = time.monotonic()
        with pytest.raises(CacheDown):
            await store.drop("cache:")
        assert time.monotonic() - began < 2

    with silent_server() as host:
        _run(host, work, 0.2)


def test_a_redis_whose_keys_must_have_the_prefix_can_be_asked_again(redis_server: servers.Redis) -> None:
    async def allowed(store: RedisStore) -> None:
        words = ("on", "nopass", "~mall:*", "+@all")
        await store._link.call("ACL", "SETUSER", "mall", *words)

    async def asked() -> None:
        conf = CacheRedisConf(host=redis_server.host, user="mall", password="any", non_block=False)
        cache = Cache([conf], CacheConf(prefix="mall"), "shop")
        await cache.start()
        assert cache.state == "ok"
        await cache.close()

    _run(redis_server.host, allowed)
    asyncio.run(asked())


def test_a_process_that_was_busy_does_not_take_its_redis_for_dead(redis_server: servers.Redis) -> None:
    async def work(store: RedisStore) -> None:
        await store.put(stores.fresh("busy"), b"x", 60)
        for _ in range(3):
            reading = asyncio.create_task(store.get(stores.fresh("busy")))
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            time.sleep(0.3)  # longer than the limit: the answer is there, nobody has read it
            assert await reading is None

    _run(redis_server.host, work, 0.1)


@pytest.mark.parametrize(
    ("host", "addresses"),
    [
        ("redis", [("redis", 6379)]),
        ("redis:7000", [("redis", 7000)]),
        ("::1", [("::1", 6379)]),
        ("[::1]", [("::1", 6379)]),
        ("[2001:db8::7]:7000", [("2001:db8::7", 7000)]),
    ],
)
def test_hosts_are_read_as_they_are_written(host: str, addresses: list[tuple[str, int]]) -> None:
    assert CacheRedisConf(host=host).addresses() == addresses
    several = CacheRedisConf(host=f"{host}, a:1", type="cluster")
    assert several.addresses() == [*addresses, ("a", 1)]
    assert CacheRedisConf(host="::1", type="sentinel", master="m").addresses() == [("::1", 26379)]


@pytest.mark.skipif(not has_ipv6(), reason="this machine has no IPv6")
def test_a_redis_with_an_ipv6_address_is_asked() -> None:
    async def asked(host: str) -> None:
        cache = Cache([CacheRedisConf(host=host, non_block=False)], CacheConf(), "shop")
        await cache.start()
        assert cache.state == "ok"
        await cache.close()

    with servers.redis("--bind", "127.0.0.1", "::1") as server:
        asyncio.run(asked(f"[::1]:{server.port}"))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"host": "a:b"}, "an address is written as redis.local:6379"),
        ({"host": ""}, "a node has one address"),
        ({"host": "a:1,b:2"}, "a node has one address"),
        ({"host": "a:1", "type": "sentinel"}, "CacheRedis.Master is missing"),
        ({"host": "a:0"}, "an address is written as"),
        ({"host": "a:"}, "an address is written as"),
        ({"host": "::zz"}, "an address is written as"),
        ({"host": "[::1"}, "an address is written as"),
        ({"host": "[::1]6379"}, "an address is written as"),
        ({"host": "[::1]:"}, "an address is written as"),
        ({"host": "[redis]:6379"}, "an address is written as"),
        ({"host": "a:1:2"}, "an address is written as"),
        ({"host": "a", "ping_timeout": "soon"}, "CacheRedis.PingTimeout is 'soon'"),
    ],
)
def test_settings_that_cannot_be_used_end_the_start(settings: dict[str, str], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        Cache([CacheRedisConf(**settings)], CacheConf(), "shop")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"expiry": "0s"}, "it must be a millisecond at least"),
        ({"expiry": "soon"}, "a duration is written as"),
        ({"prefix": "a{b"}, "make a prefix"),
        ({"prefix": "a*"}, "make a prefix"),
        ({"timeout": "0"}, "it must be a millisecond at least"),
    ],
)
def test_options_that_cannot_be_used_end_the_start(options: dict[str, str], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        Cache([], CacheConf(**options), "shop")  # type: ignore[arg-type]


def test_tls_checks_the_certificate() -> None:
    async def asked(conf: CacheRedisConf) -> str:
        cache = Cache([conf], CacheConf(), "tls")
        await cache.start()
        await cache.store.put("key", b"x", 60)
        found = await cache.store.get("key")
        await cache.close()
        return (found or b"").decode() + cache.state

    with servers.folder() as place:
        cert, key, port = place / "cert.pem", place / "key.pem", free_port()
        words = [program("openssl", "openssl"), "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"]
        words += ["-subj", "/CN=test", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(key), "-out", str(cert)]
        subprocess.run(words, check=True, capture_output=True)
        files = ("--tls-cert-file", str(cert), "--tls-key-file", str(key), "--tls-auth-clients", "no")
        with servers.redis("--tls-port", str(port), *files):
            host = f"127.0.0.1:{port}"
            assert asyncio.run(asked(CacheRedisConf(host=host, tls=True, ca_cert_file=str(cert)))) == "xok"
            assert asyncio.run(asked(CacheRedisConf(host=host, tls=True))) == "degraded", "signed by nobody known"
            assert asyncio.run(asked(CacheRedisConf(host=host))) == "degraded"


def test_no_password_is_shown() -> None:
    shown = repr(CacheRedisConf(host="a:1", password="secret-1", sentinel_pass="secret-2"))
    assert "secret" not in shown.replace("sentinel_pass", "")
