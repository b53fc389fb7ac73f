"""Built by scripts/build_tables.py from templates/rmq/hooks.py.j2. Do not edit."""

from typing import Any


def render(*, header: Any, yours: Any, module_docstring: Any, package: Any) -> str:
    parts: list[str] = []
    add = parts.append
    add(f'{yours}\n{module_docstring}\n\nfrom collections.abc import Sequence\n\nfrom mallgen_runtime.queue import ConsumerInterceptor\nfrom mallgen_runtime.rpc import ClientInterceptor\n\nfrom {package}.svc import ServiceContext\n\n\ndef consumer_interceptors(svc: ServiceContext) -> Sequence[ConsumerInterceptor]:\n    """Return what runs around every message of this service, the outermost first."""\n    return ()\n\n\ndef client_interceptors(svc: ServiceContext) -> Sequence[ClientInterceptor]:\n    """Return what runs around every call of another service, the outermost first."""\n    return ()\n')
    return "".join(parts)
