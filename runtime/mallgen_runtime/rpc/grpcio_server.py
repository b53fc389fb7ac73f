"""A server of grpc.aio that survives paths that are not UTF-8.

grpc.aio decodes the path of each call that is for no registered method in the task that serves all; one byte above 127
in the wrong place ends that task and with it the server (grpcio 1.85). All our methods are registered, so what is left
are calls of unknown methods: they are taken in a task of our own and refused without looking at their path.
"""

import asyncio
import logging
from collections.abc import Sequence
from typing import Any

import grpc.aio
from grpc._cython import cygrpc  # type: ignore[attr-defined]

from mallgen_runtime.process.watch import keep

_INNER: Any = cygrpc
_PARTS = ("AioServer", "_MethodResolver", "_RequestCallError", "_handle_rpc", "_schedule_rpc_coro", "get_working_loop")
_UNKNOWN = "unknown method"


def _is_ours(record: logging.LogRecord) -> bool:
    """Drop grpc.aio's two tracebacks for metadata that is not UTF-8: it is the caller's fault."""
    return not str(record.msg).startswith("Invalid encoding")


logging.getLogger(_INNER.__name__).addFilter(_is_ours)


def steady_server(options: Sequence[tuple[str, Any]]) -> grpc.aio.Server:
    """Return such a server; where grpcio's internals differ, a plain one, which the process watches."""
    if not all(hasattr(_INNER, name) for name in _PARTS) or not hasattr(_INNER.AioServer, "_make_request_call_future"):
        return grpc.aio.server(options=options)
    server = grpc.aio.server(options=())
    loop = _INNER.get_working_loop()
    server._server = _steady(loop, options)  # type: ignore[attr-defined]
    return server


def _steady(loop: asyncio.AbstractEventLoop, options: Sequence[tuple[str, Any]]) -> Any:
    class Steady(_INNER.AioServer):  # type: ignore[misc]
        """Takes the calls of unknown methods in a task of its own."""

        _refusing: "asyncio.Task[Any] | None" = None

        def _make_request_call_future(self, method: bytes | None) -> Any:
            """Let the serving task wait for calls of known methods, and forever for those of unknown ones."""
            if method is not None:
                return super()._make_request_call_future(method)
            self._refusing = keep(self._refuse(), "the RPC server's unknown methods")
            return loop.create_future()

        async def shutdown(self, grace: float | None) -> None:
            """Stop the task for unknown methods, then the server."""
            if self._refusing is not None:
                self._refusing.cancel()
            await super().shutdown(grace)

        async def _refuse(self) -> None:
            """Answer UNIMPLEMENTED to each, as gRPC does."""
            nothing = _INNER._MethodResolver([], {})
            tasks: set[asyncio.Task[None]] = set()
            while True:
                try:
                    call = await self._request_call()
                except _INNER._RequestCallError:
                    if not self.is_running():
                        await loop.create_future()  # the shutdown is about to cancel this task
                    continue
                answer = _INNER._handle_rpc(_UNKNOWN, nothing, (), call, loop, False)
                task = loop.create_task(_INNER._schedule_rpc_coro(answer, call, loop, _UNKNOWN))
                tasks.add(task)
                task.add_done_callback(tasks.discard)

    return Steady(loop, None, (), (), tuple(options), None)
