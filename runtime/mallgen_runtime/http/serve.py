"""Runs an HTTP service as a process: settings, socket, signals, exit codes."""

import importlib.util
from collections.abc import Callable
from typing import TypeVar

from mallgen_runtime.http.app import App
from mallgen_runtime.http.conf import RestConf
from mallgen_runtime.process.address import listening
from mallgen_runtime.process.durations import seconds
from mallgen_runtime.process.errors import ConfigError
from mallgen_runtime.process.observing import servers_of
from mallgen_runtime.process.relay import RelayedServer
from mallgen_runtime.process.run import in_loop, run
from mallgen_runtime.process.tls import server_tls
from mallgen_runtime.process.worker import this_worker

C = TypeVar("C", bound=RestConf)


def serve(create_app: Callable[[C], App], kind: type[C], path: str, *, package: str) -> None:
    """Serve until SIGTERM or SIGINT, finish what is in flight, exit 0.

    What keeps it from starting is printed in one line, with exit code 3.
    """
    run(lambda config: _work(create_app, config), create_app, kind, path, package)


def _work(create_app: Callable[[C], App], config: C) -> int:
    if config.workers == 1 or this_worker() is not None:
        return _serve(create_app(config), config)
    from mallgen_runtime.process.supervisor import supervise

    servers = [RelayedServer(*found) for found in servers_of(config)]
    wait = seconds(config.shutdown.wait_time, "Shutdown.WaitTime")
    return supervise(config.name, (config.host, config.port), config.workers, servers, wait)


def _serve(app: App, config: RestConf) -> int:
    if any(route.websocket for route in app.routes) and importlib.util.find_spec("websockets") is None:
        raise ConfigError("the contract has WebSockets, which need: pip install 'mallgen-runtime[ws]'")
    return in_loop(_run, app, config)


async def _run(app: App, config: RestConf) -> int:
    from mallgen_runtime.http.server import HttpServer

    wrap_up = seconds(config.shutdown.wrap_up_time, "Shutdown.WrapUpTime")
    wait = seconds(config.shutdown.wait_time, "Shutdown.WaitTime")
    tls = server_tls(config.cert_file, config.key_file, config.client_ca_file, ["http/1.1"])
    worker = this_worker()
    with listening(config.host, config.port) if worker is None else worker.bound as bound:
        return await HttpServer(app, config.name, bound, wrap_up, wait, tls).run()
