"""Messages as other clients may write them to Kafka, which Python's client does not: librdkafka without it."""

import ctypes
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import confluent_kafka

_END, _TOPIC, _VALUE, _FLAGS, _HEADERS, _COPY = 0, 1, 4, 7, 10, 2


class _Piece(ctypes.Structure):
    _fields_ = (("start", ctypes.c_void_p), ("size", ctypes.c_size_t))


class _Given(ctypes.Union):
    _fields_ = (
        ("text", ctypes.c_char_p),
        ("number", ctypes.c_int),
        ("piece", _Piece),
        ("pointer", ctypes.c_void_p),
        ("room", ctypes.c_char * 64),
    )


class _Argument(ctypes.Structure):
    _fields_ = (("kind", ctypes.c_int), ("given", _Given))


def write(host: str, topic: str, value: bytes, headers: Sequence[tuple[bytes, bytes]]) -> None:
    """Write one message whose headers have names of any bytes; return when it is acknowledged."""
    kafka = library()
    why = ctypes.create_string_buffer(512)
    conf = ctypes.c_void_p(kafka.rd_kafka_conf_new())
    assert kafka.rd_kafka_conf_set(conf, b"bootstrap.servers", host.encode(), why, 512) == 0, why.value
    client = ctypes.c_void_p(kafka.rd_kafka_new(0, conf, why, ctypes.c_size_t(512)))
    assert client, why.value
    pairs = ctypes.c_void_p(kafka.rd_kafka_headers_new(ctypes.c_size_t(len(headers))))
    for name, text in headers:
        sizes = ctypes.c_ssize_t(len(name)), ctypes.c_ssize_t(len(text))
        assert kafka.rd_kafka_header_add(pairs, name, sizes[0], text, sizes[1]) == 0
    kept = ctypes.create_string_buffer(value, len(value))
    arguments = (_Argument * 5)()
    arguments[0].kind, arguments[0].given.text = _TOPIC, topic.encode()
    arguments[1].kind, arguments[1].given.piece = _VALUE, _Piece(ctypes.addressof(kept), len(value))
    arguments[2].kind, arguments[2].given.pointer = _HEADERS, pairs.value
    arguments[3].kind, arguments[3].given.number = _FLAGS, _COPY
    arguments[4].kind = _END
    assert not kafka.rd_kafka_produceva(client, arguments, ctypes.c_size_t(4))
    assert kafka.rd_kafka_flush(client, 20_000) == 0
    kafka.rd_kafka_destroy(client)


def library() -> Any:
    """Return the librdkafka that is already in this process."""
    place = Path(confluent_kafka.__file__).parent.parent / "confluent_kafka.libs"
    found = ctypes.CDLL(str(next(place.glob("librdkafka*"))))
    for name in ("conf_new", "new", "headers_new", "produceva", "mock_cluster_new"):
        getattr(found, f"rd_kafka_{name}").restype = ctypes.c_void_p
    return found
