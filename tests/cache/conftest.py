"""Fixtures of the cache's tests: the stores, and servers that only some of them need."""

from collections.abc import Iterator

import pytest

from tests import servers
from tests.cache import clusters, stores

KINDS = ["local", "redis", "cluster"]


@pytest.fixture(scope="session")
def redis_cluster() -> Iterator[clusters.RedisCluster]:
    """Start a cluster shared by the tests that do not stop it."""
    with clusters.cluster() as found:
        yield found


@pytest.fixture(params=KINDS)
def make(request: pytest.FixtureRequest) -> stores.Make:
    """Return what makes a store, in the process, in Redis and in a cluster of Redis."""
    if request.param == "local":
        return stores.local
    if request.param == "cluster":
        found: clusters.RedisCluster = request.getfixturevalue("redis_cluster")
        return stores.redis(found.hosts, type="cluster")
    server: servers.Redis = request.getfixturevalue("redis_server")
    return stores.redis(server.host)


@pytest.fixture(params=KINDS)
def quick(request: pytest.FixtureRequest) -> stores.Make:
    """Return what makes the same for very many commands: a Redis takes those of all who ask together."""
    if request.param == "local":
        return stores.local
    if request.param == "cluster":
        found: clusters.RedisCluster = request.getfixturevalue("redis_cluster")
        return stores.pipelined(found.hosts, type="cluster")
    server: servers.Redis = request.getfixturevalue("own_redis")
    return stores.pipelined(server.host)


@pytest.fixture
def own_redis() -> Iterator[servers.Redis]:
    """Start a Redis that the test may kill."""
    with servers.redis() as server:
        yield server
