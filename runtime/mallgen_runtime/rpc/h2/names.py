"""Names of hosts, looked up without holding anything else up."""

import asyncio
import contextlib
import socket
import threading
from functools import partial

from mallgen_runtime.process.address import split


async def looked_up(address: str) -> list[tuple[str, int]]:
    """Resolve the name in `host:port` to numeric addresses. Raises OSError, ValueError for a name that is invalid.

    In a thread of its own: one that waits for a DNS server takes no place in a pool, and no exit waits for it.
    """
    host, port = split(address)
    answer: asyncio.Future[list[str]] = asyncio.get_running_loop().create_future()
    threading.Thread(target=_ask, args=(host, answer), name="a name is looked up", daemon=True).start()
    return [(found, int(port)) for found in dict.fromkeys(await answer)]


def _ask(host: str, answer: asyncio.Future[list[str]]) -> None:
    try:
        entries = socket.getaddrinfo(host, None, proto=socket.IPPROTO_TCP)
        tell = partial(answer.set_result, [str(entry[4][0]) for entry in entries])
    except (OSError, ValueError) as problem:
        tell = partial(answer.set_exception, problem)
    with contextlib.suppress(RuntimeError):  # the loop has ended
        answer.get_loop().call_soon_threadsafe(_tell, answer, tell)


def _tell(answer: asyncio.Future[list[str]], tell: "partial[None]") -> None:
    if not answer.done():  # nobody waits any more
        tell()
