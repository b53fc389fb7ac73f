"""The request that this process works on: calls made for it inherit its ids and its deadline."""

import contextvars
import os
import time
from typing import NamedTuple


class Origin(NamedTuple):
    """The request that calls are made for: its ids, and the monotonic time by which it must be answered, or None.

    `trace_flags` are the two hexadecimal digits at the end of a W3C traceparent, `trace_state` is the tracestate.
    `route` is the path of the contract, or the RPC; `span_id` is that of the span that calls belong to.
    """

    request_id: str
    trace_id: str
    deadline: float | None
    trace_flags: str = "00"
    route: str = ""
    span_id: str = ""
    trace_state: str = ""

    def metadata(self) -> tuple[tuple[str, str], ...]:
        """Return the metadata that tells a callee of the request: go-zero's keys, and our request id."""
        if not self.trace_id:
            return ()
        parent = f"00-{self.trace_id}-{self.span_id or os.urandom(8).hex()}-{self.trace_flags}"
        found = (("traceparent", parent), ("x-request-id", self.request_id))
        return (*found, ("tracestate", self.trace_state)) if self.trace_state else found


NOBODY = Origin("", "", None)
origin: contextvars.ContextVar[Origin] = contextvars.ContextVar("mallgen_origin", default=NOBODY)
MARGIN = 0.01


def remaining(own: float | None) -> float | None:
    """Return the seconds that a call may take: its own limit, or the rest of the request's less a margin."""
    deadline = origin.get().deadline
    if deadline is None:
        return own
    left = max(0.0, deadline - time.monotonic() - MARGIN)
    return left if own is None else min(own, left)
