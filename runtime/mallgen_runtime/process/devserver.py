"""go-zero's `DevServer`: health, readiness and metrics on a port of their own."""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Mapping
from typing import Annotated, ClassVar

import msgspec
from msgspec import Meta

from mallgen_runtime.process import metrics
from mallgen_runtime.process.conf import Conf
from mallgen_runtime.process.errors import ConfigError
from mallgen_runtime.process.known_keys import DEV_SERVER, Remark
from mallgen_runtime.process.worker import this_worker

_LOG = logging.getLogger("mallgen.service")
_HEAD, _SECONDS = 8192, 5.0
_JSON = "application/json"
Port = Annotated[int, Meta(ge=0, le=65535)]


class DevServerConf(Conf, kw_only=True):
    """The block `DevServer`; it is on when the block is there. With an empty `host` it listens on every interface."""

    remarks: ClassVar[Mapping[str, Remark]] = DEV_SERVER
    enabled: bool = True
    host: str = ""
    port: Port = 6060
    metrics_path: str = "/metrics"
    health_path: str = "/healthz"
    health_response: str = "OK"
    enable_metrics: bool = True


class PrometheusConf(Conf, kw_only=True):
    """go-zero's older block `Prometheus`: metrics only, on a port of their own; it is on when `host` is set."""

    host: str = ""
    port: Port = 9101
    path: str = "/metrics"

    @property
    def server(self) -> DevServerConf:
        """The dev server that this block asks for."""
        return DevServerConf(
            enabled=bool(self.host), host=self.host, port=self.port, metrics_path=self.path, health_path="/healthz"
        )


Readiness = Callable[[], Mapping[str, str]]


def in_public(state: str) -> str:
    """Return a state without its reason, which the log and the DevServer's port have."""
    return state if state in ("ok", "stopping") else "degraded"


class StateLog:
    """Logs each state that has changed since it was last looked at."""

    def __init__(self) -> None:
        self._seen: dict[str, str] = {}

    def noted(self, states: Mapping[str, str]) -> Mapping[str, str]:
        """Return the states, and log those that are others than before."""
        for name, state in states.items():
            if state != self._seen.get(name, "ok") and state != "stopping":
                _LOG.log(logging.INFO if state == "ok" else logging.WARNING, "readiness of %s: %s", name, state)
        self._seen = dict(states)
        return states


def readiness(states: Mapping[str, str]) -> tuple[int, bytes]:
    """Return status and body of a readiness answer: 503 while one is `stopping`, else 200 with the degraded ones."""
    stopping = "stopping" in states.values()
    fine = all(state == "ok" for state in states.values())
    status = "stopping" if stopping else "ok" if fine else "degraded"
    return 503 if stopping else 200, msgspec.json.encode({"status": status, **states})


class DevServer:
    """Answers GET on three paths; `states` gives the readiness by name, each `ok` or what is wrong."""

    def __init__(self, conf: DevServerConf, states: Readiness, name: str = "DevServer") -> None:
        self._conf = conf
        self._name = name
        self._states = states
        self._server: asyncio.Server | None = None

    async def start(self) -> None:
        """Listen. Raises ConfigError when the port is taken."""
        host, port = self._conf.host or None, self._conf.port
        worker = this_worker()
        if worker is not None:
            self._server = await asyncio.start_unix_server(self._serve, worker.dev_path(port), limit=_HEAD)
            return
        try:
            self._server = await asyncio.start_server(self._serve, host, port, limit=_HEAD)
        except OSError as problem:
            raise ConfigError(f"{self._name} cannot listen on {host or ''}:{port}: {problem.strerror}") from None

    async def stop(self) -> None:
        """Close."""
        if self._server is not None:
            self._server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            async with asyncio.timeout(_SECONDS):
                head = await reader.readuntil(b"\r\n\r\n")
                status, kind, body = self._answer(head.split(b"\r\n", 1)[0].decode("latin-1"))
                start = f"HTTP/1.1 {status}\r\ncontent-type: {kind}\r\ncontent-length: {len(body)}\r\n"
                writer.write(f"{start}connection: close\r\n\r\n".encode() + body)
                await writer.drain()
        writer.close()

    def _answer(self, line: str) -> tuple[str, str, bytes]:
        method, _, rest = line.partition(" ")
        path = rest.partition(" ")[0].partition("?")[0]
        if method != "GET":
            return "405 Method Not Allowed", "text/plain", b""
        if path == self._conf.health_path:
            return "200 OK", "text/plain", self._conf.health_response.encode()
        if path == "/readyz":
            status, body = readiness(self._states())
            return f"{status} {'OK' if status == 200 else 'Service Unavailable'}", _JSON, body
        if path == self._conf.metrics_path and self._conf.enable_metrics:
            return "200 OK", metrics.CONTENT_TYPE, metrics.text()
        return "404 Not Found", "text/plain", b""
