"""Call a service or a piece of its logic in a test, without a socket.

with made_up_secrets():
    app = create_app()
async with Client(app) as client:
    mine = bearer(app.svc.config.auth, uid=7)
    assert (await client.get("/v1/orders", params={"ps": "5"}, headers=mine)).status == 200

logic = RecommendLogic(context(), svc)

For RPC services there are `Local`, a channel for their generated clients, and `rpc_context`, for queue services
`LocalQueue`.
"""

import asyncio
import hashlib
import os
import re
import time
import uuid
from collections.abc import Iterator, Mapping, MutableMapping, Sequence
from contextlib import contextmanager
from types import TracebackType
from typing import Any, Generic
from urllib.parse import quote, urlencode

import msgspec

from mallgen_runtime.http.app import App
from mallgen_runtime.http.conf import JwtConf, JwtTransitionConf
from mallgen_runtime.http.messages import Context, Receive, Scope, identify
from mallgen_runtime.http.sockets.in_memory import SocketClient, SocketDenied
from mallgen_runtime.http.tokens import issue_token
from mallgen_runtime.process.service import S
from mallgen_runtime.process.variables import ENVIRONMENT
from mallgen_runtime.queue.testing import LocalQueue
from mallgen_runtime.rpc.testing import Local, rpc_context

__all__ = [
    "Answer",
    "Client",
    "Local",
    "LocalQueue",
    "SocketClient",
    "SocketDenied",
    "Upload",
    "bearer",
    "context",
    "made_up_secrets",
    "rpc_context",
    "token",
]

Upload = bytes | tuple[str, bytes] | tuple[str, bytes, str]  # content; file name, content; and its type
_SECRET = re.compile(r"(?:SECRET|KEY|TOKEN|PASSWORD)$")


class Answer:
    """A response: `status`, `headers` by lower-case name, `body`; `cookies` are the lines that set some."""

    def __init__(self, status: int, headers: dict[str, str], body: bytes, cookies: Sequence[str] = ()) -> None:
        self.status = status
        self.headers = headers
        self.body = body
        self.cookies = tuple(cookies)

    def json(self) -> Any:
        """The body as plain values."""
        return msgspec.json.decode(self.body)


class Client(Generic[S]):
    """Speaks ASGI to an application; entering it starts the service context, leaving it closes it.

    `svc` stands in for the application's own service context, for instance one whose `start` opens nothing. What the
    service calls is replaced in the context: `client.svc.order_rpc = NoOrders()`.
    """

    def __init__(self, app: App[S], *, svc: S | None = None) -> None:
        self._app = app if svc is None else App(app.config, svc, app.routes, app.hooks)

    @property
    def svc(self) -> S:
        """The service context that handlers and logic get."""
        return self._app.svc

    async def __aenter__(self) -> "Client[S]":
        await self._app.svc.open()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._app.svc.shut()

    async def get(self, path: str, **rest: Any) -> Answer:
        """GET; see `request`."""
        return await self.request("GET", path, **rest)

    async def post(self, path: str, **rest: Any) -> Answer:
        """POST; see `request`."""
        return await self.request("POST", path, **rest)

    def websocket(
        self, path: str, *, params: Mapping[str, str] | None = None, headers: Mapping[str, str] | None = None
    ) -> SocketClient:
        """Return a socket to open with `async with`, which raises SocketDenied for another answer."""
        sent = {name.lower(): value for name, value in (headers or {}).items()}
        return SocketClient(self._app, _scope("GET", path, urlencode(params or {}), sent))

    async def request(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        json: object = None,
        data: bytes | Mapping[str, str] = b"",
        files: Mapping[str, Upload] | None = None,
    ) -> Answer:
        """One request; `params` go into the query, one of the others into the body.

        `json` is any value, `data` bytes or the fields of a form, `files` are sent with these fields as multipart.
        """
        sent = {name.lower(): value for name, value in (headers or {}).items()}
        kind, data = _body(json, data, files)
        if kind:
            sent.setdefault("content-type", kind)
        scope = _scope(method, path, urlencode(params or {}), sent)
        messages: list[MutableMapping[str, Any]] = []

        async def send(message: MutableMapping[str, Any]) -> None:
            messages.append(message)

        await self._app(scope, _receive(data), send)
        if not messages:
            raise ConnectionError(f"{method} {path} has no answer: its code failed, and Middlewares.Recover is off")
        start = messages[0]
        received = {name.decode("latin-1"): value.decode("latin-1") for name, value in start["headers"]}
        cookies = [value.decode("latin-1") for name, value in start["headers"] if name == b"set-cookie"]
        return Answer(start["status"], received, b"".join(m.get("body", b"") for m in messages[1:]), cookies)


@contextmanager
def made_up_secrets() -> Iterator[None]:
    """Give settings that are read inside the block a made-up secret for each one that the environment lacks.

    Secrets are the variables whose names end in SECRET, KEY, TOKEN or PASSWORD.
    """
    before = ENVIRONMENT.set(_MadeUp())
    try:
        yield
    finally:
        ENVIRONMENT.reset(before)


class _MadeUp(Mapping[str, str]):
    """The environment, with a made-up secret for each one that it lacks, the same in every run."""

    def __getitem__(self, name: str) -> str:
        given = os.environ.get(name, "")
        if not given and _SECRET.search(name):
            return hashlib.sha256(name.encode()).hexdigest()
        return os.environ[name]

    def __iter__(self) -> Iterator[str]:
        return iter(os.environ)

    def __len__(self) -> int:
        return len(os.environ)


def token(conf: JwtConf | JwtTransitionConf, **claims: Any) -> str:
    """Return a token for routes with this `jwt` block; without `exp` and `iat` it is issued now and ends in an hour."""
    now = int(time.time())
    return issue_token(conf, **{"iat": now, "exp": now + 3600, **claims})


def bearer(conf: JwtConf | JwtTransitionConf, **claims: Any) -> dict[str, str]:
    """Return request headers with such a token."""
    return {"authorization": f"Bearer {token(conf, **claims)}"}


def _body(json: object, data: bytes | Mapping[str, str], files: Mapping[str, Upload] | None) -> tuple[str, bytes]:
    """Return the type and the bytes of a body. Raises ValueError for two bodies."""
    if json is not None:
        if data or files:
            raise ValueError("a request has one body: json, or data and files")
        return "application/json", msgspec.json.encode(json)
    if isinstance(data, bytes):
        if not files:
            return "", data
        if data:
            raise ValueError("the fields beside files are given by name: data={...}")
        data = {}
    if files:
        return _multipart(data, files)
    return "application/x-www-form-urlencoded", urlencode(data).encode()


def _multipart(fields: Mapping[str, str], files: Mapping[str, Upload]) -> tuple[str, bytes]:
    """RFC 7578, names and file names as browsers write them."""
    boundary = uuid.uuid4().hex
    parts = [(f'name="{_escaped(name)}"', "", value.encode()) for name, value in fields.items()]
    for name, given in files.items():
        filename, content, *kind = (name, given) if isinstance(given, bytes) else given
        head = f'name="{_escaped(name)}"; filename="{_escaped(filename)}"'
        parts.append((head, kind[0] if kind else "application/octet-stream", content))
    lines = []
    for head, content_type, content in parts:
        typed = f"content-type: {content_type}\r\n" if content_type else ""
        lines.append(f"--{boundary}\r\ncontent-disposition: form-data; {head}\r\n{typed}\r\n".encode() + content)
    return f"multipart/form-data; boundary={boundary}", b"\r\n".join([*lines, f"--{boundary}--\r\n".encode()])


def _escaped(text: str) -> str:
    return text.replace("\r", "%0D").replace("\n", "%0A").replace('"', "%22")


def context(
    *, claims: Mapping[str, Any] | None = None, headers: Mapping[str, str] | None = None, path: str = "/"
) -> Context:
    """Return a context for calling handlers and logic directly, with `claims` as of a checked token."""
    sent = {name.lower(): value for name, value in (headers or {}).items()}
    made = Context(_scope("GET", path, "", sent), _receive(b""), {}, 1 << 20)
    made.claims = dict(claims or {})
    identify(made)
    return made


def _scope(method: str, path: str, query: str, headers: Mapping[str, str]) -> Scope:
    plain, _, more = path.partition("?")
    return {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": plain,
        "raw_path": quote(plain).encode(),
        "query_string": "&".join(filter(None, (more, query))).encode(),
        "root_path": "",
        "headers": [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()],
        "client": ("127.0.0.1", 0),
        "server": ("127.0.0.1", 80),
    }


def _receive(data: bytes) -> Receive:
    parts = iter((data,))

    async def receive() -> MutableMapping[str, Any]:
        for part in parts:
            return {"type": "http.request", "body": part, "more_body": False}
        return await asyncio.get_running_loop().create_future()  # type: ignore[no-any-return]  # the client stays

    return receive
