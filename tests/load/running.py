"""Starts tests.load.service as a process."""

import os
import re
import signal
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import Self

from tests.conftest import ROOT
from tests.ports import free_port


class LoadedService:
    """The process, on a free port; `settings` are lines of its configuration."""

    def __init__(self, folder: Path, settings: str = "") -> None:
        self.port = free_port()
        file = folder / f"load-{self.port}.yaml"
        stop = "" if "Shutdown:" in settings else "Shutdown:\n  WrapUpTime: 50ms\n"
        file.write_text(f"Name: load\nHost: 127.0.0.1\nPort: {self.port}\n{stop}{settings}\n", encoding="utf-8")
        self.log = folder / f"load-{self.port}.log"
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "tests.load.service", "-f", str(file)],
                cwd=ROOT,
                stdout=log,
                stderr=log,
                env={**os.environ, "PYTHONPATH": os.pathsep.join((str(ROOT), str(ROOT / "runtime")))},
            )

    def __enter__(self) -> Self:
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline and self.process.poll() is None:
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{self.port}/healthz", timeout=2).close()
                return self
            except OSError:
                time.sleep(0.05)
        self.process.kill()
        raise AssertionError(f"no answer: {self.lines()}")

    def __exit__(self, *problem: object) -> None:
        if self.process.poll() is None:
            code = self.stop()
            assert code == 0, (code, self.lines()[-2000:])

    def stop(self, number: int = signal.SIGTERM) -> int:
        """Send a signal, wait, and return the exit code."""
        self.process.send_signal(number)
        return self.process.wait(timeout=20)

    def lines(self) -> str:
        """Return the output of the service."""
        return self.log.read_text(encoding="utf-8")

    @property
    def rss(self) -> float:
        """Return the resident memory of the process in MiB."""
        found = re.search(r"VmRSS:\s+(\d+) kB", Path(f"/proc/{self.process.pid}/status").read_text())
        assert found
        return int(found[1]) / 1024
