"""The record that a message of Kafka is."""

from operator import methodcaller
from typing import Any

from confluent_kafka import Message

from mallgen_runtime.queue.link import Headers, Place, Record


def record_of(message: Message) -> Record:
    """Return the record of a message that has no error."""
    place = Place(message.topic() or "", message.partition() or 0)
    headers, problem = _headers(message)
    _, written = message.timestamp()
    key: Any = message.key()
    value: Any = message.value()
    return Record(place, message.offset() or 0, key, value or b"", headers, written / 1000, problem)


# Python checks this call for an error that is set beside a result; `message.headers()` not once it is warm.
_ALL_HEADERS = methodcaller("headers")


def _headers(message: Message) -> tuple[Headers, str]:
    """Return the headers, and why they cannot be read: other clients write names that are not UTF-8."""
    try:
        sent: Any = _ALL_HEADERS(message) or ()
    except (SystemError, UnicodeError) as problem:
        return (), f"its headers cannot be read: {str(problem.__cause__ or problem)[:200]}"
    return tuple((name, value or b"") for name, value in sent), ""
