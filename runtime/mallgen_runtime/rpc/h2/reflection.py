"""gRPC's reflection, for grpcurl and similar tools: lists the services and describes their messages."""

from collections.abc import Callable, Iterable
from typing import Any

_NAMES = ("grpc.reflection.v1alpha.ServerReflection", "grpc.reflection.v1.ServerReflection")
PATHS = tuple(f"/{name}/ServerReflectionInfo" for name in _NAMES)  # the same messages under two names


def reflection(services: Iterable[str]) -> Callable[[bytes], bytes]:
    """Return the function that answers each message of the stream."""
    from grpc_reflection.v1alpha.reflection import ReflectionServicer
    from grpc_reflection.v1alpha.reflection_pb2 import ServerReflectionRequest

    servicer: Any = ReflectionServicer((*services, _NAMES[0]))

    def answer(data: bytes) -> bytes:
        replies = servicer.ServerReflectionInfo(iter((ServerReflectionRequest.FromString(data),)), None)
        return b"".join([reply.SerializeToString() for reply in replies])  # there is one

    return answer
