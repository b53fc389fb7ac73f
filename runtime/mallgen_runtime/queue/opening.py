"""The choice of a queue: Kafka where the settings name brokers, else the one embedded in SQLite."""

from mallgen_runtime.queue.conf import Where
from mallgen_runtime.queue.link import Queue


def queue_at(where: Where) -> Queue:
    """Return a queue; nothing is opened yet. Raises ConfigError for settings or libraries that do not do."""
    if where.brokers:
        from mallgen_runtime.queue.kafka import KafkaQueue
        from mallgen_runtime.queue.kafka_client import Timing

        return KafkaQueue(where, Timing(delivery=where.patience))
    from mallgen_runtime.queue.embedded import EmbeddedQueue

    return EmbeddedQueue(where)
