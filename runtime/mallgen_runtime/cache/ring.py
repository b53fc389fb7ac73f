"""Several stores as one: each key has its own by rendezvous hashing, weighted (https://www.rfc-editor.org/rfc/rfc2991)."""

import asyncio
import hashlib
import math
from collections.abc import Awaitable, Callable, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from mallgen_runtime.cache.gate import GatedStore
from mallgen_runtime.cache.store import Entry, Filling, ListOrder, ListPage, list_of


class RingMember(NamedTuple):
    """A store of a ring: its name decides, with its weight, which keys it has."""

    store: GatedStore
    name: str
    weight: int


class RingStore:
    """Spreads keys over stores; see Store. A store more or less moves only the keys that it has."""

    def __init__(self, members: Sequence[RingMember]) -> None:
        self._members = members
        self._store_of = lru_cache(65_536)(self._chosen)

    async def get(self, key: str) -> bytes | None:
        """Return the value of a key."""
        return await self._store_of(key).get(key)

    async def get_many(self, keys: Sequence[str]) -> list[bytes | None]:
        """Return the values of keys."""
        return await self._spread(keys, keys, lambda store, part: store.get_many(part))

    async def lease(self, keys: Sequence[str], head: bytes) -> list[bytes]:
        """Return values or leases."""
        return await self._spread(keys, keys, lambda store, part: store.lease(part, head))

    async def fill(self, fillings: Sequence[Filling]) -> None:
        """Keep entries."""
        parts = self._parts([one.key for one in fillings])
        await asyncio.gather(*(store.fill([fillings[place] for place in places]) for store, places in parts))

    async def put(self, key: str, value: bytes, expiry: float) -> None:
        """Keep a value."""
        await self._store_of(key).put(key, value, expiry)

    async def claim(self, key: str, value: bytes, expiry: float) -> bytes | None:
        """Keep a value where the key has none."""
        return await self._store_of(key).claim(key, value, expiry)

    async def resolve(self, key: str, claim: bytes, value: bytes, expiry: float) -> None:
        """End a claim."""
        await self._store_of(key).resolve(key, claim, value, expiry)

    async def count(self, key: str, expiry: float) -> int:
        """Add 1 to a counter."""
        return await self._store_of(key).count(key, expiry)

    async def take(self, key: str) -> bool | None:
        """Take 1 from a number."""
        return await self._store_of(key).take(key)

    async def give(self, key: str) -> None:
        """Add 1 to a number."""
        await self._store_of(key).give(key)

    async def delete(self, keys: Sequence[str]) -> None:
        """Delete keys."""
        parts = self._parts([list_of(key) for key in keys])
        await asyncio.gather(*(store.delete([keys[place] for place in places]) for store, places in parts))

    async def drop(self, prefix: str) -> None:
        """Delete all keys that begin with a prefix."""
        await asyncio.gather(*(member.store.drop(prefix) for member in self._members))

    async def page(self, key: str, order: ListOrder, after: Entry | None, limit: int) -> ListPage:
        """Return entries of a list."""
        return await self._store_of(key).page(key, order, after, limit)

    async def touch(self, keys: Sequence[str], member: str) -> list[bytes]:
        """Announce a change."""
        return await self._spread(keys, keys, lambda store, part: store.touch(part, member))

    async def settle(self, key: str, order: ListOrder, member: str, token: bytes, score: float | None) -> None:
        """Give a member its score."""
        await self._store_of(key).settle(key, order, member, token, score)

    async def begin(self, key: str, order: ListOrder) -> bytes:
        """Begin to build a list."""
        return await self._store_of(key).begin(key, order)

    async def finish(
        self, key: str, token: bytes, order: ListOrder, entries: Sequence[Entry], is_whole: bool, expiry: float
    ) -> bool:
        """Put what was built in a list's place."""
        return await self._store_of(key).finish(key, token, order, entries, is_whole, expiry)

    async def ping(self) -> None:
        """Ask all stores."""
        await asyncio.gather(*(member.store.ping() for member in self._members))

    async def close(self) -> None:
        """Close all stores."""
        await asyncio.gather(*(member.store.close() for member in self._members))

    def _chosen(self, key: str) -> GatedStore:
        """Return the store whose hash with the key is greatest; a weight of two wins twice as often as one."""

        def rank(member: RingMember) -> float:
            digest = hashlib.blake2b(f"{member.name} {key}".encode(), digest_size=8).digest()
            chance = (int.from_bytes(digest) + 0.5) / 2**64
            return -member.weight / math.log(chance)

        return max(self._members, key=rank).store

    def _parts(self, keys: Sequence[str]) -> list[tuple[GatedStore, list[int]]]:
        """Return the stores of keys with the places of their keys."""
        found: dict[int, tuple[GatedStore, list[int]]] = {}
        for place, key in enumerate(keys):
            store = self._store_of(key)
            found.setdefault(id(store), (store, []))[1].append(place)
        return list(found.values())

    async def _spread(
        self, keys: Sequence[str], items: Sequence[str], ask: Callable[[GatedStore, list[str]], Awaitable[list[Any]]]
    ) -> list[Any]:
        """Return answers in the order of keys, asked of their stores together."""
        parts = self._parts(keys)
        answers = await asyncio.gather(*(ask(store, [items[place] for place in places]) for store, places in parts))
        found: list[Any] = [None] * len(keys)
        for (_, places), answer in zip(parts, answers, strict=True):
            for place, one in zip(places, answer, strict=True):
                found[place] = one
        return found
