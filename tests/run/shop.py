"""The three services of generated/ as processes that find each other through a registry folder of their own."""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from tests.conftest import ROOT
from tests.ports import free_port
from tests.run.service import SECRET, Service

KEYS = {"order_rpc": "order.rpc", "product_rpc": "product.rpc"}


class RpcService:
    """A process `python -m <package>`; `settings` are lines of its configuration besides name, address and shutdown."""

    def __init__(
        self, folder: Path, package: str, registry: Path, settings: str = "", env: dict[str, str] | None = None
    ) -> None:
        self.folder = folder
        self.port = free_port()
        self.key = KEYS.get(package, package.replace("_", "."))
        self.registry = registry
        self.admin = 0
        file = f"etc/test-{self.port}.yaml"
        lines = f"Name: {self.key}\nListenOn: 127.0.0.1:{self.port}\nShutdown:\n  WrapUpTime: 300ms\n{settings}\n"
        (folder / file).write_text(lines, encoding="utf-8")
        self.log = folder / f"service-{self.port}.log"
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", package, "-f", file],
                cwd=folder,
                stdout=log,
                stderr=log,
                env=environment(registry) if env is None else env,
            )

    def __enter__(self) -> "RpcService":
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                raise AssertionError(f"ended with {self.process.returncode}: {self.lines()}")
            if self.registered():
                return self
            time.sleep(0.02)
        self.process.kill()
        raise AssertionError(f"not registered within 20 s: {self.lines()}")

    def __exit__(self, *problem: object) -> None:
        if self.process.poll() is None:
            assert self.stop() == 0, self.lines()

    def registered(self) -> bool:
        """Return whether clients can find the service in the registry."""
        return self._entry.exists()

    def forget(self) -> None:
        """Remove the service's entry from the registry."""
        self._entry.unlink()

    @property
    def _entry(self) -> Path:
        return self.registry / self.key / f"{self.process.pid}-{self.port}"

    def stop(self, number: int = signal.SIGTERM) -> int:
        """Send a signal, wait, and return the exit code."""
        self.process.send_signal(number)
        return self.process.wait(timeout=20)

    def lines(self) -> str:
        """Return the output of the service."""
        return self.log.read_text(encoding="utf-8")


class Shop:
    """A copy of generated/ and its running services."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.registry = root / "registry"
        shutil.copytree(ROOT / "generated", root / "shop", ignore=shutil.ignore_patterns(".*", "__pycache__"))

    def rpc(self, name: str, settings: str = "") -> RpcService:
        """Start an instance of `order` or `product`."""
        return RpcService(self.root / "shop" / name, f"{name}_rpc", self.registry, settings)

    def mall(self, settings: str = "") -> Service:
        """Start the BFF."""
        return Service(self.root / "shop" / "mall", "mall_api", settings, env=environment(self.registry))

    @contextlib.contextmanager
    def up(self, settings: str = "") -> Iterator[Service]:
        """Start all three services."""
        with self.rpc("product"), self.rpc("order"), self.mall(settings) as mall:
            yield mall


def environment(registry: Path) -> dict[str, str]:
    """Return the environment of a service in tests."""
    return {**os.environ, "AUTH_ACCESS_SECRET": SECRET, "MALLGEN_DISCOVERY": f"file:{registry}"}
