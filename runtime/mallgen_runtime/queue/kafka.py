"""Kafka, by the client of Confluent: librdkafka under Python.

Its consumer and producer for asyncio are not used: that producer takes no headers, and the consumer runs each call in
any of many threads, one waiting for the other. One thread for each link does it with fewer steps.
"""

import asyncio
import time
from collections.abc import Iterable, Mapping
from typing import Any
from weakref import WeakSet

from mallgen_runtime.process.errors import ConfigError
from mallgen_runtime.queue.errors import QueueError
from mallgen_runtime.queue.kafka_client import LOG, Condition, Timing, Way, client_conf, failure
from mallgen_runtime.queue.link import ConsumerLink, ProducerLink


class KafkaQueue:
    """The topics of a Kafka."""

    def __init__(self, way: Way, timing: Timing | None = None) -> None:
        """Raises ConfigError without the library, or for settings that cannot be used."""
        try:
            import confluent_kafka
        except ImportError:
            raise ConfigError("Brokers need confluent-kafka: pip install 'mallgen-runtime[kafka]'") from None
        self._kafka = confluent_kafka
        self._way = way
        self._timing = timing or Timing()
        self._healths: WeakSet[Condition] = WeakSet()
        self._check()

    @property
    def state(self) -> str:
        """`ok`, or what is wrong."""
        return next((health.text for health in self._healths if health.text != "ok"), "ok")

    def consumer(self, group: str, *, from_first: bool) -> ConsumerLink:
        """Return a member of a group; `from_first`: a group without an offset begins with the oldest record."""
        from mallgen_runtime.queue.kafka_consumer import KafkaConsumer

        health = self._health()
        return KafkaConsumer(self._shared(health), self._way, self._timing, group, from_first, health)

    def producer(self, *, compressed: bool = False) -> ProducerLink:
        """Return a link that writes; `compressed`: with zstd, unless the brokers are older than that."""
        from mallgen_runtime.queue.kafka_producer import KafkaProducer

        health = self._health()
        shared = self._shared(health) | ({"compression.type": "zstd"} if compressed else {})
        return KafkaProducer(shared, self._timing, health)

    async def create(self, topics: Mapping[str, int]) -> None:
        """Make those topics that are missing, with as many replicas as the brokers' default. Raises QueueError."""
        if topics:
            await asyncio.to_thread(self._create, dict(topics))

    def _create(self, topics: Mapping[str, int]) -> None:
        from confluent_kafka.admin import AdminClient, NewTopic  # type: ignore[attr-defined]

        answer = self._timing.answer
        client = AdminClient(client_conf(self._way), logger=LOG)
        try:
            known = client.list_topics(timeout=answer).topics
            wanted = [NewTopic(name, partitions, -1) for name, partitions in topics.items() if name not in known]
            if wanted:
                made = client.create_topics(wanted, request_timeout=answer, operation_timeout=answer)
                for name, future in made.items():
                    self._await_made(name, future)
                self._await_seen(client, topics)
        except self._kafka.KafkaException as problem:
            raise failure(f"the topics {', '.join(topics)} cannot be made", problem) from None

    def _await_made(self, name: str, future: Any) -> None:
        try:
            future.result(self._timing.answer + 1)
        except TimeoutError:
            raise QueueError(f"the topic {name} was not made in {self._timing.answer:g} s") from None
        except self._kafka.KafkaException as problem:
            if problem.args[0].code() != self._kafka.KafkaError.TOPIC_ALREADY_EXISTS:
                raise

    def _await_seen(self, client: Any, topics: Iterable[str]) -> None:
        """Wait until the brokers tell each other's clients of the topics, and who leads their partitions."""
        end = time.monotonic() + self._timing.answer
        while time.monotonic() < end:
            known = client.list_topics(timeout=self._timing.answer).topics
            if all(name in known and _led(known[name]) for name in topics):
                return
            time.sleep(0.02)
        raise QueueError(f"the topics {', '.join(topics)} have no leader after {self._timing.answer:g} s")

    def _health(self) -> Condition:
        health = Condition(self._way.brokers)
        self._healths.add(health)
        return health

    def _shared(self, health: Condition) -> dict[str, Any]:
        return {**client_conf(self._way), "error_cb": health.suspect, "logger": LOG}

    def _check(self) -> None:
        """Raise ConfigError where librdkafka refuses the settings; nothing is connected."""
        try:
            self._kafka.Producer(
                {**client_conf(self._way), "bootstrap.servers": "", "log_level": 0}, logger=LOG
            ).close()
        except self._kafka.KafkaException as problem:
            raise ConfigError(f"Brokers: {problem.args[0].str()}") from None


def _led(topic: Any) -> bool:
    return bool(topic.partitions) and all(part.leader >= 0 for part in topic.partitions.values())
