"""A middleware that bounds how often a client may ask, by counters in a cache."""

import ipaddress
import time
from collections.abc import Callable

from mallgen_runtime.cache import Cache
from mallgen_runtime.cache.keys import own_key, own_stem
from mallgen_runtime.http.messages import Context, Next, Response
from mallgen_runtime.http.problems import ApiError


def by_address(ctx: Context) -> str:
    """Return the client's address, of IPv6 the network of 64 bits, all of whose addresses one client may use."""
    try:
        found = ipaddress.ip_address(ctx.client.partition("%")[0])
    except ValueError:
        return ctx.client
    if found.version == 4:
        return ctx.client
    if found.ipv4_mapped is not None:
        return str(found.ipv4_mapped)
    return str(ipaddress.IPv6Address(int(found) >> 64 << 64))


class RateLimit:
    """At most `limit` requests of a client within `per` seconds; what is more gets 429 with Retry-After.

    `who` names the client of a request, `name` keeps several limits apart. The counters are in `cache`: shared by all
    processes where that is in Redis, else each process has its own. While Redis does not answer nobody is refused.
    Every answer tells what is left, in the headers RateLimit-Limit, RateLimit-Remaining and RateLimit-Reset.
    """

    def __init__(
        self,
        cache: Cache,
        limit: int,
        per: float = 60.0,
        *,
        name: str = "all",
        who: Callable[[Context], str] = by_address,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Raises ValueError for a limit or a time that is not above zero."""
        if limit < 1 or per <= 0:
            raise ValueError(f"a rate limit has at least one request within some time, not {limit} within {per:g} s")
        self._cache = cache
        self._limit = limit
        self._per = per
        self._stem = own_stem(cache.prefix, cache.database, "requests", "rate", name)
        self._who = who
        self._clock = clock

    async def handle(self, ctx: Context, next_: Next) -> Response:
        """Count a request, and pass it on while the limit holds."""
        window, passed = divmod(self._clock(), self._per)
        rest = self._per - passed
        key = own_key(self._stem, [int(window), self._who(ctx)])
        count = await self._cache.store.count(key, self._per)
        told = {
            "ratelimit-limit": str(self._limit),
            "ratelimit-remaining": str(max(0, self._limit - count)),
            "ratelimit-reset": str(max(1, round(rest + 0.5))),
        }
        if count > self._limit:
            text = f"at most {self._limit} requests within {self._per:g} s"
            again = {"retry-after": told["ratelimit-reset"]}
            raise ApiError(429, "too_many_requests", text, headers={**told, **again})
        response = await next_(ctx)
        if count:
            response.headers.update(told)
        return response
