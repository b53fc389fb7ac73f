"""go-zero's breaker, with the figures of go-zero's own tests and of interoperation runs."""

import random

from mallgen_runtime.process.breaker import Breaker
from mallgen_runtime.process.errors import Code


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_calls_that_succeed_always_pass() -> None:
    clock = Clock()
    breaker = Breaker(clock, lambda: 0.0)
    for _ in range(1000):
        assert breaker.allows()
        breaker.done(Code.OK)
        clock.now += 0.001


def test_a_client_error_is_no_failure() -> None:
    breaker = Breaker(Clock(), lambda: 0.0)
    for code in (Code.NOT_FOUND, Code.INVALID_ARGUMENT, Code.UNAUTHENTICATED, Code.CANCELED, Code.UNKNOWN):
        for _ in range(100):
            assert breaker.allows()
            breaker.done(code)


def test_the_first_failures_are_free_then_most_calls_are_dropped() -> None:
    """Of 600 calls in a row that fail, go-zero lets 32 through (seen on its REST breaker); 5 are always free."""
    clock = Clock()
    breaker = Breaker(clock, random.Random(7).random)
    passed = 0
    for number in range(600):
        if breaker.allows():
            passed += 1
            breaker.done(Code.UNAVAILABLE)
        elif number < 5:
            raise AssertionError("the first five are free")
    assert 10 < passed < 64


def test_one_call_a_second_is_let_through_and_a_success_heals() -> None:
    clock = Clock()
    chance = [1.0]
    breaker = Breaker(clock, lambda: chance[0])
    for _ in range(50):
        assert breaker.allows()
        breaker.done(Code.UNAVAILABLE)
    chance[0] = 0.0
    assert not any(breaker.allows() for _ in range(50))
    clock.now += 1.1
    assert [breaker.allows() for _ in range(5)] == [True, False, False, False, False]
    for _ in range(200):
        breaker.done(Code.OK)
    assert all(breaker.allows() for _ in range(50))


def test_the_window_forgets() -> None:
    clock = Clock()
    breaker = Breaker(clock, lambda: 0.0)
    for _ in range(100):
        if breaker.allows():
            breaker.done(Code.INTERNAL)
    assert not breaker.allows()
    clock.now += 10.3
    assert breaker.allows()
    clock.now += 1e6
    assert breaker.allows()
