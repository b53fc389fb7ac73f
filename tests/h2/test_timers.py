"""The deadlines of many calls, kept by one timer, and counters of events per second."""

import asyncio
import random
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mallgen_runtime.rpc.h2.grpc import escaped, seconds_of, timeout_field, unescaped
from mallgen_runtime.rpc.h2.limits import Rate
from mallgen_runtime.rpc.h2.timers import AT_ONCE, GRAIN, Timer, TimerWheel
from tests.run.discovering import run, until


def test_never_early_and_hardly_late() -> None:
    async def work() -> None:
        loop = asyncio.get_running_loop()
        wheel = TimerWheel(loop)
        chance = random.Random(1)
        late: list[float] = []
        plain: list[float] = []  # how late the loop's own timers are: the machine may be busy
        due = {Timer(): time.monotonic() + chance.uniform(0, 0.3) for _ in range(500)}
        kept = list(due)[::2]
        for alarm, when in due.items():
            wheel.add(alarm, when, lambda waiter: late.append(time.monotonic() - due[waiter]))
        for alarm in set(due) - set(kept):
            wheel.remove(alarm)
        for alarm in kept:
            when = due[alarm]
            loop.call_later(when - time.monotonic(), lambda when: plain.append(time.monotonic() - when), when)
        await until(lambda: len(late) >= len(kept), 10, "all are called")
        assert len(late) == len(kept)
        assert min(late) >= 0
        assert sorted(late)[len(late) // 2] < sorted(plain)[len(plain) // 2] + 20 * GRAIN
        wheel.close()

    run(work)


def test_the_last_entry_counts_and_one_that_fails_stops_no_other() -> None:
    async def work() -> None:
        loop = asyncio.get_running_loop()
        told: list[str] = []
        loop.set_exception_handler(lambda loop, context: told.append(repr(context["exception"])))
        wheel, first, second = TimerWheel(loop), Timer(), Timer()
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
    assert not any(rate.count() for _ in range(11))  # the first second began before the first count
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


class Clock:
    """A loop whose time is set by hand; it keeps the timers that a wheel asks for."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.timers: list[LoopTimer] = []

    def call_later(self, delay: float, then: Callable[[], None]) -> "LoopTimer":
        timer = LoopTimer(self.now + delay, then)
        self.timers.append(timer)
        return timer

    def advance(self, seconds: float) -> None:
        """Let time pass and call the timers that expire, as a loop would."""
        end = self.now + seconds
        while True:
            self.timers = [timer for timer in self.timers if not timer.cancelled]
            first = min(self.timers, key=lambda timer: timer.when, default=None)
            if first is None or first.when > end:
                break
            self.timers.remove(first)
            self.now = max(self.now, first.when)
            first.then()
        self.now = end

    def call_exception_handler(self, context: dict[str, Any]) -> None:
        raise context["exception"]


class LoopTimer:
    def __init__(self, when: float, then: Callable[[], None]) -> None:
        self.when, self.then, self.cancelled = when, then, False

    def cancel(self) -> None:
        self.cancelled = True


ALARMS = st.integers(0, 9)
STEPS = st.one_of(
    st.tuples(st.just("add"), ALARMS, st.floats(-0.1, 40), ALARMS, st.floats(-0.1, 40)),
    st.tuples(st.just("remove"), ALARMS),
    st.tuples(st.just("wait"), st.floats(0, 20)),
)


@settings(max_examples=300, deadline=None)
@given(st.lists(STEPS, max_size=60))
def test_a_wheel_keeps_every_deadline_that_a_list_of_them_would(steps: list[tuple[Any, ...]]) -> None:
    """Each callback adds another entry or moves one; an added entry must not hide others."""
    clock = Clock()
    wheel = TimerWheel(clock, lambda: clock.now)  # type: ignore[arg-type]
    alarms = [Timer() for _ in range(10)]
    due: dict[int, float] = {}
    fired: list[tuple[float, float]] = []

    def add(number: int, after: float, then: Callable[[Any], object]) -> None:
        due[number] = clock.now + max(0.0, after)
        wheel.add(alarms[number], clock.now + after, then)

    def firing(number: int, then: Callable[[], object]) -> Callable[[Any], object]:
        def fire(waiter: Any) -> None:
            fired.append((due.pop(number), clock.now))
            then()

        return fire

    for name, *words in steps:
        if name == "add":
            number, after, other, later = words
            add(number, after, firing(number, partial(add, other, later, firing(other, lambda: None))))
        elif name == "remove":
            due.pop(words[0], None)
            wheel.remove(alarms[words[0]])
        else:
            clock.advance(words[0])
            assert all(when > clock.now - 2 * GRAIN for when in due.values()), "one is forgotten"
    clock.advance(100)
    assert not due
    assert not wheel._slots
    assert not clock.timers or all(timer.cancelled for timer in clock.timers)
    for when, now in fired:
        assert now >= when
    assert fired == sorted(fired, key=lambda pair: pair[1])


def test_removed_entries_are_freed() -> None:
    clock, alarm = Clock(), Timer()
    wheel = TimerWheel(clock, lambda: clock.now)  # type: ignore[arg-type]
    for number in range(100_000):
        wheel.add(alarm, clock.now + 30 + number, print)
        wheel.remove(alarm)
    assert len(wheel._slots) == 0
    assert len(wheel._order) < 200


def test_entries_that_are_held_cost_nothing() -> None:
    """A turn of the wheel visits only the entries that have expired."""
    clock = Clock()
    wheel = TimerWheel(clock, lambda: clock.now)  # type: ignore[arg-type]
    held, alarm = [Timer() for _ in range(100_000)], Timer()
    for number, each in enumerate(held):
        wheel.add(each, clock.now + 1000 + number * 0.003, print)
    started = time.process_time()
    for _ in range(2000):
        wheel.add(alarm, clock.now + 0.01, lambda waiter: None)
        clock.advance(0.02)
    assert time.process_time() - started < 0.4  # 0.03 is usual; a wheel that visits every entry took 20 s


def test_many_that_are_over_at_once_do_not_keep_the_loop() -> None:
    clock = Clock()
    wheel = TimerWheel(clock, lambda: clock.now)  # type: ignore[arg-type]
    called: list[float] = []
    for _ in range(10 * AT_ONCE):
        wheel.add(Timer(), clock.now + 1, lambda waiter: called.append(clock.now))
    clock.advance(2)
    assert len(called) == 10 * AT_ONCE
    assert all(called.count(now) <= AT_ONCE for now in set(called))
