"""What tests of discovery share: an event loop as servers have it, registrars and resolvers that are closed."""

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
    """One loop for all tests: grpc.aio has one poller per process, and it still wakes loops that are closed."""
    return asyncio.Runner(loop_factory=uvloop.new_event_loop)


def run(work: Callable[[], Awaitable[Any]]) -> None:
    """Run a test on uvloop, as the servers do."""

    async def main() -> None:
        async with asyncio.timeout(90):
            await work()

    _runner().run(main())


async def until(condition: Callable[[], bool], seconds: float, what: str) -> float:
    """Wait for something; how long it took. Fails when it does not come in time."""
    start = time.monotonic()
    while not condition():
        taken = time.monotonic() - start
        assert taken < seconds, f"{what}: not within {seconds:g} s"
        await asyncio.sleep(0.02)
    return time.monotonic() - start


async def soon(condition: Callable[[], bool], what: str) -> None:
    """Within 2 s, which on a healthy etcd is for ever."""
    await until(condition, 2, what)


@contextmanager
def silent_server() -> Iterator[str]:
    """`host:port` of somebody who lets connections open and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"127.0.0.1:{server.getsockname()[1]}"


class Seen:
    """A resolver, and every set of addresses that it told of."""

    def __init__(self, resolver: EtcdResolver) -> None:
        self.resolver = resolver
        self.sets: list[tuple[str, ...]] = []

    def __call__(self) -> None:
        self.sets.append(self.resolver.addresses)

    @property
    def addresses(self) -> tuple[str, ...]:
        """What it knows now."""
        return self.resolver.addresses


@asynccontextmanager
async def resolving(conf: EtcdConf, key: str) -> AsyncIterator[Seen]:
    """A resolver that has started."""
    seen = Seen(EtcdResolver(conf, key))
    try:
        await seen.resolver.start(seen)
        yield seen
    finally:
        await seen.resolver.close()


@asynccontextmanager
async def registered(conf: EtcdConf, key: str, address: str) -> AsyncIterator[EtcdRegistrar]:
    """A registrar that has been told to register; it may not have yet."""
    registrar = EtcdRegistrar(conf, key)
    try:
        await registrar.register(address)
        yield registrar
    finally:
        await registrar.deregister()
