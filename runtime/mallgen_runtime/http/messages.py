"""The context of a request and the response to it."""

import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, MutableMapping
from typing import Any, ParamSpec, TypeVar

from mallgen_runtime.http.answers import Response as Response
from mallgen_runtime.http.cookies import parse_cookies
from mallgen_runtime.http.forms import FORMS, no_json, parse_query
from mallgen_runtime.http.headers import Headers
from mallgen_runtime.http.offload import offload
from mallgen_runtime.http.problems import ApiError, ClientGone, body, invalid, too_large
from mallgen_runtime.http.readers import Reader
from mallgen_runtime.http.streams import Unpacker, pieces
from mallgen_runtime.http.uploads import UploadedFile, UploadForm, UploadLimits, receive_form
from mallgen_runtime.process.threads import in_thread
from mallgen_runtime.process.tracing import sound_ids, sound_state
from mallgen_runtime.schema.decoding import Wrong, convert, decode
from mallgen_runtime.schema.encoding import NotFinite, encode, encode_around, encode_as
from mallgen_runtime.schema.errors import MAX_ERRORS, FieldError
from mallgen_runtime.schema.validation import wrong_fields

T = TypeVar("T")
P = ParamSpec("P")
R = TypeVar("R")
Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
JSON = "application/json; charset=utf-8"
_PROBLEM = "application/problem+json"
_JSON = Headers({"content-type": JSON})


class WrongAnswer(Exception):
    """A handler or a middleware returned something that cannot be its answer; `what` it did goes to the log."""

    def __init__(self, text: str = "", what: str = "") -> None:
        super().__init__(text)
        self.what = what


class Context:
    """One request.

    `params` are the values of the path, `claims` those of a checked token, `state` is free for middlewares;
    `unpacks` whether a gzip body is unpacked, `failed` the status of an error, whatever answer hooks.py makes of it.
    `request_id` and `trace_id` stand in every log line and error; `log` writes with them.
    """

    __slots__ = (
        "_body",
        "_form",
        "_form_read",
        "_headers",
        "_receive",
        "_streamed",
        "claims",
        "errors",
        "failed",
        "has_gone",
        "matched",
        "max_bytes",
        "on_success",
        "params",
        "request_id",
        "scope",
        "state",
        "trace_flags",
        "trace_id",
        "trace_state",
        "unpacks",
        "untraced",
        "uploads",
    )

    def __init__(self, scope: Scope, receive: Receive, params: dict[str, str], max_bytes: int) -> None:
        self.scope = scope
        self.params = params
        self.max_bytes = max_bytes
        self.claims: dict[str, Any] = {}
        self.state: dict[str, Any] = {}
        self.errors: list[FieldError] = []
        self.failed = 0
        self.request_id = ""
        self.trace_id = ""
        self.trace_flags = "00"
        self.trace_state = ""
        self.untraced: frozenset[str] = frozenset()
        self.unpacks = True
        self.matched: Any = None
        self.has_gone: Callable[[], bool] = bool
        self.on_success: Callable[[Context, object], object] | None = None
        self._receive = receive
        self._body: bytes | None = None
        self._form: dict[str, list[str]] | None = None
        self._form_read = False
        self._headers: dict[str, list[str]] | None = None
        self._streamed = False
        self.uploads: UploadForm | None = None

    @property
    def method(self) -> str:
        """`GET`, `POST` …"""
        return str(self.scope["method"])

    @property
    def url_path(self) -> str:
        """The path as it came, %-escapes decoded."""
        return str(self.scope["path"])

    @property
    def client(self) -> str:
        """The peer's address, empty when unknown."""
        peer = self.scope.get("client")
        return str(peer[0]) if peer else ""

    @property
    def told_id(self) -> str:
        """The id that the answer carries, none when it is empty."""
        return self.request_id

    @property
    def headers(self) -> Mapping[str, list[str]]:
        """The request's headers by lower-case name."""
        if self._headers is None:
            self._headers = {}
            for name, value in self.scope["headers"]:
                self._headers.setdefault(name.decode("latin-1").lower(), []).append(value.decode("latin-1"))
        return self._headers

    def authorize(self, token: str) -> None:
        """Take a token as that of the Authorization header: for a middleware that has found it elsewhere."""
        self._headers = {**self.headers, "authorization": [f"Bearer {token}"]}

    @property
    def cookies(self) -> Mapping[str, str]:
        """The request's cookies by name."""
        return parse_cookies(self.headers.get("cookie", ()))

    @property
    def last_event_id(self) -> str:
        """The id of the last event that a client has seen which connects again; empty for a first connection."""
        return next(iter(self.headers.get("last-event-id", ())), "")

    @property
    def log(self) -> "logging.LoggerAdapter[logging.Logger]":
        """A logger whose lines carry the request's ids."""
        ids = {"request_id": self.request_id, "trace": self.trace_id}
        return logging.LoggerAdapter(logging.getLogger("mallgen.service"), ids)

    @property
    def path(self) -> Reader:
        """Reads the parameters of the path."""
        return Reader("path", {name: [value] for name, value in self.params.items()}, self.errors)

    @property
    def form(self) -> Reader:
        """Reads the query."""
        if self._form is None:
            self._form = self._query()
        return Reader("form", self._form, self.errors)

    @property
    def header(self) -> Reader:
        """Reads the headers; their names have no case."""
        return _RequestHeaderReader("header", self.headers, self.errors)

    async def read_form(self) -> Reader:
        """Reads the form in the body (urlencoded or multipart), then the query: the order of Go's ParseForm."""
        kind, plain = self._content_type()
        found: dict[str, list[str]] = {}
        if plain == "application/x-www-form-urlencoded":
            text = (await self.raw_body()).decode("utf-8", "replace")
            found = await offload(len(text), parse_query, text, "form")
        elif plain == "multipart/form-data":
            found = {name: list(values) for name, values in (await self._upload(kind)).fields.items()}
        for name, values in self._query().items():
            found.setdefault(name, []).extend(values)
        self._form, self._form_read = found, True
        return Reader("form", found, self.errors)

    async def files(self, name: str | None = None) -> list[UploadedFile]:
        """Return the files of a multipart form, those of one field by its name; they go when the request is answered.

        Raises ApiError: 400 for a broken form, 413 for one beyond MaxBytes or the limits of `Uploads`.
        """
        kind, plain = self._content_type()
        found = (await self._upload(kind)).files if plain == "multipart/form-data" else []
        return [file for file in found if name is None or file.name == name]

    async def file(self, name: str) -> UploadedFile:
        """Return the file of a field. Raises a 400 that names the field when there is none, else as `files`."""
        found = await self.files(name)
        if not found:
            raise invalid([FieldError("form", name, "must be a file")])
        return found[0]

    async def stream(self) -> AsyncIterator[bytes]:
        """Yield the body as it comes, once; the client sends no faster than it is taken. Raises as `raw_body`."""
        if self._body is None:
            if self._streamed:
                raise RuntimeError("the body has been taken as a stream already")
            self._streamed = True
            async for piece in pieces(self._receive, self.max_bytes, self._encoding(), self.unpacks):
                yield piece
        elif self._body:
            yield self._body

    async def _upload(self, kind: str) -> UploadForm:
        if self.uploads is None:
            limits = self.matched.bound.uploads if self.matched else UploadLimits()
            self.uploads = await receive_form(self.stream(), kind, limits)
        return self.uploads

    def _content_type(self) -> tuple[str, str]:
        kind = next(iter(self.headers.get("content-type", [])), "")
        return kind, kind.partition(";")[0].strip().lower()

    def _encoding(self) -> str:
        return next(iter(self.headers.get("content-encoding", [])), "identity").strip().lower()

    async def thread(self, work: Callable[P, R], /, *args: P.args, **named: P.kwargs) -> R:
        """Run blocking code in one of `Threads` threads. Raises ThreadsBusy, a 503, when too many calls wait for one.

        When the request is cancelled, a function that has not begun never does; one that has runs to its end, unless it
        looks at `mallgen_runtime.process.threads.is_given_up`.
        """
        return await in_thread(work, *args, **named)

    async def raw_body(self) -> bytes:
        """Return the whole body; raise a 413 for more than the route allows.

        Once the files of a form have been read it is written again from its parts.
        """
        if self._body is None and self.uploads is not None:
            self._body = await self.uploads.written()
        if self._body is None:
            if self._streamed:
                raise RuntimeError("the body has been taken as a stream already")
            chunks, size, more = [], 0, True
            while more:
                message = await self._receive()
                if message["type"] == "http.disconnect":
                    raise ClientGone
                chunk = message.get("body", b"")
                size += len(chunk)
                if size > self.max_bytes:
                    raise too_large(self.max_bytes)
                chunks.append(chunk)
                more = message.get("more_body", False)
            self._body = self._decoded(b"".join(chunks))
        return self._body

    def _decoded(self, data: bytes) -> bytes:
        """Return the body unpacked; the limit holds for the unpacked size, too."""
        encoding = self._encoding()
        if encoding == "identity" or not data:
            return data
        unpacker = Unpacker(encoding, self.unpacks)
        found, size = [], 0
        for piece in unpacker.feed(data):
            size += len(piece)
            if size > self.max_bytes:
                raise too_large(self.max_bytes)
            found.append(piece)
        unpacker.end()
        return b"".join(found)

    async def body(self, kind: type[T]) -> T:
        """Read the JSON body as `kind`; raise one 400 for every wrong field of this request so far."""
        is_form = self._content_type()[1] in FORMS
        try:
            data = b"" if is_form and self._form_read else await self.raw_body()
            if is_form and data:
                raise no_json(self._content_type()[1])
            made: T = await offload(len(data), decode, data, kind)
        except Wrong as problem:
            self.errors.extend(problem.errors)
        self.done()
        return made

    def problem(self, error: ApiError) -> Response:
        """Return an error as RFC 9457 problem details. Raises TypeError and ValueError if it cannot be written."""
        headers = {"content-type": _PROBLEM, **{name.lower(): value for name, value in error.headers.items()}}
        contract = self.matched.bound.shown if self.matched else ""
        return Response(body(error, self.request_id, contract), error.status, headers)

    def claims_as(self, kind: type[T]) -> T:
        """Return the claims of the request's token as a struct of yours. Raises a 401 when they do not fit it."""
        try:
            made: T = convert(self.claims, kind, "claims")
        except Wrong as problem:
            self.log.info("token refused: %s", problem)
            detail = "the token has not the claims that are needed"
            raise ApiError(401, "unauthorized", detail, headers={"www-authenticate": "Bearer"}) from None
        return made

    def check(self, request: object) -> None:
        """Raise one 400 for the fields of a request that break its `validate` tags or rules of its own."""
        found = wrong_fields(request)
        if found:
            raise invalid(found)

    def done(self) -> None:
        """Raise one 400 when a reader found something wrong."""
        if self.errors:
            raise invalid(self.errors[:MAX_ERRORS])

    def json(self, value: object, as_type: Any = None, *, status: int = 200) -> Response:
        """JSON of what `on_success` of hooks.py makes of a value, with `as_type` when numbers travel as strings.

        A Response of the handler's own is passed on as it is.
        """
        if isinstance(value, Response):
            return value
        made = value if self.on_success is None else self.on_success(self, value)
        return self._written(made, value, as_type, status)

    def _written(self, made: object, value: object, as_type: Any, status: int) -> Response:
        if isinstance(made, Response):
            return made
        try:
            return Response(self.encoded(made, value, as_type), status, Headers(_JSON))
        except NotFinite as problem:
            raise WrongAnswer(what=f"answered with {problem}: JSON has no such number") from None

    def encoded(self, made: object, value: object, as_type: Any) -> bytes:
        """Return the JSON of an answer; `made` is the handler's `value` itself, or what `on_success` made of it."""
        if made is not value and as_type is not None:
            return encode_around(made, value, as_type)
        return encode(made) if as_type is None else encode_as(made, as_type)

    def event_data(self, value: object, as_type: Any) -> bytes:
        """Return the JSON of an event's value."""
        return encode(value) if as_type is None else encode_as(value, as_type)

    async def after(self, handler: Awaitable[object], *, status: int = 200) -> Response:
        """No body once `handler` has run: the answer of a route without `returns`; its own Response is passed on."""
        found = await handler
        if isinstance(found, Response):
            return found
        if found is not None:
            raise WrongAnswer(what=f"answered with {type(found).__name__}, but the contract has no `returns`")
        return Response(b"", status) if self.on_success is None else self._succeeded(status)

    def _succeeded(self, status: int) -> Response:
        """Return the answer of a route without `returns`: what `on_success` makes of None, no body for None itself."""
        made = self.on_success(self, None) if self.on_success else None
        return Response(b"", status) if made is None else self._written(made, made, None, status)

    def empty(self) -> Response:
        """200 without a body."""
        return Response()

    def _query(self) -> dict[str, list[str]]:
        return parse_query(self.scope["query_string"].decode("utf-8", "replace"))


class _RequestHeaderReader(Reader):
    __slots__ = ()

    def first(self, name: str) -> str:
        return super().first(name.lower())

    def all(self, name: str) -> list[str]:
        return list(self.values.get(name.lower(), ()))


Next = Callable[[Context], Awaitable[Response]]
Put = Callable[[Context, Response], Awaitable[None] | None]


def identify(ctx: Context) -> None:
    """Take the ids a client sends, when they are sound; otherwise make new ones."""
    parent, request, state = b"", b"", b""
    for name, value in ctx.scope["headers"]:
        if name == b"traceparent":
            parent = value
        elif name == b"x-request-id":
            request = value
        elif name == b"tracestate":
            state = value
    ctx.request_id, ctx.trace_id, ctx.trace_flags = sound_ids(parent, request)
    ctx.trace_state = sound_state(state) if state and ctx.trace_id.encode() in parent else ""
