"""Middlewares to put into hooks.py, or into a group's own."""

from mallgen_runtime.http.idempotency import Idempotency
from mallgen_runtime.http.limiting import RateLimit

__all__ = ["Idempotency", "RateLimit"]
