"""gRPC's encodings inside HTTP/2: messages with their length, time limits, status texts, binary metadata."""

import base64
import binascii
import contextlib
import re
import zlib
from collections.abc import Iterable, Iterator
from struct import Struct

from mallgen_runtime.process.errors import Code, RpcError
from mallgen_runtime.rpc.h2.frames import Reason
from mallgen_runtime.rpc.h2.hpack import Field, literal, plain

PREFIX = Struct(">BL")  # compressed or not, length
PREFIX_SIZE = 5
_UNITS = {b"H": 3600.0, b"M": 60.0, b"S": 1.0, b"m": 1e-3, b"u": 1e-6, b"n": 1e-9}
_TIMEOUT = re.compile(rb"([0-9]{1,8})([HMSmun])")
_UNSAFE = re.compile(rb"[^ -$&-~]")
_ESCAPED = re.compile(rb"%([0-9a-fA-F]{2})")
_MOST_MS = 99_999_999
_MOST_KEPT = 10_000
_TIMEOUTS: dict[int, bytes] = {}
_NAMES: dict[str, bytes] = {}
_METADATA_NAME = re.compile(r"[0-9a-z_.-]+")
_GZIP = 16 + zlib.MAX_WBITS
_BY_REASON = {
    Reason.REFUSED_STREAM: Code.UNAVAILABLE,
    Reason.CANCEL: Code.CANCELED,
    Reason.ENHANCE_YOUR_CALM: Code.RESOURCE_EXHAUSTED,
    Reason.INADEQUATE_SECURITY: Code.PERMISSION_DENIED,
}
_BY_STATUS = {
    b"400": Code.INTERNAL,
    b"401": Code.UNAUTHENTICATED,
    b"403": Code.PERMISSION_DENIED,
    b"404": Code.UNIMPLEMENTED,
    b"429": Code.UNAVAILABLE,
    b"502": Code.UNAVAILABLE,
    b"503": Code.UNAVAILABLE,
    b"504": Code.UNAVAILABLE,
}
_CODES = {str(int(code)).encode(): code for code in Code}


def framed(message: bytes) -> bytes:
    """Return a message with its prefix."""
    return PREFIX.pack(0, len(message)) + message


def message_of(data: bytes, encoding: bytes, most: int) -> bytes:
    """Return the one message that a stream carried. Raises RpcError."""
    if len(data) < PREFIX_SIZE:
        raise RpcError(Code.INTERNAL, "the call has no message")
    compressed, size = PREFIX.unpack_from(data)
    if size != len(data) - PREFIX_SIZE:
        more = size < len(data) - PREFIX_SIZE
        raise RpcError(Code.INTERNAL, "more than one message for a unary method" if more else "half a message")
    if not compressed:
        return data[PREFIX_SIZE:]
    if compressed != 1 or encoding in (b"", b"identity"):
        raise RpcError(Code.INTERNAL, "a compressed message without its encoding")
    return _unpacked(data[PREFIX_SIZE:], most)


def check_size(size: int, most: int) -> None:
    """Raises RpcError for a message beyond the limit."""
    if size > most:
        raise RpcError(Code.RESOURCE_EXHAUSTED, f"a message has {size} bytes, at most {most} are taken")


def check_encoding(encoding: bytes) -> None:
    """Raises RpcError for an encoding that we do not know."""
    if encoding not in (b"", b"identity", b"gzip"):
        name = encoding.decode("latin-1")
        raise RpcError(Code.UNIMPLEMENTED, f"messages may be packed with gzip, not with {name}")


def _unpacked(data: bytes, most: int) -> bytes:
    unpack = zlib.decompressobj(_GZIP)
    try:
        found = unpack.decompress(data, most + 1)
    except zlib.error:
        raise RpcError(Code.INTERNAL, "the message is not gzip") from None
    if len(found) > most:
        raise RpcError(Code.RESOURCE_EXHAUSTED, f"a message has more than {most} bytes when unpacked")
    if not unpack.eof or unpack.unused_data:
        raise RpcError(Code.INTERNAL, "the message is not whole gzip")
    return found


def timeout_field(seconds: float) -> bytes:
    """Return `grpc-timeout` in whole ms, rounded up: the server must not end a call before its caller does."""
    ms = int(seconds * 1000) + 1
    return _TIMEOUTS.get(ms) or _timeout_field(ms)


def _timeout_field(ms: int) -> bytes:
    found = literal(b"grpc-timeout", b"%dm" % min(max(ms, 1), _MOST_MS))
    if len(_TIMEOUTS) < _MOST_KEPT:
        _TIMEOUTS[ms] = found
    return found


def seconds_of(value: bytes) -> float:
    """Return the seconds of a `grpc-timeout`. Raises ValueError."""
    found = _TIMEOUT.fullmatch(value)
    if found is None:
        raise ValueError(value)
    return int(found[1]) * _UNITS[found[2]]


def escaped(text: str) -> bytes:
    """Return a status text as `grpc-message` has it."""
    return _UNSAFE.sub(lambda found: b"%%%02X" % found[0][0], text.encode("utf-8", "replace"))


def unescaped(value: bytes) -> str:
    """Return the text of a `grpc-message`; a broken escape stays as it is."""
    return _ESCAPED.sub(lambda found: bytes((int(found[1], 16),)), value).decode("utf-8", "replace")


def code_of(status: bytes) -> Code:
    """Return the code of a `grpc-status`; UNKNOWN for a number that gRPC does not define."""
    return _CODES.get(status, Code.UNKNOWN)


def code_of_reset(reason: int) -> Code:
    """Return the code that a stream's reset means to its caller."""
    return _BY_REASON.get(reason, Code.INTERNAL)  # type: ignore[call-overload, no-any-return]


def code_of_http(status: bytes) -> Code:
    """Return the code that an HTTP status without gRPC means to its caller."""
    return _BY_STATUS.get(status, Code.UNKNOWN)


def metadata_fields(pairs: Iterable[tuple[str, str | bytes]]) -> bytes:
    """Return metadata as literals; `-bin` values, which are bytes, in base64 without padding. Raises RpcError."""
    return b"".join([_metadata_field(name, value) for name, value in pairs])


def _metadata_field(name: str, value: str | bytes) -> bytes:
    start = _NAMES.get(name) or _name(name)
    if isinstance(value, bytes):
        data = base64.b64encode(value).rstrip(b"=")
    elif value.isascii() and value.isprintable():
        data = value.encode()
    else:
        raise RpcError(Code.INTERNAL, f"the metadata {name} is not printable ASCII")
    return start + (plain(data) if len(data) >= 0x7F else b"%c%b" % (len(data), data))


def _name(name: str) -> bytes:
    """Return the start of a literal. Raises RpcError for a name that HTTP forbids."""
    if not _METADATA_NAME.fullmatch(name):
        raise RpcError(Code.INTERNAL, f"metadata cannot be called {name!r}")
    found = b"\x10" + plain(name.encode())
    if len(_NAMES) < _MOST_KEPT:
        _NAMES[name] = found
    return found


class DecodedMetadata:
    """Metadata as text, `-bin` ones as bytes; several values in one field become several. Wrong base64 is left out."""

    __slots__ = ("_fields",)

    def __init__(self, fields: Iterable[Field]) -> None:
        self._fields = fields

    def __iter__(self) -> Iterator[tuple[str, str | bytes]]:
        for name, value in self._fields:
            if not name.endswith(b"-bin"):
                yield name.decode(), value.decode("latin-1")
                continue
            for part in value.split(b","):
                with contextlib.suppress(binascii.Error):
                    yield name.decode(), base64.b64decode(part + b"=" * (-len(part) % 4), validate=True)
