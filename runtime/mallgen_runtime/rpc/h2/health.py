"""The health of a server by grpc.health.v1, as far as one answer goes: Check. Who watches asks again."""

from collections.abc import Iterable

from mallgen_runtime.process.errors import Code, RpcError
from mallgen_runtime.rpc.methods import RpcContext

CHECK = "/grpc.health.v1.Health/Check"


class Health:
    """Says that some services serve, until they leave; "" is the server itself."""

    def __init__(self, names: Iterable[str]) -> None:
        self._names = {"", *names}
        self._leaving = False

    def leave(self) -> None:
        """From here on nothing serves."""
        self._leaving = True

    async def check(self, ctx: RpcContext, data: bytes) -> bytes:
        """The state of the service that is asked for. Raises RpcError."""
        from grpc_health.v1.health_pb2 import HealthCheckRequest, HealthCheckResponse

        try:
            name = HealthCheckRequest.FromString(data).service
        except Exception:
            raise RpcError(Code.INTERNAL, "the request is not a HealthCheckRequest") from None
        if name not in self._names:
            raise RpcError(Code.NOT_FOUND, "unknown service")
        state = HealthCheckResponse.NOT_SERVING if self._leaving else HealthCheckResponse.SERVING
        return HealthCheckResponse(status=state).SerializeToString()
