"""Services of ours and programs on kafka-go, on which go-queue's kq stands, write to and read from one Kafka."""

import asyncio
import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from mallgen_runtime.process.origin import Origin, origin
from mallgen_runtime.queue import MessageContext
from tests.interop.building import built
from tests.kafka_server import Kafka
from tests.queue.kafka_members import Member, at, names, run
from tests.queue.kit import Service, send, until

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("program")]
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
PARENT = f"00-{TRACE}-00f067aa0ba902b7-01"


@pytest.fixture(scope="module")
def program() -> None:
    """Build the programs first: it takes minutes."""
    built()


def push(server: Kafka, topic: str, count: int) -> None:
    """Write messages as kq's pusher does."""
    subprocess.run([str(built()), "push", server.host, topic, str(count), PARENT], check=True, timeout=60)


def pull(server: Kafka, topic: str, group: str, count: int, out: Path) -> subprocess.Popen[bytes]:
    """Read messages as kq's queue does, each a line of `out` once it is committed."""
    with out.open("wb") as file:
        return subprocess.Popen([built(), "pull", server.host, topic, group, str(count)], stdout=file)


def lines(out: Path) -> list[dict[str, Any]]:
    """Return the whole lines that are written."""
    return [json.loads(line) for line in out.read_bytes().splitlines(keepends=True) if line.endswith(b"\n")]


def test_what_go_writes_reaches_our_logic(kafka_server: Kafka) -> None:
    topic, group = names()
    got: list[tuple[MessageContext, Any]] = []

    async def logic(ctx: MessageContext, message: Any) -> None:
        got.append((ctx, message))

    async def main() -> None:
        await at(kafka_server).create({topic: 3})
        await asyncio.to_thread(push, kafka_server, topic, 300)
        async with Service({topic: logic}, {"brokers": [kafka_server.host], "group": group}) as service:
            await until(lambda: len(got) == 300 and service.is_done)

    run(main())
    assert sorted(message.number for _, message in got) == list(range(300))
    assert all(ctx.key == message.product_id == f"a{message.number % 7}" for ctx, message in got)
    assert {ctx.trace_id for ctx, _ in got} == {TRACE}
    assert {ctx.attempt for ctx, _ in got} == {1}


def test_what_we_write_reaches_go(kafka_server: Kafka, tmp_path: Path) -> None:
    topic, group = names()
    out = tmp_path / "out"

    async def main() -> None:
        await at(kafka_server).create({topic: 3})
        origin.set(Origin("request-1", TRACE, None))
        await send({"brokers": [kafka_server.host]}, topic, range(1, 301), lambda number: f"a{number % 7}")

    run(main())
    reader = pull(kafka_server, topic, group, 300, out)
    assert reader.wait(60) == 0
    found = lines(out)
    values = [json.loads(line["Value"]) for line in found]
    assert sorted(int(value["number"]) for value in values) == list(range(1, 301))
    assert all(line["Key"] == value["productId"] for line, value in zip(found, values, strict=True))
    assert {len({line["Partition"] for line in found if line["Key"] == f"a{number}"}) for number in range(7)} == {1}
    one = found[0]
    assert one["Headers"]["content-type"] == "application/json"
    assert one["Headers"]["x-schema"] == "seckill.OrderRequest"
    assert len(one["Headers"]["x-message-id"]) == 36 and one["Trace"].startswith(f"00-{TRACE}-")


def test_a_group_is_handed_over_from_go_to_us_and_back(kafka_server: Kafka, tmp_path: Path) -> None:
    topic, group = names()
    first, last = tmp_path / "first", tmp_path / "last"

    async def main() -> None:
        queue = at(kafka_server)
        await queue.create({topic: 4})
        await asyncio.to_thread(push, kafka_server, topic, 1_000)
        await asyncio.to_thread(pull(kafka_server, topic, group, 300, first).wait, 60)
        member = await Member(queue, group).join(topic)
        while len(member.records) < 300:
            await member.read(50)
        await member.link.close()
        left = 1_000 - 300 - len(member.records)
        await asyncio.to_thread(pull(kafka_server, topic, group, left, last).wait, 60)
        ours = [json.loads(record.value)["number"] for record in member.records]
        theirs = [json.loads(line["Value"])["number"] for line in lines(first) + lines(last)]
        assert sorted(map(int, ours + theirs)) == list(range(1_000))

    run(main())
