"""Request ids and W3C trace ids (https://www.w3.org/TR/trace-context/)."""

import os
import re
from collections.abc import Iterable
from typing import NamedTuple

_PARENT = re.compile(rb"(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-([0-9a-f]{2})(-.*)?")
_STATE = re.compile(rb"[ !-~]{1,512}")
_ID = re.compile(rb"[A-Za-z0-9._:-]{1,128}")


class Ids(NamedTuple):
    """The ids of a request; `trace_flags` are the last two digits of a traceparent."""

    request_id: str
    trace_id: str
    trace_flags: str


def sound_state(tracestate: bytes) -> str:
    """Return a tracestate that can go along with calls, empty where it is none or too long."""
    return tracestate.decode() if _STATE.fullmatch(tracestate) else ""


def state_in(fields: Iterable[tuple[bytes, bytes]]) -> str:
    """Return the tracestate among some headers, empty where there is none."""
    return next((sound_state(value) for name, value in fields if name == b"tracestate"), "")


def ids_of(traceparent: str, request_id: str) -> Ids:
    """Return the ids that a caller sent, new ones in place of invalid ones."""
    return sound_ids(traceparent.encode("latin-1", "replace"), request_id.encode("latin-1", "replace"))


def sound_ids(traceparent: bytes, request_id: bytes) -> Ids:
    """Return what `ids_of` does, for header values in bytes."""
    found = _PARENT.fullmatch(traceparent)
    trace, flags = (found.group(1).decode(), found.group(2).decode()) if found else (os.urandom(16).hex(), "00")
    return Ids(request_id.decode() if _ID.fullmatch(request_id) else trace[:16], trace, flags)
