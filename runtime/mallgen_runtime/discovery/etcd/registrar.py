"""Announces an instance in etcd, and keeps it announced."""

import asyncio
import logging
from contextlib import aclosing

from mallgen_runtime.discovery import OK, EtcdConf
from mallgen_runtime.discovery.etcd import etcd_pb2 as pb
from mallgen_runtime.discovery.etcd.client import (
    GRANT,
    PUT,
    RANGE,
    REVOKE,
    Broken,
    EtcdClient,
    EtcdError,
    LeaseLost,
)
from mallgen_runtime.discovery.pace import Backoff, Trouble
from mallgen_runtime.process.errors import ConfigError
from mallgen_runtime.process.watch import keep

# go-zero's times: a dead instance is forgotten after 10 s, and two renewals may fail before a live one is.
TTL, RENEW = 10, 3.5
REQUIRED, GOODBYE = 2.5, 1.0  # a start that cannot register has ended after 3 s
_LOG = logging.getLogger("mallgen.service")


class EtcdRegistrar:
    """Puts `<Key>/<lease>` (or `<Key>/<ID>`) → `host:port` under a lease of 10 s, and renews it every 3.5 s.

    A lease that is lost (etcd lost its data, this process slept too long) is replaced, a deleted key put again.
    """

    def __init__(self, conf: EtcdConf, key: str) -> None:
        self._client = EtcdClient(conf)
        self._conf = conf
        self._key = key
        self._trouble = Trouble()
        self._lease = 0
        self._ready = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self.state = f"etcd {self._client.hosts} has not answered yet"
        self._hint = ""

    async def register(self, address: str) -> None:
        """Announce `host:port` in the background. With `Required`, wait for it; ConfigError after 2.5 s."""
        self._task = keep(self._keep(address), f"register {self._key}")
        if not self._conf.required:
            return
        try:
            async with asyncio.timeout(REQUIRED):
                await self._ready.wait()
        except TimeoutError:
            line = "; ".join(filter(None, (f"{self.state}, and Etcd.Required is set", self._hint)))
            await self.deregister()
            raise ConfigError(line) from None

    async def deregister(self) -> None:
        """Revoke the lease, which deletes the key; at most 1 s, after that the lease runs out by itself."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.wait([task])
        lease, self._lease = self._lease, 0
        try:
            if lease:
                async with asyncio.timeout(GOODBYE):
                    await self._client.unary(REVOKE, pb.LeaseRevokeRequest(ID=lease))
        except (EtcdError, TimeoutError):
            _LOG.info("etcd does not answer; %s is forgotten there within %s s", self._key, TTL)
        finally:
            self.state = "not registered"
            await self._client.close()

    async def _keep(self, address: str) -> None:
        """Register until it succeeds, and again after every loss."""
        backoff = Backoff()
        while True:
            try:
                key = await self._announce(address)
                await self._hold(key, address)
            except LeaseLost as problem:
                _LOG.info("%s; registering %s again", problem, self._key)
            except EtcdError as problem:
                self._fail(problem, backoff)
            except Exception:
                self.state = "internal error, see the log"
                _LOG.exception("cannot register %s", self._key)
            await backoff.wait()

    async def _announce(self, address: str) -> bytes:
        granted = await self._client.unary(GRANT, pb.LeaseGrantRequest(TTL=TTL))
        self._lease = granted.ID
        key = f"{self._key}/{self._conf.id or granted.ID}".encode()
        await self._put(key, address)
        self._succeed()
        _LOG.info("registered %s → %s in etcd", key.decode(), address)
        return key

    async def _put(self, key: bytes, address: str) -> None:
        await self._client.unary(PUT, pb.PutRequest(key=key, value=address.encode(), lease=self._lease))

    async def _hold(self, key: bytes, address: str) -> None:
        """Hold a lease until it is lost. Raises LeaseLost."""
        lost: LeaseLost | None = None
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._renew())
                group.create_task(self._guard(key, address))
        except* LeaseLost as group_:
            lost = next(problem for problem in group_.exceptions if isinstance(problem, LeaseLost))
        if lost is not None:
            raise lost

    async def _renew(self) -> None:
        """Renew every 3.5 s, sooner after a failure: the lease may outlive the problem."""
        backoff = Backoff()
        while True:
            await asyncio.sleep(RENEW)
            while not await self._renewed(backoff):
                await backoff.wait()
            self._succeed()

    async def _renewed(self, backoff: Backoff) -> bool:
        try:
            await self._client.keep_alive(self._lease)
        except LeaseLost:
            raise
        except EtcdError as problem:
            self._fail(problem, backoff)
            return False
        return True

    async def _guard(self, key: bytes, address: str) -> None:
        """Put the key again when it is deleted; look it up after every break of the watch."""
        backoff = Backoff()
        while True:
            try:
                await self._look_and_watch(key, address)
            except LeaseLost:
                raise
            except EtcdError as problem:
                self._fail(problem, backoff)
            await backoff.wait()

    async def _look_and_watch(self, key: bytes, address: str) -> None:
        found = await self._client.unary(RANGE, pb.RangeRequest(key=key))
        if not found.kvs:
            await self._again(key, address)
        self._succeed()
        async with aclosing(self._client.watch(key, b"", found.header.revision)) as events:
            async for event in events:
                if event.type == pb.Event.DELETE:
                    await self._again(key, address)
                elif event.kv.value != address.encode():
                    shown = event.kv.value[:60]
                    _LOG.warning("%r has registered as %s, too: give each instance its Etcd.ID", shown, key.decode())

    async def _again(self, key: bytes, address: str) -> None:
        await self._put(key, address)
        _LOG.warning("%s was deleted in etcd; it is there again", key.decode())

    def _fail(self, problem: EtcdError, backoff: Backoff) -> None:
        """Log a problem; a watch that must be opened again is none."""
        if isinstance(problem, Broken) and not backoff.long:
            _LOG.debug("%s; looking again", problem)
            return
        self.state, self._hint = str(problem), problem.hint
        if self._conf.required and not self._ready.is_set():
            return  # register raises it as ConfigError
        self._trouble.say("; ".join(filter(None, (str(problem), problem.hint, "still trying"))))

    def _succeed(self) -> None:
        self.state = OK
        self._ready.set()
        self._trouble.over(f"etcd {self._client.hosts} is back")
