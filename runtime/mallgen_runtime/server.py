"""Runs an HTTP service as a process: settings, socket, signals, exit codes."""

from collections.abc import Callable
from typing import TypeVar

from mallgen_runtime import watch
from mallgen_runtime.app import App
from mallgen_runtime.conf import RestConf
from mallgen_runtime.discovery.address import listening
from mallgen_runtime.durations import seconds
from mallgen_runtime.process import ENVIRONMENT, hold_signals, run

C = TypeVar("C", bound=RestConf)


def serve(create_app: Callable[[C], App], kind: type[C], path: str, *, package: str) -> None:
    """Serve until SIGTERM or SIGINT, finish what is in flight, exit 0.

    What keeps it from starting is told in one line, with exit code 3.
    """
    run(lambda config: _serve(create_app(config), config), kind, path, package)


def _serve(app: App, config: RestConf) -> int:
    from mallgen_runtime.http_server import HttpServer

    wrap_up = seconds(config.shutdown.wrap_up_time, "Shutdown.WrapUpTime")
    wait = seconds(config.shutdown.wait_time, "Shutdown.WaitTime")
    with listening(config.host, config.port) as bound:
        server = HttpServer(app, config, bound, wrap_up, wait)
        hold_signals()
        server.run(sockets=[bound])
    if watch.lost():
        return watch.DIED
    return 0 if server.started else ENVIRONMENT
