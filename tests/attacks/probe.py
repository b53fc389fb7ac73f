"""Good calls beside an attack, from a process of their own: the attacker's threads must not make them wait.

`python -m tests.attacks.probe PORT SENT WANTED` sends SENT on a new connection every 10 ms and reads until WANTED (both
in hexadecimal) has come. Each line that it prints is the milliseconds of a call, or what was wrong with one.
"""

import socket
import subprocess
import sys
import threading
import time

from tests.conftest import ROOT

PACE, PATIENCE, FEW = 0.01, 30.0, 20


class Probe:
    """The calls of a process that runs while the context lasts: `taken` in milliseconds, `wrong` in words."""

    def __init__(self, port: int, sent: bytes, wanted: bytes) -> None:
        command = [sys.executable, "-m", "tests.attacks.probe", str(port), sent.hex(), wanted.hex()]
        self._process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self.taken: list[float] = []
        self.wrong: list[str] = []

    def __enter__(self) -> "Probe":
        self._reader.start()
        self._until(1)
        self.taken.clear()
        return self

    def __exit__(self, *problem: object) -> None:
        if problem[0] is None:
            self._until(FEW)  # an attack may be over sooner than a call
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(PATIENCE + 10)
        self._reader.join()

    @property
    def p99(self) -> float:
        """The milliseconds that 99 of 100 calls do not exceed."""
        return sorted(self.taken)[len(self.taken) * 99 // 100]

    def _until(self, number: int) -> None:
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


def call(port: int, sent: bytes, wanted: bytes) -> str:
    """A call: its milliseconds, or what is wrong with it."""
    started, found = time.perf_counter(), b""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as connection:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            connection.sendall(sent)
            while wanted not in found:
                chunk = connection.recv(65536)
                if not chunk:
                    return f"closed after {found[:80]!r}"
                found += chunk
    except OSError as problem:
        return f"{problem!r} after {found[:80]!r}"
    return f"{(time.perf_counter() - started) * 1000:.3f}"


def main(port: str, sent: str, wanted: str) -> None:
    """Call until standard input ends."""
    over = threading.Event()

    def wait() -> None:
        sys.stdin.read()
        over.set()

    threading.Thread(target=wait, daemon=True).start()
    while not over.wait(PACE):
        print(call(int(port), bytes.fromhex(sent), bytes.fromhex(wanted)), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
