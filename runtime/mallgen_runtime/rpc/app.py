"""An RPC service: its methods, its errors, its process."""

import argparse
import asyncio
import logging
import signal
import sys
import time
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from mallgen_runtime.conf import ConfigError, load_config, read_config
from mallgen_runtime.logs import set_up
from mallgen_runtime.rpc import registry
from mallgen_runtime.rpc.calls import Code, Origin, RpcError, origin
from mallgen_runtime.rpc.conf import RpcServerConf
from mallgen_runtime.rpc.methods import Method, RpcContext, Service, Wire
from mallgen_runtime.service import ServiceBase

C = TypeVar("C", bound=RpcServerConf)
ENVIRONMENT = 3
_EVERYWHERE = ("", "0.0.0.0", "::")  # noqa: S104
_ACCESS = logging.getLogger("mallgen.access")
_LOG = logging.getLogger("mallgen.service")


class RpcApp:
    """A service context and the services that work with it."""

    def __init__(self, config: RpcServerConf, svc: ServiceBase[Any], services: Sequence[Service[Any]]) -> None:
        self.config = config
        self.svc = svc
        self.services = services

    async def call(self, method: Method[Any], ctx: RpcContext, request: Any) -> Wire:
        """Run one method. Raises nothing but RpcError: what else went wrong is in the log, not in the answer."""
        started = time.perf_counter()
        token = origin.set(Origin(ctx.request_id, ctx.trace_id, ctx.deadline))
        code = Code.OK
        try:
            return await method.endpoint(ctx, self.svc, request)
        except RpcError as problem:
            code = problem.code
            raise
        except NotImplementedError:
            code = Code.UNIMPLEMENTED
            raise RpcError(code, f"{method.wire} is not implemented") from None
        except Exception:
            code = Code.INTERNAL
            ctx.log.exception("%s failed", method.wire)
            raise RpcError(code, f"internal error, see the log at {ctx.request_id}") from None
        finally:
            origin.reset(token)
            if self.config.log.access:
                _log_access(ctx, code, time.perf_counter() - started)


def _log_access(ctx: RpcContext, code: Code, seconds: float) -> None:
    fields = {
        "request_id": ctx.request_id,
        "trace": ctx.trace_id,
        "method": ctx.method,
        "code": code.name,
        "duration": f"{seconds * 1000:.1f}ms",
        "client": ctx.peer,
    }
    level = logging.ERROR if code in (Code.INTERNAL, Code.UNKNOWN, Code.DATA_LOSS) else logging.INFO
    _ACCESS.log(level, "[RPC] %s", code.name, extra={"fields": fields})


def serve_rpc(create_app: Callable[[C], RpcApp], kind: type[C], path: str, *, package: str) -> None:
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
        code = _loop(app)
    except ConfigError as problem:
        print(f"error[config] {problem}", file=sys.stderr)
        sys.exit(ENVIRONMENT)
    sys.exit(code)


def _loop(app: RpcApp) -> int:
    try:
        import uvloop
    except ImportError:
        return asyncio.run(_serve(app))
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(_serve(app))


async def _serve(app: RpcApp) -> int:
    from mallgen_runtime.rpc.grpcio import GrpcServer

    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    server = GrpcServer(app.config, app.services, app.call)
    port = server.listen()
    try:
        await app.svc.open()
    except Exception:
        _LOG.exception("the service context could not start")
        return ENVIRONMENT
    await server.start()
    host = app.config.listen_on.rpartition(":")[0] or "0.0.0.0"  # noqa: S104
    _LOG.info("%s listens on %s:%s", app.config.name, host, port)
    entry = _registered(app.config, port)
    try:
        await stop.wait()
    finally:
        if entry:
            registry.deregister(entry)
        await server.stop()
        await app.svc.shut()
    return 0


def _registered(config: RpcServerConf, port: int) -> str:
    """Announce the service in the folder of local services, unless etcd is configured."""
    if config.etcd is not None:
        return ""
    host = config.listen_on.rpartition(":")[0].strip("[]")
    return registry.register(config.name, f"{'127.0.0.1' if host in _EVERYWHERE else host}:{port}")
