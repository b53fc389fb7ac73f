"""One timer for many deadlines, in steps of 5 ms: a timer for each call would cost more than the call."""

import asyncio
import time
from collections.abc import Callable
from typing import Any, Protocol

GRAIN = 0.005  # less than the margin that a callee is given less time by


class Waiter(Protocol):
    """Something with a time limit; `slot` is the wheel's, 0 at first."""

    slot: int


class Alarm:
    """A waiter that is nothing else."""

    __slots__ = ("slot",)

    def __init__(self) -> None:
        self.slot = 0


class Wheel:
    """Calls back after the time of an entry: never early, two steps late at most."""

    def __init__(self, loop: asyncio.AbstractEventLoop, clock: Callable[[], float] = time.monotonic) -> None:
        self._loop = loop
        self._clock = clock
        self._slots: dict[int, dict[Waiter, Callable[[Any], object]]] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._next = 0

    def add(self, waiter: Waiter, when: float, then: Callable[[Any], object]) -> None:
        """Call `then` with the waiter at a monotonic time, unless it is removed before; its last entry counts."""
        if waiter.slot:
            self.remove(waiter)
        slot = waiter.slot = int(when / GRAIN) + 1
        entries = self._slots.get(slot)
        if entries is None:
            entries = self._slots[slot] = {}
            if self._timer is None or slot < self._next:
                self._wind(slot)
        entries[waiter] = then

    def remove(self, waiter: Waiter) -> None:
        """It is in time."""
        if waiter.slot:
            entries = self._slots.get(waiter.slot)
            if entries is not None:
                entries.pop(waiter, None)
            waiter.slot = 0

    def close(self) -> None:
        """Forget all."""
        if self._timer is not None:
            self._timer.cancel()
        self._slots.clear()

    def _wind(self, slot: int) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._next = slot
        self._timer = self._loop.call_later(max(0.0, slot * GRAIN - self._clock()) + 0.001, self._turn)

    def _turn(self) -> None:
        self._timer = None
        now = int(self._clock() / GRAIN)
        for slot in sorted(slot for slot in self._slots if slot <= now):
            for waiter, then in tuple(self._slots.pop(slot).items()):
                if waiter.slot == slot:
                    waiter.slot = 0
                    self._call(then, waiter)
        left = self._slots
        if left and self._timer is None:
            self._wind(min(left))

    def _call(self, then: Callable[[Any], object], waiter: Waiter) -> None:
        try:
            then(waiter)
        except Exception as problem:  # one that fails must not keep the others waiting
            self._loop.call_exception_handler({"message": "a deadline could not be kept", "exception": problem})
