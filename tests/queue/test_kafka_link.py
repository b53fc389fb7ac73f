"""Consumers and producers of Kafka, on a real broker."""

import asyncio
import random
import time
from collections import Counter

import pytest

from mallgen_runtime.queue.errors import QueueError
from mallgen_runtime.queue.kafka_client import Timing
from mallgen_runtime.queue.link import Outgoing, Place
from tests.kafka_server import Kafka
from tests.queue.kafka_members import Member, at, in_order, names, numbers, run, written

slow = pytest.mark.slow


@slow
def test_a_record_comes_back_as_it_was_sent(kafka_server: Kafka) -> None:
    async def main() -> None:
        queue, (topic, group) = at(kafka_server), names()
        await queue.create({topic: 3})
        await queue.create({topic: 3})
        producer = queue.producer()
        await producer.start()
        headers = (("traceparent", b"00-1"), ("same", b""), ("same", "值".encode()))
        before = time.time()
        await producer.send([Outgoing(topic, b"k", b"\x00\xff", headers), Outgoing(topic, None, b"")])
        await producer.send([])
        await producer.close()
        with pytest.raises(QueueError):
            await producer.send([Outgoing(topic, None, b"late")])
        member = await Member(queue, group).join(topic)
        await member.read_until(lambda: len(member.records) == 2)
        keyed = next(record for record in member.records if record.key)
        bare = next(record for record in member.records if not record.key)
        assert (keyed.key, keyed.value, keyed.headers, keyed.offset) == (b"k", b"\x00\xff", headers, 0)
        assert (bare.key, bare.value, bare.headers) == (None, b"", ())
        assert before - 1 < keyed.written < time.time() + 1
        assert queue.state == "ok"
        await member.link.close()
        with pytest.raises(QueueError):
            await member.link.fetch(1, 0.1)

    run(main())


@slow
def test_ten_thousand_in_order_and_a_restart_goes_on_behind_what_was_committed(kafka_server: Kafka) -> None:
    async def main() -> None:
        queue, (topic, group) = at(kafka_server), names()
        await queue.create({topic: 4})
        await written(queue, topic, 10_000)
        first = await Member(queue, group).join(topic)
        await first.read_until(lambda: len(first.records) >= 4_000)
        assert sum((await first.link.lag()).values()) == 10_000
        await first.acknowledge()
        assert sum((await first.link.lag()).values()) == 10_000 - len(first.records)
        await first.link.close()
        second = await Member(queue, group).join(topic)
        await second.read_until(lambda: len(first.records) + len(second.records) >= 10_000)
        assert await second.read() == []
        assert sorted(numbers(first, second)) == list(range(10_000))
        assert in_order(first.records + second.records)
        await second.link.close()

    run(main())


@slow
def test_what_was_not_committed_is_given_again(kafka_server: Kafka) -> None:
    async def main() -> None:
        queue, (topic, group) = at(kafka_server), names()
        await queue.create({topic: 1})
        await written(queue, topic, 100)
        first = await Member(queue, group).join(topic)
        await first.read_until(lambda: len(first.records) == 100)
        first.next = {Place(topic, 0): 40}
        await first.acknowledge()
        await first.link.close()
        second = await Member(queue, group).join(topic)
        await second.read_until(lambda: len(second.records) == 60)
        assert numbers(second) == list(range(40, 100))
        await second.link.close()

    run(main())


@slow
def test_a_new_group_begins_after_the_last_and_keeps_that_place(kafka_server: Kafka) -> None:
    async def main() -> None:
        queue, (topic, group) = at(kafka_server), names()
        await queue.create({topic: 2})
        await written(queue, topic, 10)
        first = await Member(queue, group, from_first=False).join(topic)
        await first.read_until(lambda: len(first.assigned) == 2)
        assert sum((await first.link.lag()).values()) == 0
        await first.link.close()
        await written(queue, topic, 5)
        second = await Member(queue, group, from_first=False).join(topic)
        await second.read_until(lambda: len(second.records) == 5)
        assert not first.records and sorted(numbers(second)) == list(range(5))
        await second.link.close()

    run(main())


@slow
def test_members_come_and_go_and_nothing_acknowledged_is_lost_or_repeated(kafka_server: Kafka) -> None:
    async def main() -> None:
        queue, (topic, group) = at(kafka_server), names()
        await queue.create({topic: 6})
        members: list[Member] = []
        stopping: set[Member] = set()

        async def work(member: Member) -> None:
            await member.join(topic)
            while member not in stopping:
                await member.read(20, 0.1)
                await asyncio.sleep(0.02)
                if len(member.records) % 3 == 0:
                    await member.acknowledge()
            await member.link.close()

        async def everything() -> None:
            while sum(len(member.records) for member in members) < 10_000:
                await asyncio.sleep(0.05)

        tasks = []
        writing = asyncio.create_task(written(queue, topic, 10_000))
        for _ in range(3):
            members.append(Member(queue, group))
            tasks.append(asyncio.create_task(work(members[-1])))
            await asyncio.sleep(1)
        stopping.add(members[0])
        await asyncio.sleep(1)
        members.append(Member(queue, group))
        tasks.append(asyncio.create_task(work(members[-1])))
        await writing
        await asyncio.wait_for(everything(), 60)
        assert {len(member.assigned) for member in members[1:]} <= {0, 2, 3, 4}
        stopping.update(members)
        await asyncio.gather(*tasks)
        assert Counter(numbers(*members)) == Counter(range(10_000))
        assert sum(1 for member in members if member.records) >= 3
        assert not any(member.lost for member in members)

    run(main())


@slow
@pytest.mark.parametrize("seed", range(2))
def test_pausing_leaves_nothing_out_and_gives_nothing_twice(kafka_server: Kafka, seed: int) -> None:
    async def main() -> None:
        chance = random.Random(seed)
        queue, (topic, group) = at(kafka_server), names()
        await queue.create({topic: 4})
        await written(queue, topic, 3_000)
        member = await Member(queue, group).join(topic)
        places = [Place(topic, number) for number in range(4)]
        paused: set[Place] = set()
        while len(member.records) < 3_000:
            fetching = asyncio.create_task(member.read(chance.choice((1, 7, 100)), chance.choice((0, 0.05))))
            await asyncio.sleep(chance.choice((0, 0.001)))
            some = chance.sample(places, chance.randint(0, 4))
            if chance.random() < 0.5:
                member.link.pause(some)
                paused.update(some)
                await fetching
                assert not {record.place for record in await member.read(50, 0)} & paused
            else:
                member.link.resume(some)
                paused.difference_update(some)
                await fetching
        assert sorted(numbers(member)) == list(range(3_000))
        assert in_order(member.records)
        await member.link.close()

    run(main())


@slow
def test_a_cancelled_fetch_loses_nothing(kafka_server: Kafka) -> None:
    async def main() -> None:
        queue, (topic, group) = at(kafka_server), names()
        await queue.create({topic: 2})
        await written(queue, topic, 3_000)
        member = await Member(queue, group).join(topic)
        end = time.monotonic() + 30
        while len(member.records) < 3_000 and time.monotonic() < end:
            fetching = asyncio.create_task(member.read(20, 1))
            await asyncio.sleep(random.uniform(0, 0.003))
            fetching.cancel()
            await asyncio.gather(fetching, return_exceptions=True)
            await member.read(20, 0.1)
        assert sorted(numbers(member)) == list(range(3_000))
        await member.link.close()

    run(main())


@slow
def test_more_messages_than_librdkafka_keeps_wait_for_room(kafka_server: Kafka) -> None:
    async def main() -> None:
        queue, (topic, group) = at(kafka_server, Timing(delivery=60)), names()
        await queue.create({topic: 2})
        await written(queue, topic, 50_000)
        member = await Member(queue, group).join(topic)
        await member.read_until(lambda: len(member.records) == 50_000, 60)
        assert in_order(member.records)
        await member.link.close()

    run(main())
