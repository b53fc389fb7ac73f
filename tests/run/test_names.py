"""Names of a target, which are looked up again at an interval: pods that are added are found, nothing has to fail."""

import asyncio
import subprocess
import sys

import pytest

from mallgen_runtime.rpc import RpcClientConf
from mallgen_runtime.rpc.connection import Connection
from mallgen_runtime.rpc.h2 import endpoints
from mallgen_runtime.rpc.transport import connection_to
from tests.run.discovering import run, until


class Pods:
    """Listeners on one port of several addresses, and a name that stands for some of them."""

    def __init__(self) -> None:
        self.port = 0
        self.names: list[str] | OSError = []
        self.accepted: dict[str, int] = {}
        self.looked_up = 0
        self._servers: list[asyncio.Server] = []

    async def listen(self, *hosts: str) -> None:
        for host in hosts:
            server = await asyncio.start_server(self._serve, host, self.port)
            self.port = server.sockets[0].getsockname()[1]
            self._servers.append(server)

    async def answer(self, address: str) -> list[tuple[str, int]]:
        """Stand for the system's resolver."""
        self.looked_up += 1
        if isinstance(self.names, OSError):
            raise self.names
        return [(name, self.port) for name in self.names]

    def open(self, *hosts: str) -> bool:
        return {host for host, count in self.accepted.items() if count} == set(hosts)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        host = writer.get_extra_info("sockname")[0]
        self.accepted[host] = self.accepted.get(host, 0) + 1
        writer.write(b"\0\0\0\4\0\0\0\0\0")  # SETTINGS: now it counts as connected
        while await reader.read(1000):
            await asyncio.sleep(0)
        self.accepted[host] -= 1
        writer.close()

    def close(self) -> None:
        for server in self._servers:
            server.close()


def test_a_name_is_looked_up_again(monkeypatch: pytest.MonkeyPatch) -> None:
    pods = Pods()
    monkeypatch.setattr(endpoints, "LOOK_UP_EVERY", 0.1)
    monkeypatch.setattr(endpoints, "looked_up", pods.answer)

    async def work() -> None:
        await pods.listen("127.0.0.1", "127.0.0.2", "127.0.0.3")
        pods.names = ["127.0.0.1"]
        connection: Connection = await connection_to((), RpcClientConf(target=f"dns:///order:{pods.port}"))
        await until(lambda: pods.open("127.0.0.1"), 3, "the first pod")
        pods.names = ["127.0.0.1", "127.0.0.2"]
        await until(lambda: pods.open("127.0.0.1", "127.0.0.2"), 3, "a second pod")
        pods.names = OSError("the resolver is away")
        asked = pods.looked_up
        await until(lambda: pods.looked_up > asked + 2, 3, "more questions")
        assert pods.open("127.0.0.1", "127.0.0.2"), "what is known is kept"
        pods.names = ["127.0.0.2", "127.0.0.3"]
        await until(lambda: pods.open("127.0.0.2", "127.0.0.3"), 3, "a pod in another's place")
        await connection.close()
        asked = pods.looked_up
        await asyncio.sleep(0.3)
        assert pods.looked_up == asked, "a closed connection asks nobody"
        pods.close()

    run(work)


def test_a_stale_answer_costs_no_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    pods = Pods()
    monkeypatch.setattr(endpoints, "LOOK_UP_EVERY", 0.1)
    monkeypatch.setattr(endpoints, "looked_up", pods.answer)

    async def work() -> None:
        await pods.listen("127.0.0.1", "127.0.0.2")
        pods.names = ["127.0.0.1"]
        connection: Connection = await connection_to((), RpcClientConf(target=f"dns:///order:{pods.port}"))
        await until(lambda: pods.open("127.0.0.1"), 3, "the pod")
        pods.names = ["127.0.0.9"]  # where nobody listens
        asked = pods.looked_up
        await until(lambda: pods.looked_up > asked + 2, 3, "more questions")
        assert pods.open("127.0.0.1"), "a connection that works is kept"
        pods.names = ["127.0.0.2"]
        await until(lambda: pods.open("127.0.0.2"), 3, "the pod in its place")
        await connection.close()
        pods.close()

    run(work)


def test_a_slow_resolver_takes_no_thread_of_others_and_delays_no_exit() -> None:
    code = """
import asyncio, socket, time
from mallgen_runtime.rpc.h2.names import looked_up
socket.getaddrinfo = lambda *words, **more: time.sleep(30)
async def main():
    asking = [asyncio.ensure_future(looked_up("order:80")) for _ in range(40)]
    await asyncio.sleep(0.1)
    await asyncio.wait_for(asyncio.to_thread(int), 1)
    for one in asking:
        one.cancel()
asyncio.run(main())
"""
    subprocess.run([sys.executable, "-c", code], check=True, timeout=10)
