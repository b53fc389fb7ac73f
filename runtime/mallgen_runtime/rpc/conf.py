"""Settings of RPC servers and clients, with go-zero's keys."""

from collections.abc import Mapping
from functools import partial
from typing import Annotated, ClassVar

from msgspec import Meta, field

from mallgen_runtime.discovery import EtcdConf
from mallgen_runtime.process.address import host_and_port
from mallgen_runtime.process.conf import Conf, LogConf, Mode, ShutdownConf, check_tls
from mallgen_runtime.process.devserver import DevServerConf, PrometheusConf
from mallgen_runtime.process.durations import Duration, seconds
from mallgen_runtime.process.errors import ConfigError, call_all
from mallgen_runtime.process.exporting import TelemetryConf
from mallgen_runtime.process.known_keys import (
    RPC_CLIENT,
    RPC_CLIENT_MIDDLEWARES,
    RPC_SERVER,
    RPC_SERVER_MIDDLEWARES,
    Remark,
)
from mallgen_runtime.process.masking import without_login
from mallgen_runtime.schema import Options

Transport = Annotated[str, Options("auto", "http2", "grpc")]
Milliseconds = Annotated[int, Meta(ge=0)]
MessageBytes = Annotated[int, Meta(ge=-1)]


class MethodTimeoutConf(Conf, kw_only=True):
    """go-zero's entry of `MethodTimeouts`: `full_method` as `/order.Order/Orders`, `timeout` as `500ms` or `2s`."""

    full_method: str
    timeout: Duration


class ServerMiddlewaresConf(Conf, kw_only=True):
    """go-zero's `Middlewares` block of an RPC server; false switches a part off.

    The parts are the breaker, the metrics of calls (`prometheus`), the log line of each call (`stat`), and `shedding`,
    which is not go-zero's: in mode pro it refuses unary calls that would be answered too late.
    """

    remarks: ClassVar[Mapping[str, Remark]] = RPC_SERVER_MIDDLEWARES
    breaker: bool = True
    prometheus: bool = True
    stat: bool = True
    shedding: bool = True


class ClientMiddlewaresConf(Conf, kw_only=True):
    """go-zero's `Middlewares` block of an RPC client; false switches a part off.

    The parts are the breaker, the metrics of calls (`prometheus`), and `timeout`: without it only the deadline of the
    request itself ends a call.
    """

    remarks: ClassVar[Mapping[str, Remark]] = RPC_CLIENT_MIDDLEWARES
    breaker: bool = True
    prometheus: bool = True
    timeout: bool = True


class RpcServerConf(Conf, kw_only=True):
    """The settings that every RPC server has.

    `listen_on` is `host:port`. `timeout` is the time for one unary call, in milliseconds (0: none); `method_timeouts`
    has other times for single methods. `max_message` is the limit of one message in bytes (-1: no limit). A connection
    without calls is closed after `max_connection_idle`, such as `5m`. `mode` is dev, test, rt, pre or pro; dev and test
    switch reflection on. `transport` is `http2`, which is mallgen's own and has unary methods only, or `grpc`, which is
    grpc.aio; `auto` takes `http2` unless the service has streaming methods. With `strict`, an unknown key is an error.

    Under load the service refuses calls that would be late. It does not do so while it uses less processor time than
    `cpu_threshold`, in thousandths of a core (0: it never refuses, as in go-zero; not set: processor time does not
    matter).

    With `cert_file` and `key_file`, which are PEM files, the service speaks TLS. With `client_ca_file` it serves only
    clients whose certificate is signed by one of the authorities in that file. All three are read again when they
    change.
    """

    remarks: ClassVar[Mapping[str, Remark]] = RPC_SERVER
    name: str
    listen_on: str = "0.0.0.0:8080"
    mode: Mode = "pro"
    timeout: Milliseconds = 2000
    method_timeouts: list[MethodTimeoutConf] = field(default_factory=list)
    shutdown: ShutdownConf = field(default_factory=ShutdownConf)
    max_message: MessageBytes = 4 << 20
    max_connection_idle: Duration = "5m"
    cpu_threshold: Annotated[int, Meta(ge=0, le=1000)] | None = None
    health: bool = True
    middlewares: ServerMiddlewaresConf = field(default_factory=ServerMiddlewaresConf)
    transport: Transport = "auto"
    cert_file: str = ""
    key_file: str = ""
    client_ca_file: str = ""
    etcd: EtcdConf | None = None
    dev_server: DevServerConf | None = None
    prometheus: PrometheusConf | None = None
    telemetry: TelemetryConf | None = None
    log: LogConf = field(default_factory=LogConf)
    strict: bool = False

    def check_settings(self, setting: str) -> None:
        """Raise ConfigError for a `listen_on` that is no address, and for half of what TLS needs."""
        tls = partial(check_tls, self.cert_file, self.key_file, self.client_ca_file)
        call_all([partial(host_and_port, self.listen_on), tls])

    def limit_of(self, wire: str) -> float | None:
        """Return the seconds that a call of a method may take, None: no limit. Raises ConfigError."""
        for found in self.method_timeouts:
            if found.full_method == wire:
                return seconds(found.timeout, "MethodTimeouts.Timeout") or None
        return self.timeout / 1000 or None


class RpcClientConf(Conf, kw_only=True):
    """The way to a service.

    It is found by the first of these that is set: `endpoints`, which are fixed addresses; `target`, which is gRPC's,
    such as `dns:///order:8080`, or go-zero's `direct:///a:1,b:2` and `k8s://namespace/service:port`; `etcd`. Without
    them it is looked for among the services of this machine by `key`, which is by default the name from the callee's
    contract.

    `timeout` is the time for one unary call, in milliseconds (0: none); a call also ends with the request that it
    belongs to. With `non_block` false the service does not start before an instance can be reached. `keepalive_time`,
    such as `20s`, is how often an idle connection is checked (empty: never). `max_message` is the limit of one message
    in bytes (-1: no limit). `transport` is `http2`, which is mallgen's own and has unary methods only, or `grpc`, which
    is grpc.aio; `auto` takes `http2`, but `grpc` for streaming methods and for targets that only grpc.aio knows. `app`
    and `token` are sent with every call, for servers of go-zero that ask for them.

    With `tls`, calls use TLS. `ca_cert_file` has the authorities that are trusted (empty: the system's). `server_name`
    is the name that the server's certificate must have (empty: the host of its address). `cert_file` and `key_file` are
    the client's own certificate.
    """

    remarks: ClassVar[Mapping[str, Remark]] = RPC_CLIENT
    endpoints: list[str] = field(default_factory=list)
    target: str = ""
    etcd: EtcdConf | None = None
    key: str = ""
    app: str = ""
    token: str = ""
    timeout: Milliseconds = 2000
    non_block: bool = True
    keepalive_time: Duration = ""
    max_message: MessageBytes = 4 << 20
    transport: Transport = "auto"
    tls: bool = False
    ca_cert_file: str = ""
    server_name: str = ""
    cert_file: str = ""
    key_file: str = ""
    middlewares: ClientMiddlewaresConf = field(default_factory=ClientMiddlewaresConf)

    def check_settings(self, setting: str) -> None:
        """Raise ConfigError for a target that nobody understands, and for pods whose certificates cannot be checked."""
        if self.static or not self.pods:
            return
        from mallgen_runtime.discovery.kubernetes.target import read_target

        target = read_target(self.pods)
        if self.tls and not self.server_name:
            name = f"{target.service}.{target.namespace}.svc"
            raise ConfigError(
                f"Target {self.pods} leads to addresses, which are in no certificate: set ServerName: {name}"
            )

    @property
    def limit(self) -> float | None:
        """The seconds that a unary call may take, None: no limit of its own."""
        return self.timeout / 1000 or None if self.middlewares.timeout else None

    @property
    def credentials(self) -> tuple[tuple[str, str], ...]:
        """Return the metadata of a call that go-zero's servers with `Auth` look for."""
        return (("app", self.app), ("token", self.token)) if self.app or self.token else ()

    @property
    def static(self) -> list[str]:
        """The addresses that the settings name themselves. Raises ConfigError for a target that nobody understands."""
        if self.endpoints or not self.target:
            return self.endpoints
        scheme, _, rest = self.target.partition("://")
        if scheme == "direct":
            return [address for address in rest.strip("/").split(",") if address]
        if scheme in ("etcd", "discov"):
            raise ConfigError(
                f"Target {without_login(self.target)}: write an Etcd block, or the address as dns:///host:port"
            )
        return []

    @property
    def pods(self) -> str:
        """Return the target when its instances come from Kubernetes, else ""."""
        return self.target if self.target.startswith("k8s://") and not self.endpoints else ""

    @property
    def dialled(self) -> str:
        """Return the target when the transport looks its addresses up, else ""."""
        return "" if self.static or self.pods else self.target
