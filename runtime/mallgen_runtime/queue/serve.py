"""Runs a queue service as a process: settings, groups, signals, exit codes."""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from mallgen_runtime.discovery import Registrar, registrar, shared_folder
from mallgen_runtime.process.lifecycle import Lifecycle
from mallgen_runtime.process.run import in_loop, run
from mallgen_runtime.queue.app import QueueApp
from mallgen_runtime.queue.conf import QueueServerConf
from mallgen_runtime.queue.running import Consumers

C = TypeVar("C", bound=QueueServerConf)
_LOG = logging.getLogger("mallgen.service")


def serve_queue(create_app: Callable[[C], QueueApp[Any]], kind: type[C], path: str, *, package: str) -> None:
    """Consume until SIGTERM or SIGINT, finish what is in flight, exit 0.

    What keeps it from starting is printed in one line, with exit code 3.
    """
    run(lambda config: in_loop(_consume, create_app(config)), create_app, kind, path, package)


async def _consume(app: QueueApp[Any]) -> int:
    return await _QueueProcess(app).run()


class _QueueProcess(Lifecycle):
    """Open the service context, consume; and back: fetch no more, finish, commit, leave, close."""

    def __init__(self, app: QueueApp[Any]) -> None:
        self._consumers = Consumers(app)
        super().__init__(app.config, app.svc, self._consumers.readings)
        self._app = app
        self._registrar: Registrar | None = registrar(app.config.name, None) if shared_folder() else None

    def listen(self) -> None:
        """Open no port: messages are fetched."""

    async def begin(self, after: contextlib.AsyncExitStack) -> None:
        """Consume."""
        self._consumers.start()
        after.push_async_callback(self._consumers.stop, self.patience)
        _LOG.info("%s consumes %s", self._app.config.name, ", ".join(self._app.bound))
        await self._announce()

    async def leave(self) -> None:
        """Tell `mallgen dev` that it stops."""
        if self._registrar is not None:
            await self._registrar.deregister()

    def own_states(self) -> Mapping[str, str]:
        """Return the state of the queue."""
        return {"queue": self._consumers.state}

    async def _announce(self) -> None:
        """Tell `mallgen dev`, which looks into the folder of its services, that this one has joined its groups."""
        if self._registrar is None:
            return
        waiting = [asyncio.ensure_future(one) for one in (self._consumers.joined(), self._stop.wait())]
        await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        for one in waiting:
            one.cancel()
        await self._registrar.register("127.0.0.1:0")
