"""Follows the ready pods of a Service of Kubernetes."""

import asyncio
import random
from contextlib import aclosing

from mallgen_runtime.discovery import OK
from mallgen_runtime.discovery.following import FollowingResolver
from mallgen_runtime.discovery.kubernetes.client import BOOKMARK, DELETED, ApiServer, ApiServerError, Change, Cut
from mallgen_runtime.discovery.kubernetes.slices import Slices, TooManyPods
from mallgen_runtime.discovery.kubernetes.target import read_target
from mallgen_runtime.discovery.pace import Backoff

GATHER, WATCH = 0.05, 300


class Pace(Backoff):
    """Waits up to 10 s: many pods ask the same API server, and what they know stays good."""

    FIRST, LIMIT, CALM = 0.2, 10.0, 30.0


class KubernetesResolver(FollowingResolver):
    """Lists the slices, then watches from that version on; lists again after a break or a watch without a word."""

    def __init__(self, target: str) -> None:
        self._target = read_target(target)
        self._api = ApiServer(self._target)
        super().__init__(str(self._target), self._api.name, Pace())
        self._slices = Slices(self._target)
        self._version = ""
        self._problem = f"{self._api.name} has not answered yet"

    @property
    def state(self) -> str:
        """`ok`, or why the known addresses may be old or none."""
        return self._problem or self._slices.problem or OK

    async def _attempt(self) -> float:
        try:
            await self._look_and_watch()
        except ApiServerError as problem:
            self._version = ""
            self._fail(problem)
            return problem.pause
        except Exception:
            self._version = ""
            raise
        return 0.0

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

    def _fail(self, problem: ApiServerError) -> None:
        """Log a problem; a watch that must be opened again is none. The known addresses stay."""
        if self._is_told(problem, isinstance(problem, Cut)):
            count = len(self.addresses)
            known = f"{count} known pods of {self._target} are kept" if count else "still trying"
            self._trouble.say(f"{problem}; {known}")

    def _publish(self) -> None:
        self._stop_timer()
        self._set(self._slices.addresses)
