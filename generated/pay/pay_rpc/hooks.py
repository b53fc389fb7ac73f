# This file is yours: mallgen writes it once; only `mallgen sync` changes it later.
"""Code around all that pay does."""

from collections.abc import Sequence

from mallgen_runtime.rpc import ClientInterceptor, ServerInterceptor

from pay_rpc.svc import ServiceContext


def server_interceptors(svc: ServiceContext) -> Sequence[ServerInterceptor]:
    """Return what runs around every call of this service, the outermost first."""
    return ()


def client_interceptors(svc: ServiceContext) -> Sequence[ClientInterceptor]:
    """Return what runs around every call of another service, the outermost first."""
    return ()
