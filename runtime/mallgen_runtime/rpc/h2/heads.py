"""What a header block means to gRPC: the request of a caller, the answer of a server."""

from collections.abc import Callable
from typing import Generic, NamedTuple, TypeVar

from mallgen_runtime.rpc.calls import Code, RpcError
from mallgen_runtime.rpc.h2.hpack import Decoder, Field
from mallgen_runtime.rpc.h2.wire import code_of, code_of_http, seconds_of, unescaped

H = TypeVar("H")
MOST_KEPT, MOST_KEPT_BYTES = 32, 512
_PSEUDO = frozenset((b":method", b":scheme", b":path", b":authority"))
_CONNECTION = frozenset((b"connection", b"keep-alive", b"proxy-connection", b"transfer-encoding", b"upgrade"))
_OWN = _PSEUDO | _CONNECTION | {b"te", b"content-type", b"content-length", b"grpc-timeout", b"grpc-encoding"}
_OWN |= {b"grpc-accept-encoding"}


class Malformed(Exception):
    """Fields that no HTTP message may have (RFC 9113, section 8.1.1)."""


class Request(NamedTuple):
    """The head of a call; `metadata` are the fields that are neither HTTP's nor the transport's.

    `length` is what content-length says, -1 without one. `problem` is an answer that is due before any work is done.
    `plain` says that it is not gRPC at all.
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


class Answer(NamedTuple):
    """The head or the trailers of an answer; `code` is None in a head that is followed by a message."""

    code: Code | None
    detail: str
    encoding: bytes


class Heads(Generic[H]):
    """Reads blocks; what a block meant is remembered as long as the peer's table stays as it is."""

    def __init__(self, decoder: Decoder, meaning: Callable[[list[Field]], H]) -> None:
        self._decoder = decoder
        self._meaning = meaning
        self._known: dict[bytes, H] = {}

    def read(self, block: bytes) -> H:
        """What a block means. Raises ConnectionFault, Malformed, and RpcError for one that is too large."""
        known = self._known.get(block)
        if known is not None:
            return known
        decoder = self._decoder
        before = decoder.changes
        fields = decoder.decode(block)
        if decoder.changes != before:
            self._known.clear()
        if decoder.malformed:
            raise Malformed("a name or a value that HTTP forbids")
        if decoder.over:
            raise RpcError(Code.RESOURCE_EXHAUSTED, "more metadata than is taken")
        found = self._meaning(fields)
        if decoder.changes == before and len(block) <= MOST_KEPT_BYTES:
            if len(self._known) >= MOST_KEPT:
                self._known.clear()
            self._known[block] = found
        return found

    def skip(self, block: bytes) -> None:
        """Read a block for the sake of the table."""
        before = self._decoder.changes
        self._decoder.decode(block)
        if self._decoder.changes != before:
            self._known.clear()


def request_of(fields: list[Field]) -> Request:
    """The head of a call. Raises Malformed."""
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
    timeout, problem = _limit(own)
    return Request(
        own[b":path"],
        timeout,
        own.get(b"grpc-encoding", b""),
        int(own.get(b"content-length", b"-1")),
        traceparent,
        request_id,
        tuple(metadata),
        problem,
        own[b":method"] != b"POST" or not own.get(b"content-type", b"").startswith(b"application/grpc"),
    )


def _check(own: dict[bytes, bytes]) -> None:
    """What every request must have, and must not. Raises Malformed."""
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
    if not own.get(b"content-length", b"0").isdigit():
        raise Malformed("content-length is no number")


def _limit(own: dict[bytes, bytes]) -> tuple[float | None, RpcError | None]:
    value = own.get(b"grpc-timeout")
    if value is None:
        return None, None
    try:
        return seconds_of(value), None
    except ValueError:
        return None, RpcError(Code.INTERNAL, f"malformed grpc-timeout: {value.decode('latin-1')}")


def answer_of(fields: list[Field]) -> Answer:
    """The head or the trailers of an answer. Raises Malformed."""
    found = dict(fields)
    if b"grpc-status" in found:
        return Answer(
            code_of(found[b"grpc-status"]), unescaped(found.get(b"grpc-message", b"")), found.get(b"grpc-encoding", b"")
        )
    status = found.get(b":status")
    if status is None:
        return Answer(Code.UNKNOWN, "the answer has no status", b"")
    if status != b"200":
        return Answer(code_of_http(status), f"HTTP status {status.decode('latin-1')}", b"")
    kind = found.get(b"content-type", b"")
    if not kind.startswith(b"application/grpc"):
        return Answer(Code.UNKNOWN, f"the answer is {kind.decode('latin-1') or 'of no type'}, not gRPC", b"")
    return Answer(None, "", found.get(b"grpc-encoding", b""))
