"""A counter of this process's file-system events that interrupts at one of them; it knows nothing of mallgen.

Events are Python's own audit events for what changes a file system, and every os.write and os.pwrite. A process that is
struck inside a write has written the first half of it.
"""

import os
import sys
from collections.abc import Callable
from typing import Any

_CHANGES = frozenset("os.mkdir os.rename os.link os.symlink os.remove os.rmdir os.truncate os.chmod os.utime".split())
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND


class Events:
    """A counter of events from `start` on, which calls `strike` before event `number` (from 1) happens."""

    def __init__(self) -> None:
        self.count = 0
        self.active = False
        self._number = 0
        self._strike: Callable[[], None] = lambda: None
        sys.addaudithook(self._audit)
        for name in ("write", "pwrite"):
            setattr(os, name, self._torn(getattr(os, name)))

    def start(self, number: int, strike: Callable[[], None]) -> None:
        """Count from 0; number 0 never calls `strike`."""
        self.count, self._number, self._strike, self.active = 0, number, strike, True

    def _audit(self, event: str, args: tuple[Any, ...]) -> None:
        if self.active and (event in _CHANGES or (event == "open" and isinstance(args[2], int) and args[2] & _WRITING)):
            self._count_one()

    def _count_one(self) -> None:
        self.count += 1
        if self.count == self._number:
            self._strike()

    def _torn(self, real: Callable[..., int]) -> Callable[..., int]:
        def write(descriptor: int, data: Any, *rest: int) -> int:
            half = len(data) // 2
            if self.active and half and not rest and self.count + 1 == self._number:
                real(descriptor, data[:half])
                self._count_one()
                return half + real(descriptor, data[half:])
            if self.active:
                self._count_one()
            return real(descriptor, data, *rest)

        return write
