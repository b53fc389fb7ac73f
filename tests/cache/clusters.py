"""A Redis cluster of three nodes, and a Redis with a replica that sentinels watch."""

import contextlib
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from tests import servers
from tests.parts import program, wait_for
from tests.ports import free_port

MASTER = "shop"


class RedisCluster(NamedTuple):
    """The nodes of a cluster; `hosts` as a CacheRedis entry names them."""

    nodes: tuple[servers.Redis, ...]

    @property
    def hosts(self) -> str:
        return ",".join(node.host for node in self.nodes)


class Watched(NamedTuple):
    """A master with a replica, and sentinels at `hosts`."""

    master: servers.Redis
    replica: servers.Redis
    hosts: str


class Sentinel(servers.Redis):
    """A sentinel of one master, which is down for it after a second."""

    def __init__(self, folder: Path, master_port: int) -> None:
        super().__init__(folder)
        self.port = free_port()
        conf = folder / "sentinel.conf"
        conf.write_text(
            f"port {self.port}\ndir {folder}\nsentinel monitor {MASTER} 127.0.0.1 {master_port} 1\n"
            f"sentinel down-after-milliseconds {MASTER} 1000\nsentinel failover-timeout {MASTER} 3000\n"
        )
        self.host = f"127.0.0.1:{self.port}"
        self.command = [program("redis-server", "redis-server"), str(conf), "--sentinel"]


@contextlib.contextmanager
def cluster() -> Iterator[RedisCluster]:
    """Start three nodes and make a cluster of them."""
    with contextlib.ExitStack() as stack:
        options = ("--cluster-enabled", "yes", "--cluster-node-timeout", "2000")
        # the usual port of the bus, 10000 above the other one, is among those of outgoing connections
        nodes = tuple(
            stack.enter_context(servers.redis(*options, "--cluster-port", str(free_port()))) for _ in range(3)
        )
        words = [program("redis-cli", "redis-tools"), "--cluster", "create", *(node.host for node in nodes)]
        ran = subprocess.run([*words, "--cluster-yes"], capture_output=True, text=True, check=False)
        assert ran.returncode == 0, ran.stdout + ran.stderr
        wait_for(
            lambda: all("cluster_state:ok" in _asked(node.port, "cluster info") for node in nodes), "it is one", 20
        )
        yield RedisCluster(nodes)


@contextlib.contextmanager
def watched() -> Iterator[Watched]:
    """Start a master, its replica and a sentinel, the second of two in `hosts`: the first one is down.

    Several sentinels would vote, and at times vote again after a while.
    """
    with contextlib.ExitStack() as stack:
        master = stack.enter_context(servers.redis())
        replica = stack.enter_context(servers.redis("--replicaof", "127.0.0.1", str(master.port)))
        sentinel = Sentinel(stack.enter_context(servers.folder()), master.port)
        stack.callback(sentinel.kill)
        sentinel.start()
        wait_for(lambda: _knows_a_replica(sentinel), "the sentinel knows the replica", 30)
        yield Watched(master, replica, f"127.0.0.1:{free_port()},{sentinel.host}")


def _knows_a_replica(sentinel: Sentinel) -> bool:
    words = _asked(sentinel.port, f"sentinel master {MASTER}").split()
    return dict(zip(words[::2], words[1::2], strict=False)).get("num-slaves") == "1"


def _asked(port: int, command: str) -> str:
    words = [program("redis-cli", "redis-tools"), "-p", str(port), *command.split()]
    return subprocess.run(words, capture_output=True, text=True, check=False).stdout
