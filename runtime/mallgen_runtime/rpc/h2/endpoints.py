"""The instances of a service: a connection to each is kept up, names are looked up again when one is lost."""

import asyncio
import ipaddress
import random
import ssl
import time
from collections.abc import Callable, Coroutine, Sequence
from typing import Any, NamedTuple

from mallgen_runtime.process.address import joined, split
from mallgen_runtime.process.errors import RpcError
from mallgen_runtime.process.watch import keep
from mallgen_runtime.rpc.h2.client_transport import ClientTransport, Made, opened
from mallgen_runtime.rpc.h2.names import looked_up

CONNECT, FIRST_PAUSE, MOST_PAUSE, GROWTH, STEADY, LOOK_UP_AGAIN = 5.0, 0.1, 3.0, 1.6, 1.0, 5.0
KICK, PATIENCE = 0.1, 0.5
LOOK_UP_EVERY = 10.0  # seconds; a name stands for more addresses when pods are added, and no connection is lost by that


class ClientTls(NamedTuple):
    """TLS of a client, None without; `name` is what a server's certificate must be for, "": its host."""

    context: ssl.SSLContext | None = None
    name: str = ""


IN_CLEAR = ClientTls()


class Endpoint:
    """One address. `connection` is None while there is none; `problem` says why the last attempt failed.

    `changed` is called when one of them changes.
    """

    def __init__(self, host: str, port: int, made: Made, changed: Callable[[], None], tls: ClientTls) -> None:
        self.host = host
        self.port = port
        self.connection: ClientTransport | None = None
        self.problem = ""
        self._made = made
        self._changed = changed
        self._tls = tls
        self._kick = asyncio.Event()
        self._tried = 0.0
        self._failed = 0
        self._trying = True
        self._task = keep(self._keep(), f"link to {joined(host, port)}")

    def hope(self) -> bool:
        """Return whether a connection may come soon. An endpoint at rest is tried now, at most ten times a second.

        A first attempt is waited for in full, one after a failure half a second.
        """
        if self.connection is not None:
            return True
        now = time.monotonic()
        if not self._trying and now - self._tried >= KICK:
            self._trying, self._tried = True, now
            self._kick.set()
        return self._trying and (not self._failed or now - self._tried < PATIENCE)

    async def close(self, *, gently: bool) -> None:
        """Take no new calls; `gently`: finish those in flight."""
        self._task.cancel()
        await asyncio.wait([self._task])
        connection, self.connection = self.connection, None
        if connection is not None and gently:
            connection.retire()
        elif connection is not None:
            connection.close()

    async def _keep(self) -> None:
        while True:
            self._trying, self._tried = True, time.monotonic()
            connection = await self._open()
            if connection is not None:
                self.connection, self.problem = connection, ""
                self._changed()
                self.problem = await connection.over
                self.connection = None
                self._changed()
                steady = time.monotonic() - self._tried > STEADY
                self._failed = 1 if steady else self._failed + 1
                if self._failed == 1:
                    continue
            else:
                self._failed += 1
            self._trying = False
            self._changed()
            pause = min(FIRST_PAUSE * GROWTH**self._failed, MOST_PAUSE)
            await self._rest(pause * random.uniform(0.8, 1.2))  # noqa: S311

    async def _open(self) -> ClientTransport | None:
        try:
            return await opened(self._made, self.host, self.port, CONNECT, *self._tls)
        except TimeoutError:
            self.problem = "no answer"
        except RpcError as problem:
            self.problem = problem.detail
        except (OSError, OverflowError) as problem:  # OverflowError for a port above 65535
            self.problem = getattr(problem, "strerror", None) or str(problem)
        return None

    async def _rest(self, pause: float) -> None:
        try:
            async with asyncio.timeout(pause):
                await self._kick.wait()
        except TimeoutError:
            return
        finally:
            self._kick.clear()


class Endpoints:
    """The endpoints of some addresses, `host:port`; a name stands for every address it resolves to.

    `changed` is called when connections come, go, or fail to come.
    """

    def __init__(
        self, addresses: Sequence[str], made: Made, changed: Callable[[], None], tls: ClientTls = IN_CLEAR
    ) -> None:
        self._tls = tls
        self._made = made
        self._told = changed
        sound = [address for address in addresses if split(address)[1].isdecimal() and "/" not in address]
        self._wrong = [f"{address} is not host:port" for address in addresses if address not in sound]
        self._fixed = [address for address in sound if is_numeric(address)]
        self._names = [address for address in sound if not is_numeric(address)]
        self._endpoints: dict[tuple[str, int], Endpoint] = {}
        self._looked_up = 0.0
        self._tasks: set[asyncio.Task[None]] = set()
        self._looking: asyncio.Task[None] | None = None
        self._problem = ""
        self.connections: list[ClientTransport] = []
        self._wanted: frozenset[tuple[str, int]] = frozenset()
        self._set([_pair(address) for address in self._fixed])
        self._often: asyncio.Task[None] | None = None
        if self._names:
            self._look_up()
            self._often = keep(self._look_up_often(), f"look up {', '.join(self._names)}"[:200])

    @property
    def problem(self) -> str:
        """Return why no endpoint can be reached."""
        found = [f"{joined(each.host, each.port)}: {each.problem}" for each in self._endpoints.values()]
        return "; ".join(filter(None, (*found[:3], self._problem, *self._wrong[:3]))) or "no address"

    def hope(self) -> bool:
        """Return whether to wait for a connection; endpoints at rest are tried at once."""
        hopeful = [endpoint.hope() for endpoint in self._endpoints.values()]
        if self._names and not self._endpoints and time.monotonic() - self._looked_up >= KICK:
            self._look_up()
        return any(hopeful) or (self._looking is not None and not self._endpoints)

    async def close(self) -> None:
        """Close all."""
        for looking in (self._often, self._looking):
            if looking is not None:
                looking.cancel()
        for task in tuple(self._tasks):
            task.cancel()
        endpoints, self._endpoints = tuple(self._endpoints.values()), {}
        await asyncio.gather(*(endpoint.close(gently=False) for endpoint in endpoints))
        self.connections = []

    def _changed(self) -> None:
        self._drop()
        self.connections = [each.connection for each in self._endpoints.values() if each.connection is not None]
        lost = len(self.connections) < len(self._endpoints)
        if self._names and lost and time.monotonic() - self._looked_up >= LOOK_UP_AGAIN:
            self._look_up()
        self._told()

    async def _look_up_often(self) -> None:
        while True:
            await asyncio.sleep(LOOK_UP_EVERY * random.uniform(0.8, 1.2))  # noqa: S311
            self._look_up()

    def _look_up(self) -> None:
        if self._looking is None:
            self._looked_up = time.monotonic()
            self._looking = asyncio.get_running_loop().create_task(self._look())

    async def _look(self) -> None:
        try:
            found = [pair for name in self._names for pair in await looked_up(name)]
            self._problem = ""
        except (OSError, ValueError) as problem:  # ValueError for a name that is invalid
            self._problem = f"{', '.join(self._names)}: {getattr(problem, 'strerror', None) or problem}"
            self._told()
            return
        finally:
            self._looking = None
        self._set([*(_pair(address) for address in self._fixed), *found])
        self._changed()

    def _set(self, wanted: Sequence[tuple[str, int]]) -> None:
        """Keep connections to these addresses; others are closed as soon as one of these is there."""
        self._wanted = frozenset(wanted)
        for pair in dict.fromkeys(wanted):
            if pair not in self._endpoints:
                self._endpoints[pair] = Endpoint(*pair, self._made, self._changed, self._tls)
        self._drop()

    def _drop(self) -> None:
        """Close what is wanted no more, once a wanted one is connected: a stale answer of DNS costs no connection."""
        if any(each.connection is not None for pair, each in self._endpoints.items() if pair in self._wanted):
            for pair in self._endpoints.keys() - self._wanted:
                self._later(self._endpoints.pop(pair).close(gently=True))

    def _later(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def _pair(address: str) -> tuple[str, int]:
    host, port = split(address)
    return host, int(port)


def is_numeric(address: str) -> bool:
    """Return whether the host of an address is no name."""
    try:
        ipaddress.ip_address(split(address)[0])
    except ValueError:
        return False
    return True
