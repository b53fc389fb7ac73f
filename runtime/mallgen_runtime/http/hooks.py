"""The file of a project in which every request, error and answer passes."""

from collections.abc import Sequence
from typing import Any, Protocol, TypeVar

from mallgen_runtime.http.messages import Context, Response
from mallgen_runtime.http.problems import ApiError
from mallgen_runtime.http.routing import Middleware
from mallgen_runtime.process.interceptors import ClientInterceptor
from mallgen_runtime.process.service import ServiceBase

S = TypeVar("S", bound=ServiceBase[Any], contravariant=True)


class HttpHooks(Protocol[S]):
    """The module hooks.py of an HTTP service; one without some of these functions goes without them."""

    def middlewares(self, svc: S, /) -> Sequence[Middleware]:
        """Return what runs around every request, those that no route answers too: go-zero's `server.Use`."""

    def on_error(self, ctx: Context, error: ApiError, /) -> Response:
        """Return the answer for a request that failed: go-zero's `SetErrorHandlerCtx`."""

    def on_success(self, ctx: Context, value: object, /) -> object:
        """Return what is sent as JSON in the place of a handler's value: go-zero's `SetOkHandler`."""

    def client_interceptors(self, svc: S, /) -> Sequence[ClientInterceptor]:
        """Return what runs around every call of another service."""
