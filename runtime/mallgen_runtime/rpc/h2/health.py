"""The health of a server by grpc.health.v1: Check only. Watch is a stream, so clients poll."""

from collections.abc import Iterable

from mallgen_runtime.process.errors import Code, RpcError
from mallgen_runtime.rpc.methods import RpcContext

CHECK = "/grpc.health.v1.Health/Check"


class Health:
    """Reports some services as SERVING, until the server leaves; "" is the server itself."""

    def __init__(self, names: Iterable[str]) -> None:
        self._names = {"", *names}
        self._leaving = False

    def leave(self) -> None:
        """Report NOT_SERVING from now on."""
        self._leaving = True

    async def check(self, ctx: RpcContext, data: bytes) -> bytes:
        """Return the state of the requested service. Raises RpcError."""
        from grpc_health.v1.health_pb2 import HealthCheckRequest, HealthCheckResponse

        try:
            name = HealthCheckRequest.FromString(data).service
        except Exception:
            raise RpcError(Code.INTERNAL, "the request is not a HealthCheckRequest") from None
        if name not in self._names:
            raise RpcError(Code.NOT_FOUND, "unknown service")
        state = HealthCheckResponse.NOT_SERVING if self._leaving else HealthCheckResponse.SERVING
        return HealthCheckResponse(status=state).SerializeToString()
