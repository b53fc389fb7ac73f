"""Runs a queue service as a process: settings, groups, signals, exit codes."""

import asyncio
import contextlib
import logging
import signal
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from mallgen_runtime.discovery import Registrar, registrar, shared_folder
from mallgen_runtime.process import watch
from mallgen_runtime.process.devserver import StateLog
from mallgen_runtime.process.durations import seconds
from mallgen_runtime.process.errors import ConfigError
from mallgen_runtime.process.observing import Observing
from mallgen_runtime.process.run import ENVIRONMENT, hold_signals, run, take_signals
from mallgen_runtime.queue.app import QueueApp
from mallgen_runtime.queue.conf import QueueServerConf
from mallgen_runtime.queue.running import Consumers

C = TypeVar("C", bound=QueueServerConf)
_LOG = logging.getLogger("mallgen.service")


def serve_queue(create_app: Callable[[C], QueueApp[Any]], kind: type[C], path: str, *, package: str) -> None:
    """Consume until SIGTERM or SIGINT, finish what is in flight, exit 0.

    What keeps it from starting is printed in one line, with exit code 3.
    """
    run(lambda config: _loop(create_app(config)), create_app, kind, path, package)


def _loop(app: QueueApp[Any]) -> int:
    hold_signals()
    try:
        import uvloop
    except ImportError:
        return asyncio.run(_serve(app))
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(_serve(app))


async def _serve(app: QueueApp[Any]) -> int:
    process = _QueueProcess(app)
    take_signals(asyncio.get_running_loop(), process.signalled)
    watch.take(process.failed)
    async with contextlib.AsyncExitStack() as after:
        code = await process.run(after)
    return watch.DIED if watch.lost() else code


class _QueueProcess:
    """Open the service context, consume; and back: fetch no more, finish, commit, leave, close."""

    def __init__(self, app: QueueApp[Any]) -> None:
        self.app = app
        self._stop = asyncio.Event()
        self._state_log = StateLog()
        self._hurry = asyncio.Event()
        shutdown = app.config.shutdown
        self._wrap_up = seconds(shutdown.wrap_up_time, "Shutdown.WrapUpTime")
        self._wait = seconds(shutdown.wait_time, "Shutdown.WaitTime")
        self._consumers = Consumers(app)
        self._registrar: Registrar | None = registrar(app.config.name, None) if shared_folder() else None

    def signalled(self, number: signal.Signals) -> None:
        """Stop; a second signal, or Ctrl-C, leaves out the wrap-up."""
        if self._stop.is_set() or number == signal.SIGINT:
            self._hurry.set()
        self._stop.set()

    def failed(self) -> None:
        """Stop at once: a watched task has ended, so the process must be restarted."""
        self._hurry.set()
        self._stop.set()

    async def run(self, after: contextlib.AsyncExitStack) -> int:
        """Run until a signal; return the exit code."""
        config = self.app.config
        try:
            after.push_async_callback(self.app.svc.shut)
            await self.app.svc.open()
        except ConfigError:
            raise
        except Exception:
            _LOG.exception("the service context could not start")
            return ENVIRONMENT
        observing = Observing(config, self._states, self._consumers.readings)
        after.push_async_callback(observing.stop)
        await observing.start()
        self._consumers.start()
        after.push_async_callback(self._consumers.stop, max(self._wait - self._wrap_up, 0.1) if self._wait else None)
        _LOG.info("%s consumes %s", config.name, ", ".join(self.app.bound))
        await self._announce()
        await self._stop.wait()
        _LOG.info("%s is stopping%s", config.name, ": a part of it has ended" if watch.lost() else "")
        if self._registrar is not None:
            await self._registrar.deregister()
        if self._wrap_up:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._hurry.wait(), self._wrap_up)
        return 0

    async def _announce(self) -> None:
        """Tell `mallgen dev`, which looks into the folder of its services, that this one has joined its groups."""
        if self._registrar is None:
            return
        waiting = [asyncio.ensure_future(one) for one in (self._consumers.joined(), self._stop.wait())]
        await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        for one in waiting:
            one.cancel()
        await self._registrar.register("127.0.0.1:0")

    def _states(self) -> Mapping[str, str]:
        """Return the states for readiness by name."""
        own = "stopping" if self._stop.is_set() else "ok"
        states = {"service": own, "queue": self._consumers.state, **self.app.svc.states(), **watch.states()}
        return self._state_log.noted(states)
