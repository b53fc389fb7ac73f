"""Code of the user around the calls of other services."""

import logging
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterable, Sequence
from inspect import iscoroutinefunction
from types import ModuleType
from typing import Any

from mallgen_runtime.process.errors import ConfigError

_LOG = logging.getLogger("mallgen.service")
_NEAR = 0.8  # as difflib counts: `onError` is as near as this to `on_error`
HTTP_HOOKS = ("middlewares", "on_error", "on_success", "client_interceptors")
RPC_HOOKS = ("server_interceptors", "client_interceptors")
QUEUE_HOOKS = ("consumer_interceptors", "client_interceptors")
_HOOKS = frozenset((*HTTP_HOOKS, *RPC_HOOKS, *QUEUE_HOOKS))
Head = Any  # the OutgoingCall, or the RpcContext of a served call
NextReply = Callable[[Head, Any], Awaitable[Any]]
NextStream = Callable[[Head, Any], AsyncIterator[Any]]


class OutgoingCall:
    """One call of another service, before it is made.

    `service` is the key under which the service is registered, `method` its path on the wire (`/order.Order/Orders`).
    `timeout` in seconds replaces the configured one, None leaves it. `metadata` goes along, beside the ids and the
    credentials of the settings; an interceptor adds to it.
    """

    __slots__ = ("metadata", "method", "service", "timeout")

    def __init__(self, service: str, method: str, timeout: float | None = None) -> None:
        self.service = service
        self.method = method
        self.timeout = timeout
        self.metadata: dict[str, str] = {}


class ClientInterceptor:
    """Code around calls of other services: go-zero's `WithUnaryClientInterceptor` and its sibling for streams.

    A request is a message, or an iterator of messages where the caller sends a stream. What is not overridden passes
    everything on.
    """

    async def handle(self, call: OutgoingCall, request: Any, next_: NextReply) -> Any:
        """Make a call that has one reply, with `await next_(call, request)`."""
        return await next_(call, request)

    def stream(self, call: OutgoingCall, request: Any, next_: NextStream) -> AsyncIterator[Any]:
        """Make a call that has many replies, with `async for reply in next_(call, request)`."""
        return next_(call, request)


def hook(hooks: object, name: str) -> Callable[..., Any] | None:
    """Return a function of hooks.py, None where there is no such file or function.

    Raises ConfigError for what cannot be called, and for an `async def`, whose answer nobody would wait for.
    """
    function: Callable[..., Any] | None = getattr(hooks, name, None)
    if function is not None and not callable(function):
        raise ConfigError(f"{name} of hooks.py is {type(function).__name__}, not a function")
    if iscoroutinefunction(function):
        raise ConfigError(f"{name} of hooks.py is an `async def`; write it with `def`")
    return function


def found(hooks: object, name: str, svc: object) -> Sequence[Any]:
    """Return what a function of hooks.py gives; nothing where there is no such file or function.

    Raises ConfigError for what has no `handle`.
    """
    function = hook(hooks, name)
    made = () if function is None else function(svc)
    if not isinstance(made, Iterable):
        raise ConfigError(f"{name} of hooks.py returned {type(made).__name__}, not a list")
    given = tuple(made)
    for one in given:
        if isinstance(one, type) or not callable(getattr(one, "handle", None)):
            what = f"the class {one.__name__}; make one of it" if isinstance(one, type) else type(one).__name__
            raise ConfigError(f"{name} of hooks.py has something that handles nothing: {what}")
    return given


def warn_of_slips(hooks: object, known: Sequence[str]) -> None:
    """Warn of functions of hooks.py that nothing calls: nearly named as one of `known`, or for another kind of service.

    Helpers with names of their own, and what the file imports, are no slips.
    """
    if not isinstance(hooks, ModuleType):
        return
    for name, value in vars(hooks).items():
        if name in known or not callable(value) or getattr(value, "__module__", "") != hooks.__name__:
            continue
        if name in _HOOKS:
            _LOG.warning("%s of hooks.py is called by nobody: this service has %s", name, ", ".join(known))
            continue
        from difflib import get_close_matches  # when a file has functions of its own, not at every start

        close = get_close_matches(name.strip("_"), [one for one in known if one not in vars(hooks)], n=1, cutoff=_NEAR)
        if close:
            _LOG.warning("%s of hooks.py is called by nobody; did you mean %s?", name, close[0])


def around_reply(interceptors: Sequence[Any], last: NextReply) -> NextReply:
    """Put interceptors around what gives one reply, the first one outermost."""
    for one in reversed(interceptors):
        last = _replied(one.handle, last)
    return last


def _replied(handle: Callable[..., Awaitable[Any]], inner: NextReply) -> NextReply:
    def run(head: Head, request: Any) -> Awaitable[Any]:
        return handle(head, request, inner)

    return run


def around_stream(interceptors: Sequence[Any], last: NextStream) -> Callable[[Head, Any], AsyncGenerator[Any, None]]:
    """Put interceptors around what gives many replies, the first one outermost.

    When its reader stops, each generator among them is closed in the reader's task, the outermost first.
    """

    async def run(head: Head, request: Any) -> AsyncGenerator[Any, None]:
        opened: list[AsyncIterator[Any]] = []
        chain = _kept(last, opened)
        for one in reversed(interceptors):
            chain = _kept(_streamed(one.stream, chain), opened)
        try:
            async for reply in chain(head, request):
                yield reply
        finally:
            for stream in opened:
                if isinstance(stream, AsyncGenerator):
                    await stream.aclose()

    return run


def _streamed(stream: Callable[..., AsyncIterator[Any]], inner: NextStream) -> NextStream:
    return lambda head, request: stream(head, request, inner)


def _kept(make: NextStream, opened: list[AsyncIterator[Any]]) -> NextStream:
    def run(head: Head, request: Any) -> AsyncIterator[Any]:
        made = make(head, request)
        opened.append(made)
        return made

    return run
