"""The clients of redis-py for the settings of one Redis; this module imports redis, the others do not."""

import ssl
from typing import Any

from redis.asyncio import BlockingConnectionPool, Redis, RedisCluster
from redis.asyncio.cluster import ClusterNode
from redis.asyncio.connection import SSLConnection
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

from mallgen_runtime.cache.conf import CacheRedisConf

__all__ = ["FAILURES", "LOST", "REFUSALS", "NoScriptError", "connect"]
FAILURES = (RedisError, RedisClusterException, OSError, ssl.SSLError)
REFUSALS = (ResponseError,)
LOST = (AuthenticationError, BusyLoadingError, ClusterError, NoPermissionError, ReadOnlyError)  # answers of no use
CONNECTIONS = 64  # of one process to one Redis


def connect(conf: CacheRedisConf, timeout: float) -> Any:
    """Return a client, which connects when it is used. A command is tried again once: its connection may be old."""
    addresses = conf.addresses()
    common = {**_common(conf, timeout), **_tls(conf)}
    if conf.type == "cluster":
        nodes = [ClusterNode(host, port) for host, port in addresses]
        retry = Retry(NoBackoff(), 2)  # a command that moved is sent again too
        return RedisCluster(startup_nodes=nodes, retry=retry, max_connections=CONNECTIONS, **common)
    retry = Retry(NoBackoff(), 1)
    if conf.type == "sentinel":
        asked = {"password": conf.sentinel_pass or None, "socket_timeout": timeout, "socket_connect_timeout": timeout}
        make: Any = Sentinel  # it has no types
        sentinel = make(addresses, sentinel_kwargs={**asked, **_tls(conf), "protocol": 2})
        return sentinel.master_for(conf.master, retry=retry, max_connections=CONNECTIONS, **common)
    host, port = addresses[0]
    if common.pop("ssl", False):
        common["connection_class"] = SSLConnection
    pool = BlockingConnectionPool(
        max_connections=CONNECTIONS, timeout=timeout, host=host, port=port, retry=retry, **common
    )
    return Redis.from_pool(pool)


def _common(conf: CacheRedisConf, timeout: float) -> dict[str, Any]:
    login = {"username": conf.user or None, "password": conf.password or None}
    return {**login, "socket_timeout": timeout, "socket_connect_timeout": timeout, "protocol": 2}


def _tls(conf: CacheRedisConf) -> dict[str, Any]:
    return {"ssl": True, "ssl_ca_certs": conf.ca_cert_file or None} if conf.tls else {}
