"""Clients that send requests without a pause until the service refuses connections, and count lost requests."""

import asyncio
import select
import time
from typing import NamedTuple

from mallgen_runtime.http.connection import LINGER_SECONDS

IDLE = "closed as idle"


class Tally(NamedTuple):
    """The answered requests, the kept connections that the service closed, and the accepted requests that were lost.

    Nothing is lost where a kept connection was closed before its client, which had stood still, asked again.
    """

    answered: int
    leaving: int
    lost: list[str]


async def ask_until_refused(port: int, path: str, *, keep: bool, over: asyncio.Event | None = None) -> Tally:
    """Send requests one after the other until refused or `over`; `keep`: on one connection while the service allows."""
    answered, leaving = 0, 0
    lost: list[str] = []
    while over is None or not over.is_set():
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            return Tally(answered, leaving, lost)
        stay, asked = True, 0.0
        while stay and not (over is not None and over.is_set()):
            end = how_it_ended(reader, writer, asked) if asked else None
            if end is not None:
                leaving += end == IDLE
                lost += [end] if end != IDLE else []
                break
            asked = time.monotonic()
            status, stay = await _request(reader, writer, path, keep=keep)
            if status != "200":
                lost.append(status)
                break
            answered += 1
            leaving += keep and not stay
        writer.close()
    return Tally(answered, leaving, lost)


def how_it_ended(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, asked: float) -> str | None:
    """Return None for a kept connection that is open, else how the service closed it; `asked` is the time of a request.

    While no request is made only the end of a connection can be read.
    """
    transport = writer.transport
    found = select.poll()
    if not (reader.at_eof() or transport.is_closing()):
        found.register(transport.get_extra_info("socket").fileno(), select.POLLIN)
        if not found.poll(0):
            return None
    return IDLE if time.monotonic() - asked > LINGER_SECONDS else "closed right after an answer that let it open"


async def _request(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, path: str, *, keep: bool
) -> tuple[str, bool]:
    """Return the status of one answer, and whether the connection stays open."""
    close = "" if keep else "Connection: close\r\n"
    try:
        writer.write(f"GET {path} HTTP/1.1\r\nHost: x\r\n{close}\r\n".encode())
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
        fields = dict(line.split(": ", 1) for line in head.split("\r\n")[1:] if line)
        await reader.readexactly(int(fields["content-length"]))
    except (OSError, asyncio.IncompleteReadError) as problem:
        return repr(problem), False
    return head.split(" ", 2)[1], fields.get("connection") != "close"


async def load(port: int, path: str, clients: int) -> Tally:
    """Run many clients at once, every other one on a kept connection."""
    found = await asyncio.gather(*(ask_until_refused(port, path, keep=bool(n % 2)) for n in range(clients)))
    answered, leaving, lost = zip(*found, strict=True)
    return Tally(sum(answered), sum(leaving), [text for texts in lost for text in texts])
