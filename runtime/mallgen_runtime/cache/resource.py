"""The cache of a service: opened and closed with it, and asked by its models."""

import asyncio
import logging
import random
import secrets
from collections import deque
from collections.abc import Callable, Coroutine, Sequence
from typing import Any, TypeVar

from mallgen_runtime.cache.conf import CacheConf, CacheRedisConf
from mallgen_runtime.cache.flights import Flights
from mallgen_runtime.cache.gate import GatedStore
from mallgen_runtime.cache.local import LocalStore
from mallgen_runtime.cache.ring import RingMember, RingStore
from mallgen_runtime.cache.store import Store
from mallgen_runtime.process import metrics
from mallgen_runtime.process.durations import seconds
from mallgen_runtime.process.errors import ConfigError
from mallgen_runtime.process.origin import origin

T = TypeVar("T")
_LOG = logging.getLogger("mallgen.service")
_TEXT = "reads of the cache by table and result; fail: Redis did not answer, or refused."
_LABELS = ("database", "table", "result")
_EPOCH_SECONDS = 600.0  # at least, so that few of many short absences need a new one
_JITTER = 0.05
_MOST_LATER = 10_000  # second invalidations that wait; more are not made


class Tally:
    """The counters of a table's reads, which count as soon as the cache has started and metrics are on."""

    def __init__(self) -> None:
        self.hit: Callable[[int], None] = metrics.count_nothing
        self.miss: Callable[[int], None] = metrics.count_nothing


class Cache:
    """Keeps rows and lists of one database in Redis, or in this process where `redis` is empty.

    `prefix` begins its keys where the options give no other. It never raises for a Redis that fails: then the database
    answers.
    """

    key = "cache"

    def __init__(
        self, redis: Sequence[CacheRedisConf], options: CacheConf, database: str, prefix: str = "cache"
    ) -> None:
        """Raises ConfigError for settings that cannot be used."""
        self.prefix = options.prefix or prefix
        if not self.prefix.isascii() or not self.prefix.isprintable() or set(self.prefix) & set("{}*?[]\\ "):
            raise ConfigError(f"CacheOptions.Prefix is {self.prefix!r}; letters, digits, `:` and `-` make a prefix")
        self.database = database
        self.times = options.times(not redis)
        self.flights = Flights()
        self._redis = redis
        self._options = options
        self._gates: list[GatedStore] = []
        self._later: deque[tuple[float, tuple[str, ...]]] = deque()
        self._timer: asyncio.TimerHandle | None = None
        self._tasks: set[asyncio.Task[Any]] = set()
        self._tallies: dict[str, Tally] = {}
        self._store: Store | None = None
        for conf in redis:
            conf.addresses()
        self._patience = [seconds(conf.ping_timeout, "CacheRedis.PingTimeout") or None for conf in redis]

    @property
    def state(self) -> str:
        """`ok`, or `degraded` while a Redis does not answer."""
        return "ok" if all(gate.is_open for gate in self._gates) else "degraded"

    @property
    def store(self) -> Store:
        """The place for entries. Raises RuntimeError before the service has started."""
        if self._store is None:
            raise RuntimeError("the cache is used before it is started")
        return self._store

    async def start(self) -> None:
        """Connect, for a second at most. Raises ConfigError where a Redis must answer and does not."""
        for table, tally in self._tallies.items():
            self._bind(table, tally)
        if not self._redis:
            self._store = LocalStore(self._options.local_entries, self._options.local_bytes)
            return
        members = [self._member(conf) for conf in self._redis]
        self._gates = [member.store for member in members]
        self._store = members[0].store if len(members) == 1 else RingStore(members)
        await asyncio.gather(*map(GatedStore.ping, self._gates, self._patience))
        pairs = zip(self._gates, self._redis, strict=True)
        lost = [conf.host for gate, conf in pairs if not conf.non_block and not gate.is_open]
        if lost:
            await self.close()
            raise ConfigError(f"CacheRedis: {' and '.join(lost)} does not answer, and NonBlock is false")

    async def close(self) -> None:
        """Make the second invalidations at once, and close the connections."""
        keys = [key for _, wanted in self._later for key in wanted]
        self._later.clear()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if keys:
            self.background(self.store.delete(keys))
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=self.times.timeout)
        if self._store is not None:
            await self._store.close()

    def tally(self, table: str) -> Tally:
        """Return the counters of a table."""
        found = self._tallies.setdefault(table, Tally())
        if self._store is not None:
            self._bind(table, found)
        return found

    def jittered(self, seconds: float) -> float:
        """Return a time that is up to 5 % shorter or longer, so that what came together does not go together."""
        return seconds * random.uniform(1 - _JITTER, 1 + _JITTER)  # noqa: S311

    async def invalidate(self, keys: Sequence[str]) -> None:
        """Delete keys, and once more after the time that the settings give: a replica may have been read meanwhile."""
        if not keys:
            return
        try:
            await self.store.delete(keys)
        finally:
            self.flights.forget(keys)  # whoever comes from now on must not wait for what began before
        if self.times.again and len(self._later) < _MOST_LATER:
            loop = asyncio.get_running_loop()
            self._later.append((loop.time() + self.times.again, tuple(keys)))
            if self._timer is None:
                self._timer = loop.call_at(self._later[0][0], self._again)

    async def renew(self, key: str) -> bytes:
        """Give a key a value that it never had, for longer than anything may say that a row is absent; return it."""
        value = secrets.token_bytes(8)
        await self.store.put(key, value, max(_EPOCH_SECONDS, 2 * self.times.absent))
        return value

    async def after_write(self, work: Coroutine[Any, Any, None]) -> None:
        """Do what a write makes necessary, to its end: not even a request that is cancelled or late stops it."""
        await asyncio.shield(self.background(work))

    def background(self, work: Coroutine[Any, Any, T]) -> "asyncio.Task[T]":
        """Run work that has the time it needs, also when the request has none left; `close` waits for a moment."""
        task = asyncio.create_task(_without_deadline(work))
        self._tasks.add(task)
        task.add_done_callback(self._ended)
        return task

    def _again(self) -> None:
        """Make the second invalidations whose time has come; all wait equally long, and so come in their order."""
        loop = asyncio.get_running_loop()
        keys: list[str] = []
        while self._later and self._later[0][0] <= loop.time() + 0.01:
            keys += self._later.popleft()[1]
        self._timer = loop.call_at(self._later[0][0], self._again) if self._later else None
        self.flights.forget(keys)
        self.background(self.store.delete(keys))

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and task.exception() is not None:
            _LOG.warning("cache: work after a write failed: %s", task.exception())

    def _bind(self, table: str, tally: Tally) -> None:
        tally.hit, tally.miss = self._counter(table, "hit"), self._counter(table, "miss")

    def _counter(self, table: str, result: str) -> Callable[[int], None]:
        return metrics.counter("cache_requests_total", _TEXT, _LABELS, (self.database, table, result))

    def _member(self, conf: CacheRedisConf) -> RingMember:
        try:
            from mallgen_runtime.cache.redis_store import RedisStore

            store = RedisStore(conf, self.times.timeout, self.prefix)
        except ImportError:
            raise ConfigError("CacheRedis needs redis-py: pip install 'mallgen-runtime[cache]'") from None
        failed = self._counter("", "fail")
        gate = GatedStore(store, conf.host, self.times.timeout, table_of, lambda: failed(1))
        return RingMember(gate, f"{conf.host} {conf.master}".strip(), conf.weight)


def table_of(key: str) -> str:
    """Return the beginning that all keys of a key's table have."""
    return f"{key.partition(':{')[0].rpartition(':')[0]}:"


async def _without_deadline(work: Coroutine[Any, Any, T]) -> T:
    origin.set(origin.get()._replace(deadline=None))
    return await work
