"""Reads requests and writes answers as go-zero does, for services whose clients were written for it.

`Compat: gozero` in the settings chooses it when the service starts. docs/wire.md has the rules.
"""

from collections.abc import Callable
from typing import NamedTuple

from mallgen_runtime.http.failures import Failures
from mallgen_runtime.http.messages import Context, Next, Response
from mallgen_runtime.http.sending import refusal


class WireMode(NamedTuple):
    """The classes that read requests and write answers.

    `as_get` is the method that routes of GET answer too, `first` stands before the check of a route's token.
    """

    context: type[Context]
    failures: type[Failures]
    refusal: Callable[[int, bytes, str], bytes]
    as_get: str
    first: Callable[[Next, Callable[[Context, BaseException], Response]], Next] | None


def mode_of(compat: str) -> WireMode:
    """Return the mode of a service by its setting `Compat`."""
    if compat != "gozero":
        return WireMode(Context, Failures, refusal, "HEAD", None)
    from mallgen_runtime.http.compat import context, failures

    return WireMode(context.GoContext, failures.GoFailures, failures.refusal, "", context.prepared)
