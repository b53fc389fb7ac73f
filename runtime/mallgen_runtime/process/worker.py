"""One of several processes of a service: the socket that its supervisor gave it, and the channel to it."""

import asyncio
import contextlib
import functools
import os
import signal
import socket
from pathlib import Path
from typing import NamedTuple

VARIABLE = "MALLGEN_WORKER"
READY, LAST = b"r", b"l"
TAKEN, LEFT = b"t", b"f"  # the door is closed: who waited at it was let in, or is left to a successor


class ServingWorker(NamedTuple):
    """The number of this process among its like, its listening socket, its channel, and the folder of dev sockets."""

    number: int
    bound: socket.socket
    channel: socket.socket
    folder: str

    def ready(self) -> None:
        """Tell the supervisor that requests are served; stop the process when the supervisor has ended."""
        with contextlib.suppress(OSError):  # it is gone, which is heard at once
            self.channel.send(READY)
        self.channel.setblocking(False)
        asyncio.get_running_loop().add_reader(self.channel, self._heard)

    def has_closed(self, *, last: bool) -> None:
        """Tell the supervisor that this process accepts no more, and whether those who waited were let in."""
        with contextlib.suppress(OSError):  # it is gone
            self.channel.send(TAKEN if last else LEFT)

    @property
    def is_last(self) -> bool:
        """Return whether nobody else accepts from the socket: the supervisor stops, or is gone."""
        return self._peeked() in (LAST, b"")

    def _peeked(self) -> bytes | None:
        """Return what the supervisor has said, None: nothing yet; empty: it is gone."""
        try:
            return self.channel.recv(1, socket.MSG_PEEK)
        except BlockingIOError:
            return None
        except OSError:  # it was killed before it had read our word
            return b""

    def _heard(self) -> None:
        asyncio.get_running_loop().remove_reader(self.channel)
        if self._peeked() == b"":
            os.kill(os.getpid(), signal.SIGTERM)

    def dev_path(self, port: int) -> str:
        """Return the path of the socket on which this process answers for a dev server's port."""
        return dev_path(self.folder, port, os.getpid())


def dev_path(folder: str, port: int, pid: int) -> str:
    """Return the path of the socket on which the worker `pid` answers for a dev server's port."""
    return str(Path(folder) / f"{port}-{pid}")


def told(number: int, bound: socket.socket, channel: socket.socket, folder: str) -> dict[str, str]:
    """Return the environment that makes a process a worker."""
    return {**os.environ, VARIABLE: f"{number}:{bound.fileno()}:{channel.fileno()}:{folder}"}


@functools.cache
def this_worker() -> ServingWorker | None:
    """Return the worker that this process is, None for a process of its own. Its children are none."""
    given = os.environ.pop(VARIABLE, "")
    if not given:
        return None
    number, bound, channel, folder = given.split(":", 3)
    return ServingWorker(int(number), socket.socket(fileno=int(bound)), socket.socket(fileno=int(channel)), folder)
