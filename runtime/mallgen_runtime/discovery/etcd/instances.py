"""The instances of a service as a resolver knows them, changed by keys, events and time."""

import logging
from collections.abc import Iterable

from mallgen_runtime.process.address import split

_LOG = logging.getLogger("mallgen.service")


class Instances:
    """Keys and their addresses. An address that is missing after a break is kept for 10 s, the time of one lease.

    Services register again within that time when etcd has lost its data or their leases; they do so one after
    another, and to drop those that are not back yet would put all load on the first one. An instance that is removed
    while we watch is dropped at once.
    """

    GRACE = 10.0

    def __init__(self) -> None:
        self._live: dict[bytes, str] = {}
        self._kept: dict[str, float] = {}
        self._warned: dict[bytes, bytes] = {}

    @property
    def addresses(self) -> tuple[str, ...]:
        """Return each `host:port` once, sorted."""
        return tuple(sorted({*self._live.values(), *self._kept}))

    @property
    def next_end(self) -> float | None:
        """Return when the next kept address must be dropped."""
        return min(self._kept.values(), default=None)

    def look(self, found: Iterable[tuple[bytes, bytes]], now: float) -> None:
        """Take all keys that exist at `now` (monotonic seconds)."""
        before = self.addresses
        warned = self._warned
        self._live, self._warned = {}, {}
        for key, value in found:
            self.put(key, value, warned.get(key))
        live = set(self._live.values())
        self._kept = {address: self._kept.get(address, now + self.GRACE) for address in before if address not in live}
        self.expire(now)

    def put(self, key: bytes, value: bytes, warned: bytes | None = None) -> None:
        """Set the value of a key. One that is no address is left out, with one warning (none if it was `warned`)."""
        address = value.decode("ascii", "replace")
        if is_address(address):
            self._live[key] = address
            self._kept.pop(address, None)
            self._warned.pop(key, None)
            return
        self._live.pop(key, None)
        known, self._warned[key] = self._warned.get(key, warned), value[:300]
        if known != value[:300]:
            _LOG.warning("%.200r is no host:port; the key %.200r is ignored", value[:60], key)

    def delete(self, key: bytes) -> None:
        """Drop a key."""
        self._live.pop(key, None)
        self._warned.pop(key, None)

    def expire(self, now: float) -> None:
        """Drop the kept addresses whose time is over."""
        self._kept = {address: end for address, end in self._kept.items() if end > now}


def is_address(text: str) -> bool:
    """Return whether a text is `host:port` as gRPC takes it: no scheme, no path, only printable characters."""
    host, port = split(text)
    bare = text.rpartition(":")[0]
    if ":" in bare and not (bare.startswith("[") and bare.endswith("]")):
        return False
    plain = len(text) <= 300 and text.isascii() and all(char.isalnum() or char in ".-_:%[]" for char in text)
    return plain and bool(host) and port.isdecimal() and 0 < int(port) < 65536
