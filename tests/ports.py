"""Free ports for the programs that tests start."""

import os
import socket
from collections.abc import Iterator
from itertools import cycle

FIRST, EACH = 20_000, 4_000  # below what Linux and macOS give to outgoing connections


def free_port() -> int:
    """Return a port that nothing uses now and that no other test process gets before it is used."""
    for port in _PORTS:
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise AssertionError("the ports never end")


def _ports_of_this_process() -> Iterator[int]:
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")) % 3
    start = os.getpid() % EACH
    return cycle(FIRST + worker * EACH + (start + number) % EACH for number in range(EACH))


_PORTS = _ports_of_this_process()
