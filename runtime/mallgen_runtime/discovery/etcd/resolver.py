"""Follows the instances of a service in etcd."""

import asyncio
import time
from contextlib import aclosing

from mallgen_runtime.discovery import OK, EtcdConf
from mallgen_runtime.discovery.etcd import etcd_pb2 as pb
from mallgen_runtime.discovery.etcd.client import RANGE, Broken, EtcdClient, EtcdError
from mallgen_runtime.discovery.etcd.instances import Instances
from mallgen_runtime.discovery.following import FollowingResolver
from mallgen_runtime.discovery.pace import Backoff


class EtcdResolver(FollowingResolver):
    """Looks the keys up, then watches from the next revision; looks again after a break, so that nothing is missed."""

    def __init__(self, conf: EtcdConf, key: str) -> None:
        self._client = EtcdClient(conf)
        super().__init__(key, f"etcd {self._client.hosts}", Backoff())
        self._key = key
        self._instances = Instances()
        self._problem = "etcd has not answered yet"

    @property
    def state(self) -> str:
        """`ok`, or why the known addresses may be old or none."""
        return self._problem or (OK if self.addresses else f"no instance of {self._key} is registered")

    async def close(self) -> None:
        """Stop following."""
        await super().close()
        await self._client.close()

    async def _attempt(self) -> float:
        try:
            await self._look_and_watch()
        except EtcdError as problem:
            self._fail(problem)
        return 0.0

    async def _look_and_watch(self) -> None:
        prefix = f"{self._key}/".encode()
        end = f"{self._key}0".encode()  # 0 follows / in ASCII
        found = await self._client.unary(RANGE, pb.RangeRequest(key=prefix, range_end=end))
        self._instances.look(((item.key, item.value) for item in found.kvs), time.monotonic())
        self._problem = ""
        self._trouble.over(f"{self._registry} is back, {len(found.kvs)} keys of {self._key}")
        self._publish()
        self._tried.set()
        async with aclosing(self._client.watch(prefix, end, found.header.revision)) as events:
            async for event in events:
                if event.type == pb.Event.DELETE:
                    self._instances.delete(event.kv.key)
                else:
                    self._instances.put(event.kv.key, event.kv.value)
                self._publish()

    def _fail(self, problem: EtcdError) -> None:
        """Log a problem; a watch that must be opened again is none. The known addresses stay."""
        self._stop_timer()
        if self._is_told(problem, isinstance(problem, Broken)):
            count = len(self.addresses)
            known = f"{count} known instances of {self._key} are kept" if count else "still trying"
            self._trouble.say("; ".join(filter(None, (str(problem), problem.hint, known))))

    def _publish(self) -> None:
        self._stop_timer()
        end = self._instances.next_end
        if end is not None:
            left = max(0.0, end - time.monotonic())
            self._timer = asyncio.get_running_loop().call_later(left, self._expire)
        self._set(self._instances.addresses)

    def _expire(self) -> None:
        self._instances.expire(time.monotonic())
        self._publish()
