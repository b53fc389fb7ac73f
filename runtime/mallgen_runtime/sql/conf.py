"""The settings of a service's database."""

from collections.abc import Mapping
from functools import partial
from typing import Annotated, Any, ClassVar, NamedTuple, Self

import msgspec
from msgspec import Meta, field

from mallgen_runtime.process.conf import Conf
from mallgen_runtime.process.durations import Duration, LongerThanZero, seconds
from mallgen_runtime.process.errors import ConfigError, call_all
from mallgen_runtime.process.known_keys import DATA_SOURCE, Remark
from mallgen_runtime.schema import Options
from mallgen_runtime.sql.source import masked, source

Count = Annotated[int, Meta(ge=1, le=10_000)]
Idle = Annotated[int, Meta(ge=0, le=10_000)]


class DataSourceConf(Conf, kw_only=True):
    """The block `DataSource`; a plain text is its `url`.

    `url` is `sqlite:///data/order.db`, `mysql://user:${PASSWORD}@host:3306/order`, `postgresql://…`, or go-zero's
    `user:${PASSWORD}@tcp(host:3306)/order?loc=Asia%2FShanghai`. `replicas` are more such addresses: reads outside of
    transactions go to them, by `policy`. With `required` the service does not start while the database is down.

    The pool of each address has at most `max_open` connections, and keeps at most `max_idle` of them open while nobody
    uses them. A connection is replaced after `max_lifetime` (`0`: never). `connect_timeout` is the time to open one,
    `wait_timeout` the time to wait for a free one; neither may be `0`. A statement that takes `slow_threshold` or
    longer is logged (`0`: none).
    """

    remarks: ClassVar[Mapping[str, Remark]] = DATA_SOURCE
    plain: ClassVar[str] = "url"
    url: str = ""
    replicas: list[str] = field(default_factory=list)
    policy: Annotated[str, Options("round-robin", "random")] = "round-robin"
    required: bool = False
    max_open: Count = 32
    max_idle: Idle = 8
    max_lifetime: Duration = "30m"
    connect_timeout: LongerThanZero = "2s"
    wait_timeout: LongerThanZero = "2s"
    slow_threshold: Duration = "500ms"

    def check_settings(self, setting: str) -> None:
        """Raise ConfigError for an address that cannot be read."""
        named = [(setting, self.url), *((f"{setting}.Replicas", one) for one in self.replicas)]
        call_all(partial(source, text, key) for key, text in named if text)

    def as_shown(self) -> Self:
        """Return the settings with addresses that have no password."""
        return msgspec.structs.replace(self, url=masked(self.url), replicas=[masked(one) for one in self.replicas])


class PoolLimits(NamedTuple):
    """The limits of a pool, in connections and seconds."""

    most: int
    idle: int
    lifetime: float
    connect: float
    wait: float


def limits(conf: DataSourceConf, setting: str) -> PoolLimits:
    """Return the limits that settings ask for. Raises ConfigError."""

    def limit(name: str, key: str) -> float:
        value: Any = getattr(conf, name)
        return seconds(value, f"{setting}.{key}")

    def some(name: str, key: str) -> float:
        if not (found := limit(name, key)):
            raise ConfigError(f"{setting}.{key} is {getattr(conf, name) or 'empty'}; it must be more than 0, as 2s")
        return found

    return PoolLimits(
        conf.max_open,
        min(conf.max_idle, conf.max_open),
        limit("max_lifetime", "MaxLifetime"),
        some("connect_timeout", "ConnectTimeout"),
        some("wait_timeout", "WaitTimeout"),
    )
