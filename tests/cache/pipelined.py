"""A link to Redis for tests of many interleavings, which need a million commands."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Any

from redis.crc import key_slot
from redis.exceptions import NoScriptError, ResponseError

from mallgen_runtime.cache.redis_link import RedisLink


class PipelinedLink(RedisLink):
    """Sends what many ask for in one turn of the loop together, on one connection; see RedisLink.

    A command costs a fifth of the time so. How the service's own link sends them is for test_link.py to say.
    """

    def __init__(self, client: Any, host: str) -> None:
        super().__init__(client, 1, 60.0)
        self._address = host.rpartition(":")
        self._connecting = asyncio.Lock()
        self._peer: _Peer | None = None

    async def call(self, *words: Any) -> Any:
        """Return the answer to a command."""
        found = await (self._peer or await self._connected()).ask(words)
        if isinstance(found, Exception):
            raise found
        return found

    async def _connected(self) -> "_Peer":
        async with self._connecting:
            if self._peer is None:
                host, _, port = self._address
                _, self._peer = await asyncio.get_running_loop().create_connection(_Peer, host, int(port))
            return self._peer

    async def close(self) -> None:
        """Close the connection."""
        if self._peer is not None:
            self._peer.transport.close()
        await super().close()


class PipelinedCluster:
    """A link to a cluster whose slots stay where they are; see ClusterLink, which test_races.py runs too."""

    def __init__(self, client: Any, hosts: str) -> None:
        self._client = client
        self._host = hosts.split(",")[0]
        self._learning = asyncio.Lock()
        self._nodes: list[PipelinedLink] = []
        self._owners: list[tuple[range, PipelinedLink]] = []

    async def call(self, *words: Any) -> Any:
        """Return the answer of the node that has the key of a command."""
        slot = key_slot(str(words[3] if words[0] in ("EVAL", "EVALSHA") else words[1]).encode())
        await self._learnt()
        return await next(node for slots, node in self._owners if slot in slots).call(*words)

    async def values(self, keys: Sequence[str]) -> list[bytes | None]:
        """Return the values of keys."""
        found = await asyncio.gather(*(self.call("GET", key) for key in keys), return_exceptions=True)
        return [value if isinstance(value, bytes) else None for value in found]

    async def scan(self, pattern: str, count: int) -> AsyncIterator[list[bytes]]:
        """Yield keys of all nodes by and by."""
        await self._learnt()
        for node in self._nodes:
            async for keys in node.scan(pattern, count):
                yield keys

    async def close(self) -> None:
        """Close the connections."""
        for node in self._nodes:
            await node.close()

    async def _learnt(self) -> None:
        """Ask a node once which one has which slots."""
        async with self._learning:
            if self._owners:
                return
            first = PipelinedLink(self._client, self._host)
            for start, end, (host, port, *_), *_ in await first.call("CLUSTER", "SLOTS"):
                self._nodes.append(PipelinedLink(self._client, f"{host.decode()}:{port}"))
                self._owners.append((range(start, end + 1), self._nodes[-1]))
            await first.close()


class _Peer(asyncio.Protocol):
    """A connection: commands that wait to be sent, and their answers, which come in the same order."""

    transport: Any

    def __init__(self) -> None:
        self._asked: list[asyncio.Future[Any]] = []
        self._answered = 0
        self._unsent: list[bytes] = []
        self._data = b""

    def connection_made(self, transport: Any) -> None:
        self.transport = transport

    def connection_lost(self, problem: Exception | None) -> None:
        for waiting in self._asked[self._answered :]:
            if not waiting.done():
                waiting.set_result(problem or ConnectionResetError("Redis has closed the connection"))

    def ask(self, words: tuple[Any, ...]) -> "asyncio.Future[Any]":
        """Send a command soon, and return what waits for its answer."""
        loop = asyncio.get_running_loop()
        if not self._unsent:
            loop.call_soon(self._send)
        self._unsent.append(b"*%d\r\n" % len(words))
        data = [word if isinstance(word, bytes) else str(word).encode() for word in words]
        self._unsent += [b"$%d\r\n%b\r\n" % (len(one), one) for one in data]
        self._asked.append(loop.create_future())
        return self._asked[-1]

    def _send(self) -> None:
        self.transport.write(b"".join(self._unsent))
        self._unsent.clear()

    def data_received(self, data: bytes) -> None:
        self._data += data
        at = 0
        while at < len(self._data):
            try:
                found, at = _parsed(self._data, at)
            except _NotYet:
                break
            waiting = self._asked[self._answered]
            self._answered += 1
            if not waiting.done():
                waiting.set_result(found)
        self._data = self._data[at:]
        if self._answered > 100:
            del self._asked[: self._answered]
            self._answered = 0


class _NotYet(Exception):
    """The end of an answer has not arrived."""


def _parsed(data: bytes, at: int) -> tuple[Any, int]:
    """Return the answer that begins at a place, and where it ends."""
    end = data.find(b"\r\n", at)
    if end < 0:
        raise _NotYet
    kind, line, after = data[at : at + 1], data[at + 1 : end], end + 2
    if kind == b"+":
        return line, after
    if kind == b":":
        return int(line), after
    if kind == b"-":
        text = line.decode()
        return (NoScriptError(text) if text.startswith("NOSCRIPT") else ResponseError(text)), after
    size = int(line)
    if size < 0:
        return None, after
    if kind == b"$":
        if len(data) < after + size + 2:
            raise _NotYet
        return data[after : after + size], after + size + 2
    items = []
    for _ in range(size):
        item, after = _parsed(data, after)
        items.append(item)
    return items, after
