"""The program of the child process: it imports generated code of one version and answers questions in lines of JSON.

It runs by its path, below an interpreter that has mallgen_runtime, and never as a part of mallgen.
"""

import asyncio
import json
import logging
import sys
import typing
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from functools import reduce
from importlib import import_module
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from operator import or_
from types import ModuleType, SimpleNamespace
from typing import Any

Plain = dict[str, Any]
_GOOGLE = (
    *("any", "source_context", "type", "api", "descriptor", "duration", "empty", "field_mask", "struct"),
    *("timestamp", "wrappers", "compiler.plugin"),
)  # each after those that it imports
_PREVIOUS = "previous"  # a token that the secret before the present one has signed


class MemoryPackage(MetaPathFinder, Loader):
    """Finds the modules of one generated package among texts in memory."""

    def __init__(self, files: Mapping[str, str]) -> None:
        self._files = {path: text for path, text in files.items() if path.endswith(".py")}

    def find_spec(self, name: str, path: Sequence[str] | None, target: ModuleType | None = None) -> ModuleSpec | None:
        """Return the place of a module, None for one of other packages."""
        base = name.replace(".", "/")
        for file, is_package in ((f"{base}/__init__.py", True), (f"{base}.py", False)):
            if file in self._files:
                return ModuleSpec(name, self, origin=file, is_package=is_package)
        return None

    def exec_module(self, module: ModuleType) -> None:
        """Run the text of a module."""
        assert module.__spec__ is not None and module.__spec__.origin is not None
        origin = module.__spec__.origin
        exec(compile(self._files[origin], origin, "exec"), module.__dict__)  # noqa: S102  code that mallgen generated


class HttpService:
    """A generated HTTP service whose handlers note the request they get, and answer with what they are given."""

    def __init__(self, package: str, config: str, names: Plain) -> None:
        self._plain = PlainValues(names)
        testing = import_module("mallgen_runtime.testing")
        routes = import_module(f"{package}.routes")
        with testing.made_up_secrets():
            kind = import_module(f"{package}.config").Config
            self._config = import_module("mallgen_runtime.process.conf").parse_config(kind, config, "settings")
            context = import_module(f"{package}.svc").ServiceContext(self._config)
        self._handlers = {
            name: value
            for name, value in vars(routes).items()
            if getattr(value, "__module__", "").startswith(f"{package}.handler")
        }
        self._reached: tuple[str, object] | None = None
        self._given: Callable[[], object] | None = None
        for name in self._handlers:
            setattr(routes, name, self._stand_in(name))
        self._routes = {route.title: route for route in routes.ROUTES}
        self._names = {route.title: self._handler_of(route) for route in routes.ROUTES}
        app = import_module("mallgen_runtime").App(self._config, context, routes.ROUTES)
        self._client = testing.Client(app)
        self._sign = testing.token

    def _handler_of(self, route: Any) -> str:
        names: tuple[str, ...] = route.endpoint.__code__.co_names
        return next(name for name in names if name in self._handlers)

    def _stand_in(self, name: str) -> Callable[..., Any]:
        async def handler(ctx: object, svc: object, req: object = None) -> object:
            self._reached = (name, req)
            if self._given is None:
                raise NotImplementedError
            return self._given()

        return handler

    async def read(self, asked: Plain) -> Plain:
        """Send a request; say which route accepted it and as which values, or how it was refused."""
        self._reached, self._given = None, None
        sent = self._signed(asked)
        answer = await self._send(sent)
        if self._reached is None:
            return {"status": answer.status, "errors": _errors(answer.body), "headers": sent["headers"]}
        name, req = self._reached
        titles = [title for title, handler in self._names.items() if handler == name]
        return {"route": titles[0], "values": self._plain.of(req), "headers": sent["headers"]}

    async def answer(self, asked: Plain) -> Plain:
        """Let a route answer with a value, and return what it sends; `wrong`: the value is none of its type."""
        kind = self._answer_type(asked["route"])
        try:
            value = _made(asked["value"], kind)
        except Exception as problem:
            return {"wrong": str(problem)}
        self._reached, self._given = None, lambda: value
        answer = await self._send(self._signed(asked))
        if self._reached is None or answer.status >= 300:
            return {"wrong": f"the answer is a {answer.status}"}
        return {"status": answer.status, "body": answer.body.decode()}

    async def decode(self, asked: Plain) -> Plain:
        """Read the body of an answer strictly by the type of a route's answer, as a client of this version does."""
        kind = self._answer_type(asked["route"])
        decoding = import_module("mallgen_runtime.schema.decoding")
        try:
            return {"values": self._plain.of(decoding.decode(asked["body"].encode(), kind))}
        except decoding.Wrong as problem:
            return {"errors": [error._asdict() for error in problem.errors]}

    def _answer_type(self, title: str) -> Any:
        hint = typing.get_type_hints(self._handlers[self._names[title]])["return"]
        answer, given = import_module("mallgen_runtime").Response, typing.get_args(hint)
        return reduce(or_, [part for part in given if part is not answer]) if answer in given else hint

    def _signed(self, asked: Plain) -> Plain:
        """Return the request with the token that it asks for."""
        if not asked.get("token"):
            return asked
        conf = getattr(self._config, self._routes[asked["route"]].jwt)
        secret = conf.secrets[-1] if asked["token"] == _PREVIOUS else conf.secrets[0]
        token = self._sign(
            SimpleNamespace(secrets=(secret,)), **({"roles": asked["roles"]} if asked.get("roles") else {})
        )
        return {**asked, "headers": [*asked["headers"], ["authorization", f"Bearer {token}"]]}

    async def _send(self, asked: Plain) -> Any:
        headers = dict(asked["headers"])
        return await self._client.request(asked["method"], asked["path"], headers=headers, data=asked["body"].encode())


def _made(value: object, kind: Any) -> object:
    """Return a value of a type as a service can make it: only who reads asks that a pointer is not null."""
    if kind is type(None):
        return None
    return import_module("mallgen_runtime.schema.decoding").convert(value, kind, nulls=True)


class PlainValues:
    """Turns what generated code has read into values of JSON; `names` are the wire names of each class by attribute."""

    def __init__(self, names: Plain) -> None:
        self._names = names
        self._msgspec = import_module("msgspec")

    def of(self, value: object) -> Any:
        """Return the value, its fields by their name on the wire, without those that are unset."""
        if isinstance(value, self._msgspec.Struct):
            names = self._names.get(type(value).__name__, {})
            items = ((names.get(name, name), getattr(value, name)) for name in value.__struct_fields__)
            return {name: self.of(item) for name, item in items if item is not self._msgspec.UNSET}
        if isinstance(value, list | tuple):
            return [self.of(item) for item in value]
        if isinstance(value, dict):
            return {str(key): self.of(item) for key, item in value.items()}
        return value if isinstance(value, str | int | float | None) else self._msgspec.to_builtins(value)


def _errors(body: bytes) -> list[Plain]:
    """Return the wrong fields that a problem lists, or the problem itself."""
    try:
        found = json.loads(body)
    except ValueError:
        return []
    errors: list[Plain] = found.get("errors") or [{"source": "", "name": "", "reason": found.get("detail", "")}]
    return errors


class RpcService:
    """A generated RPC service and its messages by full name; each method gives an empty answer."""

    def __init__(self, package: str, config: str, files: Sequence[str]) -> None:
        _use_own_pool()
        self._channel: Any = _channel(package, config) if f"{package}/server.py" in files else None
        topics = import_module(f"{package}.consumer").TOPICS if f"{package}/consumer.py" in files else ()
        self._topics = {topic.name: topic.message_type.DESCRIPTOR.full_name for topic in topics}
        self._json = import_module("google.protobuf.json_format")
        self._messages: dict[str, Any] = {}
        get_class = import_module("google.protobuf.message_factory").GetMessageClass
        modules = [path.removesuffix(".py").replace("/", ".") for path in files if path.endswith("_pb2.py")]
        own = [import_module(name).DESCRIPTOR for name in modules]
        files_known = [*own, *(file for one in own for file in one.dependencies)]  # with those of protobuf
        waiting = [message for file in files_known for message in file.message_types_by_name.values()]
        for descriptor in waiting:  # grows while it is walked
            self._messages[descriptor.full_name] = get_class(descriptor)
            waiting += descriptor.nested_types

    async def send(self, asked: Plain) -> Plain:
        """Write a message as bytes in hexadecimal and as JSON, and say what is in it; `wrong`: it cannot be."""
        try:
            made = self._json.ParseDict(asked["values"], self._messages[asked["message"]]())
            return {
                "binary": made.SerializeToString().hex(),
                "json": self._json.MessageToJson(made, indent=None, ensure_ascii=False),
                **_both_values(made),
            }
        except Exception as problem:
            return {"wrong": str(problem)}

    async def take(self, asked: Plain) -> Plain:
        """Read a message from bytes or JSON, and say what is in it, or why it cannot be read."""
        kind = self._messages[asked["message"]]
        try:
            if asked["form"] == "json":
                made = self._json.Parse(asked["data"], kind(), ignore_unknown_fields=bool(self._topics))
            else:
                made = kind.FromString(bytes.fromhex(asked["data"]))
        except Exception as problem:
            return {"error": str(problem).replace("\\u000a", "\n").splitlines()[0]}
        missing = made.FindInitializationErrors()
        return {"error": f"{', '.join(missing)} is required"} if missing else _both_values(made)

    async def deliver(self, asked: Plain) -> Plain:
        """Read a message as the consumer of its topic does, or say which `topics` have one."""
        kind = self._topics.get(asked["topic"])
        return {"topics": [*self._topics]} if kind is None else await self.take({**asked, "message": kind})

    async def stream(self, asked: Plain) -> Plain:
        """Serve on a socket of this machine, and call a method as one that takes or gives streams."""
        app = self._channel._app
        settings = import_module("msgspec").structs.replace(app.config, listen_on="127.0.0.1:0")
        server = import_module("mallgen_runtime.rpc.transport").server_for(settings, app)
        port = server.listen()
        await server.start()
        try:
            await asyncio.wait_for(_call_over_socket(port, asked), 5)
        except import_module("mallgen_runtime.rpc").RpcError as problem:
            return {"error": problem.code.name}
        finally:
            await server.stop(0)
        return {}

    async def call(self, asked: Plain) -> Plain:
        """Call a method with an empty request."""
        if self._channel is None:
            return {"error": "UNIMPLEMENTED: there is no service"}
        empty = import_module("google.protobuf.empty_pb2").Empty
        try:
            await self._channel.unary(asked["wire"], empty(), empty)
        except import_module("mallgen_runtime.rpc").RpcError as problem:
            return {"error": f"{problem.code.name}: {problem.detail}"}
        return {}


def _use_own_pool() -> None:
    """Let generated code register messages in a pool of its own: two services may have messages of one name."""
    default = import_module("google.protobuf.descriptor_pool")
    own = default.DescriptorPool()
    for name in _GOOGLE:
        own.AddSerializedFile(import_module(f"google.protobuf.{name}_pb2").DESCRIPTOR.serialized_pb)
    vars(default)["Default"] = lambda: own


def _channel(package: str, config: str) -> Any:
    testing = import_module("mallgen_runtime.testing")
    with testing.made_up_secrets():
        kind = import_module(f"{package}.config").Config
        settings = import_module("mallgen_runtime.process.conf").parse_config(kind, config, "settings")
        context = import_module(f"{package}.svc").ServiceContext(settings)
    services = import_module(f"{package}.server").SERVICES
    for service in services:
        for method in service.methods:
            method.endpoint = _empty(method)
    return testing.Local(import_module("mallgen_runtime.rpc").RpcApp(settings, context, services))


def _empty(method: Any) -> Callable[..., object]:
    """Return a function that gives an empty reply, and two where the method gives a stream."""

    async def one(ctx: object, svc: object, request: Any) -> object:
        if method.takes_stream:
            _ = [item async for item in request]
        return method.reply()

    async def many(ctx: object, svc: object, request: Any) -> AsyncIterator[object]:
        for _ in range(2):
            yield await one(ctx, svc, request)

    return many if method.gives_stream else one


async def _call_over_socket(port: int, asked: Plain) -> None:
    """Call a method of a server as one that takes or gives streams, of two requests. Raises RpcError."""
    rpc, transport = import_module("mallgen_runtime.rpc"), import_module("mallgen_runtime.rpc.transport")
    empty = import_module("google.protobuf.empty_pb2").Empty
    conf = rpc.RpcClientConf(endpoints=[f"127.0.0.1:{port}"])
    channel = import_module("mallgen_runtime.rpc.channel").Channel(
        conf, "witness", lambda addresses: transport.connection_to(addresses, conf)
    )

    async def two() -> AsyncIterator[object]:
        for _ in range(2):
            yield empty()

    try:
        if asked["gives"]:
            call = channel.two_way if asked["takes"] else channel.server_stream
            _ = [one async for one in call(asked["wire"], two() if asked["takes"] else empty(), empty, 2)]
        else:
            call = channel.client_stream if asked["takes"] else channel.unary
            await call(asked["wire"], two() if asked["takes"] else empty(), empty, 2)
    finally:
        await channel.close()


def _both_values(message: Any) -> Plain:
    return {"values": message_values(message), "names": message_values(message, True)}


def message_values(message: Any, names: bool = False) -> Plain:
    """Return the fields of a message that are set; bytes as text where they are text, enums by `names` or numbers."""
    return {field.name: _field_value(field, value, names) for field, value in message.ListFields()}


def _field_value(field: Any, value: Any, names: bool) -> Any:
    if field.message_type is not None and field.message_type.GetOptions().map_entry:
        inner = field.message_type.fields_by_name["value"]
        return {str(key): _field_value(inner, value[key], names) for key in value}
    if field.is_repeated if hasattr(field, "is_repeated") else field.label == field.LABEL_REPEATED:
        return [_one_value(field, item, names) for item in value]
    return _one_value(field, value, names)


def _one_value(field: Any, value: Any, names: bool) -> Any:
    if field.message_type is not None:
        return message_values(value, names)
    if isinstance(value, bytes):
        try:
            return value.decode()
        except UnicodeDecodeError:
            return f"bytes {value.hex()}"
    if field.enum_type is not None and value not in field.enum_type.values_by_number:
        return f"{value}, which is no value of its enum"
    if field.enum_type is not None and names:
        return field.enum_type.values_by_number[value].name
    return value


def load(asked: Plain) -> HttpService | RpcService:
    """Import a generated package, whose name no other one has."""
    sys.meta_path.insert(0, MemoryPackage(asked["files"]))
    if asked["kind"] == "calls":
        return RpcService(asked["package"], asked["config"], list(asked["files"]))
    return HttpService(asked["package"], asked["config"], asked["names"])


class Answers:
    """The services loaded so far, and the answers to questions about them."""

    def __init__(self) -> None:
        self._services: dict[str, HttpService | RpcService] = {}

    async def of(self, asked: Plain) -> Plain:
        """Return the answer to a line: of `load`, or of a question about each of its items."""
        if asked["do"] == "load":
            try:
                self._services[asked["service"]] = load(asked)
            except Exception as problem:
                return {"failed": f"{type(problem).__name__}: {problem}"}
            return {"answers": []}
        service = self._services[asked["service"]]
        question = getattr(service, asked["do"])
        return {"answers": [await _answered(question, item) for item in asked["items"]]}


async def _answered(question: Callable[[Plain], Awaitable[Plain]], item: Plain) -> Plain:
    try:
        return await question(item)
    except Exception as problem:
        return {"failed": f"{type(problem).__name__}: {problem}"}


async def main() -> None:
    """Answer the lines of the standard input until it ends; what generated code prints goes nowhere."""
    logging.disable(logging.CRITICAL)
    output, sys.stdout = sys.stdout, sys.stderr
    answers = Answers()
    for line in sys.stdin:
        output.write(f"{json.dumps(await answers.of(json.loads(line)))}\n")
        output.flush()


if __name__ == "__main__":
    asyncio.run(main())
