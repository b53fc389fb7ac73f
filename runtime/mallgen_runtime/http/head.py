"""The head of an HTTP/1.1 request, read strictly (RFC 9112): what two readers could read differently is refused."""

import re
from typing import Any, NamedTuple
from urllib.parse import unquote

HEAD_BYTES = 64 << 10
_HEADER_OVERHEAD = 32  # as HTTP/2 counts a header, RFC 9113 section 6.5.2
_LINE = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]++) ([!\"$-~\x80-\xff]++) HTTP/(\d)\.(\d)\r\n")
_HEADERS = re.compile(rb"(?:[!#$%&'*+.^_`|~0-9A-Za-z-]++:[\t -~\x80-\xff]*+\r\n)*+\r\n")
_SPACED = re.compile(rb"\r\n[!#$%&'*+.^_`|~0-9A-Za-z-]++ [^:\r\n]*:")
_HOST = re.compile(rb"[0-9A-Za-z._~!$&'()*+,;=:%\[\]-]*+")
_LENGTH = re.compile(rb"[0-9]{1,18}")
_NEVER = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]|(?<!\r)\n|\r(?!\n|\Z)")
_ABSOLUTE = re.compile(rb"[Hh][Tt][Tt][Pp][Ss]?://[^/?]*+")


_ASGI = {"version": "3.0", "spec_version": "2.3"}
Address = tuple[str, int] | None


class Refusal(Exception):
    """A head that is answered with a status and a closed connection; `why` in the words of Go's net/http."""

    def __init__(self, status: int, why: str = "") -> None:
        super().__init__(status)
        self.status = status
        self.why = why


class Head(NamedTuple):
    """A request's head. `length` is -1 for a chunked body; `expects` is for a client that waits for a 100."""

    method: str
    path: bytes
    query: bytes
    version: str
    headers: list[tuple[bytes, bytes]]
    length: int
    keep: bool
    expects: bool


def never_a_head(data: bytearray, start: int) -> bool:
    """Return whether an unfinished head can no longer become one."""
    return _NEVER.search(data, max(start - 1, 0)) is not None


def too_long(data: bytearray) -> int:
    """Return the status for a head that is longer than its limit."""
    line = data.find(b"\r\n")
    return 414 if line < 0 or line > HEAD_BYTES // 2 else 431


def read_head(data: bytes) -> Head:
    """Read a head that ends with its empty line. Raises Refusal."""
    line = _LINE.match(data)
    if line is None:
        raise Refusal(400)
    method, target, major, minor = line.groups()
    if major != b"1":
        raise Refusal(505, "unsupported protocol version")
    if len(target) > HEAD_BYTES // 2:
        raise Refusal(414)
    if _HEADERS.fullmatch(data, line.end()) is None:
        raise Refusal(400, "invalid header name" if _SPACED.search(data, line.end() - 2) else "")
    headers = []
    size = 0
    for field in data[line.end() : -4].split(b"\r\n") if line.end() < len(data) - 2 else ():
        name, _, value = field.partition(b":")
        size += len(field) + _HEADER_OVERHEAD
        headers.append((name.lower(), value.strip(b" \t")))
    if size > HEAD_BYTES:
        raise Refusal(431)
    if method == b"CONNECT":
        raise Refusal(501)
    if target[0] != 47:
        target = _path_of(method, target)
    path, _, query = target.partition(b"?")
    length, keep, expects = _framing(headers, minor != b"0")
    version = "1.0" if minor == b"0" else "1.1"
    return Head(method.decode(), path, query, version, headers, length, keep, expects)


def scope_of(head: Head, peer: Address, here: Address, scheme: str = "http") -> dict[str, Any]:
    """Return the ASGI scope of a head."""
    path = head.path.decode("utf-8", "replace")
    return {
        "type": "http",
        "asgi": _ASGI,
        "http_version": head.version,
        "method": head.method,
        "scheme": scheme,
        "path": unquote(path) if "%" in path else path,
        "raw_path": head.path,
        "query_string": head.query,
        "root_path": "",
        "headers": head.headers,
        "client": peer,
        "server": here,
    }


def address(found: Any) -> Address:
    """Return host and port of a socket's address; None when it has none."""
    return (str(found[0]), int(found[1])) if isinstance(found, tuple) and len(found) > 1 else None


def _path_of(method: bytes, target: bytes) -> bytes:
    """Return the path of a request target; `*` is for OPTIONS."""
    if target == b"*" and method == b"OPTIONS":
        return target
    start = _ABSOLUTE.match(target)
    if start is None:
        raise Refusal(400)
    rest = target[start.end() :]
    return rest if rest[:1] == b"/" else b"/" + rest


def _framing(headers: list[tuple[bytes, bytes]], new: bool) -> tuple[int, bool, bool]:
    """Return the body's length, whether to keep the connection, whether a 100 is awaited; `new` is HTTP/1.1."""
    hosts = 0
    length = coding = None
    keep, expects = new, False
    for name, value in headers:
        if name == b"host":
            hosts += 1
            if _HOST.fullmatch(value) is None:
                raise Refusal(400, "malformed Host header")
        elif name == b"content-length":
            if length is not None or _LENGTH.fullmatch(value) is None:
                raise Refusal(400)
            length = int(value)
        elif name == b"transfer-encoding":
            if coding is not None:
                raise Refusal(400)
            coding = value.lower()
        elif name == b"connection":
            words = [word.strip() for word in value.lower().split(b",")]
            keep = b"close" not in words and (keep or b"keep-alive" in words)
        elif name == b"expect" and new:
            if value.lower() != b"100-continue":
                raise Refusal(417)
            expects = True
    if hosts > 1 or (new and hosts == 0):
        raise Refusal(400, "" if hosts else "missing required Host header")
    if coding is None:
        return length or 0, keep, expects
    if length is not None or not new:
        raise Refusal(400)
    if coding != b"chunked":
        raise Refusal(501)
    return -1, keep, expects
