"""Addresses: split and joined, listened on, and announced to other services."""

import asyncio
import contextlib
import ctypes
import errno
import itertools
import os
import socket
import ssl
import struct
import sys
import weakref
from collections.abc import Callable, Iterator
from typing import Any, Protocol

from mallgen_runtime.process.errors import ConfigError

_LOOP_LETS_GO = 0.02
_HANDSHAKE = 0.1
HANDSHAKE_SECONDS = 10.0  # for TLS
_LAST_HANDSHAKES = 2.0  # for TLS with who came while the service stops
_AT_ONCE = 64
_SO_ATTACH_FILTER = 26
_NO_SYN = (  # classic BPF over a TCP header: load the flags, drop what has SYN, keep the rest
    (0x30, 0, 0, 13),
    (0x45, 0, 1, 0x02),
    (0x06, 0, 0, 0),
    (0x06, 0, 0, 0xFFFF),
)
_EVERYWHERE = ("", "0.0.0.0", "::")  # noqa: S104


def split(address: str) -> tuple[str, str]:
    """Return host and port of `host:port`; the host without brackets, empty in `:8080`."""
    host, _, port = address.rpartition(":")
    return host.strip("[]"), port


def joined(host: str, port: str | int) -> str:
    """Return `host:port`, an IPv6 host in brackets."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def announced(listen_on: str, port: int, *, local: bool) -> str:
    """Return the address to register for a server that listens on `listen_on`; `local`: for callers on this machine.

    A host that means every interface becomes `$POD_IP`, else the first internal address, as in go-zero.
    """
    host = split(listen_on)[0]
    if host in _EVERYWHERE:
        host = "127.0.0.1" if local else os.environ.get("POD_IP") or internal_ip()
    return joined(host, port)


def peer_name(address: object) -> str:
    """Return a socket's address as gRPC writes it."""
    if not isinstance(address, tuple):
        return "unix:"
    host, port = address[:2]
    return f"ipv6:[{host}]:{port}" if ":" in host else f"ipv4:{host}:{port}"


def internal_ip() -> str:
    """Return the address of the interface that leads outside, 127.0.0.1 without a network. Sends nothing."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # RFC 5737: for documentation, nobody is there
        except OSError:
            return "127.0.0.1"
        return str(probe.getsockname()[0])


def listening(host: str, port: int, *, shared: bool = False) -> socket.socket:
    """Open a socket that listens on an address of this machine; an empty host is every address. Raises ConfigError.

    `shared` ones of the same address get a share of its connections each.
    """
    try:
        place = host or "0.0.0.0"  # noqa: S104 - what go-zero does
        family, kind, protocol, _, address = socket.getaddrinfo(place, port, type=socket.SOCK_STREAM)[0]
        with contextlib.ExitStack() as undo:
            found = undo.enter_context(socket.socket(family, kind, protocol))
            found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if shared:
                found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            found.bind(address)
            found.listen(2048)
            undo.pop_all()
    except OSError as problem:
        reason = "the port is taken" if problem.errno == errno.EADDRINUSE else problem.strerror
        raise ConfigError(f"cannot listen on {joined(host, port)}: {reason}") from None
    return found


def opened(listen_on: str) -> socket.socket:
    """Open a socket that listens on `host:port`; an empty host is every address. Raises ConfigError."""
    return listening(*host_and_port(listen_on))


def host_and_port(listen_on: str) -> tuple[str, int]:
    """Return host and port of `ListenOn`. Raises ConfigError."""
    host, port = split(listen_on)
    if not (port.isdecimal() and len(port) <= 5 and int(port) <= 65535):
        raise ConfigError(f"ListenOn is {joined(host, port)}; it is written as 0.0.0.0:8080")
    return host, int(port)


class Enterable(Protocol):
    """A protocol that tells that it has a connection."""

    entered: bool


class Entering:
    """Makes protocols, and knows those whose TLS handshake has not ended."""

    def __init__(self, make: Callable[[], Enterable]) -> None:
        self._make = make
        self._made: weakref.WeakSet[Enterable] = weakref.WeakSet()  # a handshake that fails lets go of its protocol

    def __call__(self) -> Any:
        """Return a protocol for a connection that has been accepted."""
        made = self._make()
        self._made.add(made)
        return made

    async def settled(self) -> None:
        """Wait until each handshake has ended, well or not."""
        while not all(made.entered for made in self._made):
            await asyncio.sleep(_LOOP_LETS_GO)


class Door:
    """Makes the protocol of each new connection, and lets in all that wait with it.

    libuv accepts one connection in a turn of the loop: while turns are long, the others would wait for seconds.
    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        bound: socket.socket,
        protocol: Callable[[], asyncio.BaseProtocol],
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._loop = loop
        self._tls = tls
        self._bound = bound
        self._protocol = protocol
        self._looks = False
        self._coming: set[asyncio.Task[object]] = set()

    def __call__(self) -> asyncio.BaseProtocol:
        """Return the protocol of a connection that the loop has accepted."""
        if not self._looks:
            self._looks = True
            self._loop.call_soon(self._let_in)
        return self._protocol()

    def _let_in(self) -> None:
        self._looks = False
        for connection in itertools.islice(_accept_all(self._bound), _AT_ONCE):
            task = self._loop.create_task(self._take(connection))
            self._coming.add(task)
            task.add_done_callback(self._coming.discard)

    async def _take(self, connection: socket.socket) -> None:
        await _let_in(self._protocol, connection, self._tls)


async def _let_in(
    protocol: Callable[[], asyncio.BaseProtocol], connection: socket.socket, tls: ssl.SSLContext | None
) -> None:
    patience = HANDSHAKE_SECONDS if tls else None
    with contextlib.suppress(OSError):
        await asyncio.get_running_loop().connect_accepted_socket(
            protocol, connection, ssl=tls, ssl_handshake_timeout=patience
        )


async def close_door(
    bound: socket.socket,
    close: Callable[[], None],
    protocol: Callable[[], asyncio.BaseProtocol],
    *,
    last: bool = True,
    tls: ssl.SSLContext | None = None,
) -> None:
    """Stop listening; `close` makes the event loop release the socket. `last`: nobody else accepts from it.

    Connections that the kernel has accepted by then are served by `protocol`: otherwise it would reset them. With TLS
    it may be Entering: then handshakes that had begun are waited for, too.
    """
    door = bound.dup()
    coming: list[asyncio.Task[None]] = []
    if last:
        admit_no_more(door)
    close()
    bound.close()
    for pause in (_LOOP_LETS_GO, _HANDSHAKE):  # until the first has passed, the loop's own descriptor is open
        await asyncio.sleep(pause)
        for connection in list(_accept_all(door)):
            entering = _let_in(protocol, connection, tls)
            if tls is None:
                await entering
            else:
                coming.append(asyncio.create_task(entering))
    door.close()
    if isinstance(protocol, Entering):
        coming.append(asyncio.create_task(protocol.settled()))
    if coming:  # who says nothing keeps the service from ending for a moment only
        _, silent = await asyncio.wait(coming, timeout=_LAST_HANDSHAKES)
        for task in silent:
            task.cancel()


def admit_no_more(bound: socket.socket) -> None:
    """Make the kernel drop packets that ask for a connection, so that none is accepted between the look and the close.

    Their senders ask again after a second, and are refused. Handshakes that have begun are finished.
    """
    if sys.platform != "linux":
        return
    program = ctypes.create_string_buffer(b"".join(struct.pack("=HBBI", *line) for line in _NO_SYN))
    with contextlib.suppress(OSError):
        bound.setsockopt(
            socket.SOL_SOCKET, _SO_ATTACH_FILTER, struct.pack("@HP", len(_NO_SYN), ctypes.addressof(program))
        )


def _accept_all(door: socket.socket) -> Iterator[socket.socket]:
    """Accept the connections that wait on a listening socket."""
    with contextlib.suppress(OSError):  # none waits, or it was closed in this turn of the loop
        door.setblocking(False)
        while True:
            connection, _ = door.accept()
            connection.setblocking(False)
            yield connection
