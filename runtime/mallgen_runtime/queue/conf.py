"""Settings of queue services and producers, with the keys of go-queue's kq."""

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, NamedTuple

from msgspec import Meta, field

from mallgen_runtime.process.conf import Conf, LogConf, Mode, ShutdownConf
from mallgen_runtime.process.devserver import DevServerConf, PrometheusConf
from mallgen_runtime.process.durations import Duration, LongerThanZero, seconds
from mallgen_runtime.process.errors import ConfigError
from mallgen_runtime.process.exporting import TelemetryConf
from mallgen_runtime.process.known_keys import QUEUE_SERVER, Remark
from mallgen_runtime.schema import Options

Offset = Annotated[str, Options("first", "last")]
Format = Annotated[str, Options("json", "binary")]
Count = Annotated[int, Meta(ge=1, le=10_000)]
Bytes = Annotated[int, Meta(ge=1, le=1 << 30)]
Milliseconds = Annotated[int, Meta(ge=0)]
Retries = Annotated[int, Meta(ge=0, le=1000)]
_PATIENCE = 10.0
_OUT_OF_ORDER = "CommitInOrder: false would lose messages when a process dies; remove it, offsets are kept in order"


class Where(NamedTuple):
    """A queue and the way to it; without `brokers` it is the embedded one, in `file` or the one of this machine.

    `retention` in seconds and `retention_bytes` of one partition bound the embedded one, 0: no bound. `patience` is in
    seconds, from sending to the acknowledgement.
    """

    brokers: tuple[str, ...] = ()
    username: str = ""
    password: str = ""
    ca_file: str = ""
    min_bytes: int = 1
    max_bytes: int = 10 << 20
    file: str = ""
    retention: float = 0.0
    retention_bytes: int = 0
    partitions: int = 8
    patience: float = _PATIENCE


class TopicConf(Conf, kw_only=True):
    """The block of one topic; a missing key has the value of the service, a missing `topic` that of the contract."""

    topic: str = ""
    brokers: list[str] | None = None
    username: str | None = None
    password: str | None = None
    ca_file: str | None = None
    group: str | None = None
    offset: Offset | None = None
    conns: Count | None = None
    consumers: Count | None = None
    processors: Count | None = None
    min_bytes: Bytes | None = None
    max_bytes: Bytes | None = None
    force_commit: bool | None = None
    commit_in_order: bool | None = None
    format: Format | None = None
    timeout: Milliseconds | None = None
    retries: Retries | None = None
    backoff: LongerThanZero | None = None
    max_backoff: LongerThanZero | None = None
    outage: Duration | None = None
    dead_letters: str | None = None
    batch_size: Count | None = None
    batch_time: Milliseconds | None = None

    def check_settings(self, setting: str) -> None:
        """Raise ConfigError for offsets that are not kept in order."""
        if self.commit_in_order is False:
            raise ConfigError(f"{setting}: {_OUT_OF_ORDER}")


class QueueServerConf(Conf, kw_only=True):
    """The settings that every queue service has; the block of a topic may have its own values of those below `mode`.

    `brokers` are Kafka's, each as `host:port`. Without brokers the messages are in the embedded queue: a SQLite `file`,
    by default one for all services of this machine. `username` and `password` are for SASL, `ca_file` is for TLS.
    `group` is the name of the consumer group, by default the service's name. `offset` says where a new group begins: at
    the `first` message of a topic, or after its `last`.

    `processors` is how many messages of a topic are worked on at the same time; messages with one key are worked on one
    after another. For each of the processors, `consumers` more messages may wait. `conns` is how many members of the
    group this process is. A fetch waits up to a tenth of a second for `min_bytes`; of each partition at most
    `max_bytes` are held in memory.

    `timeout` is the time for one message, in milliseconds (0: none). When the logic fails, the message is tried again,
    at most `retries` times. Each pause is a random part of a time that is `backoff` at first and doubles up to
    `max_backoff`. After the last attempt the message goes to the topic with the suffix `dead_letters`. While something
    that the logic needs is down (UNAVAILABLE), the message is tried for as long as `outage`. With `force_commit`, as kq
    has it, a message whose logic failed is logged and not tried again. `format` is the format of a message that has no
    content type and whose first byte does not show it.

    The logic of a batch topic gets up to `batch_size` messages, or those that came within `batch_time` milliseconds. A
    topic that does not exist is made with this number of `partitions`. The embedded queue keeps messages for
    `retention` (`0`: for ever), and at most `retention_bytes` of each partition (0: all). With `strict`, an unknown key
    is an error.
    """

    remarks: ClassVar[Mapping[str, Remark]] = QUEUE_SERVER
    name: str
    mode: Mode = "pro"
    brokers: list[str] = field(default_factory=list)
    username: str = ""
    password: str = ""
    ca_file: str = ""
    group: str = ""
    offset: Offset = "last"
    conns: Count = 1
    consumers: Count = 8
    processors: Count = 8
    min_bytes: Bytes = 1
    max_bytes: Bytes = 10 << 20
    force_commit: bool = False
    commit_in_order: bool = True
    format: Format = "json"
    timeout: Milliseconds = 30_000
    retries: Retries = 5
    backoff: LongerThanZero = "200ms"
    max_backoff: LongerThanZero = "30s"
    outage: Duration = "15m"
    dead_letters: str = ".dlq"
    batch_size: Count = 100
    batch_time: Milliseconds = 200
    partitions: Count = 8
    file: str = ""
    retention: Duration = "168h"
    retention_bytes: Annotated[int, Meta(ge=0)] = 256 << 20
    shutdown: ShutdownConf = field(default_factory=lambda: ShutdownConf(wrap_up_time="0s"))
    dev_server: DevServerConf | None = None
    prometheus: PrometheusConf | None = None
    telemetry: TelemetryConf | None = None
    log: LogConf = field(default_factory=LogConf)
    strict: bool = False

    def check_settings(self, setting: str) -> None:
        """Raise ConfigError for what cannot be honoured: offsets out of order, a login without brokers."""
        if not self.commit_in_order:
            raise ConfigError(_OUT_OF_ORDER)
        check_where(self.brokers, self.username, self.password, self.ca_file)


class ProducerConf(Conf, kw_only=True):
    """The way to the topics of another service.

    Without `brokers` it is the embedded queue, in `file` or in the one of this machine. `username` and `password` are
    for SASL, `ca_file` is for TLS. `format` of the messages is `json` or `binary`. `topics` has other names for topics
    of the contract. `timeout` is how many milliseconds a message may take until it is acknowledged (0: as long as the
    request has). A topic that does not exist is made with this number of `partitions`. `retention` and
    `retention_bytes` are for the embedded queue.
    """

    brokers: list[str] = field(default_factory=list)
    username: str = ""
    password: str = ""
    ca_file: str = ""
    format: Format = "json"
    topics: dict[str, str] = field(default_factory=dict)
    timeout: Milliseconds = 5000
    partitions: Count = 8
    file: str = ""
    retention: Duration = "168h"
    retention_bytes: Annotated[int, Meta(ge=0)] = 256 << 20

    def check_settings(self, setting: str) -> None:
        """Raise ConfigError for a login without brokers."""
        check_where(self.brokers, self.username, self.password, self.ca_file)

    @property
    def where(self) -> Where:
        """The queue. Raises ConfigError."""
        return Where(
            tuple(self.brokers),
            self.username,
            self.password,
            self.ca_file,
            file=self.file,
            retention=seconds(self.retention, "Retention"),
            retention_bytes=self.retention_bytes,
            partitions=self.partitions,
            patience=max(_PATIENCE, self.timeout / 1000) if self.timeout else float("inf"),
        )


class Delivery(NamedTuple):
    """The settings of one topic, the service's where its block has none; times in seconds, 0: no limit."""

    topic: str
    group: str
    from_first: bool
    conns: int
    processors: int
    most: int
    force_commit: bool
    format: str
    timeout: float
    retries: int
    backoff: float
    max_backoff: float
    outage: float
    dead_letters: str
    batch_size: int
    batch_time: float
    where: Where


def delivery_of(service: QueueServerConf, own: TopicConf, topic: str, takes_batch: bool) -> Delivery:
    """Return the settings of a topic of the contract. Raises ConfigError."""

    def value(name: str) -> Any:
        given = getattr(own, name)
        return getattr(service, name) if given is None else given

    check_where(value("brokers"), value("username"), value("password"), value("ca_file"))
    most = value("processors") * (1 + value("consumers"))
    return Delivery(
        topic=own.topic or topic,
        group=value("group") or service.name,
        from_first=value("offset") == "first",
        conns=value("conns"),
        processors=value("processors"),
        most=max(most, 2 * value("batch_size")) if takes_batch else most,
        force_commit=value("force_commit"),
        format=value("format"),
        timeout=value("timeout") / 1000,
        retries=value("retries"),
        backoff=seconds(value("backoff"), "Backoff"),
        max_backoff=seconds(value("max_backoff"), "MaxBackoff"),
        outage=seconds(value("outage"), "Outage"),
        dead_letters=value("dead_letters"),
        batch_size=value("batch_size"),
        batch_time=value("batch_time") / 1000,
        where=Where(
            tuple(value("brokers")),
            value("username"),
            value("password"),
            value("ca_file"),
            value("min_bytes"),
            value("max_bytes"),
            service.file,
            seconds(service.retention, "Retention"),
            service.retention_bytes,
            service.partitions,
        ),
    )


def check_where(brokers: list[str], username: str, password: str, ca_file: str) -> None:
    """Raise ConfigError for a login or certificate that the embedded queue has no use for."""
    given = {"Username": username, "Password": password, "CaFile": ca_file}
    first = next((name for name, text in given.items() if text), "")
    if first and not brokers:
        raise ConfigError(f"{first} is set and Brokers is not: the embedded queue has none; name Brokers or remove it")
