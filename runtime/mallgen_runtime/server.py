"""Runs a service as a process: settings, socket, signals, exit codes."""

import argparse
import asyncio
import contextlib
import errno
import logging
import signal
import socket
import sys
from collections.abc import Callable, Iterator
from typing import TypeVar

from mallgen_runtime.app import App
from mallgen_runtime.conf import ConfigError, RestConf, load_config, read_config
from mallgen_runtime.logs import set_up

C = TypeVar("C", bound=RestConf)
ENVIRONMENT = 3


def serve(create_app: Callable[[C], App], kind: type[C], path: str, *, package: str) -> None:
    """Serve until SIGTERM or SIGINT, finish what is in flight, exit 0.

    What keeps it from starting is told in one line, with exit code 3.
    """
    parser = argparse.ArgumentParser(prog=f"python -m {package}")
    parser.add_argument("-f", metavar="FILE", help=f"the configuration (default: {path})")
    named: str | None = parser.parse_args().f
    try:
        config = load_config(kind, path, package=package) if named is None else read_config(kind, named)
        set_up(config.log)
        app = create_app(config)
        bound = _listen(config.host, config.port)
    except ConfigError as problem:
        print(f"error[config] {problem}", file=sys.stderr)
        sys.exit(ENVIRONMENT)
    with bound:
        sys.exit(_run(app, config, bound))


def _listen(host: str, port: int) -> socket.socket:
    if not 0 <= port <= 65535:
        raise ConfigError(f"Port is {port}; it may be 0 to 65535")
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        found = socket.socket(family, kind, protocol)
        found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        found.bind(address)
        found.listen(2048)
    except OSError as problem:
        reason = "the port is taken" if problem.errno == errno.EADDRINUSE else problem.strerror
        raise ConfigError(f"cannot listen on {host}:{port}: {reason}") from None
    return found


def _run(app: App, config: RestConf, bound: socket.socket) -> int:
    import uvicorn

    from mallgen_runtime.http_limits import LimitedProtocol

    class Server(uvicorn.Server):
        """uvicorn raises the signal again when it is done, which would make the exit code 143."""

        @contextlib.contextmanager
        def capture_signals(self) -> Iterator[None]:
            loop = asyncio.get_running_loop()
            for number in (signal.SIGTERM, signal.SIGINT):
                loop.add_signal_handler(number, self.handle_exit, number, None)
            try:
                yield
            finally:
                for number in (signal.SIGTERM, signal.SIGINT):
                    loop.remove_signal_handler(number)

        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets)
            if self.started:
                host, port = bound.getsockname()[:2]
                logging.getLogger("mallgen.service").info("%s listens on %s:%s", config.name, host, port)

    server = Server(
        uvicorn.Config(
            app,
            http=LimitedProtocol,
            log_config=None,
            access_log=False,
            server_header=False,
            lifespan="on",
            timeout_graceful_shutdown=config.shutdown or None,
            limit_concurrency=None,
        )
    )
    server.run(sockets=[bound])
    return 0 if server.started else ENVIRONMENT
