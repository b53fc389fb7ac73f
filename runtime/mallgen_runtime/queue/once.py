"""Work that is done once although its message comes twice: by a row of the same transaction, or by the cache."""

import asyncio
import contextlib
import random
import secrets
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any, Protocol

from mallgen_runtime.cache.keys import own_key, own_stem
from mallgen_runtime.cache.resource import Cache
from mallgen_runtime.cache.store import CacheDown
from mallgen_runtime.queue.errors import QueueError
from mallgen_runtime.sql.connection import Dialect, Done
from mallgen_runtime.sql.errors import DuplicateKey
from mallgen_runtime.sql.statement import for_values

WEEK = 7 * 86400.0
_RUNNING = 60.0  # seconds after which work that has not ended is taken for dead
_SWEEPS = 500  # calls, of which one looks for keys that are too old
_OLD = 1000  # keys that it forgets at most
_INSERT = "INSERT INTO mallgen_once (scope, id, made) VALUES (?, ?, ?)"
_FIND = "SELECT scope, id FROM mallgen_once WHERE made < ? ORDER BY made"
_FORGET = "DELETE FROM mallgen_once WHERE scope = ? AND id = ? AND made < ?"
_DONE = b"done"
_LONGEST = 255


class InTransaction(Protocol):
    """A transaction, as far as `once` needs it."""

    @property
    def dialect(self) -> Dialect:
        """The dialect of its statements."""

    async def fetch(self, sql: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Return the rows of a query."""

    async def execute(self, sql: str, values: Sequence[Any] = ()) -> Done:
        """Run a statement that writes."""

    def savepoint(self) -> AbstractAsyncContextManager[None]:
        """Undo what the block has written when it raises."""


async def once(tx: InTransaction, key: str, *, scope: str = "", keep: float = WEEK) -> bool:
    """Return whether this transaction is the first with `key`, and remember it with the transaction's other rows.

    `scope` tells uses apart, for instance the topic. A key is forgotten after `keep` seconds, and can be used again.
    The table is that of `mallgen rmq once`. Raises DatabaseError, and ValueError for a key of over 255 bytes.
    """
    words = scope.encode(), key.encode()  # as bytes, which every database tells apart by case
    if max(map(len, words)) > _LONGEST:
        raise ValueError(f"a key of `once` has at most {_LONGEST} bytes")
    if random.randrange(_SWEEPS) == 0:  # noqa: S311 - no secret
        await forget(tx, keep)
    try:
        async with tx.savepoint():
            await tx.execute(*for_values(_INSERT, tx.dialect, (*words, time.time())))
    except DuplicateKey:
        return False
    return True


async def forget(tx: InTransaction, keep: float = WEEK) -> None:
    """Forget a thousand keys, at most, that are older than `keep` seconds; `once` does so now and then."""
    before = time.time() - keep
    for scope, key in await tx.fetch(*for_values(f"{_FIND} LIMIT {_OLD}", tx.dialect, (before,))):
        await tx.execute(*for_values(_FORGET, tx.dialect, (scope, key, before)))


@contextlib.asynccontextmanager
async def once_in(cache: Cache, key: str, *, scope: str = "", keep: float = WEEK) -> AsyncIterator[bool]:
    """Give whether the block is the first with `key`; it counts as done when it ends without an exception.

    For effects that no transaction of the database covers. While another process works on the key, and for a minute
    after one has died, QueueError (UNAVAILABLE) is raised: the message is tried again. A cache may lose what it has,
    so this is a help and no proof; `once` is one.
    """
    name = own_key(own_stem(cache.prefix, cache.database, "messages", "once"), [scope, key])
    claim = secrets.token_bytes(16)
    try:
        found = await cache.store.claim(name, claim, _RUNNING)
    except CacheDown as problem:
        raise QueueError(f"whether {key!r} has been worked on cannot be known now: {problem}") from None
    if found is not None:
        if found != _DONE:
            raise QueueError(f"{scope or 'once'}: the work for {key!r} is being done")
        yield False
        return
    try:
        yield True
    except BaseException:
        await asyncio.shield(cache.after_write(cache.store.resolve(name, claim, b"", keep)))
        raise
    await cache.after_write(cache.store.resolve(name, claim, _DONE, keep))
