"""Settings of RPC servers and clients, with go-zero's keys."""

from collections.abc import Callable

from msgspec import Struct, field

from mallgen_runtime.conf import LogConf


class EtcdConf(Struct, kw_only=True):
    """go-zero's `Etcd` block: where etcd is, and the key that instances are registered under."""

    hosts: list[str]
    key: str = ""
    user: str = ""
    password: str = field(name="pass", default="")
    required: bool = False


class RpcServerConf(Struct, kw_only=True):
    """What every RPC server is told.

    `listen_on` is `host:port`, `timeout` milliseconds per call (0: none), `shutdown` seconds that calls in flight are
    given, `max_message` bytes of one message.
    """

    name: str
    listen_on: str = "0.0.0.0:8080"
    mode: str = "pro"
    timeout: int = 2000
    shutdown: int = 10
    max_message: int = 4 << 20
    health: bool = True
    etcd: EtcdConf | None = None
    log: LogConf = field(default_factory=LogConf)


class RpcClientConf(Struct, kw_only=True):
    """Where a service is: `endpoints` (static), else `target`, else `etcd`, else the folder of local services by `key`.

    `timeout` in milliseconds of one call (0: none), unless the request it is made for ends sooner.
    """

    endpoints: list[str] = field(default_factory=list)
    target: str = ""
    etcd: EtcdConf | None = None
    key: str = ""
    timeout: int = 2000

    @classmethod
    def of(cls, key: str) -> "Callable[[], RpcClientConf]":
        """The settings when the file has none: the service is found by its name."""
        return lambda: cls(key=key)
