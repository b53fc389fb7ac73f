"""A member of a group while the coordinator and the leaders of partitions move, as in a restart of brokers."""

import ctypes
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

import pytest

from mallgen_runtime.queue.kafka import KafkaQueue
from mallgen_runtime.queue.kafka_client import KafkaSettings
from tests.queue.kafka_members import Member, numbers, run, written
from tests.queue.raw_kafka import library

LIST_OFFSETS, OFFSET_FETCH = 2, 9  # kinds of requests
FINE, NOT_LEADER, NOT_COORDINATOR = 0, 6, 16


@contextmanager
def played(errors: Mapping[int, Sequence[int]]) -> Iterator[str]:
    """Start a broker that librdkafka plays, whose first answers to some kinds of requests are these errors."""
    kafka = library()
    why = ctypes.create_string_buffer(512)
    client = ctypes.c_void_p(
        kafka.rd_kafka_new(0, ctypes.c_void_p(kafka.rd_kafka_conf_new()), why, ctypes.c_size_t(512))
    )
    assert client, why.value
    cluster = ctypes.c_void_p(kafka.rd_kafka_mock_cluster_new(client, 1))
    assert kafka.rd_kafka_mock_topic_create(cluster, b"t", 1, 1) == 0
    for kind, some in errors.items():
        array = (ctypes.c_int * len(some))(*some)
        kafka.rd_kafka_mock_push_request_errors_array(cluster, ctypes.c_int16(kind), ctypes.c_size_t(len(some)), array)
    kafka.rd_kafka_mock_cluster_bootstraps.restype = ctypes.c_char_p
    try:
        yield kafka.rd_kafka_mock_cluster_bootstraps(cluster).decode()
    finally:
        kafka.rd_kafka_mock_cluster_destroy(cluster)
        kafka.rd_kafka_destroy(client)


@pytest.mark.slow
@pytest.mark.parametrize(
    "errors",
    [
        {LIST_OFFSETS: [NOT_LEADER], OFFSET_FETCH: [FINE, NOT_COORDINATOR]},
        {OFFSET_FETCH: [NOT_COORDINATOR] * 3},
    ],
)
def test_a_member_begins_though_nobody_tells_the_offsets_at_first(errors: Mapping[int, Sequence[int]]) -> None:
    async def main(host: str) -> None:
        queue = KafkaQueue(KafkaSettings((host,)))
        await written(queue, "t", 5)
        member = await Member(queue, "g").join("t")
        await member.read_until(lambda: len(member.records) == 5)
        assert numbers(member) == list(range(5))
        assert queue.state == "ok"
        await member.link.close()

    with played(errors) as host:
        run(main(host))
