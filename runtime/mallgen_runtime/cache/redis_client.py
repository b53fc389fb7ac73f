"""The clients of redis-py for the settings of one Redis. This module and redis_link.py import it, the others do not."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from functools import partial
from typing import Any

from redis.asyncio import Redis, RedisCluster
from redis.asyncio.cluster import ClusterNode
from redis.asyncio.retry import Retry
from redis.asyncio.sentinel import Sentinel
from redis.backoff import NoBackoff
from redis.exceptions import (
    AuthenticationError,
    BusyLoadingError,
    ClusterError,
    NoPermissionError,
    NoScriptError,
    ReadOnlyError,
    RedisClusterException,
    RedisError,
    ResponseError,
)
from redis.exceptions import ConnectionError as LostConnection

from mallgen_runtime.cache.conf import CacheRedisConf
from mallgen_runtime.cache.noting import is_noted, noted
from mallgen_runtime.cache.redis_link import RedisLink

__all__ = ["CONNECTIONS", "FAILURES", "LOST", "REFUSALS", "ClusterLink", "NoScriptError", "RedisLink", "connect"]
FAILURES = (RedisError, RedisClusterException, OSError, ssl.SSLError)
REFUSALS = (ResponseError,)
LOST = (AuthenticationError, BusyLoadingError, ClusterError, NoPermissionError, ReadOnlyError)  # answers of no use
CONNECTIONS = 64  # of one process to one Redis
_ANSWERS = 8  # that a command to a cluster may need, with what tells where its key is now


class ClusterLink:
    """Commands to a cluster by redis-py's client, which follows keys from node to node; `most` at a time.

    Its `timeout` is for each answer of a node, of which a command may need several.
    """

    def __init__(self, client: Any, most: int, timeout: float) -> None:
        self.client = client
        self._turns = asyncio.Semaphore(most)
        self._most_seconds = _ANSWERS * timeout

    async def call(self, *words: Any) -> Any:
        """Return the answer to a command. Raises redis-py's errors."""
        work = self._timed(lambda: self.client.execute_command(*words))
        return await (noted(str(words[0]), work) if is_noted() else work)

    async def values(self, keys: Sequence[str]) -> list[bytes | None]:
        """Return the values of keys, None for those of another type. Raises redis-py's errors."""
        pipeline = self.client.pipeline()
        for key in keys:
            pipeline.get(key)
        work = self._timed(lambda: pipeline.execute(raise_on_error=False))
        found = await (noted("pipeline", work) if is_noted() else work)
        return [value if isinstance(value, bytes) else None for value in found]

    async def scan(self, pattern: str, count: int) -> AsyncIterator[list[bytes]]:
        """Yield keys of all nodes by and by. Raises redis-py's errors."""
        cursors, keys = await self._timed(lambda: self.client.scan(match=pattern, count=count))
        yield keys
        for name in cursors:
            node, words = self.client.get_node(node_name=name), {"match": pattern, "count": count}
            while cursor := cursors[name]:
                page = partial(self.client.scan, cursor, target_nodes=node, **words)
                found, keys = await self._timed(page)
                yield keys
                cursors[name] = found[name]

    async def _timed(self, work: Callable[[], Awaitable[Any]]) -> Any:
        """Return what work finds when its turn comes."""
        task = asyncio.current_task()
        before = task.cancelling() if task is not None else 0
        async with asyncio.timeout(self._most_seconds), self._turns:
            await self.client.initialize()  # commands that redis-py begins before it knows the nodes go to any
            try:
                found = await work()
            except (AttributeError, RuntimeError) as problem:  # it closes connections that others use
                raise LostConnection(str(problem)) from problem
            if task is not None and task.cancelling() > before:  # redis-py swallows a cancellation while it connects
                raise asyncio.CancelledError
            return found

    async def close(self) -> None:
        """Close the connections."""
        await self.client.aclose()


def connect(conf: CacheRedisConf, timeout: float) -> Any:
    """Return the client for a Redis, which connects when it is used. A cluster's tries a command again once."""
    addresses = conf.addresses()
    login = {"username": conf.user or None, "password": conf.password or None}
    common = {
        **login,
        **_tls(conf),
        "socket_connect_timeout": timeout,
        "protocol": 2,
        "max_connections": CONNECTIONS + 8,
    }
    if conf.type == "cluster":
        nodes = [ClusterNode(host, port) for host, port in addresses]
        common["reinitialize_steps"] = 0  # else some moved slots close all connections, those in use too
        return RedisCluster(startup_nodes=nodes, retry=Retry(NoBackoff(), 2), socket_timeout=timeout, **common)
    retry = Retry(NoBackoff(), 1)
    if conf.type == "sentinel":
        asked: dict[str, Any] = {
            "password": conf.sentinel_pass or None,
            "socket_timeout": timeout,
            "socket_connect_timeout": timeout,
        }
        asked |= {**_tls(conf), "protocol": 2, "retry": Retry(NoBackoff(), 0)}  # the next sentinel is asked at once
        make: Any = Sentinel  # it has no types
        sentinel = make(addresses, sentinel_kwargs=asked)
        return sentinel.master_for(conf.master, retry=retry, socket_timeout=None, **common)
    host, port = addresses[0]
    return Redis(host=host, port=port, retry=retry, socket_timeout=None, **common)


def _tls(conf: CacheRedisConf) -> dict[str, Any]:
    return {"ssl": True, "ssl_ca_certs": conf.ca_cert_file or None} if conf.tls else {}
