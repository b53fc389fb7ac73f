"""The stores that tests of the cache run on, each with keys of its own."""

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from itertools import count
from typing import Any

import uvloop

from mallgen_runtime.cache.conf import CacheRedisConf
from mallgen_runtime.cache.local import LocalStore
from mallgen_runtime.cache.redis_store import RedisStore
from mallgen_runtime.cache.store import Store
from tests.cache.pipelined import PipelinedCluster, PipelinedLink

_NUMBERS = count(1)
Make = Callable[[], Store]


def local() -> Store:
    """Return a store in the process."""
    return LocalStore(10_000, 64 << 20)


def redis(host: str, **settings: Any) -> Make:
    """Return what makes stores in a Redis, in other processes too."""
    return partial(_redis, host, settings)


def pipelined(host: str, **settings: Any) -> Make:
    """Return what makes stores in a Redis that take many commands at a time, in other processes too."""
    return partial(_pipelined, host, settings)


def _redis(host: str, settings: dict[str, Any]) -> Store:
    return RedisStore(CacheRedisConf(host=host, **settings), 5.0)


def _pipelined(host: str, settings: dict[str, Any]) -> Store:
    made = RedisStore(CacheRedisConf(host=host, **settings), 5.0)
    made._link = (PipelinedCluster if made._is_cluster else PipelinedLink)(made._client, host)
    return made


def fresh(name: str) -> str:
    """Return a key that no other test has."""
    return f"test:{next(_NUMBERS)}:{{{name}}}"


def run(make: Make, work: Callable[[Store], Awaitable[None]]) -> None:
    """Run work on a store, and close it."""

    async def main() -> None:
        store = make()
        try:
            await work(store)
        finally:
            await store.close()

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main())
