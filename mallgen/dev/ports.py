"""Ports that are taken, and the processes that hold them."""

import contextlib
import errno
import os
import socket
from typing import NamedTuple


class PortHolder(NamedTuple):
    """A port that cannot be listened on; `holder` is the process, empty where the system does not tell."""

    port: int
    holder: str


def taken_by(port: int) -> PortHolder | None:
    """Return the holder of a port, None when the port is free."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("", port))
            probe.listen(1)
        except OSError as problem:
            if problem.errno in (errno.EADDRINUSE, errno.EACCES):
                return PortHolder(port, _holder(port) if problem.errno == errno.EADDRINUSE else "")
            raise
    return None


def _holder(port: int) -> str:
    """Return the process as `python3 -m order_rpc (process 123)`, from /proc; empty on systems without it."""
    inodes = {inode for table in ("tcp", "tcp6") for inode in _listening(f"/proc/net/{table}", port)}
    if not inodes:
        return ""
    for process in filter(str.isdecimal, os.listdir("/proc")):
        with contextlib.suppress(OSError):
            folder = f"/proc/{process}/fd"
            if any(os.readlink(f"{folder}/{name}") in inodes for name in os.listdir(folder)):
                return f"{_command(process)} (process {process})"
    return ""


def _listening(table: str, port: int) -> list[str]:
    found = []
    with contextlib.suppress(OSError), open(table, encoding="ascii") as file:
        for line in file.readlines()[1:]:
            cells = line.split()
            if cells[3] == "0A" and int(cells[1].rpartition(":")[2], 16) == port:
                found.append(f"socket:[{cells[9]}]")
    return found


def _command(process: str) -> str:
    with open(f"/proc/{process}/cmdline", "rb") as file:
        words = file.read().rstrip(b"\0").split(b"\0")
    text = " ".join(
        [os.path.basename(words[0].decode("utf-8", "replace")), *(w.decode("utf-8", "replace") for w in words[1:])]
    )
    return text if len(text) <= 60 else f"{text[:59]}…"
