"""Messages on Kafka that nobody can work on: none stops a partition, a topic or a process."""

import asyncio
import os
import time
from collections.abc import Mapping
from hashlib import sha256
from typing import Any

import pytest
from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient, NewTopic  # type: ignore[attr-defined]

from mallgen_runtime.queue import MessageContext
from mallgen_runtime.queue.errors import QueueError
from tests.kafka_server import Kafka
from tests.queue import raw_kafka
from tests.queue.kafka_members import at, names
from tests.queue.kit import Service, letters_of, producer, send, until
from tests.queue.messages import OrderRequest, address

pytestmark = pytest.mark.slow


def test_a_header_whose_name_is_no_text_goes_aside_with_its_message_alone(kafka_server: Kafka) -> None:
    got: list[int] = []

    async def logic(ctx: MessageContext, message: Any) -> None:
        got.append(message.number)

    async def main() -> None:
        topic, _ = names()
        where = {"brokers": [kafka_server.host]}
        await at(kafka_server).create({topic: 1})
        await send(where, topic, range(10, 110))  # Python calls a method otherwise once it is warm
        nasty = (kafka_server.host, topic, b'{"number": 2}', [(b"tenant-\xff\xfe", b"a")])
        await asyncio.to_thread(raw_kafka.write, *nasty)
        await send(where, topic, [3])
        wanted = [3, *range(10, 110)]
        async with Service({topic: logic}, where) as service:
            await until(lambda: sorted(got) == wanted)
            await until(lambda: service.is_done)
            assert service.consumers.state == "ok"
        (letter,) = await letters_of(where, topic)
        found = dict(letter.headers)
        assert (letter.value, found["x-dlq-cause"], found["x-dlq-offset"]) == (b'{"number": 2}', b"Poison", b"100")
        assert b"headers cannot be read" in found["x-dlq-message"]

    asyncio.run(main())


def put(server: Kafka, topic: str, value: bytes, **settings: str | int) -> None:
    """Write a message as a client of others does, one that takes what the broker takes."""
    sender = Producer({"bootstrap.servers": server.host, "message.max.bytes": 30_000_000, **settings})
    sender.produce(topic, value, b"k")
    assert sender.flush(30) == 0


def delete(server: Kafka, topic: str) -> None:
    """Delete a topic; return when it is gone."""
    admin = AdminClient({"bootstrap.servers": server.host})
    admin.delete_topics([topic])[topic].result(10)
    while topic in admin.list_topics(timeout=10).topics:
        time.sleep(0.05)
    time.sleep(1)


async def only_good(server: Kafka, topic: str, settings: Mapping[str, Any]) -> None:
    """Consume until the good message that `put` wrote after a bad one is done, and all is committed."""
    got: list[int] = []

    async def logic(ctx: MessageContext, message: Any) -> None:
        got.append(message.number)

    async with Service({topic: logic}, {"brokers": [server.host], **settings}) as service:
        await until(lambda: got == [7], 20)
        await until(lambda: service.is_done)
        assert service.consumers.state == "ok"


GOOD = b'{"number": 7}'
NOISE = os.urandom(1_048_300)  # the broker takes it, but not with more headers


@pytest.mark.parametrize(
    ("value", "settings", "max_bytes"),
    [
        pytest.param(b"\xff" * 11_000_000, {"compression.type": "gzip"}, 10 << 20, id="small on the wire"),
        pytest.param(os.urandom(140_000), {}, 65_536, id="larger than MaxBytes"),
    ],
)
def test_a_dead_letter_may_be_as_large_as_its_message(
    kafka_server: Kafka, value: bytes, settings: dict[str, str], max_bytes: int
) -> None:
    async def main() -> None:
        topic, _ = names()
        where = {"brokers": [kafka_server.host]}
        await at(kafka_server).create({topic: 1})
        await asyncio.to_thread(put, kafka_server, topic, value, **settings)
        await asyncio.to_thread(put, kafka_server, topic, GOOD)
        await only_good(kafka_server, topic, {"max_bytes": max_bytes})
        (letter,) = await letters_of(where, topic)
        assert (letter.key, letter.value == value) == (b"k", True)

    asyncio.run(main())


def test_a_dead_letter_that_the_broker_does_not_take_goes_without_its_value(kafka_server: Kafka) -> None:
    async def main() -> None:
        topic, _ = names()
        await at(kafka_server).create({topic: 1})
        await asyncio.to_thread(put, kafka_server, topic, NOISE)
        await asyncio.to_thread(put, kafka_server, topic, GOOD)
        await only_good(kafka_server, topic, {})
        (letter,) = await letters_of({"brokers": [kafka_server.host]}, topic)
        found = {name: text.decode() for name, text in letter.headers}
        assert (letter.key, letter.value) == (b"k", b"")
        assert (found["x-dlq-topic"], found["x-dlq-partition"], found["x-dlq-offset"]) == (topic, "0", "0")
        assert (found["x-dlq-size"], found["x-dlq-sha256"]) == (str(len(NOISE)), sha256(NOISE).hexdigest())
        assert found["x-dlq-cause"] == "Poison"

    asyncio.run(main())


def test_what_is_refused_without_its_value_too_is_logged_and_left(
    kafka_server: Kafka, caplog: pytest.LogCaptureFixture
) -> None:
    async def main() -> None:
        topic, _ = names()
        await at(kafka_server).create({topic: 1})
        tiny = NewTopic(f"{topic}.dlq", 1, 1, config={"max.message.bytes": "100"})
        admin = AdminClient({"bootstrap.servers": kafka_server.host})
        admin.create_topics([tiny])[tiny.topic].result(10)
        await asyncio.to_thread(put, kafka_server, topic, b"\xff\xff")
        await asyncio.to_thread(put, kafka_server, topic, GOOD)
        await only_good(kafka_server, topic, {})
        assert not await letters_of({"brokers": [kafka_server.host]}, topic)
        assert f"{topic} 0/0 is left" in caplog.text

    asyncio.run(main())


def test_a_topic_of_dead_letters_that_was_deleted_is_made_again(kafka_server: Kafka) -> None:
    async def logic(ctx: MessageContext, message: Any) -> None: ...

    async def main() -> None:
        topic, _ = names()
        where = {"brokers": [kafka_server.host]}
        await at(kafka_server).create({topic: 1})
        async with Service({topic: logic}, where) as service:
            await asyncio.to_thread(put, kafka_server, topic, b"\xff\xff")
            await until(lambda: service.is_done)
            letters = f"{topic}.dlq"
            await asyncio.to_thread(delete, kafka_server, letters)
            await asyncio.to_thread(put, kafka_server, topic, b"\xfe\xfe")
            await until(lambda: service.held == 1)
            await until(lambda: service.is_done, 60)
            assert service.consumers.state == "ok"
        (letter,) = await letters_of(where, topic)
        assert letter.value == b"\xfe\xfe"

    asyncio.run(main())


def test_a_topic_that_was_deleted_is_made_again_for_its_producers(kafka_server: Kafka) -> None:
    async def main() -> None:
        topic, _ = names()
        sender = producer({"brokers": [kafka_server.host]})

        async def sent(seconds: float) -> None:
            over = time.monotonic() + seconds
            while True:
                try:
                    await sender.send(address(topic), OrderRequest(number=1))
                    return
                except QueueError:
                    assert time.monotonic() < over, "nothing can be sent"

        await sent(30)
        await asyncio.to_thread(delete, kafka_server, topic)
        await sent(40)
        await sender.close()

    asyncio.run(main())
