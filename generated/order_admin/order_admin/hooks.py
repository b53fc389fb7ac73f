# This file is yours: mallgen writes it once; only `mallgen sync` changes it later.
"""Code around all that order_admin does."""

from collections.abc import Sequence

from mallgen_runtime import (
    ApiError,
    ClientInterceptor,
    Context,
    Middleware,
    Response,
    problem,
)
from mallgen_runtime.admin import AdminPage

from order_admin.svc import ServiceContext


def middlewares(svc: ServiceContext) -> Sequence[Middleware]:
    """Return what runs around every request, the outermost first; unknown paths too."""
    return (AdminPage(),)


def on_error(ctx: Context, error: ApiError) -> Response:
    """Return the answer for a request that failed; `error.__cause__` is the reason.

    The cause is None where an ApiError itself was raised.
    """
    return problem(ctx, error)


def on_success(ctx: Context, value: object) -> object:
    """Return what is sent as JSON; `value` is what the handler returned.

    It is None for a route without `returns`.
    """
    return value


def client_interceptors(svc: ServiceContext) -> Sequence[ClientInterceptor]:
    """Return what runs around every call of another service, the outermost first."""
    return ()
