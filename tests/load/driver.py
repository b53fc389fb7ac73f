"""Sends requests at a fixed rate, whatever the answers are, and measures each from its time in the schedule."""

import asyncio
import contextlib
import itertools
import time
from collections.abc import Mapping
from typing import NamedTuple

PATIENCE = 10.0
IDLE = 3.0  # the service may close a kept connection after five seconds, as the next request is on its way


class Sent(NamedTuple):
    """A request: `due` seconds after the start, its status (0: none), and the seconds until its answer."""

    due: float
    status: int
    seconds: float


class Measured(NamedTuple):
    """All requests of a run, and the seconds that it lasted."""

    requests: list[Sent]
    seconds: float

    @property
    def goodput(self) -> float:
        """Answers with status 200 in a second, those that came before the end."""
        good = (sent for sent in self.requests if sent.status == 200 and sent.due + sent.seconds <= self.seconds)
        return sum(1 for _ in good) / self.seconds

    @property
    def p99(self) -> float:
        """The 99th percentile of the answers with status 200, in milliseconds."""
        return self.percentile(99)

    def percentile(self, part: int) -> float:
        """Return the milliseconds within which `part` of a hundred answers with status 200 came."""
        taken = sorted(sent.seconds for sent in self.requests if sent.status == 200)
        return taken[len(taken) * part // 100] * 1000 if taken else float("inf")

    def count(self, status: int) -> int:
        """Return how many requests ended with a status."""
        return sum(sent.status == status for sent in self.requests)


class _Caller(asyncio.Protocol):
    """One kept connection: a request at a time, whose answers are short."""

    def __init__(self) -> None:
        self.transport: asyncio.Transport | None = None
        self._answer: asyncio.Future[int] | None = None
        self._received = b""
        self.free_since = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self._received += data
        head, found, rest = self._received.partition(b"\r\n\r\n")
        length = head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0]
        if found and len(rest) >= int(length) and self._answer is not None and not self._answer.done():
            self._answer.set_result(int(head[9:12]))
            if b"connection: close" in head.lower() and self.transport is not None:
                self.transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_result(0)

    async def ask(self, request: bytes) -> int:
        """Send a request and return the status of its answer, 0 when the connection is lost."""
        assert self.transport is not None
        self._received = b""
        self._answer = asyncio.get_running_loop().create_future()
        self.transport.write(request)
        return await self._answer


async def at_rate(port: int, path: str, rate: float, seconds: float, most: int = 1 << 20) -> Measured:
    """Send `rate` requests a second, each on a connection that is free; at most `most` are open."""
    room = asyncio.Semaphore(most)
    request = f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode()
    free: list[_Caller] = []
    found: list[Sent] = []
    started = time.monotonic()
    asked = []
    for number in range(int(rate * seconds)):
        due = number / rate
        if (wait := started + due - time.monotonic()) > 0:
            await asyncio.sleep(wait)
        asked.append(asyncio.create_task(_one(port, request, free, found, started + due, due, room)))
    await asyncio.wait(asked, timeout=PATIENCE)
    for caller in free:
        if caller.transport is not None:
            caller.transport.close()
    return Measured(found, seconds)


async def _one(
    port: int, request: bytes, free: list[_Caller], found: list[Sent], at: float, due: float, room: asyncio.Semaphore
) -> None:
    status = 0
    async with room:
        try:
            caller = await _free(port, free)
            async with asyncio.timeout(PATIENCE):
                status = await caller.ask(request)
            caller.free_since = time.monotonic()
            free.append(caller)
        except OSError:
            status = 0
    found.append(Sent(due, status, time.monotonic() - at))


async def _free(port: int, free: list[_Caller]) -> _Caller:
    """Return a connection without a request, a new one when there is none that may be used again."""
    while free:
        caller = free.pop()
        assert caller.transport is not None
        if not caller.transport.is_closing() and time.monotonic() - caller.free_since < IDLE:
            return caller
        caller.transport.close()
    _, made = await asyncio.get_running_loop().create_connection(_Caller, "127.0.0.1", port)
    return made


async def in_turn(port: int, path: str, clients: int, seconds: float) -> Measured:
    """Send requests one after the other from some clients: the load that a service can carry."""
    (found,) = (
        await mixed(port, {path: f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode()}, clients, seconds)
    ).values()
    return found


async def mixed(port: int, requests: Mapping[str, bytes], clients: int, seconds: float) -> dict[str, Measured]:
    """Send named requests round and round from some clients, each client one after the other; return them by name."""
    found: dict[str, list[Sent]] = {name: [] for name in requests}
    started = time.monotonic()

    async def client(first: int) -> None:
        free: list[_Caller] = []
        names = itertools.islice(itertools.cycle(requests), first, None)
        while (due := time.monotonic() - started) < seconds:
            name, status = next(names), 0
            with contextlib.suppress(OSError):
                caller = await _free(port, free)
                async with asyncio.timeout(PATIENCE):
                    status = await caller.ask(requests[name])
                caller.free_since = time.monotonic()
                free.append(caller)
            found[name].append(Sent(due, status, time.monotonic() - started - due))

    await asyncio.gather(*(client(number) for number in range(clients)))
    return {name: Measured(sent, seconds) for name, sent in found.items()}
