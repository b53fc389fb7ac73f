"""Real programs for tests: found or installed, started on free ports in a temporary folder, and stopped.

A missing program is a skip with its reason on a laptop; in CI (`CI` in the environment) it is installed, or an error.
"""

import base64
import contextlib
import fcntl
import http.client
import json
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.ports import free_port


def program(name: str, package: str) -> str:
    """Return the path of a program that Debian has in `package`; skip or install it when it is missing."""
    path = shutil.which(name)
    if path is None and os.environ.get("CI"):
        path = _installed(name, package)
    if path is None:
        pytest.skip(f"no {name} on this machine; on Debian: apt install {package}")
    return path


@contextlib.contextmanager
def alone() -> Iterator[None]:
    """Let only one worker of a run at a time install a program or build one that all of them need."""
    with open(Path(tempfile.gettempdir(), f"mallgen-parts-{os.getuid()}.lock"), "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _installed(name: str, package: str) -> str:
    with alone():
        if shutil.which(name) is None:
            env = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
            for words in (["update"], ["install", "-y", "--no-install-recommends", package]):
                ran = subprocess.run(["apt-get", "-qq", *words], env=env, capture_output=True, text=True, check=False)
                if ran.returncode:
                    raise RuntimeError(f"{name} is needed, and apt-get {words[0]} fails: {ran.stderr.strip()}")
            if Path("/run/systemd/system").is_dir():
                subprocess.run(["systemctl", "disable", "--now", "--quiet", name], check=False)
    found = shutil.which(name)
    if found is None:
        raise RuntimeError(f"{package} is installed, but there is no {name}")
    return found


def wait_for(condition: Callable[[], bool], what: str, seconds: float = 10.0) -> None:
    """Wait until a condition holds; fail when it does not within `seconds`."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, f"{what}: not within {seconds:g} s"
        time.sleep(0.02)


class Process:
    """A program that a test starts, kills and starts again; its output goes to `log`."""

    def __init__(self, command: list[str], log: Path) -> None:
        self.command = command
        self.log = log
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def running(self) -> bool:
        """Return whether the program runs."""
        return self._process is not None and self._process.poll() is None

    @property
    def pid(self) -> int:
        """Return the number of the process."""
        assert self._process is not None
        return self._process.pid

    def launch(self, cwd: Path | None = None, env: dict[str, str] | None = None) -> None:
        """Start the program, in this folder and environment unless others are given."""
        with self.log.open("ab") as out:
            self._process = subprocess.Popen(
                self.command, stdin=subprocess.DEVNULL, stdout=out, stderr=out, cwd=cwd, env=env
            )

    def send(self, number: signal.Signals) -> None:
        """Send a signal."""
        assert self._process is not None
        self._process.send_signal(number)

    def kill(self) -> None:
        """Kill the program without a warning, as a power cut does."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def stop(self) -> None:
        """Stop the program with SIGTERM, and after 10 s with SIGKILL."""
        if self._process is not None:
            self._process.terminate()
            try:
                self._process.wait(10)
            except subprocess.TimeoutExpired:
                self.kill()


class Etcd(Process):
    """One etcd; `options` are added to its command line, `tls` are the options of its client side."""

    def __init__(self, folder: Path, *options: str, tls: tuple[str, ...] = ()) -> None:
        self.data = folder / "data"
        self.port, peer, self._health = free_port(), free_port(), free_port()
        self.host = f"127.0.0.1:{self.port}"
        self.peer = f"http://127.0.0.1:{peer}"
        client = f"{'https' if tls else 'http'}://{self.host}"
        own = [f"--data-dir={self.data}", f"--listen-client-urls={client}", f"--advertise-client-urls={client}"]
        own += [f"--listen-peer-urls={self.peer}", f"--initial-advertise-peer-urls={self.peer}"]
        own += [f"--listen-metrics-urls=http://127.0.0.1:{self._health}", "--log-level=error"]
        own += ["--heartbeat-interval=20", "--election-timeout=200"]
        if not any(option.startswith("--initial-cluster=") for option in options):
            own.append(f"--initial-cluster=default={self.peer}")
        super().__init__([program("etcd", "etcd-server"), *own, *options, *tls], folder / "etcd.log")

    def start(self) -> "Etcd":
        """Start etcd and wait until it serves."""
        self.launch()
        wait_for(self.healthy, f"etcd serves ({self.log.read_text()[-500:]})")
        return self

    def healthy(self) -> bool:
        """Return whether etcd serves."""
        connection = http.client.HTTPConnection("127.0.0.1", self._health, timeout=2)
        try:
            connection.request("GET", "/health")
            return connection.getresponse().status == 200
        except OSError:
            assert self.running, f"etcd has ended: {self.log.read_text()[-1000:]}"
            return False
        finally:
            connection.close()

    def wipe(self) -> None:
        """Delete all data; etcd must not run."""
        shutil.rmtree(self.data)

    def ask(self, path: str, **body: Any) -> Any:
        """Call etcd's JSON gateway, another way than the tested code's; bytes travel in base64."""
        sent = {key: coded(value) if isinstance(value, bytes) else value for key, value in body.items()}
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        with contextlib.closing(connection):
            connection.request("POST", f"/v3/{path}", json.dumps(sent))
            answer = connection.getresponse()
            text = answer.read()
        assert answer.status == 200, text
        return json.loads(text)

    def keys(self, prefix: str = "") -> dict[str, bytes]:
        """Return the keys that begin with `prefix`, and their values."""
        start = prefix.encode() or b"\0"
        end = start[:-1] + bytes([start[-1] + 1]) if prefix else b"\0"
        found = self.ask("kv/range", key=start, range_end=end).get("kvs", [])
        return {_plain(item["key"]).decode(): _plain(item.get("value", "")) for item in found}

    def put(self, key: str, value: bytes) -> None:
        """Write a key without a lease."""
        self.ask("kv/put", key=key.encode(), value=value)

    def delete(self, key: str) -> None:
        """Delete a key."""
        self.ask("kv/deleterange", key=key.encode())

    def lease_left(self, lease: int) -> int:
        """Return the seconds that a lease has left; -1 when there is no such lease."""
        return int(self.ask("lease/timetolive", ID=lease).get("TTL", 0))


def coded(value: bytes) -> str:
    """Encode bytes as the gateway takes them."""
    return base64.b64encode(value).decode()


def _plain(value: str) -> bytes:
    return base64.b64decode(value)


@contextlib.contextmanager
def etcd(folder: Path, *options: str, tls: tuple[str, ...] = ()) -> Iterator[Etcd]:
    """Start an etcd, and kill it at the end."""
    part = Etcd(folder, *options, tls=tls)
    try:
        yield part.start()
    finally:
        part.kill()
