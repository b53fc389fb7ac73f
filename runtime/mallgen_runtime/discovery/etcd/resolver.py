"""Follows the instances of a service in etcd."""

import asyncio
import logging
import time
from collections.abc import Callable
from contextlib import aclosing

from mallgen_runtime.discovery import OK, EtcdConf
from mallgen_runtime.discovery.etcd import etcd_pb2 as pb
from mallgen_runtime.discovery.etcd.client import RANGE, Broken, EtcdClient, EtcdError
from mallgen_runtime.discovery.etcd.instances import Instances
from mallgen_runtime.discovery.pace import Backoff, Trouble
from mallgen_runtime.process.watch import keep

FIRST_LOOK = 1.0
_LOG = logging.getLogger("mallgen.service")


class EtcdResolver:
    """Looks the keys up, then watches from the next revision; looks again after every break, so that nothing is missed.

    Keeps the known addresses while etcd cannot be reached.
    """

    def __init__(self, conf: EtcdConf, key: str) -> None:
        self._client = EtcdClient(conf)
        self._key = key
        self._instances = Instances()
        self._trouble = Trouble()
        self._problem = "etcd has not answered yet"
        self._tried = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._changed: Callable[[], None] = _nobody
        self.addresses: tuple[str, ...] = ()

    @property
    def state(self) -> str:
        """`ok`, or why the known addresses may be old or none."""
        return self._problem or (OK if self.addresses else f"no instance of {self._key} is registered")

    async def start(self, changed: Callable[[], None]) -> None:
        """Look up and follow the instances; those not known after a second come by `changed`."""
        self._task = keep(self._follow(), f"find {self._key}")
        try:
            async with asyncio.timeout(FIRST_LOOK):
                await self._tried.wait()
        except TimeoutError:
            self._trouble.say(f"etcd {self._client.hosts} does not answer; still trying to find {self._key}")
        self._changed = changed

    async def close(self) -> None:
        """Stop following."""
        self._changed = _nobody
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.wait([task])
        self._stop_timer()
        await self._client.close()

    async def _follow(self) -> None:
        backoff = Backoff()
        while True:
            try:
                await self._look_and_watch()
            except EtcdError as problem:
                self._fail(problem, backoff)
            except Exception:
                self._problem = "internal error, see the log"
                _LOG.exception("cannot follow %s", self._key)
            self._tried.set()
            await backoff.wait()

    async def _look_and_watch(self) -> None:
        prefix = f"{self._key}/".encode()
        end = f"{self._key}0".encode()  # 0 follows / in ASCII
        found = await self._client.unary(RANGE, pb.RangeRequest(key=prefix, range_end=end))
        self._instances.look(((item.key, item.value) for item in found.kvs), time.monotonic())
        self._problem = ""
        self._trouble.over(f"etcd {self._client.hosts} is back, {len(found.kvs)} keys of {self._key}")
        self._publish()
        self._tried.set()
        async with aclosing(self._client.watch(prefix, end, found.header.revision)) as events:
            async for event in events:
                if event.type == pb.Event.DELETE:
                    self._instances.delete(event.kv.key)
                else:
                    self._instances.put(event.kv.key, event.kv.value)
                self._publish()

    def _fail(self, problem: EtcdError, backoff: Backoff) -> None:
        """Log a problem; a watch that must be opened again is none. The known addresses stay."""
        self._stop_timer()
        if isinstance(problem, Broken) and not backoff.long:
            _LOG.debug("%s; looking again", problem)
            return
        self._problem = str(problem)
        known = f"{len(self.addresses)} known instances of {self._key} are kept" if self.addresses else "still trying"
        self._trouble.say("; ".join(filter(None, (str(problem), problem.hint, known))))

    def _publish(self) -> None:
        self._stop_timer()
        end = self._instances.next_end
        if end is not None:
            left = max(0.0, end - time.monotonic())
            self._timer = asyncio.get_running_loop().call_later(left, self._expire)
        if self._instances.addresses != self.addresses:
            self.addresses = self._instances.addresses
            self._changed()

    def _expire(self) -> None:
        self._instances.expire(time.monotonic())
        self._publish()

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


def _nobody() -> None:
    """Ignore changes: the resolver is not started, or closed."""
