"""Messages as bytes: JSON by protobuf's mapping, or protobuf's own format; both are read."""

from typing import Any

from mallgen_runtime.queue.errors import Poison
from mallgen_runtime.queue.headers import BINARY, JSON

_SPACE = b" \t\r\n"
_NAMES = {
    "application/json": JSON,
    "application/x-protobuf": BINARY,
    "application/protobuf": BINARY,
    "application/vnd.google.protobuf": BINARY,
}


def encode(message: Any, form: str) -> tuple[bytes, str]:
    """Return a message as `json` or `binary`, and its content type."""
    if form == "binary":
        return message.SerializeToString(), BINARY
    from google.protobuf import json_format

    text: str = json_format.MessageToJson(message, indent=None, ensure_ascii=False)
    return text.encode(), JSON


def decode(value: bytes, kind: Any, content_type: str, form: str) -> Any:
    """Return the message in some bytes; without a known content type the first byte decides, `form` where it does not.

    Raises Poison.
    """
    named = _NAMES.get(content_type.partition(";")[0].strip().lower(), "")
    if named:
        return _read(value, kind, named)
    if not value:
        raise Poison("the message is empty")
    first = JSON if value[:1] == b"{" or (form == "json" and value.lstrip(_SPACE)[:1] == b"{") else BINARY
    try:
        return _read(value, kind, first)
    except Poison as problem:
        try:
            return _read(value, kind, BINARY if first == JSON else JSON)
        except Poison:
            raise problem from None


def _read(value: bytes, kind: Any, content_type: str) -> Any:
    """Return the message. Raises Poison."""
    from google.protobuf import json_format
    from google.protobuf.message import DecodeError

    try:
        if content_type == BINARY:
            return kind.FromString(value)
        if value.lstrip(_SPACE)[:1] != b"{" and not kind.DESCRIPTOR.full_name.startswith("google.protobuf."):
            raise Poison(f"it is no {kind.__name__} in JSON: an object begins with a brace")
        return json_format.Parse(value, kind(), ignore_unknown_fields=True)
    except (DecodeError, json_format.ParseError, UnicodeDecodeError, RecursionError) as problem:
        what = "JSON" if content_type == JSON else "protobuf"
        raise Poison(f"it is no {kind.__name__} in {what}: {str(problem)[:200]}") from None
