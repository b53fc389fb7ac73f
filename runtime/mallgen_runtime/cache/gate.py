"""A store behind a gate: while Redis does not answer, no request waits for it.

The first failure shuts the gate. From then on reads find nothing, and writes note the keys that they invalidate. A
task asks Redis once a second; when it answers, what was noted is deleted first, and then the gate opens. Writes go to
Redis again while that is done, so that it ends however many there are.
"""

import asyncio
import contextlib
import logging
import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import TypeVar

from mallgen_runtime.cache.store import (
    ABSENT,
    CacheDown,
    CacheRefused,
    Entry,
    Filling,
    ListOrder,
    ListPage,
    Store,
    list_keys,
)

R = TypeVar("R")
_LOG = logging.getLogger("mallgen.service")
MOST_NOTED = 100_000  # keys; beyond it their tables are emptied
PAUSE, LONGEST_PAUSE = 1.0, 8.0
SOON = 10.0  # a gate that shuts again so soon after it opened says nothing more, and asks less often
_EVERY = 60.0  # seconds between two lines about refusals


class GatedStore:
    """A store that answers at once while the one behind it does not; see Store. Nothing here raises CacheDown.

    `table_of` gives the prefix that the keys of a key's table have. `failed` is called for each failure.
    """

    def __init__(
        self, store: Store, name: str, timeout: float, table_of: Callable[[str], str], failed: Callable[[], None]
    ) -> None:
        self._store = store
        self._name = name
        self._timeout = timeout
        self._table_of = table_of
        self._failed = failed
        self._noted: set[str] = set()
        self._emptied: set[str] = set()
        self._reopening: asyncio.Task[None] | None = None
        self._takes_writes = True
        self._opened = self._told = -_EVERY
        self._pause = PAUSE

    @property
    def is_open(self) -> bool:
        """Return whether the store is asked."""
        return self._reopening is None

    async def get(self, key: str) -> bytes | None:
        """Return the value of a key."""
        if self._reopening is not None:
            return None
        try:
            return await self._store.get(key)
        except CacheDown as problem:
            self._shut(problem)
            return None

    async def get_many(self, keys: Sequence[str]) -> list[bytes | None]:
        """Return the values of keys."""
        return await self._asked(lambda: self._store.get_many(keys), [None] * len(keys))

    async def lease(self, keys: Sequence[str], head: bytes) -> list[bytes]:
        """Return values or leases; empty while the gate is shut: what is loaded then is not kept."""
        return await self._asked(lambda: self._store.lease(keys, head), [b""] * len(keys))

    async def fill(self, fillings: Sequence[Filling]) -> None:
        """Keep entries."""
        await self._asked(lambda: self._store.fill(fillings), None)

    async def put(self, key: str, value: bytes, expiry: float) -> None:
        """Keep a value; one that cannot be kept is deleted, with what it was to replace."""
        await self._changed([key], lambda: self._store.put(key, value, expiry))

    async def claim(self, key: str, value: bytes, expiry: float) -> bytes | None:
        """Keep a value where the key has none. Raises CacheDown while the gate is shut: only the store can tell."""
        if self._reopening is not None:
            raise CacheDown(f"{self._name} does not answer")
        try:
            return await self._store.claim(key, value, expiry)
        except CacheRefused as problem:
            self._tell(problem)
            raise
        except CacheDown as problem:
            self._shut(problem)
            raise

    async def resolve(self, key: str, claim: bytes, value: bytes, expiry: float) -> None:
        """End a claim; while the gate is shut it ends by itself: to delete it later might end that of another one."""
        await self._asked(lambda: self._store.resolve(key, claim, value, expiry), None)

    async def count(self, key: str, expiry: float) -> int:
        """Add 1 to a counter; 0 while the gate is shut."""
        return await self._asked(lambda: self._store.count(key, expiry), 0)

    async def take(self, key: str) -> bool | None:
        """Take 1 from a number; None while the gate is shut."""
        return await self._asked(lambda: self._store.take(key), None)

    async def give(self, key: str) -> None:
        """Add 1 to a number; one that cannot be told is deleted before the gate opens."""
        await self._changed([key], lambda: self._store.give(key))

    async def delete(self, keys: Sequence[str]) -> None:
        """Delete keys, now or before the gate opens."""
        await self._changed(keys, lambda: self._store.delete(keys))

    async def drop(self, prefix: str) -> None:
        """Delete the keys with a prefix, now or before the gate opens."""
        await self._changed([], lambda: self._store.drop(prefix), prefix)

    async def page(self, key: str, order: ListOrder, after: Entry | None, limit: int) -> ListPage:
        """Return entries of a list."""
        return await self._asked(lambda: self._store.page(key, order, after, limit), ABSENT)

    async def touch(self, keys: Sequence[str], member: str) -> list[bytes]:
        """Announce a change; lists that cannot be told are deleted before the gate opens."""
        found: list[bytes] = []

        async def touch() -> None:
            found.extend(await self._store.touch(keys, member))

        await self._changed([name for key in keys for name in list_keys(key)], touch)
        return found or [b""] * len(keys)

    async def settle(self, key: str, order: ListOrder, member: str, token: bytes, score: float | None) -> None:
        """Give a member its score; a list that cannot be told is deleted before the gate opens."""
        await self._changed(list_keys(key), lambda: self._store.settle(key, order, member, token, score))

    async def begin(self, key: str, order: ListOrder) -> bytes:
        """Begin to build a list."""
        return await self._asked(lambda: self._store.begin(key, order), b"")

    async def finish(
        self, key: str, token: bytes, order: ListOrder, entries: Sequence[Entry], is_whole: bool, expiry: float
    ) -> bool:
        """Put what was built in a list's place."""
        return await self._asked(lambda: self._store.finish(key, token, order, entries, is_whole, expiry), False)

    async def ping(self, seconds: float | None = None) -> None:
        """Ask the store, and shut the gate if it does not answer within some time."""
        try:
            async with asyncio.timeout(seconds):
                await self._asked(self._store.ping, None)
        except TimeoutError:
            self._shut(CacheDown(f"no answer within {seconds} s"))

    async def close(self) -> None:
        """Stop asking, and close the store."""
        if self._reopening is not None:
            self._reopening.cancel()
            await asyncio.wait([self._reopening])
        with contextlib.suppress(CacheDown, TimeoutError):
            async with asyncio.timeout(self._timeout):
                await self._store.close()

    async def _asked(self, call: Callable[[], Awaitable[R]], otherwise: R) -> R:
        """Return what the store answers, `otherwise` while it does not."""
        if self._reopening is not None:
            return otherwise
        try:
            return await call()
        except CacheRefused as problem:
            self._tell(problem)
        except CacheDown as problem:
            self._shut(problem)
        return otherwise

    async def _changed(self, keys: Sequence[str], call: Callable[[], Awaitable[None]], *prefixes: str) -> None:
        """Make a change, or note what it makes wrong: keys, and all those with some prefix.

        It must not be cancelled: see Cache.after_write.
        """
        if not self._takes_writes:
            return self._note(keys, prefixes)
        try:
            try:
                await call()
            except CacheRefused as problem:
                if prefixes:
                    raise
                self._tell(problem)
                await self._store.delete(keys)
        except CacheDown as problem:
            self._note(keys, prefixes)
            self._shut(problem)

    def _note(self, keys: Iterable[str], prefixes: Iterable[str]) -> None:
        self._emptied.update(prefixes)
        self._noted.update(keys)
        if len(self._noted) > MOST_NOTED:
            self._emptied.update(map(self._table_of, self._noted))
            self._noted.clear()

    def _tell(self, problem: CacheDown) -> None:
        """Count a refusal, and say so once in a while."""
        self._failed()
        if time.monotonic() - self._told >= _EVERY:
            self._told = time.monotonic()
            _LOG.warning("cache: %s refuses: %s", self._name, problem)

    def _shut(self, problem: CacheDown) -> None:
        self._failed()
        self._takes_writes = False
        if self._reopening is not None:
            return
        is_new = time.monotonic() - self._opened > SOON
        self._pause = PAUSE if is_new else min(LONGEST_PAUSE, 2 * self._pause)
        if is_new:
            _LOG.warning("cache: %s does not answer, the database does: %s", self._name, problem)
        self._reopening = asyncio.create_task(self._reopen(is_new), name=f"reach the cache {self._name}")

    async def _reopen(self, is_new: bool) -> None:
        while True:
            await asyncio.sleep(self._pause)
            try:
                if await self._is_made_good():
                    break
            except CacheRefused as problem:
                self._tell(problem)
            except (CacheDown, TimeoutError):
                continue
            except Exception as problem:  # whatever it is, only asking again can open the gate
                self._tell(CacheDown(f"{type(problem).__name__}: {problem}"))
        self._reopening = None
        self._opened = time.monotonic()
        if is_new:
            _LOG.info("cache: %s answers again", self._name)

    async def _is_made_good(self) -> bool:
        """Delete what was noted; return False when a write has failed meanwhile. Raises what the store does."""
        async with asyncio.timeout(20 * self._timeout):
            await self._store.ping()
        self._takes_writes = True
        keys, prefixes = list(self._noted), tuple(self._emptied)
        self._noted.clear()
        self._emptied.clear()
        try:
            for prefix in prefixes:
                await self._store.drop(prefix)
            for start in range(0, len(keys), 500):
                async with asyncio.timeout(20 * self._timeout):
                    await self._store.delete(keys[start : start + 500])
        except BaseException:
            self._takes_writes = False
            self._note(keys, prefixes)
            raise
        return self._takes_writes
