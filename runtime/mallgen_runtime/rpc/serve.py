"""Runs an RPC service as a process: settings, socket, registry, signals, exit codes."""

import asyncio
import contextlib
import logging
import signal
from collections.abc import Callable, Mapping
from typing import TypeVar

from mallgen_runtime.discovery import Registrar, registrar, shared_folder
from mallgen_runtime.process import watch
from mallgen_runtime.process.address import announced
from mallgen_runtime.process.devserver import StateLog
from mallgen_runtime.process.durations import seconds
from mallgen_runtime.process.errors import ConfigError
from mallgen_runtime.process.observing import Observing
from mallgen_runtime.process.run import ENVIRONMENT, hold_signals, ignore_signals, run, take_signals
from mallgen_runtime.rpc.app import RpcApp
from mallgen_runtime.rpc.conf import RpcServerConf
from mallgen_runtime.rpc.transport import server_for

C = TypeVar("C", bound=RpcServerConf)
_LOG = logging.getLogger("mallgen.service")


def serve_rpc(create_app: Callable[[C], RpcApp], kind: type[C], path: str, *, package: str) -> None:
    """Serve until SIGTERM or SIGINT, finish what is in flight, exit 0.

    What keeps it from starting is printed in one line, with exit code 3.
    """
    run(lambda config: _loop(create_app(config)), create_app, kind, path, package)


def _loop(app: RpcApp) -> int:
    hold_signals()
    try:
        import uvloop
    except ImportError:
        return asyncio.run(_serve(app))
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(_serve(app))


async def _serve(app: RpcApp) -> int:
    process = _Process(app)
    take_signals(asyncio.get_running_loop(), process.signalled)
    watch.take(process.failed)
    async with contextlib.AsyncExitStack() as after:
        code = await process.run(after)
    ignore_signals(asyncio.get_running_loop())
    return watch.DIED if watch.lost() else code


class _Process:
    """Listen, open the service context, accept, register; and back: deregister, wait, drain, close."""

    def __init__(self, app: RpcApp) -> None:
        self.app = app
        self._stop = asyncio.Event()
        self._state_log = StateLog()
        self._hurry = asyncio.Event()
        shutdown = app.config.shutdown
        self._wrap_up = seconds(shutdown.wrap_up_time, "Shutdown.WrapUpTime")
        self._wait = seconds(shutdown.wait_time, "Shutdown.WaitTime")
        self._registrar: Registrar = registrar(app.config.name, app.config.etcd)

    def signalled(self, number: signal.Signals) -> None:
        """Stop; a second signal, or Ctrl-C, leaves out the wrap-up: nobody calls this process through a registry."""
        if self._stop.is_set() or number == signal.SIGINT:
            self._hurry.set()
        self._stop.set()

    def failed(self) -> None:
        """Stop at once: a watched task has ended, so the process must be restarted."""
        self._hurry.set()
        self._stop.set()

    async def run(self, after: contextlib.AsyncExitStack) -> int:
        config = self.app.config
        server = server_for(config, self.app)
        port = server.listen()
        try:
            after.push_async_callback(self.app.svc.shut)
            await self.app.svc.open()
        except ConfigError:
            raise
        except Exception:
            _LOG.exception("the service context could not start")
            return ENVIRONMENT
        observing = Observing(config, self._states, self.app.readings)
        after.push_async_callback(observing.stop)
        await observing.start()
        await server.start()
        patience = max(self._wait - self._wrap_up, 0.1) if self._wait else None
        after.push_async_callback(server.stop, patience)
        address = announced(config.listen_on, port, local=config.etcd is None or bool(shared_folder()))
        _LOG.info("%s listens on %s, announced as %s", config.name, config.listen_on, address)
        await self._registrar.register(address)
        await self._stop.wait()
        _LOG.info("%s is stopping%s", config.name, ": a part of it has ended" if watch.lost() else "")
        await self._registrar.deregister()
        await server.refuse()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._hurry.wait(), self._wrap_up)
        return 0

    def _states(self) -> Mapping[str, str]:
        """Return the states for readiness by name."""
        own = "stopping" if self._stop.is_set() else "ok"
        states = {"service": own, "discovery": self._registrar.state, **self.app.svc.states(), **watch.states()}
        return self._state_log.noted(states)
