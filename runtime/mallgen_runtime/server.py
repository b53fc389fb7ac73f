"""Runs a service as a process: settings, socket, signals, exit codes."""

import argparse
import socket
import sys
from collections.abc import Callable
from typing import TypeVar

from mallgen_runtime.app import App
from mallgen_runtime.conf import ConfigError, RestConf, load_config, read_config
from mallgen_runtime.discovery.address import listening
from mallgen_runtime.durations import seconds
from mallgen_runtime.logs import set_up

C = TypeVar("C", bound=RestConf)
ENVIRONMENT = 3


def serve(create_app: Callable[[C], App], kind: type[C], path: str, *, package: str) -> None:
    """Serve until SIGTERM or SIGINT, serve on for the wrap-up, finish what is in flight, exit 0.

    What keeps it from starting is told in one line, with exit code 3.
    """
    parser = argparse.ArgumentParser(prog=f"python -m {package}")
    parser.add_argument("-f", metavar="FILE", help=f"the configuration (default: {path})")
    named: str | None = parser.parse_args().f
    try:
        config = load_config(kind, path, package=package) if named is None else read_config(kind, named)
        set_up(config.log)
        wrap_up = seconds(config.shutdown.wrap_up_time, "Shutdown.WrapUpTime")
        wait = seconds(config.shutdown.wait_time, "Shutdown.WaitTime")
        app = create_app(config)
        bound = _listen(config.host, config.port)
    except ConfigError as problem:
        print(f"error[config] {problem}", file=sys.stderr)
        sys.exit(ENVIRONMENT)
    with bound:
        sys.exit(_run(app, config, bound, wrap_up, wait))


def _listen(host: str, port: int) -> socket.socket:
    if not 0 <= port <= 65535:
        raise ConfigError(f"Port is {port}; it may be 0 to 65535")
    return listening(host, port)


def _run(app: App, config: RestConf, bound: socket.socket, wrap_up: float, wait: float) -> int:
    from mallgen_runtime.http_server import HttpServer

    server = HttpServer(app, config, bound, wrap_up, wait)
    server.run(sockets=[bound])
    return 0 if server.started else ENVIRONMENT
