# This file is yours: mallgen writes it once; only `mallgen sync` changes it later.
"""What every request to order goes through; what stays as it is does nothing."""

from collections.abc import Sequence

from mallgen_runtime.rpc import ClientInterceptor, ServerInterceptor

from order_rpc.svc import ServiceContext


def server_interceptors(svc: ServiceContext) -> Sequence[ServerInterceptor]:
    """Return what runs around every call of this service; the first one stands outermost."""
    return ()


def client_interceptors(svc: ServiceContext) -> Sequence[ClientInterceptor]:
    """Return what runs around every call of another service; the first one stands outermost."""
    return ()
