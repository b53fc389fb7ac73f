"""Numbers that many processes take from, which never go below 0: how many more may come in."""

from mallgen_runtime.cache.keys import own_key, own_stem
from mallgen_runtime.cache.resource import Cache

_DAY = 86400.0


class Allowance:
    """Numbers in the cache of a service, found by words: `Allowance(svc.cache, "gate")`.

    In Redis all processes take from the same number, without it each from its own. A cache may lose what it has, and
    what a killed process has taken is not given back: an allowance keeps a crowd away from the database, which alone
    knows what is left.
    """

    def __init__(self, cache: Cache, name: str, expiry: float = _DAY) -> None:
        self._cache = cache
        self._expiry = expiry
        self._stem = own_stem(cache.prefix, cache.database, name, "allowance")

    async def fill(self, *words: int | str, count: int) -> None:
        """Set a number, whatever it was; it is lost `expiry` seconds later. Raises ValueError below 0."""
        if count < 0:
            raise ValueError(f"an allowance of {count}")
        work = self._cache.store.put(own_key(self._stem, words), b"%d" % count, self._expiry)
        await self._cache.after_write(work)

    async def take(self, *words: int | str) -> bool | None:
        """Take 1, and return whether there was one; None: the number is lost, or Redis does not answer."""
        return await self._cache.store.take(own_key(self._stem, words))

    async def give(self, *words: int | str) -> None:
        """Give 1 back, also in a request that is cancelled; a number that is lost stays so."""
        await self._cache.after_write(self._cache.store.give(own_key(self._stem, words)))
