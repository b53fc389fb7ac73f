"""A generated HTTP service that runs as a process of its own."""

import contextlib
import errno
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote

from tests.ports import free_port

SECRET = "a secret of at least thirty-two bytes"


def wait_until_refused(port: int, seconds: float = 10.0) -> None:
    """Wait until a port takes no connection: the door of its service is closed."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        with socket.socket() as probe:
            probe.settimeout(0.1)  # a door that is about to close drops the first packets
            with contextlib.suppress(TimeoutError):
                if probe.connect_ex(("127.0.0.1", port)) == errno.ECONNREFUSED:
                    return
        time.sleep(0.02)
    raise AssertionError(f"port {port} still takes connections")


class Answer(NamedTuple):
    """The status, headers and body of an answer."""

    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        """Return the JSON body as plain values."""
        return json.loads(self.body)


class Service:
    """A process `python -m <package>` in a folder; `settings` are lines added to its configuration."""

    def __init__(
        self,
        folder: Path,
        package: str,
        settings: str = "",
        python: str = sys.executable,
        env: dict[str, str] | None = None,
    ) -> None:
        self.port = free_port()
        self.folder = folder
        name = package.replace("_", "-")
        stop = "" if "Shutdown:" in settings else "Shutdown:\n  WrapUpTime: 50ms\n"
        lines = f"Name: {name}\nHost: 127.0.0.1\nPort: {self.port}\n{stop}{settings}\n"
        (folder / "etc" / "test.yaml").write_text(lines, encoding="utf-8")
        self.log = folder / "service.log"
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [python, "-m", package, "-f", "etc/test.yaml"],
                cwd=folder,
                stdout=log,
                stderr=log,
                env=env or {**os.environ, "AUTH_ACCESS_SECRET": SECRET},
            )

    def __enter__(self) -> "Service":
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                raise AssertionError(f"ended with {self.process.returncode}: {self.lines()}")
            try:
                if self.get("/healthz").status == 200:
                    return self
            except OSError:
                time.sleep(0.05)
        self.process.kill()
        raise AssertionError(f"no answer within 20 s: {self.lines()}")

    def __exit__(self, *problem: object) -> None:
        if self.process.poll() is None:
            assert self.stop() == 0

    def stop(self, number: int = signal.SIGTERM) -> int:
        """Send a signal, wait, and return the exit code."""
        self.process.send_signal(number)
        return self.process.wait(timeout=20)

    def lines(self) -> str:
        """Return the output of the service."""
        return self.log.read_text(encoding="utf-8")

    def line_with(self, word: str) -> str:
        """Return the first log line that contains a word, waiting for it: the access line follows the answer."""
        deadline = time.monotonic() + 5
        while time.monotonic() < deadline:
            for line in self.lines().splitlines():
                if word in line:
                    return line
            time.sleep(0.02)
        raise AssertionError(f"no line with {word}: {self.lines()}")

    def get(self, path: str, **rest: Any) -> Answer:
        """Send a GET request."""
        return self.request("GET", path, **rest)

    def request(
        self, method: str, path: str, body: bytes | None = None, headers: dict[str, str] | None = None
    ) -> Answer:
        """Send one request on its own connection; `path` may have characters that need escapes, and ready escapes."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request(method, quote(path, safe="/?&=%+;[]:!,"), body, headers or {})
            answer = connection.getresponse()
            return Answer(answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read())
        finally:
            connection.close()

    def post(self, path: str, value: Any, **headers: str) -> Answer:
        """POST a JSON body."""
        sent = {"Content-Type": "application/json", **{k.replace("_", "-"): v for k, v in headers.items()}}
        return self.request("POST", path, json.dumps(value).encode(), sent)

    def raw(self, data: bytes) -> bytes:
        """Send bytes, and return all that comes back until the service closes the connection."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=10) as connection:
            connection.sendall(data)
            received = b""
            while chunk := connection.recv(65536):
                received += chunk
        return received
