"""The dev servers of several workers as one: the supervisor asks all of them, and merges what they say."""

import asyncio
import contextlib
from collections.abc import Sequence
from typing import NamedTuple

from mallgen_runtime.process import metrics
from mallgen_runtime.process.devserver import DevServerConf
from mallgen_runtime.process.errors import ConfigError
from mallgen_runtime.process.merging import Exposition
from mallgen_runtime.process.worker import dev_path

_HEAD, _SECONDS = 8192, 5.0
_GONE = b"HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"


class RelayedServer(NamedTuple):
    """A dev server that the settings ask for, and the name of its block."""

    block: str
    conf: DevServerConf


class Relay:
    """Answers on the dev servers' ports for all workers, and keeps the counts of those that have ended."""

    def __init__(self, servers: Sequence[RelayedServer]) -> None:
        self._asked = servers
        self._folder = ""
        self._servers: list[asyncio.Server] = []
        self._numbers: dict[int, int] = {}
        self._seen: dict[tuple[int, int], Exposition] = {}
        self._left: dict[int, Exposition] = {}

    async def start(self, folder: str) -> None:
        """Listen; workers answer on sockets in `folder`. Raises ConfigError when a port is taken."""
        self._folder = folder
        for block, conf in self._asked:
            try:
                found = await asyncio.start_server(_Answerer(self, conf), conf.host or None, conf.port, limit=_HEAD)
            except OSError as problem:
                raise ConfigError(f"{block} cannot listen on {conf.host}:{conf.port}: {problem.strerror}") from None
            self._servers.append(found)

    async def stop(self) -> None:
        """Close."""
        for server in self._servers:
            server.close()

    def add(self, number: int, pid: int) -> None:
        """Ask a new worker from now on."""
        self._numbers[pid] = number

    def remove(self, pid: int) -> None:
        """Ask a worker no longer; what it last counted stays in the sums."""
        self._numbers.pop(pid, None)
        for _, conf in self._asked:
            seen = self._seen.pop((conf.port, pid), None)
            if seen is not None:
                self._left.setdefault(conf.port, Exposition()).join(seen.counted())

    async def look(self, pid: int) -> None:
        """Read the counts of a worker that is about to end."""
        for _, conf in self._asked:
            await self._read(conf, pid)

    async def metrics(self, conf: DevServerConf) -> bytes:
        """Return the metrics of all workers, past ones too."""
        await asyncio.gather(*(self._read(conf, pid) for pid in self._numbers))
        total = Exposition().join(self._left.get(conf.port, Exposition()))
        for pid in self._numbers:
            total.join(self._seen.get((conf.port, pid), Exposition()))
        return total.text().encode()

    async def worst(self, conf: DevServerConf, head: bytes) -> bytes:
        """Return the first answer that is not 200, else the last one."""
        found = _GONE
        for pid in list(self._numbers):
            answer = await self._ask(conf.port, pid, head)
            if answer:
                found = answer
                if not answer.startswith(b"HTTP/1.1 200"):
                    break
        return found

    async def _read(self, conf: DevServerConf, pid: int) -> None:
        request = f"GET {conf.metrics_path} HTTP/1.1\r\n\r\n".encode()
        head, _, body = (await self._ask(conf.port, pid, request)).partition(b"\r\n\r\n")
        if head.startswith(b"HTTP/1.1 200") and pid in self._numbers:
            self._seen[conf.port, pid] = Exposition().add(body.decode(), self._numbers[pid])

    async def _ask(self, port: int, pid: int, head: bytes) -> bytes:
        """Return a worker's answer, empty when it gives none."""
        with contextlib.suppress(OSError, TimeoutError):
            async with asyncio.timeout(_SECONDS):
                reader, writer = await asyncio.open_unix_connection(dev_path(self._folder, port, pid))
                with contextlib.closing(writer):
                    writer.write(head)
                    return await reader.read()
        return b""


class _Answerer:
    """Answers one connection of a dev server."""

    def __init__(self, relay: Relay, conf: DevServerConf) -> None:
        self._relay = relay
        self._conf = conf

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            async with asyncio.timeout(2 * _SECONDS):
                head = await reader.readuntil(b"\r\n\r\n")
                words = head.split(b"\r\n", 1)[0].decode("latin-1").split(" ")
                path = words[1].partition("?")[0] if len(words) > 1 else ""
                if words[0] == "GET" and path == self._conf.metrics_path and self._conf.enable_metrics:
                    body = await self._relay.metrics(self._conf)
                    kind = metrics.CONTENT_TYPE
                    start = f"HTTP/1.1 200 OK\r\ncontent-type: {kind}\r\ncontent-length: {len(body)}\r\n"
                    writer.write(f"{start}connection: close\r\n\r\n".encode() + body)
                else:
                    writer.write(await self._relay.worst(self._conf, head))
                await writer.drain()
        writer.close()
