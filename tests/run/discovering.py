"""Helpers for tests of discovery: the servers' event loop, and registrars and resolvers that are closed afterwards."""

import asyncio
import socket
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from functools import cache
from typing import Any

import uvloop

from mallgen_runtime.discovery import EtcdConf
from mallgen_runtime.discovery.etcd import EtcdRegistrar, EtcdResolver


@cache
def _runner() -> asyncio.Runner:
    """Return one loop for all tests: grpc.aio has one poller per process, and it still wakes loops that are closed."""
    return asyncio.Runner(loop_factory=uvloop.new_event_loop)


def run(work: Callable[[], Awaitable[Any]]) -> None:
    """Run a coroutine on uvloop, as the servers do, for 90 s at most."""

    async def main() -> None:
        async with asyncio.timeout(90):
            await work()

    _runner().run(main())


async def until(condition: Callable[[], bool], seconds: float, what: str) -> float:
    """Wait for a condition and return the seconds it took; fail when it takes more than `seconds`."""
    start = time.monotonic()
    while not condition():
        taken = time.monotonic() - start
        assert taken < seconds, f"{what}: not within {seconds:g} s"
        await asyncio.sleep(0.02)
    return time.monotonic() - start


async def soon(condition: Callable[[], bool], what: str) -> None:
    """Wait for a condition for 2 s, far more than a healthy etcd needs."""
    await until(condition, 2, what)


@contextmanager
def silent_server() -> Iterator[str]:
    """Yield the `host:port` of a server that lets connections open and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"127.0.0.1:{server.getsockname()[1]}"


class Seen:
    """A resolver, and every set of addresses that it reported."""

    def __init__(self, resolver: EtcdResolver) -> None:
        self.resolver = resolver
        self.sets: list[tuple[str, ...]] = []

    def __call__(self) -> None:
        self.sets.append(self.resolver.addresses)

    @property
    def addresses(self) -> tuple[str, ...]:
        """Return the addresses that the resolver knows now."""
        return self.resolver.addresses


@asynccontextmanager
async def resolving(conf: EtcdConf, key: str) -> AsyncIterator[Seen]:
    """Start a resolver, and close it at the end."""
    seen = Seen(EtcdResolver(conf, key))
    try:
        await seen.resolver.start(seen)
        yield seen
    finally:
        await seen.resolver.close()


@asynccontextmanager
async def registered(conf: EtcdConf, key: str, address: str) -> AsyncIterator[EtcdRegistrar]:
    """Start a registrar; its entry may not be in etcd yet."""
    registrar = EtcdRegistrar(conf, key)
    try:
        await registrar.register(address)
        yield registrar
    finally:
        await registrar.deregister()
