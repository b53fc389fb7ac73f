"""Names and values of the headers that go along with a message."""

import os
import time
from collections.abc import Iterable, Mapping

TRACEPARENT, TRACESTATE, REQUEST_ID = "traceparent", "tracestate", "x-request-id"
MESSAGE_ID, SCHEMA, CONTENT_TYPE = "x-message-id", "x-schema", "content-type"
DLQ_TOPIC, DLQ_PARTITION, DLQ_OFFSET = "x-dlq-topic", "x-dlq-partition", "x-dlq-offset"
DLQ_WRITTEN, DLQ_CAUSE, DLQ_MESSAGE, DLQ_ATTEMPTS = "x-dlq-written", "x-dlq-cause", "x-dlq-message", "x-dlq-attempts"
DLQ_SIZE, DLQ_SHA256 = "x-dlq-size", "x-dlq-sha256"  # of a value that no dead letter could hold
DLQ = (
    *(DLQ_TOPIC, DLQ_PARTITION, DLQ_OFFSET, DLQ_WRITTEN, DLQ_CAUSE, DLQ_MESSAGE, DLQ_ATTEMPTS),
    *(DLQ_SIZE, DLQ_SHA256),
)
OURS = (TRACEPARENT, TRACESTATE, REQUEST_ID, MESSAGE_ID, SCHEMA, CONTENT_TYPE)
JSON, BINARY = "application/json", "application/x-protobuf"


def new_id() -> str:
    """Return a new id that sorts by time: a UUID of version 7 (RFC 9562)."""
    made = int(time.time() * 1000) << 80 | int.from_bytes(os.urandom(10))
    made = made & ~(0xF << 76) | 7 << 76
    made = made & ~(0x3 << 62) | 2 << 62
    text = f"{made:032x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def texts(pairs: Iterable[tuple[str, bytes]]) -> Mapping[str, str]:
    """Return headers as texts by lower-case name; of several with one name the last counts."""
    return {name.lower(): value.decode("utf-8", "replace") for name, value in pairs}
