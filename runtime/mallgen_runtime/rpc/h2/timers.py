"""One timer for many deadlines, in steps of 5 ms: a timer for each call would cost more than the call."""

import asyncio
import time
from collections.abc import Callable
from heapq import heapify, heappop, heappush
from itertools import islice
from typing import Any, Protocol

GRAIN = 0.005  # less than the margin that a callee's deadline is shortened by
AT_ONCE = 200  # entries that are called in one turn of the loop
_SPARE = 64


class Waiter(Protocol):
    """Something with a time limit; `slot` belongs to the wheel and is 0 at first."""

    slot: int


class Timer:
    """A waiter without other duties."""

    __slots__ = ("slot",)

    def __init__(self) -> None:
        self.slot = 0


class TimerWheel:
    """Calls back after the time of an entry: never early, two steps late at most while the loop is free.

    Entries of one step share a slot; a heap orders the slots. A removed entry leaves only its slot's number behind;
    empty slots are dropped when they outnumber the others.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, clock: Callable[[], float] = time.monotonic) -> None:
        self._loop = loop
        self._clock = clock
        self._slots: dict[int, dict[Waiter, Callable[[Any], object]]] = {}
        self._order: list[int] = []
        self._timer: asyncio.TimerHandle | None = None
        self._next = 0

    def add(self, waiter: Waiter, when: float, then: Callable[[Any], object]) -> None:
        """Call `then` with the waiter at a monotonic time, unless it is removed before; its last entry counts."""
        slot = int(when / GRAIN) + 1
        if waiter.slot and waiter.slot != slot:
            self.remove(waiter)
        waiter.slot = slot
        entries = self._slots.get(slot)
        if entries is None:
            self._slots[slot] = {waiter: then}
            heappush(self._order, slot)
            if self._timer is None or slot < self._next:
                self._wind(slot)
        else:
            entries[waiter] = then

    def remove(self, waiter: Waiter) -> None:
        """Remove an entry: it is in time."""
        slot = waiter.slot
        if not slot:
            return
        waiter.slot = 0
        entries = self._slots.get(slot)
        if entries is not None and entries.pop(waiter, None) is not None and not entries:
            del self._slots[slot]
            if len(self._order) > 2 * len(self._slots) + _SPARE:
                self._order = list(self._slots)
                heapify(self._order)

    def close(self) -> None:
        """Remove every entry."""
        if self._timer is not None:
            self._timer.cancel()
        self._slots.clear()
        self._order.clear()

    def _wind(self, slot: int) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._next = slot
        self._timer = self._loop.call_later(max(0.0, slot * GRAIN - self._clock()) + 0.001, self._turn)

    def _turn(self) -> None:
        """Call the entries whose time is over, the earliest first; beyond AT_ONCE they wait for the next turn."""
        self._next = 0  # `add` need not wind the timer meanwhile
        try:
            self._due(int(self._clock() / GRAIN))
        finally:
            self._timer = None
            if self._order:
                self._wind(self._order[0])

    def _due(self, now: int) -> None:
        left, slots = AT_ONCE, self._slots
        while self._order and (slot := self._order[0]) <= now:
            entries = slots.get(slot)
            if not entries:
                heappop(self._order)
                continue
            if left <= 0:
                return
            for waiter in tuple(islice(entries, left)):
                left -= 1
                if waiter.slot == slot and waiter in entries:  # not removed by one that was called before it
                    then = entries[waiter]
                    self.remove(waiter)
                    self._call(then, waiter)

    def _call(self, then: Callable[[Any], object], waiter: Waiter) -> None:
        try:
            then(waiter)
        except Exception as problem:  # one that fails must not keep the others waiting
            self._loop.call_exception_handler({"message": "a deadline could not be kept", "exception": problem})
