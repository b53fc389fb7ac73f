"""Entries and lists in one Redis, be it a node, a cluster or what sentinels name."""

import asyncio
import contextlib
import secrets
from collections.abc import Awaitable, Iterable, Sequence
from typing import Any

from mallgen_runtime.cache import scripts
from mallgen_runtime.cache.conf import CacheRedisConf
from mallgen_runtime.cache.flights import Flights
from mallgen_runtime.cache.scripts import Script
from mallgen_runtime.cache.store import (
    ABSENT,
    BEYOND,
    LEASE,
    LEASE_SECONDS,
    CacheDown,
    CacheRefused,
    Entry,
    Filling,
    ListOrder,
    ListPage,
    building_key,
)

_CHUNK = 500  # entries of one command
_SCANNED = 1000


class RedisStore:
    """A Redis that keeps entries; see Store. `timeout` in seconds of one answer. `prefix` begins keys of its own."""

    def __init__(self, conf: CacheRedisConf, timeout: float, prefix: str = "cache") -> None:
        """Raises ConfigError for settings that cannot be used, ImportError without redis-py."""
        from mallgen_runtime.cache import redis_client

        self._redis = redis_client
        self._client = redis_client.connect(conf, timeout)
        self._is_cluster = conf.type == "cluster"
        link: Any = redis_client.ClusterLink if self._is_cluster else redis_client.RedisLink
        self._link = link(self._client, redis_client.CONNECTIONS, timeout)
        self._ping_key = f"{prefix}:ping"
        self._drops = Flights()
        self._dropping = asyncio.Lock()

    async def get(self, key: str) -> bytes | None:
        """Return the value of a key; that of another type is none."""
        try:
            found: bytes | None = await self._run(self._link.call("GET", key))
            return found
        except CacheRefused as problem:
            if str(problem).startswith("WRONGTYPE"):
                return None
            raise

    async def get_many(self, keys: Sequence[str]) -> list[bytes | None]:
        """Return the values of keys, some hundred in one round trip to each node."""
        found: list[bytes | None] = []
        for start in range(0, len(keys), _CHUNK):
            part = keys[start : start + _CHUNK]
            found += await self._run(self._link.values(part) if self._is_cluster else self._link.call("MGET", *part))
        return found

    async def lease(self, keys: Sequence[str], head: bytes) -> list[bytes]:
        """Return values that begin with `head`, or leases."""
        fresh = LEASE + secrets.token_bytes(12)
        words = (head, LEASE, fresh, _milliseconds(LEASE_SECONDS))
        found = await self._each([(chunk, words) for chunk in self._chunks(keys)], scripts.LEASE)
        return [value for values in found for value in values]

    async def fill(self, fillings: Sequence[Filling]) -> None:
        """Keep entries whose keys still have the lease."""
        calls = []
        for chunk in self._chunks(fillings):
            words = [word for one in chunk for word in (one.lease, one.value, _milliseconds(one.expiry))]
            calls.append(([one.key for one in chunk], words))
        await self._each(calls, scripts.FILL)

    async def put(self, key: str, value: bytes, expiry: float) -> None:
        """Keep a value."""
        await self._run(self._link.call("SET", key, value, "PX", _milliseconds(expiry)))

    async def claim(self, key: str, value: bytes, expiry: float) -> bytes | None:
        """Keep a value where the key has none."""
        found: bytes | None = await self._call(scripts.CLAIM, [key], [value, _milliseconds(expiry)])
        return found

    async def resolve(self, key: str, claim: bytes, value: bytes, expiry: float) -> None:
        """End a claim."""
        await self._call(scripts.RESOLVE, [key], [claim, value, _milliseconds(expiry)])

    async def count(self, key: str, expiry: float) -> int:
        """Add 1 to a counter."""
        return int(await self._call(scripts.COUNT, [key], [_milliseconds(expiry)]))

    async def take(self, key: str) -> bool | None:
        """Take 1 from a number."""
        found = await self._call(scripts.TAKE, [key], [])
        return None if found is None else bool(found)

    async def give(self, key: str) -> None:
        """Add 1 to a number."""
        await self._call(scripts.GIVE, [key], [])

    async def delete(self, keys: Sequence[str] | Sequence[bytes]) -> None:
        """Delete keys."""
        for chunk in self._chunks(keys):
            if len(chunk) == len(keys):
                await self._run(self._link.call("DEL", *chunk))
                return
        await self._together([self._link.call("DEL", *chunk) for chunk in self._chunks(keys)])

    async def drop(self, prefix: str) -> None:
        """Delete all keys that begin with a prefix, by SCAN; those who wait for the same one have it together."""
        await self._drops.run(prefix, None, lambda: self._drop(prefix))

    async def _drop(self, prefix: str) -> None:
        async with self._dropping:
            self._drops.forget([prefix])  # who comes from now on may mean a key that was passed already
            try:
                async for keys in self._link.scan(f"{prefix}*", _SCANNED):
                    await self.delete(keys)
            except self._redis.FAILURES as problem:
                raise self._error(problem) from None

    async def page(self, key: str, order: ListOrder, after: Entry | None, limit: int) -> ListPage:
        """Return entries of a list."""
        words: list[Any] = [int(order.descending), limit, scripts.OVERDUE_SECONDS * 1000, order.spelling]
        words += [] if after is None else [_number(after.score), after.member]
        state, found = await self._call(scripts.PAGE, [key], words)
        if state == b"absent":
            return ABSENT
        if state == b"beyond":
            return BEYOND
        if state == b"overdue":
            return ListPage(None, overdue=tuple(member.decode() for member in found))
        pairs = zip(found[::2], found[1::2], strict=True)
        return ListPage([Entry(float(score), member.decode()) for member, score in pairs])

    async def touch(self, keys: Sequence[str], member: str) -> list[bytes]:
        """Announce a change in lists, which may be on several nodes."""
        token = secrets.token_hex(8)
        calls = [([key, building_key(key)], (member, token)) for key in keys]
        found: list[bytes] = await self._each(calls, scripts.TOUCH)
        return found

    async def settle(self, key: str, order: ListOrder, member: str, token: bytes, score: float | None) -> None:
        """Give a member its score."""
        given = "" if score is None else _number(score)
        words = [member, token, given, order.limit, int(order.descending), order.spelling]
        await self._call(scripts.SETTLE, [key, building_key(key)], words)

    async def begin(self, key: str, order: ListOrder) -> bytes:
        """Begin to build a list."""
        words = [secrets.token_hex(8), scripts.BUILD_SECONDS * 1000, order.spelling]
        found: bytes = await self._call(scripts.BEGIN, [key, building_key(key)], words)
        return found

    async def finish(
        self, key: str, token: bytes, order: ListOrder, entries: Sequence[Entry], is_whole: bool, expiry: float
    ) -> bool:
        """Build in a key of its own, which replaces the list."""
        stage = f"{key}:new:{token.decode()}"
        members: list[Any] = [word for one in entries for word in (_number(one.score), one.member)]
        members += ["-inf", scripts.WHOLE] if is_whole else []
        for start in range(0, len(members), 2 * _CHUNK):
            words = [scripts.BUILD_SECONDS * 1000, *members[start : start + 2 * _CHUNK]]
            await self._call(scripts.STAGE, [stage], words)
        words = [token, _milliseconds(expiry), order.limit, int(order.descending), order.spelling]
        return bool(await self._call(scripts.FINISH, [key, building_key(key), stage], words))

    async def ping(self) -> None:
        """Make sure that it takes writes; a replica would answer a PING."""
        with contextlib.suppress(CacheRefused):
            await self.put(self._ping_key, b"", 1.0)

    async def close(self) -> None:
        """Close the connections."""
        await self._link.close()

    def _chunks(self, items: Sequence[Any]) -> Iterable[Sequence[Any]]:
        """Yield parts that one command may have: on a cluster single items, because each may be on another node."""
        step = 1 if self._is_cluster else _CHUNK
        return (items[start : start + step] for start in range(0, len(items), step))

    async def _each(self, calls: Sequence[tuple[Sequence[str], Sequence[Any]]], script: Script) -> list[Any]:
        """Return the answers of one script to several calls, which are made together."""
        if len(calls) == 1:
            return [await self._call(script, *calls[0])]
        return await self._together([self._call(script, keys, words) for keys, words in calls])

    async def _together(self, calls: Sequence[Awaitable[Any]]) -> list[Any]:
        """Return the answers of calls, when all have ended."""
        found = await asyncio.gather(*calls, return_exceptions=True)
        for one in found:
            if isinstance(one, self._redis.FAILURES):
                raise self._error(one) from None
            if isinstance(one, BaseException):
                raise one
        return found

    async def _call(self, script: Script, keys: Sequence[str], words: Sequence[Any]) -> Any:
        try:
            return await self._run(self._link.call("EVALSHA", script.sha, len(keys), *keys, *words))
        except _Unknown:
            return await self._run(self._link.call("EVAL", script.text, len(keys), *keys, *words))

    def _error(self, problem: BaseException) -> CacheDown:
        if isinstance(problem, self._redis.NoScriptError):
            return _Unknown(_text(problem))
        is_answer = isinstance(problem, self._redis.REFUSALS) and not isinstance(problem, self._redis.LOST)
        return (CacheRefused if is_answer else CacheDown)(_text(problem))

    async def _run(self, call: Awaitable[Any]) -> Any:
        try:
            return await call
        except self._redis.FAILURES as problem:
            raise self._error(problem) from None


class _Unknown(CacheRefused):
    """A Redis does not know a script: it has been started anew."""


def _milliseconds(seconds: float) -> int:
    return max(1, round(seconds * 1000))


def _number(score: float) -> str:
    return repr(score) if isinstance(score, float) and not score.is_integer() else str(int(score))


def _text(problem: BaseException) -> str:
    """Return the reason in one line, without what a server may have put behind it."""
    return (str(problem) or type(problem).__name__).splitlines()[0][:200]
