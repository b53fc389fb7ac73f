"""Things that all clients of Kafka share: the way to the brokers, their condition, and the log of librdkafka."""

import logging
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from mallgen_runtime.queue.errors import QueueError

if TYPE_CHECKING:
    from confluent_kafka import KafkaError

LOG = logging.getLogger("mallgen.queue.kafka")
_PROBE_SECONDS = 1.0
_SILENCE = 10.0


class Way(Protocol):
    """The settings that lead to brokers: `username` and `password` for SASL, `ca_file` for TLS, bytes of one fetch."""

    @property
    def brokers(self) -> tuple[str, ...]:
        """`host:port` each."""

    @property
    def username(self) -> str:
        """The name for SASL PLAIN, or nothing."""

    @property
    def password(self) -> str:
        """The password for it."""

    @property
    def ca_file(self) -> str:
        """The certificates of who signs the brokers', in PEM; with it TLS is spoken."""

    @property
    def min_bytes(self) -> int:
        """Bytes that a broker waits for, a tenth of a second at most."""

    @property
    def max_bytes(self) -> int:
        """The most that one fetch brings, if no message is larger."""


class KafkaSettings(NamedTuple):
    """A `Way` of its own."""

    brokers: tuple[str, ...]
    username: str = ""
    password: str = ""
    ca_file: str = ""
    min_bytes: int = 1
    max_bytes: int = 10 << 20


class Timing(NamedTuple):
    """Seconds: until a silent member is out of the group (`session`), until one that fetches nothing is (`absent`),
    for an answer of a broker, and from `send` to the acknowledgement, which may be endless."""

    session: float = 10.0
    absent: float = 60.0
    answer: float = 5.0
    delivery: float = 10.0


class Condition:
    """The condition of one client: `ok`, or what is wrong with it. `is_away`: no broker answers."""

    def __init__(self, brokers: Sequence[str]) -> None:
        self.text = "ok"
        self.is_away = False
        self._brokers = ", ".join(brokers)
        self._suspicion = ""
        self._next = 0.0

    def suspect(self, problem: "KafkaError") -> None:
        """Take note of an error that librdkafka reports, which it may get over at once."""
        from confluent_kafka import KafkaError

        alone = problem.code() == KafkaError._ALL_BROKERS_DOWN  # its text counts those of the whole cluster
        self._suspicion, self._next = f"none of {self._brokers} answers" if alone else problem.str(), 0.0

    def is_well(self) -> None:
        """Take note of an answer."""
        self.text, self._suspicion, self.is_away = "ok", "", False

    def probe(self, ask: Callable[[], object]) -> None:
        """Ask a broker, once in a second, while something seems to be wrong."""
        now = time.monotonic()
        if not self._suspicion or now < self._next:
            return
        self._next = now + _PROBE_SECONDS
        from confluent_kafka import KafkaError, KafkaException

        try:
            ask()
        except KafkaException as problem:
            self.text = self._suspicion
            self.is_away = problem.args[0].code() != KafkaError.UNKNOWN_TOPIC_OR_PART
        else:
            self.is_well()


class _Seldom(logging.Filter):
    """Lets a line of each kind pass once in ten seconds: librdkafka writes one for each attempt to connect."""

    def __init__(self) -> None:
        super().__init__()
        self._next: dict[str, float] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Return whether to write a line."""
        if not isinstance(record.args, tuple) or record.msg != _FORM:
            return True
        kind, now = str(record.args[0]), time.monotonic()
        if now < self._next.get(kind, 0.0):
            return False
        self._next[kind] = now + _SILENCE
        return True


_FORM = "%s [%s] %s"  # kind, client, text: confluent-kafka's lines for what librdkafka logs
LOG.addFilter(_Seldom())


def client_conf(way: Way) -> dict[str, Any]:
    """Return what librdkafka needs to reach the brokers."""
    conf: dict[str, Any] = {
        "bootstrap.servers": ",".join(way.brokers),
        "client.id": "mallgen",
        "reconnect.backoff.ms": 250,
        "reconnect.backoff.max.ms": 2000,
        "socket.timeout.ms": 10_000,
        "topic.metadata.refresh.interval.ms": 30_000,
        "security.protocol": _PROTOCOLS[bool(way.username), bool(way.ca_file)],
    }
    if way.username:
        conf |= {"sasl.mechanism": "PLAIN", "sasl.username": way.username, "sasl.password": way.password}
    if way.ca_file:
        conf["ssl.ca.location"] = way.ca_file
    return conf


_PROTOCOLS = {
    (False, False): "PLAINTEXT",
    (False, True): "SSL",
    (True, False): "SASL_PLAINTEXT",
    (True, True): "SASL_SSL",
}


def failure(what: str, problem: Exception) -> QueueError:
    """Return the error for one of librdkafka's."""
    cause = problem.args[0] if problem.args else problem
    return QueueError(f"{what}: {cause.str() if hasattr(cause, 'str') else cause}")
