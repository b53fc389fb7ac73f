"""go-zero's block `Telemetry`: spans, exported by the OpenTelemetry SDK."""

import asyncio
from threading import Thread
from typing import Annotated, Any, Self

from msgspec import Meta, field
from msgspec.structs import replace

from mallgen_runtime.process import spans
from mallgen_runtime.process.conf import Conf
from mallgen_runtime.process.errors import ConfigError
from mallgen_runtime.process.masking import HIDDEN
from mallgen_runtime.schema import Options

_EXTRA = "pip install 'mallgen-runtime[otel]'"
_LAST_EXPORT = 2.0


class TelemetryConf(Conf, kw_only=True):
    """go-zero's block `Telemetry`; it is on when it has an `endpoint` and is not `disabled`.

    `name` of the service in traces, by default its own. `endpoint` is `host:port` or a URL of a collector, or a path
    for `file`. `sampler` is the share of traces that begin here and are exported; one that began elsewhere is exported
    when its caller says so. `otlp_headers` go along with each export, `otlp_http_path` is the path of `otlphttp`, and
    `otlp_http_secure` asks for TLS where `endpoint` is no URL.
    """

    name: str = ""
    endpoint: str = ""
    sampler: Annotated[float, Meta(ge=0, le=1)] = 1.0
    batcher: Annotated[str, Options("otlpgrpc", "otlphttp", "file", "zipkin")] = "otlpgrpc"
    otlp_headers: dict[str, str] = field(default_factory=dict)
    otlp_http_path: str = "/v1/traces"
    otlp_http_secure: bool = False
    disabled: bool = False

    def public(self) -> Self:
        """Return the block without the values of its headers."""
        return replace(self, otlp_headers=dict.fromkeys(self.otlp_headers, HIDDEN))

    @property
    def is_on(self) -> bool:
        """Return whether spans are exported."""
        return bool(self.endpoint) and not self.disabled


class Telemetry:
    """The export of a service's spans, from `start` to `stop`."""

    def __init__(self, conf: TelemetryConf | None, service: str) -> None:
        """Raises ConfigError for an export that cannot be made."""
        self._conf = conf if conf is not None and conf.is_on else None
        self._service = service
        self._tracer: Any = None
        if self._conf is not None:
            _check(self._conf)

    def start(self) -> None:
        """Make spans from now on. Raises ConfigError."""
        if self._conf is None:
            return
        from mallgen_runtime.process.otel import OtelTracer

        self._tracer = OtelTracer(self._conf, self._conf.name or self._service)
        spans.install(self._tracer)

    async def stop(self) -> None:
        """Export what is left, for 2 seconds at most: a collector that is away keeps no service from ending."""
        if self._tracer is None:
            return
        spans.install(None)
        work = Thread(target=self._tracer.close, name="last export", daemon=True)
        work.start()
        end = asyncio.get_running_loop().time() + _LAST_EXPORT
        while work.is_alive() and asyncio.get_running_loop().time() < end:
            await asyncio.sleep(0.01)
        self._tracer = None


def _check(conf: TelemetryConf) -> None:
    if conf.batcher == "zipkin":
        raise ConfigError(
            "Telemetry.Batcher is zipkin, whose format is not written; write otlphttp and the OTLP endpoint of a "
            "collector, which passes spans on to Zipkin"
        )
    try:
        import opentelemetry.sdk.trace  # noqa: F401

        from mallgen_runtime.process.otel import exporter
    except ImportError:
        raise ConfigError(f"Telemetry.Endpoint is set, and traces need the OpenTelemetry SDK: {_EXTRA}") from None
    exporter(conf).shutdown()
