"""Reads of SQLite that take microseconds, run in the event loop: a visit to the connection's thread takes ten times as
much, most of it until the other thread has woken up.

What blocks the loop is bounded: a read has proved short in the thread first, is given up after twice `_STEPS` steps
of SQLite, and after one that waited for a disk or a lock the statement goes to the thread for a hundred times as long.
"""

import sqlite3
from collections.abc import Callable
from math import inf
from time import monotonic
from typing import Any

from mallgen_runtime.sql.connection import Values
from mallgen_runtime.sql.statement import only_reads

try:
    from resource import RUSAGE_THREAD, getrusage
except ImportError:  # only Linux counts how often a thread has waited
    getrusage = None  # type: ignore[assignment]

SHORT = 0.001  # seconds
_STEPS = 5_000  # about 0.2 ms
_SHARE = 0.01  # of the time may be spent in reads that turned out to wait
_PAUSE = 1.0  # seconds for which a statement that was given up goes to the thread
_TURN = 0.0005  # seconds after which other tasks have their turn
_KEPT = 256


class ShortReads:
    """The statements of one connection that are known to be short. Nothing else may use the connection meanwhile."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._ready: dict[str, float] = {}  # by statement, the monotonic time from which it may run
        self._turn = 0.0
        self._looks = 0

    def known(self, sql: str, now: float) -> bool:
        """Return whether a statement may run in the loop at a monotonic time."""
        return self._ready.get(sql, inf) <= now

    def learn(self, sql: str, began: float) -> None:
        """Note that a statement has been to the thread, from a monotonic time on."""
        if sql not in self._ready and monotonic() - began < SHORT and getrusage is not None and only_reads(sql):
            if len(self._ready) >= _KEPT:
                self._ready.clear()
            self._ready[sql] = 0.0

    def run(self, work: Callable[[Any, str, Values], list[Values]], sql: str, values: Values) -> list[Values] | None:
        """Return the rows of a statement that is known, None where the thread has to run it."""
        own, waited, began = self._connection, getrusage(RUSAGE_THREAD).ru_nvcsw, monotonic()
        self._looks = 0
        own.set_progress_handler(self._is_long, _STEPS)
        try:
            return work(own, sql, values)
        except (sqlite3.Error, ValueError, OverflowError):  # the thread runs it again, and tells of its errors
            self._ready[sql] = began + _PAUSE
            return None
        finally:
            own.set_progress_handler(None, 0)
            taken = monotonic() - began
            if taken > SHORT and getrusage(RUSAGE_THREAD).ru_nvcsw > waited:
                self._ready[sql] = began + taken / _SHARE

    def is_turn(self, now: float) -> bool:
        """Return whether other tasks must have their turn: a task that only reads would not let them."""
        if now - self._turn < _TURN:
            return False
        self._turn = now
        return True

    def _is_long(self) -> bool:
        """Return whether the statement is given up: at the second look, as SQLite counts on from earlier runs of it."""
        self._looks += 1
        return self._looks > 1
