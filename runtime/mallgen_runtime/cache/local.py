"""Entries and lists in the memory of this process, with a bound: the cache of a service that has no Redis."""

import secrets
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence

from mallgen_runtime.cache.local_list import Building, LocalList
from mallgen_runtime.cache.scripts import BUILD_SECONDS
from mallgen_runtime.cache.store import (
    ABSENT,
    BEYOND,
    LEASE,
    LEASE_SECONDS,
    Entry,
    Filling,
    ListOrder,
    ListPage,
    list_of,
)

_OVERHEAD = 200  # bytes of an entry beside its key and value
_MEMBER = 150  # bytes of a member of a list

_Kept = bytes | LocalList


class LocalStore:
    """Keeps what was used last, within a number of entries and bytes; see Store. It never fails."""

    def __init__(self, most_entries: int, most_bytes: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._most_entries = most_entries
        self._most_bytes = most_bytes
        self._clock = clock
        self._entries: OrderedDict[str, tuple[_Kept, float]] = OrderedDict()
        self._building: dict[str, Building] = {}
        self._bytes = self._building_bytes = 0

    def __len__(self) -> int:
        return len(self._entries) + len(self._building)

    @property
    def size(self) -> int:
        """The bytes that entries need, roughly, and what is being built."""
        return self._bytes + self._building_bytes

    async def get(self, key: str) -> bytes | None:
        """Return the value of a key."""
        found = self._found(key)
        return found if isinstance(found, bytes) else None

    async def get_many(self, keys: Sequence[str]) -> list[bytes | None]:
        """Return the values of keys."""
        return [await self.get(key) for key in keys]

    async def lease(self, keys: Sequence[str], head: bytes) -> list[bytes]:
        """Return values that begin with `head`, or leases."""
        fresh = LEASE + secrets.token_bytes(12)
        values = []
        for key in keys:
            value = self._found(key)
            if not isinstance(value, bytes) or not value.startswith((head, LEASE)):
                value = fresh
                self._keep(key, value, LEASE_SECONDS)
            values.append(value)
        return values

    async def fill(self, fillings: Sequence[Filling]) -> None:
        """Keep entries whose keys still have the lease."""
        for one in fillings:
            if self._found(one.key) == one.lease:
                self._keep(one.key, one.value, one.expiry)

    async def put(self, key: str, value: bytes, expiry: float) -> None:
        """Keep a value."""
        self._keep(key, value, expiry)

    async def claim(self, key: str, value: bytes, expiry: float) -> bytes | None:
        """Keep a value where the key has none."""
        found = self._found(key)
        if isinstance(found, bytes):
            return found
        self._keep(key, value, expiry)
        return None

    async def resolve(self, key: str, claim: bytes, value: bytes, expiry: float) -> None:
        """End a claim."""
        if self._found(key) not in (claim, None):
            return
        if value:
            self._keep(key, value, expiry)
        else:
            self._remove(key)

    async def count(self, key: str, expiry: float) -> int:
        """Add 1 to a counter."""
        found = self._found(key)
        count = int(found) + 1 if isinstance(found, bytes) else 1
        end = self._entries[key][1] if isinstance(found, bytes) else self._clock() + expiry
        self._keep(key, b"%d" % count, end - self._clock())
        return count

    async def take(self, key: str) -> bool | None:
        """Take 1 from a number; no other task runs in between."""
        found = self._found(key)
        if not isinstance(found, bytes):
            return None
        if int(found) < 1:
            return False
        self._change(key, int(found) - 1)
        return True

    async def give(self, key: str) -> None:
        """Add 1 to a number."""
        found = self._found(key)
        if isinstance(found, bytes):
            self._change(key, int(found) + 1)

    async def delete(self, keys: Sequence[str]) -> None:
        """Delete keys, and what is being built of lists."""
        for key in keys:
            self._remove(key)
            self._end_building(list_of(key))

    async def drop(self, prefix: str) -> None:
        """Delete all keys that begin with a prefix."""
        await self.delete([key for key in (*self._entries, *self._building) if key.startswith(prefix)])

    async def page(self, key: str, order: ListOrder, after: Entry | None, limit: int) -> ListPage:
        """Return entries of a list."""
        found = self._found(key)
        if not isinstance(found, LocalList):
            return ABSENT
        return found.page(after, limit) if found.order.spelling == order.spelling else BEYOND

    async def touch(self, keys: Sequence[str], member: str) -> list[bytes]:
        """Announce a change of a member of lists."""
        token = secrets.token_bytes(8)
        return [token if self._touched(key, member, token) else b"" for key in keys]

    async def settle(self, key: str, order: ListOrder, member: str, token: bytes, score: float | None) -> None:
        """Give a member its score."""
        if order.spelling:
            self._end_other_spellings(key, order.spelling)
        found, building = self._found(key), self._now_built(key)
        if isinstance(found, LocalList) and found.settle(member, token, score):
            self._resized(key, found)
        if building is not None:
            building.settle(member, token, score)
            self._counted(key, building)

    async def begin(self, key: str, order: ListOrder) -> bytes:
        """Begin to build a list."""
        if self._found(key) is not None or self._now_built(key) is not None:
            return b""
        made = Building(secrets.token_bytes(8), self._clock() + BUILD_SECONDS, order.spelling)
        self._building[key] = made
        self._counted(key, made)
        return made.token if key in self._building else b""

    async def finish(
        self, key: str, token: bytes, order: ListOrder, entries: Sequence[Entry], is_whole: bool, expiry: float
    ) -> bool:
        """Put a list in its place."""
        building = self._now_built(key)
        if building is None or building.token != token:
            return False
        self._end_building(key)
        made = LocalList(order, entries, is_whole, self._clock)
        building.apply(made)
        if made.is_known:
            self._remove(key)
            self._entries[key] = (made, self._clock() + expiry)
            self._resized(key, made)
        return made.is_known

    async def ping(self) -> None:
        """Return at once."""

    async def close(self) -> None:
        """Forget everything."""
        self._entries.clear()
        self._building.clear()
        self._bytes = self._building_bytes = 0

    def _found(self, key: str) -> _Kept | None:
        entry = self._entries.get(key)
        if entry is None:
            return None
        value, end = entry
        if self._clock() >= end:
            self._remove(key)
            return None
        self._entries.move_to_end(key)
        return value

    def _now_built(self, key: str) -> Building | None:
        building = self._building.get(key)
        if building is not None and self._clock() >= building.end:
            self._end_building(key)
            return None
        return building

    def _touched(self, key: str, member: str, token: bytes) -> bool:
        found, building = self._found(key), self._now_built(key)
        if isinstance(found, LocalList):
            found.touch(member, token)
        if building is not None:
            building.touch(member, token)
            self._counted(key, building)
        return isinstance(found, LocalList) or building is not None

    def _end_other_spellings(self, key: str, spelling: str) -> None:
        """Delete a list of other texts: whether the database holds both to be equal is not known here."""
        found, building = self._found(key), self._now_built(key)
        if isinstance(found, LocalList) and found.order.spelling != spelling:
            self._remove(key)
        if building is not None and building.spelling != spelling:
            self._end_building(key)

    def _change(self, key: str, number: int) -> None:
        """Give a number another value until it expires as it would have."""
        self._keep(key, b"%d" % number, self._entries[key][1] - self._clock())

    def _keep(self, key: str, value: bytes, expiry: float) -> None:
        self._remove(key)
        self._entries[key] = (value, self._clock() + expiry)
        self._bytes += _size(key, value)
        self._shrink()

    def _resized(self, key: str, found: LocalList) -> None:
        """Count a list anew; one of which nothing is known any more goes."""
        self._bytes += found.resized(_size(key, found))
        if not found.is_known:
            self._remove(key)
        self._shrink()

    def _remove(self, key: str) -> None:
        entry = self._entries.pop(key, None)
        if entry is not None:
            value = entry[0]
            self._bytes -= value.size if isinstance(value, LocalList) else _size(key, value)

    def _counted(self, key: str, building: Building) -> None:
        """Count what is being built anew."""
        self._building_bytes += building.resized(_size(key, building))
        self._shrink()

    def _end_building(self, key: str) -> None:
        building = self._building.pop(key, None)
        if building is not None:
            self._building_bytes -= building.size

    def _shrink(self) -> None:
        """Let go what was used longest ago; what is being built has a quarter of the room, and the oldest goes."""
        most, most_bytes = max(1, self._most_entries // 4), self._most_bytes // 4
        while self._building and (len(self._building) > most or self._building_bytes > most_bytes):
            self._end_building(next(iter(self._building)))
        while self._entries and (len(self) > self._most_entries or self.size > self._most_bytes):
            self._remove(next(iter(self._entries)))


def _size(key: str, value: _Kept | Building) -> int:
    own = len(value) if isinstance(value, bytes) else len(value) * _MEMBER
    return _OVERHEAD + len(key) + own
