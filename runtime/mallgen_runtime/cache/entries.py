"""Entries of one table: read from the cache, else loaded and kept."""

from collections.abc import Awaitable, Callable, Hashable, Sequence
from typing import Any, NamedTuple

from mallgen_runtime.cache.codec import Codec, Found
from mallgen_runtime.cache.resource import Cache
from mallgen_runtime.cache.store import LEASE, Filling

Load = Callable[[], Awaitable[Any]]


class Asked(NamedTuple):
    """An entry that is asked for: its key, and the exact values that it was made of."""

    key: str
    values: Hashable


class Entries:
    """Reads entries of one type; what is not there is loaded, once for all that ask at a time, and kept.

    `epoch_key` has what changes when rows of unknown keys are inserted: an entry that says that there is no row counts
    only as long as it is there and the same. `copies`: values can be changed by those who get them.
    """

    def __init__(
        self,
        cache: Cache,
        table: str,
        codec: Codec,
        *,
        epoch_key: str = "",
        copies: bool = False,
    ) -> None:
        self._cache = cache
        self._codec = codec
        self._epoch_key = epoch_key
        self._copies = copies
        self._tally = cache.tally(table)

    async def find(self, asked: Asked, load: Load, expiry: float | None = None) -> Any:
        """Return an entry, None where there is none. `expiry` in seconds replaces that of rows."""
        return await self._cache.flights.run(
            asked.key, asked.values, lambda: self._find(asked, load, expiry), copies=self._copies
        )

    async def find_many(
        self, asked: Sequence[Asked], load: Callable[[list[int]], Awaitable[dict[int, Any]]]
    ) -> list[Any]:
        """Return entries; `load` gets the places of those that are not there, and returns by place what it found."""
        store = self._cache.store
        data = await store.get_many([one.key for one in asked])
        if (values := self._codec.all_values(data)) is not None:
            self._tally.hit(len(values))
            return values
        found = [self._codec.read(one) for one in data]
        epoch = await self._epoch() if any(one is not None and one.absent is not None for one in found) else None
        missing = [
            place for place, one in enumerate(found) if one is None or not self._counts(one, asked[place], epoch)
        ]
        self._tally.hit(len(asked) - len(missing))
        rows = [None if one is None else one.value for one in found]
        if not missing:
            return rows
        self._tally.miss(len(missing))
        await self._drop_unread([asked[place].key for place in missing], [data[place] for place in missing])
        leases = await store.lease([asked[place].key for place in missing], self._codec.head)
        epoch = await self._epoch_before_load(leases)
        loaded = await load(missing)
        fillings = []
        for place, lease in zip(missing, leases, strict=True):
            rows[place] = loaded.get(place)
            fillings += self._filling(asked[place], lease, rows[place], epoch)
        if fillings:
            await store.fill(fillings)
        return rows

    async def _find(self, asked: Asked, load: Load, expiry: float | None) -> Any:
        store = self._cache.store
        data = await store.get(asked.key)
        found = self._codec.read(data)
        if found is not None and (found.absent is None or self._counts(found, asked, await self._epoch())):
            self._tally.hit(1)
            return found.value
        self._tally.miss(1)
        await self._drop_unread([asked.key], [data])
        lease = data if data is not None and data.startswith(LEASE) else b""
        if not lease:
            (lease,) = await store.lease([asked.key], self._codec.head)
        epoch = await self._epoch_before_load([lease])
        loaded = await load()
        fillings = self._filling(asked, lease, loaded, epoch, expiry)
        if fillings:
            await store.fill(fillings)
        return loaded

    async def _drop_unread(self, keys: Sequence[str], data: Sequence[bytes | None]) -> None:
        """Delete entries that are ours and no answer, which a lease would take for good ones."""
        ours = [
            key for key, one in zip(keys, data, strict=True) if one is not None and one.startswith(self._codec.head)
        ]
        if ours:
            await self._cache.store.delete(ours)

    def _counts(self, found: Found, asked: Asked, epoch: bytes | None) -> bool:
        """Return whether an entry is the answer: one that says that there is nothing may be about another spelling."""
        return found.absent is None or found.absent == self._absent(asked, epoch)

    def _absent(self, asked: Asked, epoch: bytes | None) -> bytes | None:
        return None if epoch is None else self._codec.absent((asked.values, epoch))

    def _filling(
        self, asked: Asked, lease: bytes, value: Any, epoch: bytes | None, expiry: float | None = None
    ) -> list[Filling]:
        if not lease.startswith(LEASE):
            return []
        times = self._cache.times
        entry = self._codec.written(value) if value is not None else self._absent(asked, epoch)
        if entry is None:
            return []
        expiry = times.row if expiry is None else min(expiry, times.most)
        if value is None:
            expiry = min(expiry, times.absent)
        return [Filling(asked.key, lease, entry, self._cache.jittered(expiry))]

    async def _epoch(self) -> bytes | None:
        """Return the epoch; None: it is lost, and nobody knows which rows were inserted since it was there."""
        if not self._epoch_key:
            return b""
        return await self._cache.store.get(self._epoch_key) or None

    async def _epoch_before_load(self, leases: Sequence[bytes]) -> bytes | None:
        """Return the epoch, a new one where it is lost and something may be kept.

        It must be there before the load: an insert that is committed after the load then replaces it.
        """
        epoch = await self._epoch()
        if epoch is None and any(lease.startswith(LEASE) for lease in leases):
            epoch = await self._cache.renew(self._epoch_key)
        return epoch
