"""The guarantees of delivery, the same on every queue."""

import asyncio
import random
import time
from collections import Counter, defaultdict
from typing import Any

import pytest

from mallgen_runtime.process.errors import Code, ResourceError, RpcError
from mallgen_runtime.process.interceptors import ClientInterceptor, OutgoingCall
from mallgen_runtime.process.origin import Origin, origin
from mallgen_runtime.queue import ConsumerInterceptor, MessageContext, ProducerConf
from mallgen_runtime.queue.link import Outgoing
from mallgen_runtime.queue.opening import queue_at
from tests.queue.conftest import Settings
from tests.queue.kit import Service, letters_of, producer, send, until
from tests.queue.messages import OrderRequest, address


def one_key(number: int) -> str:
    return "one"


def test_a_message_arrives_with_its_key_and_ids(queue: Settings, topic: str) -> None:
    got: list[tuple[MessageContext, Any]] = []

    async def logic(ctx: MessageContext, message: Any) -> None:
        got.append((ctx, message))

    async def main() -> None:
        async with Service({topic: logic}, queue):
            origin.set(Origin("asked-by-7", "ab" * 16, None))
            await send(queue, topic, [7], lambda one: "a1")
            await until(lambda: got)

    asyncio.run(main())
    ((ctx, message),) = got
    assert (message.number, message.product_id) == (7, "a1")
    assert (ctx.topic, ctx.key, ctx.attempt, ctx.schema) == (topic, "a1", 1, "seckill.OrderRequest")
    assert (ctx.request_id, ctx.trace_id) == ("asked-by-7", "ab" * 16)
    assert len(ctx.message_id) == 36


def test_messages_of_a_key_keep_their_order_while_keys_go_side_by_side(queue: Settings, topic: str) -> None:
    got: dict[str | None, list[int]] = defaultdict(list)
    at_once: list[int] = []
    running = 0

    async def logic(ctx: MessageContext, message: Any) -> None:
        nonlocal running
        running += 1
        at_once.append(running)
        await asyncio.sleep(random.random() / 200)
        got[ctx.key].append(message.number)
        running -= 1

    async def main() -> None:
        async with Service({topic: logic}, {**queue, "processors": 8}):
            await send(queue, topic, range(400), lambda one: f"key-{one % 20}")
            await until(lambda: sum(map(len, got.values())) >= 400)

    asyncio.run(main())
    assert got == {f"key-{index}": list(range(index, 400, 20)) for index in range(20)}
    assert max(at_once) == 8


def test_a_failing_message_is_tried_again_while_other_keys_go_on(queue: Settings, topic: str) -> None:
    bad: list[tuple[int, int]] = []
    good: list[int] = []

    async def logic(ctx: MessageContext, message: Any) -> None:
        if ctx.key != "bad":
            good.append(message.number)
            return
        bad.append((message.number, ctx.attempt))
        if message.number == 0 and len(good) < 38:
            raise ValueError("not before all others")

    async def main() -> None:
        async with Service({topic: logic}, {**queue, "partitions": 1, "retries": 1000}):
            await send(queue, topic, range(40), lambda one: "bad" if one % 20 == 0 else f"good-{one % 7}")
            await until(lambda: (20, 1) in bad)

    asyncio.run(main())
    assert len(good) == 38
    assert bad == [*((0, attempt) for attempt in range(1, len(bad))), (20, 1)]


def test_what_always_fails_becomes_a_dead_letter_with_its_cause(queue: Settings, topic: str) -> None:
    got: Counter[int] = Counter()

    async def logic(ctx: MessageContext, message: Any) -> None:
        got[message.number] += 1
        if message.number == 3:
            raise ValueError("three is wrong")

    async def main() -> dict[str, str]:
        async with Service({topic: logic}, {**queue, "retries": 2}) as service:
            await send(queue, topic, range(6), one_key)
            await until(lambda: len(got) == 6)
            await until(lambda: service.is_done)
        (letter,) = await letters_of(queue, topic)
        assert OrderRequest.FromString(b"").number == 0
        assert letter.key == b"one"
        return {name: value.decode() for name, value in letter.headers}

    found = asyncio.run(main())
    assert got == {0: 1, 1: 1, 2: 1, 3: 3, 4: 1, 5: 1}
    assert (found["x-dlq-cause"], found["x-dlq-message"]) == ("ValueError", "three is wrong")
    assert (found["x-dlq-topic"], found["x-dlq-attempts"], found["x-dlq-offset"]) == (topic, "3", "3")
    assert found["x-schema"] == "seckill.OrderRequest"


@pytest.mark.parametrize("value", [b"\xff\xff\xff", b'{"number": "many"}', b"", b"{", b"[" * 100_000, b'{"a":' * 9999])
def test_poison_goes_aside_at_once(queue: Settings, topic: str, value: bytes) -> None:
    got: list[int] = []

    async def logic(ctx: MessageContext, message: Any) -> None:
        got.append(message.number)

    async def main() -> None:
        async with Service({topic: logic}, {**queue, "partitions": 1}) as service:
            await send(queue, topic, [1], one_key)
            link = queue_at(ProducerConf(**queue).where).producer()
            await link.start()
            await link.send((Outgoing(topic, b"one", value),))
            await link.close()
            await send(queue, topic, [2], one_key)
            await until(lambda: got == [1, 2])
            await until(lambda: service.is_done)
        (letter,) = await letters_of(queue, topic)
        assert (letter.value, dict(letter.headers)["x-dlq-cause"]) == (value, b"Poison")

    asyncio.run(main())


def test_a_stub_stops_its_topic_alone_and_loses_nothing(queue: Settings, topic: str) -> None:
    calls: list[int] = []
    got: list[int] = []

    async def stub(ctx: MessageContext, message: Any) -> None:
        calls.append(message.number)
        raise NotImplementedError(topic)

    async def logic(ctx: MessageContext, message: Any) -> None:
        got.append(message.number)

    async def main() -> None:
        async with Service({topic: stub, f"{topic}.other": logic}, {**queue, "processors": 2}) as service:
            await send(queue, topic, range(30))
            await until(lambda: calls)
            await send(queue, f"{topic}.other", range(30))
            await until(lambda: len(got) == 30)
            assert f"the logic of {topic} is not written" in service.consumers.state
        assert len(calls) <= 2
        assert not await letters_of(queue, topic)
        got.clear()
        async with Service({topic: logic}, queue):
            await until(lambda: len(got) == 30)

    asyncio.run(main())
    assert sorted(got) == list(range(30))


def test_logic_that_does_not_know_one_message_is_no_stub(queue: Settings, topic: str) -> None:
    got: list[int] = []

    async def logic(ctx: MessageContext, message: Any) -> None:
        if message.number == 5:
            raise NotImplementedError("a kind of order that nobody knows")
        got.append(message.number)

    async def main() -> None:
        async with Service({topic: logic}, {**queue, "partitions": 1, "retries": 1}) as service:
            await send(queue, topic, range(10), one_key)
            await until(lambda: len(got) == 9, 10)
            await until(lambda: service.is_done)
            assert service.consumers.state == "ok"
        (letter,) = await letters_of(queue, topic)
        assert dict(letter.headers)["x-dlq-cause"] == b"NotImplementedError"

    asyncio.run(main())
    assert got == [0, 1, 2, 3, 4, 6, 7, 8, 9]


def test_no_offset_is_committed_above_one_that_is_not_done(queue: Settings, topic: str) -> None:
    free = asyncio.Event()
    got: list[int] = []

    async def logic(ctx: MessageContext, message: Any) -> None:
        if message.number == 5:
            await free.wait()
        got.append(message.number)

    async def main() -> None:
        async with Service({topic: logic}, {**queue, "partitions": 1}) as service:
            (member,) = service.consumers.members
            await send(queue, topic, range(40))
            await until(lambda: len(got) == 39)
            over = time.monotonic() + 30
            while sum(member.lag.values()) != 35:
                assert time.monotonic() < over, member.lag
                await asyncio.sleep(0.02)
                await member.refresh_lag()
            await asyncio.sleep(0.5)
            await member.refresh_lag()
            assert sum(member.lag.values()) == 35
            free.set()
            await until(lambda: service.is_done)

    asyncio.run(main())
    assert sorted(got) == list(range(40))


def test_logic_that_takes_too_long_is_cut_off(queue: Settings, topic: str) -> None:
    got: list[int] = []

    async def logic(ctx: MessageContext, message: Any) -> None:
        got.append(message.number)
        assert ctx.deadline is not None
        if message.number == 1:
            await asyncio.sleep(60)

    async def main() -> None:
        async with Service({topic: logic}, {**queue, "timeout": 50, "retries": 1}) as service:
            await send(queue, topic, [1, 2], one_key)
            await until(lambda: got == [1, 1, 2])
            await until(lambda: service.is_done)
        (letter,) = await letters_of(queue, topic)
        assert dict(letter.headers)["x-dlq-cause"] == b"TimeoutError"

    asyncio.run(main())


class Down(ResourceError):
    """A database that does not answer."""

    status = Code.UNAVAILABLE


@pytest.mark.parametrize("problem", [Down("the database is down"), RpcError(Code.UNAVAILABLE, "no instance")])
def test_an_outage_is_waited_for(queue: Settings, topic: str, problem: Exception) -> None:
    attempts: list[int] = []
    is_down = True

    async def logic(ctx: MessageContext, message: Any) -> None:
        attempts.append(ctx.attempt)
        if is_down:
            raise problem

    async def main() -> None:
        nonlocal is_down
        async with Service({topic: logic}, {**queue, "retries": 0}) as service:
            await send(queue, topic, [1])
            await until(lambda: len(attempts) >= 5)
            assert "tries again" in service.consumers.state
            is_down = False
            await until(lambda: service.is_done)
            assert service.consumers.state == "ok"
        assert not await letters_of(queue, topic)

    asyncio.run(main())


def test_an_outage_ends(queue: Settings, topic: str) -> None:
    async def logic(ctx: MessageContext, message: Any) -> None:
        raise Down("for ever")

    async def main() -> None:
        async with Service({topic: logic}, {**queue, "outage": "200ms"}) as service:
            await send(queue, topic, [1])
            await until(lambda: service.is_done)
            assert service.consumers.state == "ok"
        assert len(await letters_of(queue, topic)) == 1

    asyncio.run(main())


def test_force_commit_leaves_what_fails(queue: Settings, topic: str) -> None:
    got: list[int] = []

    async def logic(ctx: MessageContext, message: Any) -> None:
        got.append(message.number)
        raise ValueError("no")

    async def main() -> None:
        async with Service({topic: logic}, {**queue, "force_commit": True}) as service:
            await send(queue, topic, [1, 2], one_key)
            await until(lambda: len(got) == 2)
            await until(lambda: service.is_done)
        assert not await letters_of(queue, topic)

    asyncio.run(main())
    assert got == [1, 2]


def test_batches_by_number_and_by_time(queue: Settings, topic: str) -> None:
    got: list[list[int]] = []

    async def logic(ctx: MessageContext, messages: Any) -> None:
        assert [one.offset for one in ctx.batch] == list(range(ctx.offset, ctx.offset + len(messages)))
        got.append([one.number for one in messages])

    async def main() -> None:
        settings = {**queue, "partitions": 1, "batch_size": 10, "batch_time": 300}
        async with Service({topic: logic}, settings, batch=True) as service:
            await send(queue, topic, range(25), one_key)
            await until(lambda: sum(map(len, got)) == 25)
            await until(lambda: service.is_done)

    asyncio.run(main())
    assert [one for batch in got for one in batch] == list(range(25))
    assert max(map(len, got)) == 10 and len(got) <= 4


def test_one_message_that_fails_a_batch_goes_aside_alone(queue: Settings, topic: str) -> None:
    good: list[int] = []

    async def logic(ctx: MessageContext, messages: Any) -> None:
        if any(one.number == 4 for one in messages):
            raise ValueError("four")
        good.extend(one.number for one in messages)

    async def main() -> None:
        settings = {**queue, "partitions": 1, "batch_size": 10, "retries": 1}
        async with Service({topic: logic}, settings, batch=True) as service:
            await send(queue, topic, range(10), one_key)
            await until(lambda: len(good) == 9)
            await until(lambda: service.is_done)
        (letter,) = await letters_of(queue, topic)
        assert b'"4"' in letter.value

    asyncio.run(main())
    assert good == [0, 1, 2, 3, 5, 6, 7, 8, 9]


def test_interceptors_stand_around_both_ends(queue: Settings, topic: str) -> None:
    seen: list[str] = []

    class Around(ConsumerInterceptor):
        """Notes a header."""

        async def handle(self, ctx: MessageContext, message: Any, next_: Any) -> None:
            seen.append(ctx.headers["tenant"])
            await next_(ctx, message)

    class Adds(ClientInterceptor):
        """Adds a header."""

        async def handle(self, call: OutgoingCall, request: Any, next_: Any) -> Any:
            call.metadata["tenant"] = f"{call.service} {call.method == topic}"
            return await next_(call, request)

    class Hooks:
        """A module hooks.py."""

        consumer_interceptors = staticmethod(lambda svc: [Around()])

    async def logic(ctx: MessageContext, message: Any) -> None:
        seen.append("logic")

    async def main() -> None:
        async with Service({topic: logic}, queue, hooks=Hooks):
            sender = producer(queue)
            sender.intercept([Adds()])
            await sender.send(address(topic), OrderRequest(number=1), "k")
            await sender.close()
            await until(lambda: len(seen) == 2)

    asyncio.run(main())
    assert seen == ["seckill True", "logic"]


def test_logic_that_cancels_what_it_waits_for_has_failed(queue: Settings, topic: str) -> None:
    attempts: list[int] = []

    async def logic(ctx: MessageContext, message: Any) -> None:
        attempts.append(ctx.attempt)
        if ctx.attempt == 1:
            task = asyncio.create_task(asyncio.sleep(60))
            task.cancel()
            await task

    async def main() -> None:
        async with Service({topic: logic}, queue) as service:
            await send(queue, topic, [1])
            await until(lambda: attempts == [1, 2])
            await until(lambda: service.is_done)

    asyncio.run(main())
