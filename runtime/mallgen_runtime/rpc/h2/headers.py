"""Reads header blocks as gRPC does: the head of a request, the head or the trailers of an answer."""

import re
from collections.abc import Callable
from typing import Generic, NamedTuple, TypeVar

from mallgen_runtime.process.errors import Code, RpcError
from mallgen_runtime.rpc.h2.grpc import code_of, code_of_http, seconds_of, unescaped
from mallgen_runtime.rpc.h2.hpack import OVERHEAD, Decoder, Field, literal

H = TypeVar("H")
MOST_KEPT, MOST_KEPT_BYTES, MOST_STARTS = 32, 512, 16
_VARYING = frozenset((b"grpc-timeout", b"traceparent", b"x-request-id"))
_OWN_TAIL = re.compile(
    rb"(?:\x10\x0cgrpc-timeout([\x02-\x09])([0-9]{1,8})m)?"
    rb"(?:\x10\x0btraceparent\x37([0-9a-f-]{55}))?"
    rb"(?:\x10\x0cx-request-id([\x01-\x7e])([!-~]{1,126}))?"
)
_MOST_OWN_TAIL = 400
_PSEUDO = frozenset((b":method", b":scheme", b":path", b":authority"))
_CONNECTION = frozenset((b"connection", b"keep-alive", b"proxy-connection", b"transfer-encoding", b"upgrade"))
_OWN = _PSEUDO | _CONNECTION | {b"te", b"content-type", b"content-length", b"grpc-timeout", b"grpc-encoding"}
_OWN |= {b"grpc-accept-encoding"}


_LENGTH = re.compile(rb"[0-9]{1,18}")
_GRPC = re.compile(rb"application/grpc(\+proto)?[ \t]*(;.*)?", re.IGNORECASE | re.DOTALL)


def is_grpc(content_type: bytes) -> bool:
    """Return whether a content type is `application/grpc`, with or without `+proto`, and with any parameters."""
    return content_type == b"application/grpc" or _GRPC.fullmatch(content_type) is not None


class Malformed(Exception):
    """Fields that no HTTP message may have (RFC 9113, section 8.1.1)."""


class RequestHeaders(NamedTuple):
    """The head of a call; `metadata` are the fields that are neither HTTP's nor the transport's.

    `length` is what content-length says, -1 without one. `problem` is an error to answer before any work is done.
    `plain` says that the request is not gRPC.
    """

    path: bytes
    timeout: float | None
    encoding: bytes
    length: int
    traceparent: bytes
    request_id: bytes
    metadata: tuple[Field, ...]
    problem: RpcError | None
    plain: bool


class ResponseHeaders(NamedTuple):
    """The head or the trailers of an answer; `code` is None in a head that is followed by a message."""

    code: Code | None
    detail: str
    encoding: bytes


class HeaderReader(Generic[H]):
    """Reads blocks and remembers their meaning while the peer's HPACK table does not change."""

    def __init__(self, decoder: Decoder, meaning: Callable[[list[Field]], H]) -> None:
        self._decoder = decoder
        self._meaning = meaning
        self._known: dict[bytes, H] = {}

    def read(self, block: bytes) -> H:
        """Read a block. Raises ConnectionFault, Malformed, and RpcError for one that is too large."""
        known = self._known.get(block)
        if known is not None:
            return known
        before = self._decoder.changes
        found = self._meaning(self._fields(block))
        if self._decoder.changes == before and len(block) <= MOST_KEPT_BYTES:
            if len(self._known) >= MOST_KEPT:
                self._known.clear()
            self._known[block] = found
        return found

    def skip(self, block: bytes) -> None:
        """Read a block only to keep the table in step."""
        before = self._decoder.changes
        self._decoder.decode(block)
        if self._decoder.changes != before:
            self._changed()

    def _fields(self, block: bytes) -> list[Field]:
        before = self._decoder.changes
        fields = self._decoder.decode(block)
        if self._decoder.changes != before:
            self._changed()
        self._check()
        return fields

    def _check(self) -> None:
        if self._decoder.malformed:
            raise Malformed("a name or a value that HTTP forbids")
        if self._decoder.over:
            raise RpcError(Code.RESOURCE_EXHAUSTED, "more metadata than is taken")

    def _changed(self) -> None:
        """Forget what blocks meant: the table has changed."""
        self._known.clear()


class RequestReader(HeaderReader[RequestHeaders]):
    """Reads the heads of calls; also remembers the start that a caller's heads have in common."""

    def __init__(self, decoder: Decoder) -> None:
        super().__init__(decoder, request_of)
        self._learnt = 0  # bounds the attempts for a caller that encodes otherwise
        self._starts: list[tuple[bytes, list[Field], int, RequestHeaders]] = []
        self._kept = 0

    @property
    def kept(self) -> int:
        """Return the bytes held for the peer: its table, and the remembered starts of its heads."""
        return self._decoder.size + self._kept

    def read(self, block: bytes) -> RequestHeaders:
        """Read a head; a known start is not decoded again."""
        for start, fields, size, base in self._starts:
            if block.startswith(start):
                found = _as_we_write(base, block, len(start))
                if found is not None and size + _MOST_OWN_TAIL <= self._decoder.most_bytes:
                    return found
                before = self._decoder.changes
                tail = self._decoder.decode(block, len(start), size, len(fields))
                if self._decoder.changes != before:
                    self._changed()
                self._check()
                return _extended(base, tail) or request_of(fields + tail)
        before = self._decoder.changes
        fields = self._fields(block)
        found = request_of(fields)
        if self._decoder.changes == before:
            self._learn(block, fields)
        return found

    def _learn(self, block: bytes, fields: list[Field]) -> None:
        """Remember the fields before the first that varies, if only literals of our own encoding follow."""
        if self._learnt >= MOST_STARTS:
            return
        self._learnt += 1
        number = next((n for n, (name, _) in enumerate(fields) if name in _VARYING), len(fields))
        tail = b"".join([literal(name, value) for name, value in fields[number:]])
        if not block.endswith(tail) or len(block) - len(tail) > MOST_KEPT_BYTES:
            return
        try:
            base = request_of(fields[:number])
        except Malformed:
            return
        size = sum(len(name) + len(value) + OVERHEAD for name, value in fields[:number])
        self._starts.append((block[: len(block) - len(tail)], fields[:number], size, base))
        self._kept += size

    def _changed(self) -> None:
        super()._changed()
        self._starts, self._kept = [], 0


def _as_we_write(base: RequestHeaders, block: bytes, start: int) -> RequestHeaders | None:
    """Read a head whose rest is as our own client writes it; return None for another rest."""
    found = _OWN_TAIL.fullmatch(block, start)
    if found is None:
        return None
    size, ms, parent, size_of_id, request_id = found.groups()
    timeout, metadata = base.timeout, base.metadata
    if ms is not None:
        if size[0] != len(ms) + 1:
            return None
        timeout = int(ms) * 1e-3
    if parent is None:
        parent = base.traceparent
    else:
        metadata = (*metadata, (b"traceparent", parent))
    if request_id is None:
        request_id = base.request_id
    elif size_of_id[0] != len(request_id):
        return None
    else:
        metadata = (*metadata, (b"x-request-id", request_id))
    path, _, encoding, length, _, _, _, problem, plain = base
    return RequestHeaders(path, timeout, encoding, length, parent, request_id, metadata, problem, plain)


def _extended(base: RequestHeaders, tail: list[Field]) -> RequestHeaders | None:
    """Read a head whose start is known; return None when the rest has more than a time limit and metadata."""
    timeout, problem, parent, request_id = base.timeout, base.problem, base.traceparent, base.request_id
    metadata = list(base.metadata)
    for field in tail:
        name, value = field
        if name == b"traceparent":
            parent = value
        elif name == b"x-request-id":
            request_id = value
        elif name == b"grpc-timeout" and timeout is None and problem is None:
            timeout, problem = _limit(value)
            continue
        elif name in _OWN or name[0] == 0x3A:
            return None
        metadata.append(field)
    path, _, encoding, length, _, _, _, _, plain = base
    return RequestHeaders(path, timeout, encoding, length, parent, request_id, tuple(metadata), problem, plain)


def request_of(fields: list[Field]) -> RequestHeaders:
    """Read the head of a call. Raises Malformed."""
    own: dict[bytes, bytes] = {}
    metadata: list[Field] = []
    traceparent = request_id = b""
    for field in fields:
        name, value = field
        if name in _OWN:
            if name in own or (metadata and name in _PSEUDO):
                raise Malformed(f"{name.decode()} stands twice, or too late")
            own[name] = value
            continue
        if name[0] == 0x3A:
            raise Malformed(f"{name.decode('latin-1')} has no meaning")
        if name == b"traceparent":
            traceparent = value
        elif name == b"x-request-id":
            request_id = value
        metadata.append(field)
    _check(own)
    timeout, problem = _limit(own.get(b"grpc-timeout"))
    return RequestHeaders(
        own[b":path"],
        timeout,
        own.get(b"grpc-encoding", b""),
        int(own.get(b"content-length", b"-1")),  # _check has bounded its length
        traceparent,
        request_id,
        tuple(metadata),
        problem,
        own[b":method"] != b"POST" or not is_grpc(own.get(b"content-type", b"")),
    )


def _check(own: dict[bytes, bytes]) -> None:
    """Check what every request must have, and must not. Raises Malformed."""
    if not own.get(b":path") or b":method" not in own or b":scheme" not in own:
        raise Malformed("a method, a scheme or a path is missing")
    late = False
    for name in own:
        if name[0] != 0x3A:
            late = True
        elif late:
            raise Malformed(f"{name.decode()} stands too late")
    if not _CONNECTION.isdisjoint(own) or own.get(b"te", b"trailers") != b"trailers":
        raise Malformed("a field of HTTP/1.1")
    if not _LENGTH.fullmatch(own.get(b"content-length", b"0")):
        raise Malformed("content-length is no number, or one that nobody can mean")


def _limit(value: bytes | None) -> tuple[float | None, RpcError | None]:
    if value is None:
        return None, None
    try:
        return seconds_of(value), None
    except ValueError:
        return None, RpcError(Code.INTERNAL, f"malformed grpc-timeout: {value.decode('latin-1')}")


def response_of(fields: list[Field]) -> ResponseHeaders:
    """Read the head or the trailers of an answer. Raises Malformed."""
    found = dict(fields)
    if b"grpc-status" in found:
        return ResponseHeaders(
            code_of(found[b"grpc-status"]), unescaped(found.get(b"grpc-message", b"")), found.get(b"grpc-encoding", b"")
        )
    status = found.get(b":status")
    if status is None:
        return ResponseHeaders(Code.UNKNOWN, "the answer has no status", b"")
    if status != b"200":
        return ResponseHeaders(code_of_http(status), f"HTTP status {status.decode('latin-1')}", b"")
    kind = found.get(b"content-type", b"")
    if not is_grpc(kind):
        return ResponseHeaders(Code.UNKNOWN, f"the answer is {kind.decode('latin-1') or 'of no type'}, not gRPC", b"")
    return ResponseHeaders(None, "", found.get(b"grpc-encoding", b""))
