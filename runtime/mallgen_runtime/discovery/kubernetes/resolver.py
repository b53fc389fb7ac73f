"""Follows the ready pods of a Service of Kubernetes."""

import asyncio
import logging
import random
from collections.abc import Callable
from contextlib import aclosing

from mallgen_runtime.discovery import OK
from mallgen_runtime.discovery.kubernetes.client import BOOKMARK, DELETED, ApiServer, ApiServerError, Change, Cut
from mallgen_runtime.discovery.kubernetes.slices import Slices, TooManyPods
from mallgen_runtime.discovery.kubernetes.target import read_target
from mallgen_runtime.discovery.pace import Backoff, Trouble
from mallgen_runtime.process.watch import keep

FIRST_LOOK, GATHER, WATCH = 1.0, 0.05, 300
_LOG = logging.getLogger("mallgen.service")


class Pace(Backoff):
    """Waits up to 10 s: many pods ask the same API server, and what they know stays good."""

    FIRST, LIMIT, CALM = 0.2, 10.0, 30.0


class KubernetesResolver:
    """Lists the slices, then watches from that version on; lists again after a break, and after a watch without a word.

    Keeps the known addresses while the API server cannot be reached.
    """

    def __init__(self, target: str) -> None:
        self._target = read_target(target)
        self._api = ApiServer(self._target)
        self._slices = Slices(self._target)
        self._version = ""
        self._trouble = Trouble()
        self._problem = f"{self._api.name} has not answered yet"
        self._tried = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._changed: Callable[[], None] = _nobody
        self.addresses: tuple[str, ...] = ()

    @property
    def state(self) -> str:
        """`ok`, or why the known addresses may be old or none."""
        return self._problem or self._slices.problem or OK

    async def start(self, changed: Callable[[], None]) -> None:
        """Look up and follow the pods; those not known after a second come by `changed`."""
        self._task = keep(self._follow(), f"find {self._target}")
        try:
            async with asyncio.timeout(FIRST_LOOK):
                await self._tried.wait()
        except TimeoutError:
            self._trouble.say(f"{self._api.name} does not answer; still trying to find {self._target}")
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
        pace = Pace()
        while True:
            pause = 0.0
            try:
                await self._look_and_watch()
            except ApiServerError as problem:
                self._fail(problem, pace)
                pause = problem.pause
            except Exception:
                self._version, self._problem = "", "internal error, see the log"
                _LOG.exception("cannot follow %s", self._target)
            self._tried.set()
            await pace.wait(pause)

    async def _look_and_watch(self) -> None:
        try:
            if not self._version:
                await self._look()
            seconds = WATCH + random.randrange(WATCH // 5)  # noqa: S311 - not all pods at the same moment
            version, self._version = self._version, ""  # a watch without a word may be deaf: then look again
            async with aclosing(self._api.watch(version, seconds)) as changes:
                async for change in changes:
                    self._take(change)
        except TooManyPods as problem:
            raise ApiServerError(str(problem)) from None

    async def _look(self) -> None:
        found = await self._api.slices()
        self._slices.look(found.items or ())
        self._version = found.metadata.resource_version
        self._problem = ""
        self._publish()
        self._trouble.over(f"{self._api.name} is back, {len(self.addresses)} pods of {self._target}")
        self._tried.set()

    def _take(self, change: Change) -> None:
        """Take a change; pods that come and go together are made known together."""
        self._version = change.slice.metadata.resource_version
        if change.type == BOOKMARK:
            return
        if change.type == DELETED:
            self._slices.remove(change.slice)
        else:
            self._slices.put(change.slice)
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(GATHER, self._publish)

    def _fail(self, problem: ApiServerError, pace: Pace) -> None:
        """Log a problem; a watch that must be opened again is none. The known addresses stay."""
        self._version = ""
        if isinstance(problem, Cut) and not pace.long:
            _LOG.debug("%s; looking again", problem)
            return
        self._problem = str(problem)
        known = f"{len(self.addresses)} known pods of {self._target} are kept" if self.addresses else "still trying"
        self._trouble.say(f"{problem}; {known}")

    def _publish(self) -> None:
        self._stop_timer()
        found = self._slices.addresses
        if found != self.addresses:
            self.addresses = found
            self._changed()

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


def _nobody() -> None:
    """Ignore changes: the resolver is not started, or closed."""
