"""The services of generated/ as processes that find each other through a registry folder of their own."""

import atexit
import contextlib
import functools
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from tests.conftest import ROOT
from tests.ports import free_port
from tests.run.service import SECRET, Service

RPC_SERVICES = ("product", "order", "cart", "user", "reply", "seckill", "pay")
RECOMMEND = """
        from mall_api.schemas import Product

        made = {"price": "9.90", "stock": 1, "category": "", "status": 1, "create_time": 1, "update_time": 1}
        products = [Product(id=n, name=f"商品 {n}", description="", **made) for n in range(req.ps)]
        return RecommendResponse(products=products, is_end=False, recommend_time=1)
"""
FLASH_SALE = """
        return FlashSaleResponse(start_time=1, products=[])
"""


class RpcService:
    """A process `python -m <package>`; `settings` are lines of its configuration besides name, address and shutdown."""

    def __init__(
        self, folder: Path, package: str, registry: Path, settings: str = "", env: dict[str, str] | None = None
    ) -> None:
        self.folder = folder
        self.port = free_port()
        self.key = package.replace("_", ".")
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


@functools.cache
def seeded() -> Path:
    """Return a copy of generated/ whose databases have the rows of the example, made once."""
    shop = Path(tempfile.mkdtemp(prefix="mallgen-shop-")) / "shop"
    atexit.register(shutil.rmtree, shop.parent, ignore_errors=True)
    ignored = shutil.ignore_patterns(".*", "__pycache__", "data")
    shutil.copytree(ROOT / "generated", shop, ignore=ignored)
    for name in RPC_SERVICES:
        words = [sys.executable, "-m", f"{name}_rpc.seed"]
        env = {**os.environ, "PAY_NOTIFY_SECRET": SECRET}
        subprocess.run(words, cwd=shop / name, check=True, capture_output=True, env=env)
    return shop


def bff_alone(root: Path) -> Path:
    """Return a copy of the BFF that answers /v1/recommend and /v1/flashsale without calling a service."""
    folder = root / "mall"
    shutil.copytree(ROOT / "generated" / "mall", folder, ignore=shutil.ignore_patterns(".*", "__pycache__"))
    for name, body in (("recommend", RECOMMEND), ("flash_sale", FLASH_SALE)):
        logic = folder / "mall_api" / "logic" / f"{name}_logic.py"
        head, mark, _ = logic.read_text(encoding="utf-8").partition("Response:\n")
        assert mark
        logic.write_text(f"{head}{mark}{body}", encoding="utf-8")
    return folder


def database(name: str) -> str:
    """Return the line of settings with the seeded database of an RPC service."""
    return f"DataSource: sqlite:///data/{name}.db\n"


class Shop:
    """A copy of generated/ and its running services."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.registry = root / "registry"
        shutil.copytree(seeded(), root / "shop")

    def rpc(self, name: str, settings: str = "") -> RpcService:
        """Start an instance of one of the RPC services."""
        folder = self.root / "shop" / name
        settings += "NotifySecret: ${PAY_NOTIFY_SECRET}\n" if name == "pay" else ""
        return RpcService(folder, f"{name}_rpc", self.registry, f"{database(name)}{settings}")

    def mall(self, settings: str = "") -> Service:
        """Start the BFF."""
        return Service(self.root / "shop" / "mall", "mall_api", settings, env=environment(self.registry))

    @contextlib.contextmanager
    def queue(self, name: str, settings: str = "") -> Iterator[None]:
        """Run one of the queue services."""
        folder = self.root / "shop" / name
        lines = f"Name: {name}.rmq\nGroup: {name}.rmq\nMode: dev\n{settings}\n"
        (folder / "etc" / "test.yaml").write_text(lines, encoding="utf-8")
        words = [sys.executable, "-m", f"{name}_rmq", "-f", "etc/test.yaml"]
        log = folder / "service.log"
        with log.open("wb") as output:
            process = subprocess.Popen(words, cwd=folder, stdout=output, stderr=output, env=environment(self.registry))
        try:
            deadline = time.monotonic() + 20
            while f"{name}.rmq consumes" not in log.read_text(encoding="utf-8"):
                assert process.poll() is None and time.monotonic() < deadline, log.read_text(encoding="utf-8")
                time.sleep(0.05)
            yield
        finally:
            process.terminate()
            assert process.wait(timeout=20) == 0, log.read_text(encoding="utf-8")

    @contextlib.contextmanager
    def up(self, settings: str = "") -> Iterator[Service]:
        """Start all services."""
        with contextlib.ExitStack() as stack:
            for service in [self.rpc(name) for name in RPC_SERVICES]:
                stack.enter_context(service)
            yield stack.enter_context(self.mall(settings))


def environment(registry: Path) -> dict[str, str]:
    """Return the environment of a service in tests."""
    return {
        **os.environ,
        "AUTH_ACCESS_SECRET": SECRET,
        "PAY_NOTIFY_SECRET": SECRET,
        "MALLGEN_DISCOVERY": f"file:{registry}",
        "MALLGEN_QUEUE": str(registry / "queue.db"),
    }
