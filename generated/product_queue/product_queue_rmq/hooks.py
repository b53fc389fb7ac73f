# This file is yours: mallgen writes it once; only `mallgen sync` changes it later.
"""Code around all that product_queue does."""

from collections.abc import Sequence

from mallgen_runtime.queue import ConsumerInterceptor
from mallgen_runtime.rpc import ClientInterceptor

from product_queue_rmq.svc import ServiceContext


def consumer_interceptors(svc: ServiceContext) -> Sequence[ConsumerInterceptor]:
    """Return what runs around every message of this service, the outermost first."""
    return ()


def client_interceptors(svc: ServiceContext) -> Sequence[ClientInterceptor]:
    """Return what runs around every call of another service, the outermost first."""
    return ()
