"""Call a service or a piece of its logic in a test, without a socket.

async with Client(create_app(config)) as client:
    answer = await client.get("/v1/recommend", params={"ps": "5"})
    assert answer.status == 200

logic = RecommendLogic(context(), svc)

For RPC services there are `Local`, a channel for their generated clients, and `rpc_context`.
"""

from collections.abc import Mapping, MutableMapping
from types import TracebackType
from typing import Any
from urllib.parse import quote, urlencode

import msgspec

from mallgen_runtime.app import App
from mallgen_runtime.messages import Context, Receive, Scope
from mallgen_runtime.rpc.testing import Local, rpc_context
from mallgen_runtime.tracing import identify

__all__ = ["Answer", "Client", "Local", "context", "rpc_context"]


class Answer:
    """What came back: `status`, `headers` by lower-case name, `body`."""

    def __init__(self, status: int, headers: dict[str, str], body: bytes) -> None:
        self.status = status
        self.headers = headers
        self.body = body

    def json(self) -> Any:
        """The body as plain values."""
        return msgspec.json.decode(self.body)


class Client:
    """Speaks ASGI to an application; entering it starts the service context, leaving it closes it."""

    def __init__(self, app: App) -> None:
        self._app = app

    async def __aenter__(self) -> "Client":
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

    async def request(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        json: object = None,
        data: bytes = b"",
    ) -> Answer:
        """One request; `params` go into the query, `json` into the body."""
        sent = {name.lower(): value for name, value in (headers or {}).items()}
        if json is not None:
            data = msgspec.json.encode(json)
            sent.setdefault("content-type", "application/json")
        scope = _scope(method, path, urlencode(params or {}), sent)
        messages: list[MutableMapping[str, Any]] = []

        async def send(message: MutableMapping[str, Any]) -> None:
            messages.append(message)

        await self._app(scope, _receive(data), send)
        start = messages[0]
        received = {name.decode("latin-1"): value.decode("latin-1") for name, value in start["headers"]}
        return Answer(start["status"], received, b"".join(m.get("body", b"") for m in messages[1:]))


def context(
    *, claims: Mapping[str, Any] | None = None, headers: Mapping[str, str] | None = None, path: str = "/"
) -> Context:
    """A context for calling handlers and logic directly; `claims` as if a token had been checked."""
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
    async def receive() -> MutableMapping[str, Any]:
        return {"type": "http.request", "body": data, "more_body": False}

    return receive
