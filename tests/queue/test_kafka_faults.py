"""Kafka where something fails: a broker, a member, a password, a setting."""

import asyncio
import os
import sys
import time
from collections import Counter
from typing import Any

import pytest
from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import AdminClient

from mallgen_runtime.process.errors import ConfigError
from mallgen_runtime.queue.errors import NotOurs, QueueError
from mallgen_runtime.queue.kafka import KafkaQueue
from mallgen_runtime.queue.kafka_client import KafkaSettings, Timing
from mallgen_runtime.queue.link import Outgoing, Place
from tests.kafka_server import PASSWORD, USER, Kafka, kafka
from tests.ports import free_port
from tests.queue.kafka_members import Member, at, names, numbers, run, written
from tests.queue.kit import until

slow = pytest.mark.slow


async def until_longer(acknowledged: list[int]) -> None:
    """Wait until many more messages are acknowledged."""
    before, end = len(acknowledged), time.monotonic() + 20
    while len(acknowledged) < before + 50:
        assert time.monotonic() < end, "nothing is acknowledged after the broker came back"
        await asyncio.sleep(0.1)


@slow
def test_a_member_whose_partitions_are_all_paused_stays_in_the_group(kafka_server: Kafka) -> None:
    async def main() -> None:
        queue, (topic, group) = at(kafka_server, Timing(session=6, absent=6)), names()
        await queue.create({topic: 2})
        await written(queue, topic, 100)
        member = await Member(queue, group).join(topic)
        await member.read_until(lambda: len(member.records) >= 10)
        member.link.pause(member.assigned)
        seen = len(member.records)
        end = time.monotonic() + 9
        while time.monotonic() < end:
            assert await member.read(10, 0.5) == []
        await member.acknowledge()
        member.link.resume(member.assigned)
        await member.read_until(lambda: len(member.records) == 100)
        assert not member.lost and seen < 101
        assert sorted(numbers(member)) == list(range(100))
        await member.link.close()

    run(main())


@slow
def test_a_member_that_does_not_fetch_loses_its_partitions_and_cannot_commit(kafka_server: Kafka) -> None:
    async def main() -> None:
        queue, (topic, group) = at(kafka_server, Timing(session=6, absent=6)), names()
        await queue.create({topic: 1})
        await written(queue, topic, 10)
        slow_one = await Member(queue, group).join(topic)
        await slow_one.read_until(lambda: len(slow_one.records) == 10)
        other = await Member(queue, group).join(topic)
        await other.read_until(lambda: len(other.records) == 10)
        with pytest.raises(NotOurs):
            await slow_one.link.commit({Place(topic, 0): 10})
        await other.acknowledge()
        while not slow_one.lost or len(slow_one.assigned + other.assigned) != 1:
            await asyncio.gather(slow_one.read(), other.read())
        assert slow_one.lost == [Place(topic, 0)]
        without = other if slow_one.assigned else slow_one
        with pytest.raises(NotOurs, match=topic):
            await without.link.commit({Place(topic, 0): 3})
        await slow_one.link.close()
        await other.link.close()

    run(main())


@slow
def test_a_member_that_leaves_before_it_sees_a_rebalance_commits_first(kafka_server: Kafka) -> None:
    async def main() -> None:
        queue, (topic, group) = at(kafka_server, Timing(session=6, absent=20)), names()
        await queue.create({topic: 1})
        await written(queue, topic, 5_000)
        first = await Member(queue, group).join(topic)
        while not first.records:
            await first.read(10)
        read = len(first.records)
        second = await Member(queue, group).join(topic)
        coming = asyncio.ensure_future(second.read_until(lambda: len(second.records) == 5_000 - read))
        await asyncio.sleep(3)  # a heartbeat has told of the rebalance; only a fetch would see it
        await first.link.close()
        await coming
        assert not first.lost
        assert numbers(first, second) == list(range(5_000))
        await second.link.close()

    run(main())


@slow
def test_a_broker_that_is_killed_and_comes_back_loses_nothing() -> None:
    async def main(server: Kafka) -> None:
        queue, (topic, group) = at(server, Timing(delivery=2, answer=3)), names()
        await queue.create({topic: 3})
        producer, member = queue.producer(), Member(queue, group)
        await producer.start()
        await member.join(topic)
        acknowledged: list[int] = []
        refused = Counter[str]()
        states = set()
        stop = asyncio.Event()

        async def write() -> None:
            for number in range(100_000):
                if stop.is_set():
                    return
                try:
                    await producer.send([Outgoing(topic, b"%d" % (number % 9), b"%d" % number)])
                    acknowledged.append(number)
                except QueueError:
                    refused["send"] += 1
                await asyncio.sleep(0.002)

        async def read() -> None:
            while not stop.is_set() or not set(acknowledged) <= set(numbers(member)):
                states.add(queue.state)
                await member.read(100, 0.2)
                try:
                    await member.acknowledge()
                except QueueError:
                    refused["commit"] += 1

        tasks = [asyncio.create_task(write()), asyncio.create_task(read())]
        for _ in range(2):
            await asyncio.sleep(3)
            server.kill()
            await asyncio.sleep(4)
            await until(lambda: server.host in queue.state)
            await asyncio.to_thread(server.start)
            await until_longer(acknowledged)
        stop.set()
        await asyncio.wait_for(asyncio.gather(*tasks), 60)
        assert refused["send"] and refused["commit"]
        assert queue.state == "ok" and len(states) > 1
        await member.link.close()
        await producer.close()

    with kafka() as server:
        run(main(server))


@slow
def test_a_member_joins_once_the_broker_is_there() -> None:
    async def main(server: Kafka) -> None:
        queue, (topic, group) = at(server, Timing(answer=1)), names()
        await queue.create({topic: 1})
        await written(queue, topic, 3)
        server.kill()
        member = Member(queue, group)
        with pytest.raises(QueueError):
            await member.join(topic)
        await asyncio.to_thread(server.start)
        end = time.monotonic() + 30
        while True:  # as services do: it may take longer to answer than a member waits
            try:
                await member.join(topic)
                break
            except QueueError:
                assert time.monotonic() < end
        await member.read_until(lambda: len(member.records) == 3)
        await member.link.close()

    with kafka() as server:
        run(main(server))


@slow
def test_a_topic_that_is_deleted_shows_in_the_state_until_it_is_back(kafka_server: Kafka) -> None:
    async def main() -> None:
        queue, (topic, group) = at(kafka_server), names()
        await queue.create({topic: 1})
        member = await Member(queue, group).join(topic)
        await member.read_until(lambda: bool(member.assigned))
        admin = AdminClient({"bootstrap.servers": kafka_server.host})
        admin.delete_topics([topic])[topic].result(10)
        await member.read_until(lambda: topic in queue.state, 40)
        await queue.create({topic: 1})
        await member.read_until(lambda: queue.state == "ok", 40)
        await written(queue, topic, 5)
        await member.read_until(lambda: len(member.records) == 5, 60)
        await member.link.close()

    run(main())


class Broken:
    """A client of librdkafka with an error that it does not get over."""

    def produce(self, *_: object, **__: object) -> None:
        raise KafkaException(KafkaError(KafkaError._FATAL, "out of order", fatal=True))

    def poll(self, seconds: float) -> None:
        time.sleep(seconds)

    def list_topics(self, **_: object) -> None:
        raise KafkaException(KafkaError(KafkaError._FATAL, "out of order", fatal=True))


@slow
def test_a_producer_begins_anew_after_an_error_for_good(kafka_server: Kafka) -> None:
    async def main() -> None:
        queue, (topic, _) = at(kafka_server), names()
        await queue.create({topic: 1})
        producer: Any = queue.producer()
        await producer.start()
        await producer.send([Outgoing(topic, None, b"1")])
        whole, producer._client = producer._client, Broken()
        with pytest.raises(QueueError, match="out of order"):
            await producer.send([Outgoing(topic, None, b"2")])
        assert producer._client is not whole
        await producer.send([Outgoing(topic, None, b"3")])
        await producer.close()

    run(main())


@slow
def test_passwords_and_certificates_are_used(kafka_server: Kafka) -> None:
    async def main() -> None:
        timing = Timing(answer=3)
        topic, group = names()
        for way in (
            KafkaSettings((kafka_server.sasl_host,), USER, PASSWORD),
            KafkaSettings((kafka_server.tls_host,), USER, PASSWORD, str(kafka_server.ca)),
        ):
            queue = KafkaQueue(way, timing)
            await queue.create({topic: 1})
            await written(queue, topic, 3)
            member = await Member(queue, f"{group}-{way.ca_file[-3:]}").join(topic)
            await member.read_until(lambda member=member: len(member.records) >= 3)  # type: ignore[misc]
            await member.link.close()
        for way in (
            KafkaSettings((kafka_server.sasl_host,), USER, "wrong"),
            KafkaSettings((kafka_server.tls_host,), USER, PASSWORD),
        ):
            with pytest.raises(QueueError) as refused:
                await Member(KafkaQueue(way, timing), group).join(topic)
            assert "wrong" not in str(refused.value)

    run(main())


@slow
def test_a_message_that_is_too_large_is_refused_and_the_others_are_written(kafka_server: Kafka) -> None:
    async def main() -> None:
        queue, (topic, group) = at(kafka_server), names()
        await queue.create({topic: 1})
        producer = queue.producer()
        await producer.start()
        with pytest.raises(QueueError, match="1 of 3 messages not acknowledged"):
            await producer.send([Outgoing(topic, None, value) for value in (b"1", b"x" * (11 << 20), b"2")])
        with pytest.raises(QueueError, match="1 of 1"):
            await producer.send([Outgoing(topic, None, b"x" * (2 << 20))])  # for librdkafka, but not for the broker
        await producer.send([Outgoing(topic, None, b"3")])
        await producer.close()
        member = await Member(queue, group).join(topic)
        await member.read_until(lambda: len(member.records) == 3)
        assert numbers(member) == [1, 2, 3]
        await member.link.close()

    run(main())


@slow
def test_no_thread_is_left_after_closing(kafka_server: Kafka) -> None:
    async def main() -> None:
        queue, (topic, group) = at(kafka_server), names()
        await queue.create({topic: 2})

        async def one() -> None:
            producer, member = queue.producer(), Member(queue, group)
            await producer.start()
            await producer.send([Outgoing(topic, None, b"1")])
            await member.join(topic)
            await member.read_until(lambda: bool(member.records))
            await asyncio.gather(producer.close(), member.link.close())
            await member.link.close()

        await one()
        before = len(os.listdir("/proc/self/task"))
        for _ in range(5):
            await one()
        await until(lambda: len(os.listdir("/proc/self/task")) <= before, seconds=10)

    run(main())


def test_without_a_broker_each_call_ends_in_time() -> None:
    async def main() -> None:
        nowhere = f"127.0.0.1:{free_port()}"
        queue = KafkaQueue(KafkaSettings((nowhere,)), Timing(answer=0.5, delivery=0.5))
        started = time.monotonic()
        with pytest.raises(QueueError, match="cannot be reached"):
            await Member(queue, "group").join("topic")
        with pytest.raises(QueueError, match="cannot be made"):
            await queue.create({"topic": 1})
        producer = queue.producer()
        await producer.start()
        with pytest.raises(QueueError, match="1 of 1 messages not acknowledged"):
            await producer.send([Outgoing("topic", None, b"1")])
        end = time.monotonic() + 3
        while queue.state == "ok" and time.monotonic() < end:
            await asyncio.sleep(0.05)
        assert nowhere in queue.state
        await producer.close()
        assert time.monotonic() - started < 6

    run(main())


def test_a_missing_library_and_wrong_settings_are_one_line_each(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ConfigError, match=r"ssl.ca.location") as refused:
        KafkaQueue(KafkaSettings(("127.0.0.1:1",), "shop", "secret", "/no/such/file.pem"))
    assert len(refused.value.problems) == 1 and "secret" not in str(refused.value)
    monkeypatch.setitem(sys.modules, "confluent_kafka", None)
    with pytest.raises(ConfigError, match=r"mallgen-runtime\[kafka\]"):
        KafkaQueue(KafkaSettings(("127.0.0.1:1",)))
