"""The start and the stop of a service without HTTP: its context, what is shown of it, its work; and back."""

import asyncio
import contextlib
import logging
import signal
from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, Protocol

from mallgen_runtime.process import watch
from mallgen_runtime.process.conf import ShutdownConf
from mallgen_runtime.process.devserver import StateLog
from mallgen_runtime.process.durations import seconds
from mallgen_runtime.process.errors import ConfigError
from mallgen_runtime.process.observing import Figures, Observed, Observing
from mallgen_runtime.process.run import ENVIRONMENT, ignore_signals, take_signals
from mallgen_runtime.process.service import ServiceBase

_LOG = logging.getLogger("mallgen.service")


class StoppableConf(Observed, Protocol):
    """The settings that say how long a stop may take."""

    @property
    def shutdown(self) -> ShutdownConf:
        """go-zero's block."""


class Lifecycle(ABC):
    """Opens the service context, begins the work; on a signal leaves the registry, waits, ends the work, closes."""

    def __init__(self, config: StoppableConf, svc: ServiceBase[Any], figures: Figures) -> None:
        self._config = config
        self._svc = svc
        self._figures = figures
        self._wrap_up = seconds(config.shutdown.wrap_up_time, "Shutdown.WrapUpTime")
        self._wait = seconds(config.shutdown.wait_time, "Shutdown.WaitTime")
        self._stop, self._hurry = asyncio.Event(), asyncio.Event()
        self._state_log = StateLog()

    @property
    def patience(self) -> float | None:
        """The seconds that work in flight is given behind the wrap-up; None: as long as it needs."""
        return max(self._wait - self._wrap_up, 0.1) if self._wait else None

    async def run(self) -> int:
        """Run until a signal; return the exit code. Raises ConfigError when the service refuses the settings."""
        loop = asyncio.get_running_loop()
        take_signals(loop, self._signalled)
        watch.take(self._failed)
        try:
            async with contextlib.AsyncExitStack() as after:
                code = await self._live(after)
            return watch.DIED if watch.lost() else code
        finally:  # nothing is to hold the server when the process ends: gRPC needs its modules to take it apart
            ignore_signals()
            watch.take(None)

    @abstractmethod
    def listen(self) -> None:
        """Open the port, before anything else: when it is taken, nothing has to be closed."""

    @abstractmethod
    async def begin(self, after: contextlib.AsyncExitStack) -> None:
        """Begin to work, and be found; `after` gets what ends the work."""

    @abstractmethod
    async def leave(self) -> None:
        """Be found no more; what is on its way is still worked on."""

    @abstractmethod
    def own_states(self) -> Mapping[str, str]:
        """Return the states for readiness beside those of the context."""

    def _signalled(self, number: signal.Signals) -> None:
        """Stop; a second signal, or Ctrl-C, leaves out the wrap-up: nobody looks for this process elsewhere."""
        if self._stop.is_set() or number == signal.SIGINT:
            self._hurry.set()
        self._stop.set()

    def _failed(self) -> None:
        """Stop at once: a watched task has ended, so the process must be restarted."""
        self._hurry.set()
        self._stop.set()

    async def _live(self, after: contextlib.AsyncExitStack) -> int:
        self.listen()
        try:
            after.push_async_callback(self._svc.shut)
            await self._svc.open()
        except ConfigError:
            raise
        except Exception:
            _LOG.exception("the service context could not start")
            return ENVIRONMENT
        observing = Observing(self._config, self._states, self._figures)
        after.push_async_callback(observing.stop)
        await observing.start()
        await self.begin(after)
        await self._stop.wait()
        _LOG.info("%s is stopping%s", self._config.name, ": a part of it has ended" if watch.lost() else "")
        await self.leave()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._hurry.wait(), self._wrap_up)
        return 0

    def _states(self) -> Mapping[str, str]:
        """Return the states for readiness by name."""
        own = "stopping" if self._stop.is_set() else "ok"
        states = {"service": own, **self.own_states(), **self._svc.states(), **watch.states()}
        return self._state_log.noted(states)
