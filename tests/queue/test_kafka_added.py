"""`Offset: last` on Kafka where partitions are added to a topic: nothing that is written to them is left out."""

import asyncio
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import pytest
from confluent_kafka import KafkaError, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewPartitions  # type: ignore[attr-defined]

from mallgen_runtime.queue import MessageContext
from mallgen_runtime.queue.kafka import KafkaQueue
from mallgen_runtime.queue.kafka_client import KafkaSettings
from tests.kafka_server import Kafka
from tests.queue.kafka_members import Member, at, names, numbers
from tests.queue.kit import Service, until

pytestmark = pytest.mark.slow


def put(server: Kafka, topic: str, partition: int, *numbers: int, form: str = "%d") -> None:
    """Write numbers to one partition."""
    sender = Producer({"bootstrap.servers": server.host})
    for number in numbers:
        sender.produce(topic, (form % number).encode(), partition=partition)
    assert sender.flush(30) == 0


def widen(server: Kafka, topic: str, partitions: int) -> None:
    """Add partitions to a topic."""
    admin = AdminClient({"bootstrap.servers": server.host})
    admin.create_partitions([NewPartitions(topic, partitions)])[topic].result(10)


async def seen(member: Member, wanted: Sequence[int]) -> None:
    await member.read_until(lambda: set(wanted) <= set(numbers(member)))


def test_a_group_that_goes_on_begins_an_added_partition_at_its_first_message(kafka_server: Kafka) -> None:
    async def main() -> None:
        queue, (topic, group) = at(kafka_server), names()
        await queue.create({topic: 1})
        await asyncio.to_thread(put, kafka_server, topic, 0, 1)
        member = await Member(queue, group, from_first=False).join(topic)
        await member.read_until(lambda: bool(member.assigned))
        await asyncio.to_thread(put, kafka_server, topic, 0, 2)
        await seen(member, [2])
        await member.acknowledge()
        await member.link.close()
        await asyncio.to_thread(widen, kafka_server, topic, 2)
        await asyncio.to_thread(put, kafka_server, topic, 1, 100, 101)
        other = await Member(queue, group, from_first=False).join(topic)
        await seen(other, [100, 101])
        assert numbers(member, other) == [2, 100, 101]
        await other.link.close()

    asyncio.run(main())


def test_a_member_that_is_there_begins_an_added_partition_at_its_first_message(kafka_server: Kafka) -> None:
    got: list[int] = []

    async def logic(ctx: MessageContext, message: Any) -> None:
        got.append(message.number)

    async def main() -> None:
        topic, _ = names()
        await at(kafka_server).create({topic: 1})
        form = '{"number": %d}'
        settings = {"brokers": [kafka_server.host], "offset": "last"}
        async with Service({topic: logic}, settings) as service:
            await until(lambda: service.consumers.members[0]._parts)
            await asyncio.to_thread(widen, kafka_server, topic, 2)
            await asyncio.to_thread(put, kafka_server, topic, 1, 100, 101, form=form)
            await until(lambda: got == [100, 101], 60)

    asyncio.run(main())


def test_members_of_a_new_group_begin_behind_what_was_there(kafka_server: Kafka) -> None:
    async def main() -> None:
        queue, (topic, group) = at(kafka_server), names()
        await queue.create({topic: 4})
        for partition in range(4):
            await asyncio.to_thread(put, kafka_server, topic, partition, partition)
        members = [Member(queue, group, from_first=False) for _ in range(3)]
        await asyncio.gather(*(member.join(topic) for member in members))
        over = asyncio.get_running_loop().time() + 40
        while not all(member.assigned for member in members):
            assert asyncio.get_running_loop().time() < over
            await asyncio.gather(*(member.read() for member in members))
        for partition in range(4):
            await asyncio.to_thread(put, kafka_server, topic, partition, 10 + partition)
        while len(numbers(*members)) < 4:
            await asyncio.gather(*(member.read() for member in members))
        assert sorted(numbers(*members)) == [10, 11, 12, 13]
        await asyncio.gather(*(member.link.close() for member in members))

    asyncio.run(main())


class Unstable:
    """A client whose group has an offset that the broker does not tell now."""

    def committed(self, partitions: Sequence[TopicPartition], timeout: float) -> Sequence[Any]:
        problem = KafkaError(KafkaError.UNSTABLE_OFFSET_COMMIT)
        return [SimpleNamespace(topic=part.topic, partition=0, offset=-1001, error=problem) for part in partitions]

    def get_watermark_offsets(self, partition: TopicPartition, timeout: float) -> tuple[int, int]:
        return 0, 100

    def commit(self, **_: object) -> None:
        raise AssertionError("an offset that was not told is overwritten")


def test_an_offset_that_the_broker_does_not_tell_is_not_taken_for_none() -> None:
    way = KafkaSettings(("127.0.0.1:1",))
    link: Any = KafkaQueue(way).consumer("g", from_first=False)
    link._client, link._new = Unstable(), {"t": 1}
    assert link._starts([TopicPartition("t", 0)]) is None
