"""The observation of a service from its start to its end: metrics, dev servers, figures of the process."""

import logging
from collections.abc import Callable, Iterable
from typing import Protocol

from mallgen_runtime.process import metrics
from mallgen_runtime.process.conf import LogConf
from mallgen_runtime.process.devserver import DevServer, DevServerConf, PrometheusConf, Readiness
from mallgen_runtime.process.errors import ConfigError
from mallgen_runtime.process.exporting import TelemetryConf
from mallgen_runtime.process.statistics import Statistics
from mallgen_runtime.process.telemetry import Telemetry
from mallgen_runtime.process.vitals import Vitals

_LOG = logging.getLogger("mallgen.service")
Figures = Callable[[], Iterable[metrics.Reading]]


class Observed(Protocol):
    """The settings that say what is shown, and where."""

    @property
    def name(self) -> str:
        """The service."""

    @property
    def dev_server(self) -> DevServerConf | None:
        """go-zero's block."""

    @property
    def log(self) -> LogConf:
        """go-zero's block."""

    @property
    def telemetry(self) -> TelemetryConf | None:
        """go-zero's block."""

    @property
    def prometheus(self) -> PrometheusConf | None:
        """go-zero's older block."""


def turn_on(config: Observed) -> None:
    """Turn metrics on when the settings ask for them. Raises ConfigError without prometheus-client."""
    if any(conf.enable_metrics for _, conf in servers_of(config)):
        metrics.enable()


class Observing:
    """The dev servers of a service and the figures of its process; `states` are what /readyz tells there."""

    def __init__(self, config: Observed, states: Readiness, figures: Figures) -> None:
        self._servers = [DevServer(conf, states, block) for block, conf in servers_of(config)]
        self._figures = figures
        self._vitals = Vitals()
        self._statistics = Statistics(config.log.stat)
        self._telemetry = Telemetry(config.telemetry, config.name)
        self._end_showing = metrics.end_nothing

    async def start(self, *, alone: bool = True) -> None:
        """Show it. Raises ConfigError when a port is taken.

        Not `alone`, another server may run the service in several processes: the first one has the port, and the
        others say that theirs shows nothing.
        """
        for server in self._servers:
            try:
                await server.start()
            except ConfigError as problem:
                if alone:
                    raise
                _LOG.warning("the metrics of this process are not served: %s", problem)
        self._end_showing = metrics.shown(self._figures)
        self._vitals.start()
        self._telemetry.start()
        self._statistics.start()

    async def stop(self) -> None:
        """Show it no longer."""
        self._vitals.stop()
        self._statistics.stop()
        self._end_showing()
        self._end_showing = metrics.end_nothing
        for server in self._servers:
            await server.stop()
        await self._telemetry.stop()


def servers_of(config: Observed) -> list[tuple[str, DevServerConf]]:
    """Return the dev servers that the settings ask for, each with the name of its block."""
    asked = [("DevServer", config.dev_server)] if config.dev_server else []
    asked += [("Prometheus", config.prometheus.server)] if config.prometheus else []
    return [(block, conf) for block, conf in asked if conf.enabled]
