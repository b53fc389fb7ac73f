"""The deadlines of many calls by one timer, and what happens per second."""

import asyncio
import random
import time

import pytest

from mallgen_runtime.rpc.h2.limits import Rate
from mallgen_runtime.rpc.h2.wheel import GRAIN, Alarm, Wheel
from mallgen_runtime.rpc.h2.wire import escaped, seconds_of, timeout_field, unescaped
from tests.run.discovering import run, until


def test_never_early_and_hardly_late() -> None:
    async def work() -> None:
        wheel = Wheel(asyncio.get_running_loop())
        chance = random.Random(1)
        late: list[float] = []
        due = {Alarm(): time.monotonic() + chance.uniform(0, 0.3) for _ in range(500)}
        kept = list(due)[::2]
        for alarm, when in due.items():
            wheel.add(alarm, when, lambda waiter: late.append(time.monotonic() - due[waiter]))
        for alarm in set(due) - set(kept):
            wheel.remove(alarm)
        await until(lambda: len(late) >= len(kept), 10, "all are called")
        assert len(late) == len(kept)
        assert min(late) >= 0
        assert sorted(late)[len(late) // 2] < 20 * GRAIN  # the machine may be busy
        wheel.close()

    run(work)


def test_the_last_entry_counts_and_one_that_fails_stops_no_other() -> None:
    async def work() -> None:
        loop = asyncio.get_running_loop()
        told: list[str] = []
        loop.set_exception_handler(lambda loop, context: told.append(repr(context["exception"])))
        wheel, first, second = Wheel(loop), Alarm(), Alarm()
        now = time.monotonic()
        seen: list[str] = []

        def fail(waiter: object) -> None:
            raise ValueError("no")

        wheel.add(first, now + 0.02, fail)
        wheel.add(second, now + 5, lambda _: seen.append("late"))
        wheel.add(second, now + 0.02, lambda _: seen.append("soon"))
        await until(lambda: len(seen) + len(told) == 2, 10, "both are called")
        assert (seen, told) == (["soon"], ["ValueError('no')"])
        wheel.add(first, now, lambda _: wheel.add(first, time.monotonic(), lambda _: seen.append("again")))
        await until(lambda: len(seen) == 2, 10, "it is called")
        assert seen == ["soon", "again"]
        loop.set_exception_handler(None)
        wheel.close()

    run(work)


def test_what_is_too_much_in_a_second() -> None:
    now = 100.0
    rate = Rate(10, lambda: now)
    assert not any(rate.count() for _ in range(11))  # the first second began before anybody looked
    assert [rate.count() for _ in range(10)] == [False] * 9 + [True]
    now += 2
    assert not any(rate.count() for _ in range(10))
    rate.earned(5)
    assert [rate.count() for _ in range(6)] == [False] * 5 + [True]


def test_timeouts_and_texts_on_the_wire() -> None:
    assert timeout_field(1.5004).endswith(b"\x051501m")
    assert timeout_field(-1).endswith(b"\x021m")
    assert timeout_field(1e9).endswith(b"99999999m")
    found = [seconds_of(text) for text in (b"2H", b"3M", b"4S", b"5m", b"6u", b"7n")]
    assert found == pytest.approx([7200, 180, 4, 0.005, 6e-6, 7e-9])
    for text in ("", "plain", "100%", "没有\n\x7f", "%41"):
        assert unescaped(escaped(text)) == text
    assert unescaped(b"%zz%4") == "%zz%4"
