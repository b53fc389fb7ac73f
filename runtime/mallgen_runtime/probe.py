"""python -m mallgen_runtime.probe URL: ask a service for its health, for health checks of containers.

`http://127.0.0.1:8888/healthz` is healthy with a status below 400, `grpc://127.0.0.1:8080` when gRPC's health service
says SERVING, `tcp://127.0.0.1:8080` when a connection is made. Exit code 0, or 1 and one line on stderr.
"""

import http.client
import socket
import ssl
import sys
from collections.abc import Sequence
from urllib.parse import SplitResult, urlsplit

SECONDS = 2.5
_USAGE = "usage: python -m mallgen_runtime.probe http://127.0.0.1:8888/healthz | grpc://HOST:PORT | tcp://HOST:PORT"
_FIRST_BAD_STATUS = 400


class Unhealthy(Exception):
    """The service is not healthy, and why."""


def main(words: Sequence[str]) -> int:
    """Ask the service at a URL and return the exit code."""
    url = urlsplit(words[0]) if len(words) == 1 else urlsplit("")
    ask = {"http": _http, "https": _http, "grpc": _grpc, "tcp": _tcp}.get(url.scheme)
    try:
        port = url.port
    except ValueError:
        port = None
    if ask is None or not url.hostname or port is None:
        sys.stderr.write(f"{_USAGE}\n")
        return 2
    try:
        ask(url, url.hostname, port)
    except (Unhealthy, OSError, http.client.HTTPException) as problem:
        sys.stderr.write(f"{words[0]}: {problem or type(problem).__name__}\n")
        return 1
    return 0


def _http(url: SplitResult, host: str, port: int) -> None:
    if url.scheme == "https":
        trusting = ssl.create_default_context()
        trusting.check_hostname = False  # it asks for the certificate of another name on this very machine
        trusting.verify_mode = ssl.CERT_NONE
        connection: http.client.HTTPConnection = http.client.HTTPSConnection(
            host, port, timeout=SECONDS, context=trusting
        )
    else:
        connection = http.client.HTTPConnection(host, port, timeout=SECONDS)
    try:
        connection.request("GET", url.path or "/healthz")
        status = connection.getresponse().status
    finally:
        connection.close()
    if status >= _FIRST_BAD_STATUS:
        raise Unhealthy(f"status {status}")


def _tcp(url: SplitResult, host: str, port: int) -> None:
    socket.create_connection((host, port), SECONDS).close()


def _grpc(url: SplitResult, host: str, port: int) -> None:
    import grpc
    from grpc_health.v1.health_pb2 import HealthCheckRequest, HealthCheckResponse

    address = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    with grpc.insecure_channel(address, [("grpc.enable_http_proxy", 0)]) as channel:
        check = channel.unary_unary(
            "/grpc.health.v1.Health/Check",
            request_serializer=HealthCheckRequest.SerializeToString,
            response_deserializer=HealthCheckResponse.FromString,
        )
        try:
            answer = check(HealthCheckRequest(), timeout=SECONDS)
        except grpc.RpcError as problem:
            raise Unhealthy(problem.code().name) from None
    if answer.status != HealthCheckResponse.SERVING:
        raise Unhealthy(HealthCheckResponse.ServingStatus.Name(answer.status))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
