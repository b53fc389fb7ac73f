"""The common part of resolvers that look instances up in a registry and then watch it."""

import asyncio
import logging
from abc import ABC, abstractmethod
from collections.abc import Callable

from mallgen_runtime.discovery.pace import Backoff, Trouble
from mallgen_runtime.process.watch import keep

FIRST_LOOK = 1.0
_LOG = logging.getLogger("mallgen.service")


class FollowingResolver(ABC):
    """Tries again and again to follow a service, and makes its addresses known when they change.

    Keeps the known addresses while the registry cannot be reached. `wanted` is followed; `registry` is named in log
    lines.
    """

    def __init__(self, wanted: str, registry: str, pace: Backoff) -> None:
        self._wanted = wanted
        self._registry = registry
        self._pace = pace
        self._trouble = Trouble()
        self._problem = ""
        self._tried = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._changed: Callable[[], None] = _nobody
        self.addresses: tuple[str, ...] = ()

    @abstractmethod
    async def _attempt(self) -> float:
        """Look and watch until it fails, note why, and return the seconds to wait at least."""

    async def start(self, changed: Callable[[], None]) -> None:
        """Look up and follow the instances; those not known after a second come by `changed`."""
        self._task = keep(self._follow(), f"find {self._wanted}")
        try:
            async with asyncio.timeout(FIRST_LOOK):
                await self._tried.wait()
        except TimeoutError:
            self._trouble.say(f"{self._registry} does not answer; still trying to find {self._wanted}")
        self._changed = changed

    async def close(self) -> None:
        """Stop following."""
        self._changed = _nobody
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.wait([task])
        self._stop_timer()

    async def _follow(self) -> None:
        while True:
            pause = 0.0
            try:
                pause = await self._attempt()
            except Exception:
                self._problem = "internal error, see the log"
                _LOG.exception("cannot follow %s", self._wanted)
            self._tried.set()
            await self._pace.wait(pause)

    def _is_told(self, problem: Exception, is_break: bool) -> bool:
        """Return whether a problem has to be told; a watch that only broke is opened again without a word."""
        if is_break and not self._pace.long:
            _LOG.debug("%s; looking again", problem)
            return False
        self._problem = str(problem)
        return True

    def _set(self, addresses: tuple[str, ...]) -> None:
        if addresses != self.addresses:
            self.addresses = addresses
            self._changed()

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


def _nobody() -> None:
    """Ignore changes: the resolver is not started, or closed."""
