"""The functions of hooks.py: around requests, errors, answers and calls, in both directions."""

import asyncio
import re
from collections.abc import AsyncIterator, Callable, Sequence
from types import ModuleType, SimpleNamespace
from typing import Annotated, Any

import pytest

from mallgen_runtime import ApiError, App, ConfigError, Context, Next, Response, RestConf, Route, ServiceBase, problem
from mallgen_runtime.process.interceptors import NextReply, NextStream
from mallgen_runtime.process.tracing import Ids
from mallgen_runtime.rpc import (
    ClientInterceptor,
    Code,
    OutgoingCall,
    RpcApp,
    RpcContext,
    RpcError,
    RpcServerConf,
    ServerInterceptor,
    ServerStream,
    Service,
    TwoWayStream,
    Unary,
)
from mallgen_runtime.rpc.methods import ClientStream
from mallgen_runtime.schema import AsString, Struct
from mallgen_runtime.testing import Answer, Client, Local


class _Priced(Struct):
    cents: Annotated[int, AsString()]


async def _value(ctx: Context, svc: object) -> Response:
    return ctx.json({"id": 7})


async def _priced(ctx: Context, svc: object) -> Response:
    return ctx.json(_Priced(5), as_type=_Priced)


async def _nothing(ctx: Context, svc: object) -> Response:
    async def handler() -> None: ...

    return await ctx.after(handler())


async def _refused(ctx: Context, svc: object) -> Response:
    raise ApiError(409, "taken", "it is taken", headers={"retry-after": "3"})


async def _broken(ctx: Context, svc: object) -> Response:
    raise KeyError("x")


ROUTES = [
    Route("GET", "/value", _value),
    Route("GET", "/priced", _priced),
    Route("GET", "/nothing", _nothing),
    Route("GET", "/refused", _refused),
    Route("GET", "/broken", _broken),
]
CONF = RestConf(name="a", port=1)


def asked(hooks: Any, *paths: str, use: Sequence[Any] = (), conf: RestConf = CONF) -> list[Answer]:
    """Return the answers of an application with these hooks."""

    async def run() -> list[Answer]:
        svc = ServiceBase(conf)
        for one in use:
            svc.use(one)
        async with Client(App(conf, svc, ROUTES, hooks)) as client:
            return [await client.get(path) for path in paths]

    return asyncio.run(run())


def test_an_answer_made_for_no_value_is_json_as_all_others_are() -> None:
    """Go writes it where that is asked for; an infinite number is refused."""
    go = RestConf(name="a", port=1, compat="gozero")
    hooks = SimpleNamespace(on_success=lambda ctx, value: {"b": None, "a": 1e21, "v": value})
    value, nothing = asked(hooks, "/value", "/nothing", conf=go)
    assert value.body == b'{"a":1e+21,"b":null,"v":{"id":7}}'
    assert nothing.body == b'{"a":1e+21,"b":null,"v":null}'
    endless = SimpleNamespace(on_success=lambda ctx, value: float("inf"))
    assert [one.status for one in asked(endless, "/value", "/nothing")] == [500, 500]


def hooks_of(**functions: Callable[..., Any]) -> Any:
    """Return an object with these functions, as a module has them."""
    return SimpleNamespace(**functions)


class _Named:
    def __init__(self, name: str) -> None:
        self.name = name

    async def handle(self, ctx: Context, next_: Next) -> Response:
        found = await next_(ctx)
        found.headers["x-way"] = f"{self.name} {found.headers.get('x-way', '')}".strip()
        return found


def test_middlewares_stand_around_everything_outside_of_those_of_the_context() -> None:
    hooks = hooks_of(middlewares=lambda svc: [_Named("outer"), _Named("inner")])
    answers = asked(hooks, "/value", "/refused", "/none", use=[_Named("used")])
    assert [(one.status, one.headers["x-way"]) for one in answers] == [
        (200, "outer inner used"),
        (409, "outer inner used"),
        (404, "outer inner used"),
    ]


def test_on_success_gives_what_is_sent() -> None:
    hooks = hooks_of(on_success=lambda ctx, value: {"code": 0, "data": value})
    found = [answer.json() for answer in asked(hooks, "/value", "/priced", "/nothing")]
    assert found == [
        {"code": 0, "data": {"id": 7}},
        {"code": 0, "data": {"cents": "5"}},
        {"code": 0, "data": None},
    ]
    same = asked(hooks_of(on_success=lambda ctx, value: value), "/value", "/priced", "/nothing")
    assert [answer.body for answer in same] == [b'{"id":7}', b'{"cents":"5"}', b""]


class _Envelope(Struct):
    data: object


def test_an_envelope_may_be_a_struct() -> None:
    hooks = hooks_of(on_success=lambda ctx, value: _Envelope(value))
    assert [answer.json() for answer in asked(hooks, "/priced")] == [{"data": {"cents": "5"}}]


def test_on_error_shapes_every_error_and_sees_what_was_raised() -> None:
    seen: list[BaseException | None] = []

    def on_error(ctx: Context, error: ApiError) -> Response:
        seen.append(error.__cause__)
        made = ctx.json({"code": error.status, "msg": error.code})
        made.status = error.status
        return made

    hooks = hooks_of(on_error=on_error, on_success=lambda ctx, value: {"code": 0})
    answers = asked(hooks, "/refused", "/broken", "/none")
    assert [(one.status, one.json()) for one in answers] == [
        (409, {"code": 409, "msg": "taken"}),
        (500, {"code": 500, "msg": "internal"}),
        (404, {"code": 404, "msg": "not_found"}),
    ]
    assert [type(one) for one in seen] == [type(None), KeyError, type(None)]


@pytest.mark.parametrize("answer", [None, ValueError, Response(b"", 9), {"a b": "c"}])
def test_a_broken_on_error_leaves_problem_details(answer: object, caplog: pytest.LogCaptureFixture) -> None:
    def on_error(ctx: Context, error: ApiError) -> Any:
        if isinstance(answer, type):
            raise answer
        return Response(b"", 200, answer) if isinstance(answer, dict) else answer

    (found,) = asked(hooks_of(on_error=on_error), "/refused")
    unsendable = isinstance(answer, Response)
    assert (found.status, found.json()["code"]) == ((500, "internal") if unsendable else (409, "taken"))
    assert ("cannot be sent" if unsendable else "on_error of hooks.py") in caplog.text


async def _later(*given: object) -> None: ...


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("on_error", 5, "on_error of hooks.py is int, not a function"),
        ("on_error", _later, "on_error of hooks.py is an `async def`; write it with `def`"),
        ("on_success", _later, "on_success of hooks.py is an `async def`; write it with `def`"),
        ("middlewares", _later, "middlewares of hooks.py is an `async def`; write it with `def`"),
        ("middlewares", lambda svc: None, "middlewares of hooks.py returned NoneType, not a list"),
        ("middlewares", lambda svc: [5], "middlewares of hooks.py has something that handles nothing: int"),
        ("middlewares", lambda svc: [_Named], "handles nothing: the class _Named; make one of it"),
        ("client_interceptors", lambda svc: ["x"], "client_interceptors of hooks.py has something that handles"),
    ],
)
def test_hooks_that_cannot_work_are_refused_at_start(name: str, value: object, reason: str) -> None:
    config = RestConf(name="t", port=0)
    hooks: Any = SimpleNamespace(**{name: value})
    with pytest.raises(ConfigError, match=re.escape(reason)):
        App(config, ServiceBase(config), ROUTES, hooks)


def test_the_default_is_what_a_project_without_the_file_answers() -> None:
    hooks = hooks_of(on_error=problem, on_success=lambda ctx, value: value, middlewares=lambda svc: ())
    paths = ("/value", "/priced", "/nothing", "/refused", "/broken", "/none")

    def told(answers: list[Answer]) -> list[Any]:
        drop = ("x-request-id", "date", "content-length")
        heads = [{k: v for k, v in one.headers.items() if k not in drop} for one in answers]
        bodies = [one.body.replace(one.headers["x-request-id"].encode(), b"ID") for one in answers]
        return [(one.status, head, body) for one, head, body in zip(answers, heads, bodies, strict=True)]

    without = told(asked(None, *paths))
    assert told(asked(hooks, *paths)) == without
    assert without[3][1]["retry-after"] == "3"


class Word:
    """A message whose bytes are its text."""

    def __init__(self, text: str = "") -> None:
        self.text = text

    def SerializeToString(self) -> bytes:  # noqa: N802 - protobuf's name
        """Return the text as bytes."""
        return self.text.encode()

    @staticmethod
    def FromString(data: bytes) -> "Word":  # noqa: N802 - protobuf's name
        """Return a message of this text."""
        return Word(data.decode())


async def _one(ctx: RpcContext, svc: object, req: Word) -> Word:
    if req.text == "fail":
        raise RpcError(Code.NOT_FOUND, "none")
    return Word(f"{req.text}:{ctx.metadata.get('x-tenant', '')}")


async def _many(ctx: RpcContext, svc: object, req: Word) -> AsyncIterator[Word]:
    closed = getattr(svc, "closed", None)
    try:
        for letter in req.text:
            yield Word(letter + ctx.metadata.get("x-tenant", ""))
    finally:
        if closed is not None:
            closed.append(ctx.method)


async def _sum(ctx: RpcContext, svc: object, reqs: AsyncIterator[Word]) -> Word:
    return Word("".join([one.text async for one in reqs]))


async def _talk(ctx: RpcContext, svc: object, reqs: AsyncIterator[Word]) -> AsyncIterator[Word]:
    async for one in reqs:
        yield Word(one.text * 2)


SERVICES: Any = [
    Service(
        "a.A",
        (
            Unary("/a.A/One", _one, Word, Word),
            ServerStream("/a.A/Many", _many, Word, Word),
            ClientStream("/a.A/Sum", _sum, Word, Word),
            TwoWayStream("/a.A/Talk", _talk, Word, Word),
        ),
    )
]


class _Upper(ServerInterceptor):
    def __init__(self, seen: list[str]) -> None:
        self.seen = seen

    async def handle(self, ctx: RpcContext, request: Any, next_: NextReply) -> Word:
        self.seen.append(ctx.method)
        found: Word = await next_(ctx, request)
        return Word(found.text.upper())

    async def stream(self, ctx: RpcContext, request: Any, next_: NextStream) -> AsyncIterator[Word]:
        self.seen.append(ctx.method)
        async for reply in next_(ctx, request):
            yield Word(reply.text.upper())


class _Tenant(ClientInterceptor):
    async def handle(self, call: OutgoingCall, request: Any, next_: NextReply) -> Word:
        call.metadata["x-tenant"] = "t1"
        found: Word = await next_(call, request)
        return Word(f"<{found.text}>")

    def stream(self, call: OutgoingCall, request: Any, next_: NextStream) -> AsyncIterator[Word]:
        call.metadata["x-tenant"] = "t2"
        return next_(call, request)


async def _words(*texts: str) -> AsyncIterator[Word]:
    for text in texts:
        yield Word(text)


def test_interceptors_run_around_every_kind_of_call() -> None:
    seen: list[str] = []
    hooks = hooks_of(server_interceptors=lambda svc: [_Upper(seen), ServerInterceptor()])

    async def run() -> list[Any]:
        conf = RpcServerConf(name="a")
        async with Local(RpcApp(conf, ServiceBase(conf), SERVICES, hooks)) as channel:
            channel.intercept([ClientInterceptor(), _Tenant()])
            found: list[Any] = [(await channel.unary("/a.A/One", Word("x"), Word)).text]
            found.append([one.text async for one in channel.server_stream("/a.A/Many", Word("ab"), Word)])
            found.append((await channel.client_stream("/a.A/Sum", _words("a", "b"), Word)).text)
            found.append([one.text async for one in channel.two_way("/a.A/Talk", _words("a", "b"), Word)])
            with pytest.raises(RpcError, match="none"):
                await channel.unary("/a.A/One", Word("fail"), Word)
            return found

    assert asyncio.run(run()) == ["<X:T1>", ["AT2", "BT2"], "<AB>", ["AA", "BB"]]
    assert seen == ["/a.A/One", "/a.A/Many", "/a.A/Sum", "/a.A/Talk", "/a.A/One"]


def test_a_stream_that_is_left_ends_at_once_through_its_interceptors() -> None:
    class _Context(ServiceBase[RpcServerConf]):
        closed: list[str]

    async def run() -> list[str]:
        conf = RpcServerConf(name="a")
        svc = _Context(conf)
        svc.closed = []
        hooks = hooks_of(server_interceptors=lambda svc: [_Upper([]), _Upper([])])
        app = RpcApp(conf, svc, SERVICES, hooks)
        method = SERVICES[0].methods[1]
        replies: Any = app.answers(method, RpcContext(method.wire, (), Ids("", "", "00")), Word("abc"))
        assert await anext(replies) == b"A"
        await replies.aclose()
        return svc.closed

    assert asyncio.run(run()) == ["/a.A/Many"]


def test_hooks_reach_the_clients_of_a_service_context() -> None:
    class _Calls:
        key, state = "b", "ok"
        interceptors: Sequence[Any] = ()

        def intercept(self, interceptors: Sequence[Any]) -> None:
            self.interceptors = interceptors

        async def start(self) -> None: ...

        async def close(self) -> None: ...

    svc = ServiceBase(CONF)
    calls = svc.keep(_Calls())
    one = _Tenant()
    App(CONF, svc, ROUTES, hooks_of(client_interceptors=lambda svc: [one]))
    assert calls.interceptors == (one,)


@pytest.mark.parametrize(
    ("kind", "name", "said"),
    [
        ("http", "on_eror", "on_eror of hooks.py is called by nobody; did you mean on_error?"),
        ("http", "onError", "onError of hooks.py is called by nobody; did you mean on_error?"),
        ("http", "_on_error", "_on_error of hooks.py is called by nobody; did you mean on_error?"),
        ("http", "middleware", "middleware of hooks.py is called by nobody; did you mean middlewares?"),
        ("http", "server_interceptors", "this service has middlewares, on_error, on_success, client_interceptors"),
        ("rpc", "server_interceptor", "did you mean server_interceptors?"),
        ("rpc", "on_error", "on_error of hooks.py is called by nobody: this service has server_interceptors, client_"),
        ("http", "envelope", ""),
        ("http", "on_success", ""),
        ("rpc", "error_of", ""),
    ],
)
def test_a_misspelt_function_is_warned_of(kind: str, name: str, said: str, caplog: pytest.LogCaptureFixture) -> None:
    hooks = ModuleType("things_api.hooks")
    exec(f"def {name}(*args): return args[-1]\nLIMIT = 5\nclass OnError: ...", vars(hooks))
    vars(hooks).update(on_errors=problem)  # imported from elsewhere
    with caplog.at_level("WARNING"):
        if kind == "http":
            conf = RestConf(name="a", port=1)
            App(conf, ServiceBase(conf), ROUTES, hooks)
        else:
            rpc = RpcServerConf(name="a")
            RpcApp(rpc, ServiceBase(rpc), [], hooks)
    found = [record.getMessage() for record in caplog.records if "hooks.py" in record.getMessage()]
    assert [said in line for line in found] == ([True] if said else [])


def test_a_helper_beside_the_function_is_no_slip(caplog: pytest.LogCaptureFixture) -> None:
    hooks = ModuleType("things_api.hooks")
    exec("def on_error(ctx, error): return error\ndef on_errors(): ...", vars(hooks))
    conf = RestConf(name="a", port=1)
    App(conf, ServiceBase(conf), ROUTES, hooks)
    assert "hooks.py" not in caplog.text
