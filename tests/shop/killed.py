"""The processes of a flash sale, each of which can be killed and started again in the middle."""

import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

from tests.parts import wait_for
from tests.ports import free_port
from tests.run.shop import environment

PACKAGES = {
    "seckill": "seckill_rpc",
    "order": "order_rpc",
    "seckill_queue": "seckill_queue_rmq",
    "order_queue": "order_queue_rmq",
    "mall": "mall_api",
}
PAY_TIMEOUT = 12  # seconds; only where order_queue is started
TOPIC, TIMERS = "seckill_queue.order-requested", "order_queue.placed"


class Places(NamedTuple):
    """Lines of settings: where the databases of services are, and the cache and the queue of all."""

    database: Callable[[str], str]
    cache: str = ""
    producer: str = ""
    consumer: str = ""
    timers: str = ""


class Processes:
    """The services of a sale, started from a copy of generated/."""

    def __init__(self, shop: Path, registry: Path, places: Places) -> None:
        self.port = free_port()
        self.order_port = free_port()
        self._shop = shop
        self._env = environment(registry)
        self.running: dict[str, subprocess.Popen[bytes]] = {}
        for name, lines in self._settings(places).items():
            (shop / name / "etc" / "sale.yaml").write_text("\n".join([*lines, "Mode: dev", ""]), encoding="utf-8")

    def _settings(self, places: Places) -> Mapping[str, list[str]]:
        def rpc(name: str, port: int) -> list[str]:
            listen = f"ListenOn: 127.0.0.1:{port}"
            return [f"Name: {name}.rpc", listen, source(name), places.cache]

        def source(name: str) -> str:
            return f'DataSource: "{places.database(name)}"'

        timers = ["Name: order_queue.rmq", "Offset: first", f"PayTimeout: {PAY_TIMEOUT}", source("order_queue")]
        return {
            "seckill": [*rpc("seckill", free_port()), places.producer],
            "order": rpc("order", self.order_port),
            "order_queue": [*timers, places.timers],
            "seckill_queue": ["Name: seckill_queue.rmq", "Offset: first", places.consumer],
            "mall": ["Name: mall-api", "Host: 127.0.0.1", f"Port: {self.port}"],
        }

    def seed(self) -> None:
        """Put up the items for sale, and make the tables where dev mode does."""
        words = [sys.executable, "-m", "seckill_rpc.seed", "etc/sale.yaml"]
        subprocess.run(words, cwd=self._shop / "seckill", env=self._env, check=True, capture_output=True)

    def start(self, name: str) -> None:
        """Start one service."""
        words = [sys.executable, "-m", PACKAGES[name], "-f", "etc/sale.yaml"]
        with (self._shop / f"{name}.log").open("ab") as log:
            self.running[name] = subprocess.Popen(words, cwd=self._shop / name, env=self._env, stdout=log, stderr=log)

    def kill(self, name: str) -> None:
        """Kill one service, which has no time for anything."""
        self.running[name].kill()
        self.running[name].wait()

    def stop(self) -> dict[str, int]:
        """Stop all as a supervisor does; return their exit codes."""
        for process in self.running.values():
            process.terminate()
        return {name: process.wait(30) for name, process in self.running.items()}

    def kill_at(self, name: str, progress: Callable[[], int], marks: list[int]) -> list[int]:
        """Kill a service as soon as the progress reaches each mark, and start it again; return where it stood."""
        seen = []
        for mark in marks:
            wait_for(lambda mark=mark: progress() >= mark, f"{name} does not reach {mark}", 60)  # type: ignore[misc]
            self.kill(name)
            seen.append(progress())
            time.sleep(0.2)
            self.start(name)
        return seen
