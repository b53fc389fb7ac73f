"""The export of spans by the OpenTelemetry SDK, which is an extra."""

import asyncio
from threading import Thread
from typing import Any

from mallgen_runtime.process import spans
from mallgen_runtime.process.errors import ConfigError
from mallgen_runtime.process.exporting import TelemetryConf

_EXTRA = "pip install 'mallgen-runtime[otel]'"
_LAST_EXPORT = 2.0


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
        self._tracer.publish()

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

        from mallgen_runtime.process.otel import check
    except ImportError:
        raise ConfigError(f"Telemetry.Endpoint is set, and traces need the OpenTelemetry SDK: {_EXTRA}") from None
    check(conf)
