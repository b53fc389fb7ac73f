"""A real Kafka in KRaft mode, one process that is broker and controller, in a folder and on ports of its own.

The fixture `kafka_server` starts one for a whole session; a test takes topics and groups of its own names. Tests that
kill a broker start their own.
"""

import contextlib
import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from tests import servers
from tests.certificates import Authority
from tests.conftest import ROOT
from tests.parts import alone
from tests.ports import free_port

USER, PASSWORD = "shop", "p@ss:w/rd%"
# Small and soon ready: tests last for seconds.
JAVA = ("-Xmx384m", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn")
CLUSTER = "mallgen-tests-cluster0"
LOGIN = (
    "org.apache.kafka.common.security.plain.PlainLoginModule required "
    f'username="broker" password="{PASSWORD}" user_broker="{PASSWORD}" user_{USER}="{PASSWORD}";'
)


class Kafka(servers.Server):
    """A Kafka; `host` takes anybody, `sasl_host` users with a password, `tls_host` the same over TLS by `ca`."""

    def __init__(self, folder: Path, settings: Mapping[str, str] | None = None) -> None:
        port, sasl, tls, controller = (free_port() for _ in range(4))
        self.host, self.sasl_host, self.tls_host = (f"127.0.0.1:{number}" for number in (port, sasl, tls))
        authority = Authority(folder)
        self.ca = authority.ca
        certificate, key = authority.issue("broker", "127.0.0.1", "localhost")
        store = folder / "broker.store"
        store.write_text(Path(key).read_text() + Path(certificate).read_text())
        ports = {"PLAIN": port, "SASL": sasl, "TLS": tls}
        lines = _settings(folder, ports, controller, store) | dict(settings or {})
        self._file = folder / "server.properties"
        self._file.write_text("".join(f"{name}={value}\n" for name, value in lines.items()))
        self._java = [java(), *JAVA, "-cp", f"{jars()}/*"]
        super().__init__(folder, [*self._java, "kafka.Kafka", str(self._file)], port)

    def start(self) -> None:
        """Start the broker; its data of before is kept."""
        if not (self.folder / "data").exists():
            words = [*self._java, "kafka.tools.StorageTool", "format", "-t", CLUSTER, "-c", str(self._file)]
            ran = subprocess.run(words, capture_output=True, text=True, check=False)
            assert ran.returncode == 0, ran.stdout + ran.stderr
        super().start()

    def _answers(self) -> bool:
        from confluent_kafka import KafkaException
        from confluent_kafka.admin import AdminClient

        quiet: dict[str, str | int | float | bool] = {
            "bootstrap.servers": self.host,
            "log_level": 0,
            "reconnect.backoff.ms": 20,
        }
        try:
            return bool(AdminClient(quiet).list_topics(timeout=0.5).brokers)
        except KafkaException:
            return False


def _settings(folder: Path, ports: Mapping[str, int], controller: int, store: Path) -> dict[str, str]:
    """Return a broker's settings, with replicas of one: https://kafka.apache.org/39/documentation.html#brokerconfigs."""
    listeners = ",".join(f"{name}://127.0.0.1:{port}" for name, port in ports.items())
    return {
        "process.roles": "broker,controller",
        "node.id": "1",
        "controller.quorum.voters": f"1@127.0.0.1:{controller}",
        "listeners": f"{listeners},CONTROLLER://127.0.0.1:{controller}",
        "advertised.listeners": listeners,
        "listener.security.protocol.map": "PLAIN:PLAINTEXT,CONTROLLER:PLAINTEXT,SASL:SASL_PLAINTEXT,TLS:SASL_SSL",
        "inter.broker.listener.name": "PLAIN",
        "controller.listener.names": "CONTROLLER",
        "sasl.enabled.mechanisms": "PLAIN",
        "listener.name.sasl.plain.sasl.jaas.config": LOGIN,
        "listener.name.tls.plain.sasl.jaas.config": LOGIN,
        "listener.name.tls.ssl.keystore.type": "PEM",
        "listener.name.tls.ssl.keystore.location": str(store),
        "log.dirs": str(folder / "data"),
        "auto.create.topics.enable": "false",
        "offsets.topic.num.partitions": "1",
        "offsets.topic.replication.factor": "1",
        "transaction.state.log.replication.factor": "1",
        "transaction.state.log.min.isr": "1",
        "group.initial.rebalance.delay.ms": "0",
        # A broker that was killed and started again is refused until its old session has ended.
        "broker.session.timeout.ms": "1500",
        "broker.heartbeat.interval.ms": "200",
    }


def java() -> str:
    """Return the path of Java; `jars` installs it."""
    jars()
    found = shutil.which("java")
    assert found is not None
    return found


def jars() -> Path:
    """Return the folder of Kafka's jars; skip where they cannot be fetched on a laptop, or raise RuntimeError in CI."""
    with alone():
        ran = subprocess.run([ROOT / "scripts" / "kafka.sh"], capture_output=True, text=True, check=False)
    if ran.returncode == 0:
        return Path(ran.stdout.strip())
    if os.environ.get("CI"):
        raise RuntimeError(ran.stderr)
    pytest.skip(ran.stderr.strip())


@contextlib.contextmanager
def kafka(settings: Mapping[str, str] | None = None) -> Iterator[Kafka]:
    """Start a Kafka, and kill it at the end; `settings` are added to the broker's."""
    with servers.folder() as place:
        server = Kafka(place, settings)
        try:
            server.start()
            yield server
        finally:
            server.kill()
