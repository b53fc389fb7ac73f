"""Request ids and W3C trace ids (https://www.w3.org/TR/trace-context/)."""

import os
import re

from mallgen_runtime.messages import Context

_PARENT = re.compile(rb"(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(-.*)?")
_ID = re.compile(rb"[A-Za-z0-9._:-]{1,128}")


def ids_of(traceparent: str, request_id: str) -> tuple[str, str]:
    """Request id and trace id from what a caller sent; new ones where it is not sound."""
    found = _PARENT.fullmatch(traceparent.encode("latin-1", "replace"))
    trace = found.group(1).decode() if found else os.urandom(16).hex()
    sound = _ID.fullmatch(request_id.encode("latin-1", "replace"))
    return (request_id if sound else trace[:16]), trace


def identify(ctx: Context) -> None:
    """Take the ids a client sends, when they are sound; otherwise make new ones."""
    trace, request = b"", b""
    for name, value in ctx.scope["headers"]:
        if name == b"traceparent":
            found = _PARENT.fullmatch(value)
            trace = found.group(1) if found else b""
        elif name == b"x-request-id" and _ID.fullmatch(value):
            request = value
    ctx.trace_id = trace.decode() or os.urandom(16).hex()
    ctx.request_id = request.decode() or ctx.trace_id[:16]
