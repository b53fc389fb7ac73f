"""An API server of Kubernetes for tests: EndpointSlices by list and watch, over TLS on a real socket."""

import asyncio
import contextlib
import json
import os
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, urlsplit

from mallgen_runtime.discovery.kubernetes.resolver import KubernetesResolver
from tests.certificates import Authority


class Asked(NamedTuple):
    """A request as it came."""

    path: str
    query: dict[str, str]
    token: str

    @property
    def is_watch(self) -> bool:
        return "watch" in self.query


Hostile = Callable[[Asked, asyncio.StreamWriter], Any]


class FakeApi:
    """Slices with versions and a log of changes; `account` is the folder that a pod would have mounted."""

    def __init__(self, folder: Path) -> None:
        self.account = folder / "account"
        self.account.mkdir()
        authority = Authority(folder)
        self._tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._tls.load_cert_chain(*authority.issue("api", "127.0.0.1"))
        (self.account / "ca.crt").write_bytes(authority.ca.read_bytes())
        self.tokens = {"first"}
        self.rotate("first")
        self.slices: dict[str, dict[str, Any]] = {}
        self.version = 100
        self.oldest = 0
        self.status = 200
        self.headers = ""
        self.hostile: Hostile | None = None
        self.asked: list[Asked] = []
        self.port = 0
        self._error: dict[str, Any] | None = None
        self._log: list[tuple[int, dict[str, Any]]] = []
        self._changed = asyncio.Event()
        self._ends: set[asyncio.Event] = set()
        self._writers: set[asyncio.StreamWriter] = set()
        self._server: asyncio.Server | None = None

    @property
    def watches(self) -> int:
        """The watches that are open."""
        return len(self._ends)

    def lists(self) -> int:
        """Return how often the slices were listed."""
        return sum(not each.is_watch for each in self.asked)

    def environment(self) -> dict[str, str]:
        """Return the variables of a pod."""
        return {
            "KUBERNETES_SERVICE_HOST": "127.0.0.1",
            "KUBERNETES_SERVICE_PORT": str(self.port),
            "MALLGEN_SERVICE_ACCOUNT": str(self.account),
        }

    def rotate(self, token: str) -> None:
        """Write another token, as a kubelet does: the file is replaced."""
        new = self.account / "token.new"
        new.write_text(f"{token}\n", encoding="ascii")
        os.replace(new, self.account / "token")

    async def start(self) -> None:
        """Listen, on the former port if there was one."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port, ssl=self._tls)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Refuse connections, and end those that are open."""
        if self._server is not None:
            self._server.close()
            self.cut()
            self._server = None
            await asyncio.sleep(0.05)

    def put(self, name: str, *pods: str, port: int = 8080, ready: bool | None = True, family: str = "IPv4") -> None:
        """Add or change a slice; `pods` are addresses."""
        self.version += 1
        kind = "MODIFIED" if name in self.slices else "ADDED"
        conditions = {} if ready is None else {"ready": ready, "serving": True}
        self.slices[name] = {
            "kind": "EndpointSlice",
            "apiVersion": "discovery.k8s.io/v1",
            "metadata": {"name": name, "resourceVersion": str(self.version), "labels": {"x": "y"}},
            "addressType": family,
            "endpoints": [{"addresses": [pod], "conditions": conditions} for pod in pods],
            "ports": [{"name": "grpc", "protocol": "TCP", "port": port}, {"name": "dev", "port": 6060}],
        }
        self._tell(kind, self.slices[name])

    def remove(self, name: str) -> None:
        """Delete a slice."""
        self.version += 1
        gone = self.slices.pop(name)
        gone["metadata"]["resourceVersion"] = str(self.version)
        self._tell("DELETED", gone)

    def bookmark(self) -> None:
        """Let time pass elsewhere, and tell watches of the version."""
        self.version += 7
        self._tell("BOOKMARK", {"kind": "EndpointSlice", "metadata": {"resourceVersion": str(self.version)}})

    def compact(self) -> None:
        """Forget all changes until now, and one more that nobody sees."""
        self.version += 1
        self.oldest = self.version
        self._log = []

    def error(self, code: int) -> None:
        """Send an error to the watches that are open."""
        self._error = {"kind": "Status", "code": code, "message": "too old resource version: 1 (2)"}
        self.end_watches()

    def cut(self) -> None:
        """Abort all connections."""
        for writer in self._writers:
            writer.transport.abort()

    def end_watches(self) -> None:
        """End the watches as an API server does when their time is over."""
        for end in self._ends:
            end.set()
        self._wake()

    def _tell(self, kind: str, what: dict[str, Any]) -> None:
        self._log.append((self.version, {"type": kind, "object": json.loads(json.dumps(what))}))
        self._wake()

    def _wake(self) -> None:
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("ascii").split("\r\n")
            fields = dict(line.split(": ", 1) for line in head[1:] if line)
            url = urlsplit(head[0].split(" ")[1])
            asked = Asked(url.path, dict(parse_qsl(url.query)), fields["Authorization"].removeprefix("Bearer "))
            self.asked.append(asked)
            await self._answer(asked, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            return
        finally:
            self._writers.discard(writer)
            writer.close()

    async def _answer(self, asked: Asked, writer: asyncio.StreamWriter) -> None:
        status = self.status if asked.token in self.tokens else 401
        if self.hostile is not None:
            await self.hostile(asked, writer)
        elif status != 200:
            self._whole(writer, status, {"kind": "Status", "code": status, "message": "endpointslices is forbidden"})
        elif asked.is_watch:
            await self._watch(int(asked.query["resourceVersion"]), writer)
        else:
            found = {"metadata": {"resourceVersion": str(self.version)}, "items": list(self.slices.values())}
            self._whole(writer, 200, {"kind": "EndpointSliceList", **found})
        await writer.drain()

    def _whole(self, writer: asyncio.StreamWriter, status: int, what: dict[str, Any]) -> None:
        body = json.dumps(what).encode()
        writer.write(f"HTTP/1.1 {status} X\r\n{self.headers}Content-Length: {len(body)}\r\n\r\n".encode() + body)

    async def _watch(self, version: int, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        if version < self.oldest:
            gone = {"kind": "Status", "code": 410, "message": "too old resource version"}
            _chunk(writer, {"type": "ERROR", "object": gone})
            writer.write(b"0\r\n\r\n")
            return
        end, ready = asyncio.Event(), self._log[:]
        self._ends.add(end)
        try:
            while not writer.transport.is_closing():
                for number, event in ready:
                    if number > version:
                        _chunk(writer, event)
                        version = number
                await writer.drain()
                if end.is_set():
                    if self._error is not None:
                        _chunk(writer, {"type": "ERROR", "object": self._error})
                    self._error = None
                    writer.write(b"0\r\n\r\n")
                    return
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._changed.wait(), 0.2)
                ready = self._log[:]
        finally:
            self._ends.discard(end)


def _chunk(writer: asyncio.StreamWriter, event: dict[str, Any]) -> None:
    """Write an event in two chunks: a line need not come in one."""
    line = json.dumps(event).encode() + b"\n"
    for part in (line[:9], line[9:]):
        writer.write(f"{len(part):x}\r\n".encode() + part + b"\r\n")


@asynccontextmanager
async def api_server(folder: Path) -> AsyncIterator[FakeApi]:
    """Run an API server; the variables of a pod are set while it does."""
    api = FakeApi(folder)
    await api.start()
    before = dict(os.environ)
    os.environ.pop("MALLGEN_DISCOVERY", None)
    os.environ.update(api.environment())
    try:
        yield api
    finally:
        os.environ.clear()
        os.environ.update(before)
        await api.stop()


@asynccontextmanager
async def following_pods(target: str = "k8s://shop/order:grpc") -> AsyncIterator[KubernetesResolver]:
    found = KubernetesResolver(target)
    await found.start(lambda: None)
    try:
        yield found
    finally:
        await found.close()
