"""Runs an HTTP service as a process: settings, socket, signals, exit codes."""

import asyncio
from collections.abc import Callable
from typing import TypeVar

from mallgen_runtime.http.app import App
from mallgen_runtime.http.conf import RestConf
from mallgen_runtime.process.address import listening
from mallgen_runtime.process.durations import seconds
from mallgen_runtime.process.run import hold_signals, run

C = TypeVar("C", bound=RestConf)


def serve(create_app: Callable[[C], App], kind: type[C], path: str, *, package: str) -> None:
    """Serve until SIGTERM or SIGINT, finish what is in flight, exit 0.

    What keeps it from starting is printed in one line, with exit code 3.
    """
    run(lambda config: _serve(create_app(config), config), create_app, kind, path, package)


def _serve(app: App, config: RestConf) -> int:
    hold_signals()
    try:
        import uvloop
    except ImportError:
        return asyncio.run(_run(app, config))
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(_run(app, config))


async def _run(app: App, config: RestConf) -> int:
    from mallgen_runtime.http.server import HttpServer

    wrap_up = seconds(config.shutdown.wrap_up_time, "Shutdown.WrapUpTime")
    wait = seconds(config.shutdown.wait_time, "Shutdown.WaitTime")
    with listening(config.host, config.port) as bound:
        return await HttpServer(app, config.name, bound, wrap_up, wait).run()
