"""Services as processes on a real Kafka: killed without a warning, stopped, joined by others."""

import asyncio
import signal
import subprocess
import threading
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.kafka_server import Kafka, kafka
from tests.parts import wait_for
from tests.queue.child import TOPIC
from tests.queue.kit import send
from tests.queue.test_processes import Ledger

pytestmark = pytest.mark.slow


class KafkaLedger(Ledger):
    """A ledger of services on a Kafka of their own."""

    def __init__(self, folder: Path, server: Kafka) -> None:
        super().__init__(folder)
        self.server = server
        self.brokers = {"brokers": [server.host]}

    def service(self, **more: Any) -> subprocess.Popen[bytes]:
        """Start a process of the service."""
        return super().service(Brokers=self.brokers["brokers"], **more)

    def send(self, count: int, first: int = 0) -> None:
        """Send messages with the numbers from `first` on, of 101 keys."""
        asyncio.run(send(self.brokers, TOPIC, range(first, first + count), lambda one: str(one % 101)))


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[KafkaLedger]:
    with kafka() as server:
        made = KafkaLedger(tmp_path, server)
        yield made
        for one in made.running:
            one.kill()
            one.wait()


def test_processes_that_come_and_go_lose_and_repeat_nothing(ledger: KafkaLedger) -> None:
    first = ledger.service(Takes=20)
    ledger.send(2000)
    wait_for(lambda: len(ledger.lines()) > 100, "some are done", 30)
    second = ledger.service(Takes=20)
    sent = ledger.send_until(lambda: sum(one[0] == second.pid for one in ledger.lines()) > 100, 2000)
    assert ledger.end(second) == 0
    wait_for(lambda: len(ledger.numbers()) == sent, "all are done", 60)
    assert ledger.end(first) == 0
    assert ledger.numbers() == dict.fromkeys(range(sent), 1)
    by_key: dict[str, list[int]] = defaultdict(list)
    for _, number, key in ledger.lines():
        by_key[key].append(number)
    assert all(numbers == sorted(numbers) for numbers in by_key.values()), "the order of a key was not kept"


def test_killed_services_lose_nothing(ledger: KafkaLedger) -> None:
    count, kills = 20_000, 4
    sending = threading.Thread(target=ledger.send, args=(count,))
    services = [ledger.service(Takes=2), ledger.service(Takes=2)]
    sending.start()
    for _ in range(kills):
        before = len(ledger.lines())
        wait_for(lambda: len(ledger.lines()) > before + 500, "the work goes on", 60)  # noqa: B023
        ledger.end(services.pop(0), signal.SIGKILL)
        services.append(ledger.service(Takes=2))
    sending.join(120)
    wait_for(lambda: len(ledger.numbers()) == count, "all are done", 120)
    wait_for(lambda: ledger.has_said("seckill consumes", *services), "the last one has started", 30)
    for one in services:
        assert ledger.end(one) == 0
    repeated = sum(ledger.numbers().values()) - count
    print(f"{count} messages, {kills} kills: 0 lost, {repeated} repeated")
    assert repeated < 2000 * kills


def test_a_broker_that_is_away_for_a_while_loses_nothing(ledger: KafkaLedger) -> None:
    services = [ledger.service(Takes=5), ledger.service(Takes=5)]
    ledger.send(3000)
    wait_for(lambda: len(ledger.lines()) > 200, "some are done", 30)
    ledger.server.kill()
    ledger.server.start()
    wait_for(lambda: len(ledger.numbers()) == 3000, "all are done", 90)
    ledger.send(10)
    for one in services:
        assert ledger.end(one) == 0
    assert set(ledger.numbers()) == set(range(3000))
