"""Writes answers as HTTP/1.1, and refuses a status, header or body that would break the framing."""

from http import HTTPStatus

from mallgen_runtime.http.answers import Response
from mallgen_runtime.http.headers import Headers, Unsendable, header_line, headers_of

_BODYLESS = (204, 304)
_PHRASES = {status.value: status.phrase for status in HTTPStatus}
_STATUS = {status: f"HTTP/1.1 {status} {_PHRASES.get(status, '')}\r\n".encode() for status in range(200, 600)}


def check(response: Response, method: str) -> None:
    """Refuse an answer that cannot be sent; drop a body that its status does not allow. Raises Unsendable."""
    if type(response.status) is not int or response.status not in _STATUS:
        raise Unsendable(f"the status {response.status!r} is not one of 200 to 599")
    if not isinstance(response.body, bytes):
        raise Unsendable(f"the body is {type(response.body).__name__}, not bytes")
    if response.in_pieces and response.body:
        raise Unsendable("a stream has no other body")
    if response.status in _BODYLESS:
        response.body = b""
    if response.headers.__class__ is not Headers:  # somebody has put a dictionary in their place
        response.headers = headers_of(response.headers)
    length = response.headers.get("content-length")
    if length is not None and not response.in_pieces and method != "HEAD" and length != str(len(response.body)):
        raise Unsendable(f"content-length says {length!r}, the body has {len(response.body)} bytes")
    for cookie in response.cookies:
        header_line("set-cookie", cookie)


def has_body(response: Response, method: str) -> bool:
    """Return whether the body of an answer is sent."""
    return method != "HEAD" and response.status not in _BODYLESS


def head_of(response: Response, request_id: str, date: bytes) -> bytes:
    """Return status line and headers of a checked answer, without the empty line; no id when `request_id` is empty."""
    found = _STATUS[response.status]
    headers = response.headers
    for name, value in headers.items():
        found += header_line(name, value)
    for cookie in response.cookies:
        found += header_line("set-cookie", cookie)
    if response.status not in _BODYLESS and response.says_length and "content-length" not in headers:
        found += b"content-length: %d\r\n" % len(response.body)
    if request_id and "x-request-id" not in headers:
        found += b"x-request-id: %b\r\n" % request_id.encode("latin-1")
    return found if "date" in headers else found + date


def pairs_of(response: Response, request_id: str) -> list[tuple[bytes, bytes]]:
    """Return the headers of a checked answer as ASGI has them."""
    lines = head_of(response, request_id, b"").split(b"\r\n")[1:-1]
    return [(name, value) for name, _, value in (line.partition(b": ") for line in lines)]


def refusal(status: int, date: bytes, why: str) -> bytes:
    """Return the answer to a head that cannot be taken; `date` is the line of the header."""
    title = HTTPStatus(status).phrase
    return f"HTTP/1.1 {status} {title}\r\ncontent-length: 0\r\nconnection: close\r\n".encode() + date + b"\r\n"
