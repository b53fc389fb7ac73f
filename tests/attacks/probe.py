"""Good calls during an attack, made by a process of their own so that the attacker's threads cannot delay them.

`python -m tests.attacks.probe PORT SENT WANTED` sends SENT on a new connection every 10 ms and reads until WANTED (both
in hexadecimal) has come. It prints one line for each call: its milliseconds, or the reason why it failed.
"""

import socket
import subprocess
import sys
import threading
import time

from tests.conftest import ROOT
from tests.pauses import Pauses

PACE, PATIENCE, FEW = 0.01, 30.0, 20


class Probe:
    """A process that makes good calls while the context lasts: `taken` has their milliseconds, `wrong` the failures."""

    def __init__(self, port: int, sent: bytes, wanted: bytes) -> None:
        command = [sys.executable, "-m", "tests.attacks.probe", str(port), sent.hex(), wanted.hex()]
        self._process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self.taken: list[float] = []
        self.wrong: list[str] = []

    def __enter__(self) -> "Probe":
        self._reader.start()
        self._wait_for_calls(1)
        self.taken.clear()
        return self

    def __exit__(self, *problem: object) -> None:
        if problem[0] is None:
            self._wait_for_calls(FEW)  # an attack may be over sooner than a call
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(PATIENCE + 10)
        self._reader.join()

    @property
    def p99(self) -> float:
        """Return the 99th percentile of the calls' milliseconds."""
        return sorted(self.taken)[len(self.taken) * 99 // 100]

    def _wait_for_calls(self, number: int) -> None:
        deadline = time.monotonic() + PATIENCE
        while len(self.taken) + len(self.wrong) < number and time.monotonic() < deadline:
            time.sleep(0.01)

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            try:
                self.taken.append(float(line))
            except ValueError:
                self.wrong.append(line.strip())


def call(port: int, sent: bytes, wanted: bytes, pauses: Pauses) -> str:
    """Make one call and return its milliseconds without a pause of this process, or why it failed, as text."""
    started, received = time.perf_counter(), b""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as connection:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            connection.sendall(sent)
            while wanted not in received:
                chunk = connection.recv(65536)
                if not chunk:
                    return f"closed after {received[:80]!r}"
                received += chunk
    except OSError as problem:
        return f"{problem!r} after {received[:80]!r}"
    return f"{(time.perf_counter() - started - pauses.longest) * 1000:.3f}"


def main(port: str, sent: str, wanted: str) -> None:
    """Make calls until standard input ends."""
    over = threading.Event()

    def wait() -> None:
        sys.stdin.read()
        over.set()

    threading.Thread(target=wait, daemon=True).start()
    while not over.wait(PACE):
        with Pauses() as pauses:
            print(call(int(port), bytes.fromhex(sent), bytes.fromhex(wanted), pauses), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
