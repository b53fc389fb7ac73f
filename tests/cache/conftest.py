"""Fixtures of the cache's tests: the stores, and servers that only some of them need."""

from collections.abc import Iterator

import pytest

from tests import servers
from tests.cache import stores


@pytest.fixture(params=["local", "redis"])
def make(request: pytest.FixtureRequest) -> stores.Make:
    """Return what makes a store, in the process and in Redis."""
    if request.param == "local":
        return stores.local
    server: servers.Redis = request.getfixturevalue("redis_server")
    return stores.redis(server.host)


@pytest.fixture
def own_redis() -> Iterator[servers.Redis]:
    """Start a Redis that the test may kill."""
    with servers.redis() as server:
        yield server
