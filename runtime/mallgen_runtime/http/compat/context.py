"""The context of a request that is read as go-zero reads it."""

import contextlib
import zlib
from collections.abc import Callable
from typing import Any, TypeVar

from mallgen_runtime.http.compat.forms import FORM, MULTIPART, Values, kept, media_type, parse_query
from mallgen_runtime.http.compat.gojson import loads
from mallgen_runtime.http.compat.mapping import unmarshal
from mallgen_runtime.http.compat.readers import GoFormReader, GoHeaderReader, GoReader, Places, canonical
from mallgen_runtime.http.compat.rendering import render
from mallgen_runtime.http.compat.strconv import GoError
from mallgen_runtime.http.messages import Context, Next, Response
from mallgen_runtime.http.offload import offload
from mallgen_runtime.http.problems import ApiError, too_large
from mallgen_runtime.http.streams import MEMBERS

T = TypeVar("T")
TEXT = {"content-type": "text/plain; charset=utf-8", "x-content-type-options": "nosniff"}
PATH, FORMS, HEADERS, BODY = range(4)
_FED = 4 << 10  # the bytes of a broken body that are looked at one by one
_MOST_JSON = 8 << 20  # go-zero reads no more of a JSON body
_READS_FORM = ("POST", "PUT", "PATCH")


class GoContext(Context):
    """One request. go-zero reads path, form, headers and body in this order, and answers with the first mistake."""

    __slots__ = ("_go_form", "_mistakes", "_reads", "_wrong_form")

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self._mistakes: Places = []
        self._reads = False
        self._go_form: Values = {}
        self._wrong_form: GoError | None = None

    @property
    def told_id(self) -> str:
        """go-zero sends no request id."""
        return ""

    async def prepare(self, most: int) -> None:
        """Do what go-zero does before a handler: refuse long bodies, unpack."""
        length = self._length()
        if length > most:
            raise too_large(most)
        if self.unpacks and "gzip" in self._header("content-encoding"):
            packed = await self.raw_body()
            self._body = await offload(len(packed), self._unpacked, packed)

    def _header(self, name: str) -> str:
        found = self.headers.get(name)
        return found[0] if found else ""

    def _length(self) -> int:
        text = self._header("content-length")
        return int(text) if text.isdecimal() and len(text) < 19 else 1 << 62 if text.isdecimal() else -1

    def _decoded(self, data: bytes) -> bytes:
        """go-zero unpacks before the handler, and nothing but gzip."""
        return data

    def _unpacked(self, data: bytes) -> bytes:
        """Return the unpacked body; what is broken ends it. Raises a 400 without a head of gzip."""
        if len(data) < 10 or data[:3] != b"\x1f\x8b\x08":
            raise ApiError(400, "bad_gzip")
        found = _members(data, self.max_bytes + 1)
        if len(found) > self.max_bytes:
            raise too_large(self.max_bytes)
        return found

    def _parse_query(self) -> None:
        """Read the query, as of a request without a form in its body."""
        found: Values = {}
        self._take(found, parse_query(self.scope["query_string"], found))

    async def _parse_form(self) -> None:
        """Read the form in the body, then the query; the first mistake counts."""
        found: Values = {}
        wrong: GoError | None = None
        kind, bad_type = media_type(self._header("content-type") or "application/octet-stream")
        if self.method in _READS_FORM:
            wrong = bad_type
            if kind == FORM:
                data = await self.raw_body()
                wrong = await offload(len(data), parse_query, data, found)
        wrong_query = parse_query(self.scope["query_string"], found)
        wrong = wrong or wrong_query
        if wrong is None and kind == MULTIPART:
            wrong = await self._parse_parts(found)
        self._take(found, wrong)

    def _take(self, found: Values, wrong: GoError | None) -> None:
        self._go_form, self._wrong_form = {}, wrong
        try:
            self._go_form = kept(found)
        except GoError as problem:
            self._wrong_form = wrong or problem

    async def _parse_parts(self, found: Values) -> GoError | None:
        kind = self._header("content-type")
        if "boundary=" not in kind.lower():
            return GoError("no multipart boundary param in Content-Type")
        try:
            parts = await self._upload(kind)
        except ApiError as problem:
            if problem.status != 400:
                raise
            return GoError("multipart: NextPart: EOF")
        for name, values in parts.fields.items():
            found.setdefault(name, []).extend(values)
        return None

    @property
    def path(self) -> GoReader:
        """Reads the parameters of the path."""
        return GoReader("path", self.params, PATH, self._mistakes)

    @property
    def form(self) -> GoReader:
        """Reads the query."""
        self._parse_query()
        return self._form_reader()

    def _form_reader(self) -> GoReader:
        self._reads = True
        return GoFormReader("form", self._go_form, FORMS, self._mistakes)

    @property
    def header(self) -> GoReader:
        """Reads the headers."""
        texts = {canonical(k): [_utf8(text) for text in v] for k, v in self.headers.items() if k != "host"}
        found = {name: values[0] if len(values) == 1 else values for name, values in texts.items()}
        return GoHeaderReader("header", found, HEADERS, self._mistakes)

    async def read_form(self) -> GoReader:
        """Reads the query and the form in the body."""
        await self._parse_form()
        return self._form_reader()

    async def body(self, kind: type[T]) -> T:
        """Read the JSON body as `kind`; raise a 400 with the first mistake of the request."""
        if not self._reads:
            self._reads = True
            await self._parse_form()
        self.done()
        try:
            if self._length() > 0 and "application/json" in self._header("content-type"):
                data = (await self.raw_body())[:_MOST_JSON]
                made: T = await offload(len(data), _read, data, kind)
            else:
                made = unmarshal({}, kind)
        except GoError as problem:
            raise refused(problem) from None
        return made

    def done(self) -> None:
        """Raise a 400 with the first mistake."""
        if not self._reads:
            self._parse_query()
        rows = self._mistakes
        if self._wrong_form is not None:
            rows = [*rows, (FORMS * 10_000.0 - 1, self._wrong_form)]
        if rows:
            raise refused(min(rows, key=_place)[1])

    def problem(self, error: ApiError) -> Response:
        """Return an error as text."""
        first = error.errors[0] if error.errors else None
        where = f'field "{first.name}" ' if first is not None and first.name else ""
        found = text_answer(f"{where}{first.reason}" if first else error.detail or error.code, error.status)
        for name, value in error.headers.items():
            found.headers[name.lower()] = value
        return found

    def event_data(self, value: object, as_type: Any) -> bytes:
        """Return the JSON of an event as goctl's handler writes it, which unlike httpx escapes what HTML reads."""
        data = render(value)
        for char, escaped in ((b"&", b"\\u0026"), (b"<", b"\\u003c"), (b">", b"\\u003e")):
            data = data.replace(char, escaped)
        return data

    def encoded(self, made: object, value: object, as_type: Any) -> bytes:
        """Return JSON as Go writes it."""
        try:
            return render(made)
        except GoError as problem:
            raise ApiError(500, "internal", problem.text) from None


def text_answer(text: str, status: int) -> Response:
    """Return an answer as Go's http.Error writes it."""
    return Response(f"{text}\n".encode("utf-8", "surrogateescape"), status, dict(TEXT))


def prepared(run: Next, failed: Callable[[Context, BaseException], Response]) -> Next:
    """Put in front of a route what go-zero does before it checks the token."""

    async def answered(ctx: Context) -> Response:
        try:
            if ctx.matched is not None and isinstance(ctx, GoContext):
                await ctx.prepare(ctx.matched.bound.max_bytes)
        except BaseException as problem:
            return failed(ctx, problem)
        return await run(ctx)

    return answered


def _utf8(text: str) -> str:
    """Return a header's value as UTF-8, which Go's strings are."""
    return text if text.isascii() else text.encode("latin-1").decode("utf-8", "surrogateescape")


def _members(data: bytes, most: int) -> bytes:
    """Return what the members of a gzip file give one after the other, up to `most` bytes and to the first mistake."""
    found = b""
    for _ in range(MEMBERS):
        unpacker = zlib.decompressobj(wbits=31)
        try:
            found += unpacker.decompress(data, most - len(found))
        except zlib.error:
            return found + _before_mistake(data, most - len(found))
        data = unpacker.unused_data
        if not data or len(found) >= most:
            break
    return found


def _before_mistake(data: bytes, most: int) -> bytes:
    """Return what a broken gzip stream gives before its mistake, where go-zero takes it to end."""
    unpacker = zlib.decompressobj(wbits=31)
    found = bytearray()
    for start in range(0, len(data), _FED):
        piece = data[start : start + _FED]
        before = unpacker.copy()
        try:
            found += unpacker.decompress(piece, most)
        except zlib.error:
            _add_bytewise(before, piece, most, found)
            break
        if len(found) >= most or unpacker.eof:
            break
    return bytes(found)


def _add_bytewise(unpacker: Any, piece: bytes, most: int, found: bytearray) -> None:
    with contextlib.suppress(zlib.error):
        for index in range(len(piece)):
            found += unpacker.decompress(piece[index : index + 1], most)
            if len(found) >= most:
                break


def _place(row: tuple[float, GoError]) -> float:
    return row[0]


def _read(data: bytes, kind: Any) -> Any:
    return unmarshal(loads(data), kind)


def refused(problem: GoError) -> ApiError:
    """Return the 400 for a request that go-zero refuses."""
    return ApiError(400, "invalid_request", problem.text)
