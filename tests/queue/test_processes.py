"""Services as processes: killed, stopped, joined by others. All on the embedded queue."""

import asyncio
import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
import urllib.request
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.parts import wait_for
from tests.ports import free_port
from tests.queue.child import TOPIC
from tests.queue.kit import send

pytestmark = pytest.mark.slow


class Ledger:
    """The record of the work that services have done, and their processes."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "ledger"
        self.path.touch()
        self.settings: dict[str, Any] = {"file": str(folder / "queue.db")}
        self.running: list[subprocess.Popen[bytes]] = []
        self._logs: dict[int, Path] = {}
        self._folder = folder

    def service(self, **more: Any) -> subprocess.Popen[bytes]:
        """Start a process of the service."""
        config = {"Name": "seckill", "Offset": "first", "Ledger": str(self.path), "Log": {"Access": False}}
        path = self._folder / f"{len(self.running)}-{random.random()}.yaml"
        path.write_text(json.dumps({**config, "File": self.settings["file"], **more}))
        with path.with_suffix(".log").open("wb") as log:
            made = subprocess.Popen(
                [sys.executable, "-m", "tests.queue.child", "-f", str(path)], stdout=log, stderr=log
            )
        self.running.append(made)
        self._logs[made.pid] = path.with_suffix(".log")
        return made

    def has_said(self, text: str, *services: subprocess.Popen[bytes]) -> bool:
        """Return whether a text is in the log of each of these processes."""
        return all(text in self._logs[one.pid].read_text() for one in services)

    def lines(self) -> list[tuple[int, int, str]]:
        """Return process, number and key of each message that was worked on, in that order."""
        found = (line.split() for line in self.path.read_text().splitlines())
        return [(int(process), int(number), key) for process, number, key in found]

    def numbers(self) -> Counter[int]:
        """Return how often each message was worked on."""
        return Counter(number for _, number, _ in self.lines())

    def send(self, count: int, first: int = 0) -> None:
        """Send messages with the numbers from `first` on, of 101 keys."""
        asyncio.run(send(self.settings, TOPIC, range(first, first + count), lambda one: str(one % 101)))

    def send_until(self, condition: Callable[[], bool], sent: int) -> int:
        """Send more, so that there is work until a condition holds; return how many were sent with those before."""
        end = time.monotonic() + 60
        while not condition():
            assert time.monotonic() < end, f"it did not happen while {sent} were sent"
            if sent - len(self.lines()) < 1000:
                self.send(500, sent)
                sent += 500
            time.sleep(0.02)
        return sent

    def hang(self, one: subprocess.Popen[bytes]) -> None:
        """Stop a process, but not while it writes into the file of the queue: nobody else could then."""
        while True:
            one.send_signal(signal.SIGSTOP)
            os.waitpid(one.pid, os.WUNTRACED)
            with closing(sqlite3.connect(self.settings["file"], timeout=0.5, isolation_level=None)) as db:
                try:
                    db.execute("BEGIN IMMEDIATE")
                except sqlite3.OperationalError:
                    one.send_signal(signal.SIGCONT)
                else:
                    return

    def end(self, one: subprocess.Popen[bytes], number: int = signal.SIGTERM) -> int:
        """End a process; return its exit code."""
        one.send_signal(number)
        return one.wait(20)


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    made = Ledger(tmp_path)
    yield made
    for one in made.running:
        one.kill()
        one.wait()


def test_a_stopped_process_has_lost_and_repeated_nothing(ledger: Ledger) -> None:
    first = ledger.service(Takes=100)  # for seven seconds
    ledger.send(600)
    wait_for(lambda: len(ledger.lines()) > 100, "some are done", 30)
    began = time.monotonic()
    assert ledger.end(first) == 0
    assert time.monotonic() - began < 3
    assert len(ledger.lines()) < 600, "it was stopped in the middle"
    second = ledger.service(Takes=1)
    wait_for(lambda: len(ledger.numbers()) == 600, "all are done", 30)
    assert ledger.end(second) == 0
    assert ledger.numbers() == dict.fromkeys(range(600), 1)


def test_processes_that_come_and_go_share_the_work(ledger: Ledger) -> None:
    first = ledger.service(Takes=5)
    ledger.send(1000)
    wait_for(lambda: len(ledger.lines()) > 100, "some are done", 30)
    second = ledger.service(Takes=5)
    sent = ledger.send_until(lambda: sum(one[0] == second.pid for one in ledger.lines()) > 200, 1000)
    assert ledger.end(second) == 0
    wait_for(lambda: len(ledger.numbers()) == sent, "all are done", 60)
    assert ledger.end(first) == 0
    assert ledger.numbers() == dict.fromkeys(range(sent), 1)
    by_key: dict[str, list[int]] = defaultdict(list)
    for _, number, key in ledger.lines():
        by_key[key].append(number)
    assert all(numbers == sorted(numbers) for numbers in by_key.values()), "the order of a key was not kept"


def killed(ledger: Ledger, count: int, kills: int) -> int:
    """Kill one of two services again and again under load; return how many messages were repeated."""
    sender = subprocess.Popen(
        [sys.executable, "-c", _SENDER, ledger.settings["file"], str(count)],
        stdout=subprocess.DEVNULL,
    )
    ledger.running.append(sender)
    services = [ledger.service(), ledger.service()]
    for _ in range(kills):
        before = len(ledger.lines())
        wait_for(lambda: len(ledger.lines()) > before + count // kills // 3, "the work goes on", 60)  # noqa: B023
        services.pop(0).kill()
        services.append(ledger.service())
    assert sender.wait(120) == 0
    wait_for(lambda: len(ledger.numbers()) == count, "all are done", 120)
    wait_for(lambda: ledger.has_said("seckill consumes", *services), "the last one has started", 30)
    for one in services:
        assert ledger.end(one) == 0
    assert set(ledger.numbers()) == set(range(count))
    return sum(ledger.numbers().values()) - count


_SENDER = f"""
import asyncio, sys
from tests.queue.kit import send
asyncio.run(send({{"file": sys.argv[1]}}, {TOPIC!r}, range(int(sys.argv[2])), lambda one: str(one % 101)))
"""


def test_a_killed_process_loses_nothing(ledger: Ledger) -> None:
    assert killed(ledger, 3000, 1) < 2000


@pytest.mark.slow
def test_twenty_killed_processes_lose_nothing(ledger: Ledger) -> None:
    repeated = killed(ledger, 60_000, 20)
    print(f"60000 messages, 20 kills: 0 lost, {repeated} repeated")


def test_what_a_killed_sender_had_acknowledged_is_there(ledger: Ledger) -> None:
    words = [sys.executable, "-u", "-c", _ACKNOWLEDGED, ledger.settings["file"]]
    sender = subprocess.Popen(words, stdout=subprocess.PIPE)
    ledger.running.append(sender)
    assert sender.stdout is not None
    seen = [int(sender.stdout.readline()) for _ in range(300)]
    sender.kill()
    seen += [int(line) for line in sender.stdout.read().splitlines() if line.isdigit()]
    service = ledger.service()
    wait_for(lambda: set(seen[:-1]) <= set(ledger.numbers()), "all are done", 30)
    ledger.end(service)
    assert max(ledger.numbers().values()) == 1


_ACKNOWLEDGED = f"""
import asyncio, itertools, sys
from tests.queue.kit import producer
from tests.queue.messages import OrderRequest, address
async def main():
    sender = producer({{"file": sys.argv[1]}})
    for number in itertools.count():
        await sender.send(address({TOPIC!r}), OrderRequest(number=number, product_id=str(number)))
        print(number)
asyncio.run(main())
"""


@pytest.mark.slow
def test_logic_that_holds_the_loop_stays_in_the_group(ledger: Ledger) -> None:
    """The lease is 6 s: a thread renews it."""
    first = ledger.service(Blocks=9000, Timeout=0)
    ledger.send(1)
    wait_for(lambda: ledger.has_said("blocks", first), "it holds the loop", 30)
    second = ledger.service()
    wait_for(lambda: len(ledger.lines()) == 1, "it is done", 30)
    assert ledger.lines()[0][0] == first.pid
    time.sleep(3)
    wait_for(lambda: ledger.has_said("seckill consumes", second), "it has started", 30)
    assert ledger.end(second) == 0 and ledger.end(first) == 0
    assert ledger.numbers() == {0: 1}


@pytest.mark.slow
def test_a_process_that_hangs_is_left_out(ledger: Ledger) -> None:
    """A stopped process keeps its FIFO open and renews no lease."""
    first = ledger.service(Takes=100)
    ledger.send(500)
    wait_for(lambda: len(ledger.lines()) > 20, "some are done", 30)
    ledger.hang(first)
    ledger.service()
    wait_for(lambda: len(ledger.numbers()) == 500, "all are done", 30)
    os.kill(first.pid, signal.SIGCONT)
    assert ledger.end(first) == 0


def test_readiness_and_metrics_of_a_service(ledger: Ledger) -> None:
    port = free_port()
    service = ledger.service(DevServer={"Host": "127.0.0.1", "Port": port})
    ledger.send(40)
    wait_for(lambda: len(ledger.lines()) == 40, "all are done", 30)

    def read(path: str) -> str:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=5) as answer:
            return str(answer.read().decode())

    assert json.loads(read("/readyz")) == {"status": "ok", "service": "ok", "queue": "ok"}
    wait_for(lambda: 'queue_consumer_lag{partition="0",topic="seckill.order"} 0.0' in read("/metrics"), "no lag", 15)
    figures = read("/metrics")
    assert 'queue_consumer_total{code="0",topic="seckill.order"} 40.0' in figures
    assert 'queue_consumer_duration_ms_count{topic="seckill.order"} 40.0' in figures
    assert "queue_consumer_in_flight 0.0" in figures
    assert ledger.end(service) == 0
