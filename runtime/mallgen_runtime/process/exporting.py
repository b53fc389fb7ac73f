"""go-zero's block `Telemetry`."""

from typing import Annotated, Self

from msgspec import Meta, field
from msgspec.structs import replace

from mallgen_runtime.process.conf import Conf
from mallgen_runtime.process.masking import HIDDEN
from mallgen_runtime.schema import Options


class TelemetryConf(Conf, kw_only=True):
    """go-zero's block `Telemetry`; it is on when it has an `endpoint` and is not `disabled`.

    `name` is the name of the service in traces, by default its own. `endpoint` is `host:port` or a URL of a collector,
    or a path for `file`. `sampler` is the share of traces that are exported, of those that begin in this service; a
    trace that began elsewhere is exported when the caller says so. `otlp_headers` are sent with each export,
    `otlp_http_path` is the path for `otlphttp`, and `otlp_http_secure` switches TLS on where `endpoint` is no URL.
    """

    name: str = ""
    endpoint: str = ""
    sampler: Annotated[float, Meta(ge=0, le=1)] = 1.0
    batcher: Annotated[str, Options("otlpgrpc", "otlphttp", "file", "zipkin")] = "otlpgrpc"
    otlp_headers: dict[str, str] = field(default_factory=dict)
    otlp_http_path: str = "/v1/traces"
    otlp_http_secure: bool = False
    disabled: bool = False

    def as_shown(self) -> Self:
        """Return the block without the values of its headers."""
        return replace(self, otlp_headers=dict.fromkeys(self.otlp_headers, HIDDEN))

    @property
    def is_on(self) -> bool:
        """Return whether spans are exported."""
        return bool(self.endpoint) and not self.disabled
