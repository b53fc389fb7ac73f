"""Settings of the cache, with go-zero's keys."""

from collections.abc import Mapping
from ipaddress import IPv6Address
from typing import Annotated, ClassVar, NamedTuple

from msgspec import Meta, field

from mallgen_runtime.process.conf import Conf
from mallgen_runtime.process.durations import Duration, LongerThanZero, seconds
from mallgen_runtime.process.errors import ConfigError
from mallgen_runtime.process.known_keys import CACHE_REDIS, Remark
from mallgen_runtime.process.masking import without_login
from mallgen_runtime.schema import Options

_DAY = 86_400.0
_EXAMPLES = "redis.local:6379 or [::1]:6379"


class CacheRedisConf(Conf, kw_only=True):
    """An entry of go-zero's `CacheRedis`: the address of one Redis.

    `host` is `host:port`; for a cluster or for sentinels several addresses, with commas between them. `type` is `node`,
    `cluster` or `sentinel`; `sentinel` also needs the name of its `master`. `user` and `password` are for a Redis that
    asks for them, `sentinel_pass` is for sentinels that ask for a password. With `tls` the connection uses TLS; the
    server's certificate is checked by the system's authorities, or by those in `ca_cert_file`. With several entries,
    the keys are shared among them by `weight`. When the service starts, it waits `ping_timeout` for an answer; with
    `NonBlock: false` it does not start without one.
    """

    remarks: ClassVar[Mapping[str, Remark]] = CACHE_REDIS
    host: str
    type: Annotated[str, Options("node", "cluster", "sentinel")] = "node"
    user: str = ""
    password: str = field(name="pass", default="")
    tls: bool = False
    ca_cert_file: str = field(name="cacert_file", default="")
    master: str = ""
    sentinel_pass: str = ""
    weight: Annotated[int, Meta(ge=1, le=1000)] = 100
    non_block: bool = True
    ping_timeout: Duration = "1s"

    def check_settings(self, setting: str) -> None:
        """Raise ConfigError for what is no address."""
        self.addresses()

    def addresses(self) -> list[tuple[str, int]]:
        """Return hosts with their ports. Raises ConfigError for what is no `host:port`."""
        found, shown = [], without_login(self.host)
        for text in filter(None, (part.strip() for part in self.host.split(","))):
            host, port = _split(text)
            port = port or ("26379" if self.type == "sentinel" else "6379")
            if not host or not port.isascii() or not port.isdigit() or not 0 < int(port) < 65_536:
                raise ConfigError(f"CacheRedis.Host is {shown!r}; an address is written as {_EXAMPLES}")
            found.append((host, int(port)))
        if not found or (self.type == "node" and len(found) > 1):
            raise ConfigError(f"CacheRedis.Host is {shown!r}; a node has one address; write an entry for each")
        if self.type == "sentinel" and not self.master:
            raise ConfigError("CacheRedis.Master is missing: sentinels are asked for a master by its name")
        return found


class CacheConf(Conf, kw_only=True):
    """The block `CacheOptions`: values that go-zero gives to its cache in code.

    Times are written as `10s`. `prefix` is the beginning of every key; if it is empty, the contract's is taken, by
    default `cache`. A row is kept for `expiry`, the fact that a row does not exist for `absent_expiry`, a list for
    `list_expiry`; each time is up to 5 % longer or shorter. `timeout` is how long one answer of Redis may take. With
    `again_after`, each write removes the old value a second time after this time, because a replica may have given the
    old one meanwhile; empty: it is not done. `local_entries` and `local_bytes` are the limits of a cache without Redis.
    It keeps nothing longer than `local_expiry`, because it does not learn what other processes write.
    """

    prefix: str = ""
    expiry: LongerThanZero = "168h"
    absent_expiry: LongerThanZero = "1m"
    list_expiry: LongerThanZero = "1h"
    timeout: LongerThanZero = "500ms"
    again_after: Duration = ""
    local_entries: Annotated[int, Meta(ge=1)] = 10_000
    local_bytes: Annotated[int, Meta(ge=1)] = 64 << 20
    local_expiry: LongerThanZero = "1m"

    def times(self, is_local: bool) -> "CacheTimes":
        """Return the times in seconds. Raises ConfigError for one that is none, or not above zero."""
        most = self._above_zero("LocalExpiry", self.local_expiry) if is_local else 366 * _DAY
        return CacheTimes(
            row=min(most, self._above_zero("Expiry", self.expiry)),
            absent=min(most, self._above_zero("AbsentExpiry", self.absent_expiry)),
            list=min(most, self._above_zero("ListExpiry", self.list_expiry)),
            timeout=self._above_zero("Timeout", self.timeout),
            most=most,
            again=seconds(self.again_after, "CacheOptions.AgainAfter"),
        )

    def _above_zero(self, name: str, text: str) -> float:
        found = seconds(text, f"CacheOptions.{name}")
        if found < 0.001:
            raise ConfigError(f"CacheOptions.{name} is {text!r}; it must be a millisecond at least")
        return found


class CacheTimes(NamedTuple):
    """The times of a cache in seconds; `again` is 0 when nothing is invalidated a second time.

    Nothing is kept for longer than `most`.
    """

    row: float
    absent: float
    list: float
    timeout: float
    most: float
    again: float


def _split(text: str) -> tuple[str, str]:
    """Return host and port of an address, an empty port where it has none, and two empty texts for what is none."""
    inner, bracket, rest = text.removeprefix("[").partition("]")
    if text.startswith("["):
        is_whole = bracket and (not rest or (rest[0] == ":" and rest[1:])) and _is_ipv6(inner)
        return (inner, rest[1:]) if is_whole else ("", "")
    if text.count(":") > 1:
        return (text, "") if _is_ipv6(text) else ("", "")
    host, colon, port = text.partition(":")
    return ("", "") if colon and not port else (host, port)


def _is_ipv6(text: str) -> bool:
    try:
        IPv6Address(text)
    except ValueError:
        return False
    return True
