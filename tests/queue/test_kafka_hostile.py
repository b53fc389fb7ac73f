"""Messages on Kafka that nobody can work on: none stops a partition, a topic or a process."""

import asyncio
from typing import Any

import pytest

from mallgen_runtime.queue import MessageContext
from tests.kafka_server import Kafka
from tests.queue import raw_kafka
from tests.queue.kafka_members import at, names
from tests.queue.kit import Service, letters_of, send, until

pytestmark = pytest.mark.slow


def test_a_header_whose_name_is_no_text_goes_aside_with_its_message_alone(kafka_server: Kafka) -> None:
    got: list[int] = []

    async def logic(ctx: MessageContext, message: Any) -> None:
        got.append(message.number)

    async def main() -> None:
        topic, _ = names()
        where = {"brokers": [kafka_server.host]}
        await at(kafka_server).create({topic: 1})
        await send(where, topic, [1])
        nasty = (kafka_server.host, topic, b'{"number": 2}', [(b"tenant-\xff\xfe", b"a")])
        await asyncio.to_thread(raw_kafka.write, *nasty)
        await send(where, topic, [3])
        async with Service({topic: logic}, where) as service:
            await until(lambda: sorted(got) == [1, 3])
            await until(lambda: service.is_done)
            assert service.consumers.state == "ok"
        (letter,) = await letters_of(where, topic)
        found = dict(letter.headers)
        assert (letter.value, found["x-dlq-cause"], found["x-dlq-offset"]) == (b'{"number": 2}', b"Poison", b"1")
        assert b"headers cannot be read" in found["x-dlq-message"]

    asyncio.run(main())
