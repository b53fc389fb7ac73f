# This file is yours: mallgen writes it once; only `mallgen sync` changes it later.
"""What every request to wide-api goes through; what stays as it is does nothing."""

from collections.abc import Sequence

from mallgen_runtime import (
    ApiError,
    ClientInterceptor,
    Context,
    Middleware,
    Response,
    problem,
)

from wide_api.svc import ServiceContext


def middlewares(svc: ServiceContext) -> Sequence[Middleware]:
    """Return what runs around every request, those that no route answers too; the first one stands outermost."""
    return ()


def on_error(ctx: Context, error: ApiError) -> Response:
    """Return the answer for a request that failed; `error.__cause__` is what was raised, if it was no ApiError."""
    return problem(ctx, error)


def on_success(ctx: Context, value: object) -> object:
    """Return what is sent as JSON; `value` is what the handler returned, None for a route without `returns`."""
    return value


def client_interceptors(svc: ServiceContext) -> Sequence[ClientInterceptor]:
    """Return what runs around every call of another service; the first one stands outermost."""
    return ()
