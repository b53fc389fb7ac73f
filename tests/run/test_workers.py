"""Several processes of one service: a worker that dies is replaced, SIGHUP and SIGTERM lose no request."""

import asyncio
import contextlib
import os
import random
import signal
import socket
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from mallgen_runtime.process.keeper import WorkerProcess
from mallgen_runtime.process.merging import Exposition
from mallgen_runtime.process.worker import ServingWorker
from tests.load.running import LoadedService
from tests.ports import free_port
from tests.run.load import Tally, ask_until_refused, load

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="SO_REUSEPORT shares connections on Linux only")
COUNT = 2


class Several(LoadedService):
    """A service with two workers and a dev server."""

    def __init__(self, folder: Path) -> None:
        self.dev = free_port()
        dev = f"DevServer:\n  Host: 127.0.0.1\n  Port: {self.dev}\n"
        quiet = "Log:\n  Access: false\nMiddlewares:\n  Shedding: false\n"
        super().__init__(folder, f"Workers: {COUNT}\n{quiet}{dev}Shutdown:\n  WrapUpTime: 100ms\n")

    def get(self, path: str, port: int = 0) -> str:
        """Return the body of an answer."""
        with urllib.request.urlopen(f"http://127.0.0.1:{port or self.port}{path}", timeout=5) as answer:
            return str(answer.read().decode())

    def pids(self, seconds: float = 10.0, apart: frozenset[str] = frozenset()) -> frozenset[str]:
        """Return the numbers of two processes that answer, none of them in `apart`."""
        found: set[str] = set()
        deadline = time.monotonic() + seconds
        while len(found) < COUNT and time.monotonic() < deadline:
            found |= {self.get("/pid")} - apart
        assert len(found) == COUNT, self.lines()
        return frozenset(found)


@pytest.fixture(scope="module")
def several(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Several]:
    with Several(tmp_path_factory.mktemp("several")) as service:
        yield service


def wait_for(true: Callable[[], bool], service: LoadedService, seconds: float = 10.0) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, service.lines()
        time.sleep(0.02)


def under_load(port: int, work: Callable[[], None]) -> Tally:
    """Do some work while clients ask; return what became of their requests."""

    async def run() -> Tally:
        over = asyncio.Event()
        asked = [asyncio.create_task(ask_until_refused(port, "/quick", keep=bool(n % 2), over=over)) for n in range(8)]
        await asyncio.to_thread(work)
        over.set()
        answered, leaving, lost = zip(*await asyncio.gather(*asked), strict=True)
        return Tally(sum(answered), sum(leaving), [text for texts in lost for text in texts])

    return asyncio.run(run())


def test_a_dead_worker_is_replaced(several: Several) -> None:
    one, other = several.pids()
    os.kill(int(one), signal.SIGKILL)
    fresh = several.pids(apart=frozenset({one}))
    assert other in fresh
    assert f"(process {one}) ended with -9; another follows in 0 s" in several.lines()


def test_all_are_replaced_on_sighup_and_no_request_is_lost(several: Several) -> None:
    before = several.pids()
    said = several.lines().count("has replaced its workers")

    def replace() -> None:
        several.process.send_signal(signal.SIGHUP)
        wait_for(lambda: several.lines().count("has replaced its workers") > said, several, 30)

    tally = under_load(several.port, replace)
    assert tally.lost == []
    assert tally.answered > 100
    assert not several.pids() & before


def counted(text: str, name: str) -> float:
    return sum(float(line.rpartition(" ")[2]) for line in text.splitlines() if line.startswith(name))


def test_metrics_are_those_of_all(several: Several) -> None:
    name = 'http_server_requests_code_total{code="200",method="GET",path="/quick"}'
    before = counted(several.get("/metrics", several.dev), name)
    for _ in range(20):
        several.get("/quick")
    text = several.get("/metrics", several.dev)
    assert counted(text, name) == before + 20
    assert text.count("# TYPE http_server_requests_code_total counter") == 1
    assert 'http_server_in_flight_requests{worker="0"}' in text
    assert 'http_server_in_flight_requests{worker="1"}' in text
    assert several.get("/healthz", several.dev) == "OK"
    one = next(iter(several.pids()))
    os.kill(int(one), signal.SIGKILL)
    several.pids(apart=frozenset({one}))
    assert counted(several.get("/metrics", several.dev), name) == before + 20, "what the dead one had counted stays"


def test_a_worker_that_cannot_start_leaves_the_old_ones(several: Several) -> None:
    before = several.pids()
    (file,) = several.log.parent.glob("*.yaml")
    right = file.read_text(encoding="utf-8")
    file.write_text(right + "MaxConns: many\n", encoding="utf-8")
    several.process.send_signal(signal.SIGHUP)
    wait_for(lambda: "its successor does not start" in several.lines(), several)
    file.write_text(right, encoding="utf-8")
    assert several.pids() == before


@pytest.mark.slow
def test_a_stop_under_load_loses_nothing(tmp_path: Path) -> None:
    with Several(tmp_path) as service:
        threading.Timer(0.3, service.process.send_signal, [signal.SIGTERM]).start()
        tally = asyncio.run(load(service.port, "/quick", 16))
        assert tally.lost == []
        assert service.process.wait(timeout=20) == 0
        assert "Traceback" not in service.lines()


@pytest.mark.slow
def test_workers_do_not_outlive_their_supervisor(tmp_path: Path) -> None:
    with Several(tmp_path) as service:
        pids = service.pids()
        service.process.kill()
        service.process.wait(timeout=5)
        wait_for(lambda: not any(Path(f"/proc/{pid}").exists() for pid in pids), service)


def test_what_is_wrong_is_told_once(tmp_path: Path) -> None:
    service = LoadedService(tmp_path, "Workers: 3\nTrustedProxies: [nonsense]\n")
    assert service.process.wait(timeout=20) == 3
    assert service.lines().count("error[config]") == 1, service.lines()


def test_gauges_keep_their_worker_and_counts_are_added() -> None:
    shown = '# HELP a_total A.\n# TYPE a_total counter\na_total{x="{,} y"} 2.0\na_created{x="1"} 17.0\n'
    shown += "# TYPE g gauge\ng 3\n"
    one, two = Exposition().add(shown, 0), Exposition().add(shown, 1)
    text = one.join(two).join(two.counted()).text()
    assert 'a_total{x="{,} y"} 6.0' in text
    assert "_created" not in text
    assert 'g{worker="0"} 3.0' in text
    assert 'g{worker="1"} 3.0' in text


def test_a_label_may_have_what_ends_a_line_elsewhere() -> None:
    shown = "# HELP a_total A.\n# TYPE a_total counter\n" + "".join(
        f'a_total{{x="{c}"}} 2.0\n' for c in "\r\x0b\x85\u2028"
    )
    assert Exposition().add(shown, 0).text() == shown


def test_a_supervisor_that_was_killed_before_it_heard_a_worker_is_gone() -> None:
    ours, theirs = socket.socketpair()
    worker = ServingWorker(0, socket.socket(), theirs, "")
    theirs.setblocking(False)
    assert not worker.is_last
    theirs.send(b"r")
    ours.close()  # with an unread byte: the other end reads a reset
    assert worker.is_last
    worker.bound.close()
    theirs.close()


def test_a_worker_that_serves_when_its_supervisor_was_killed_stops() -> None:
    async def run() -> None:
        ours, theirs = socket.socketpair()
        ours.close()
        stopped = asyncio.Event()
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGTERM, stopped.set)
        with theirs, socket.socket() as bound:
            ServingWorker(0, bound, theirs, "").ready()
            await asyncio.wait_for(stopped.wait(), 5)
        loop.remove_signal_handler(signal.SIGTERM)

    asyncio.run(run())


@pytest.fixture
def _one_loop_hears_of_ends() -> Iterator[None]:
    """Let the loop itself wait for processes, as it does from Python 3.12 on."""
    if sys.version_info < (3, 12):
        before = asyncio.get_child_watcher()
        asyncio.set_child_watcher(asyncio.PidfdChildWatcher())
        yield
        asyncio.set_child_watcher(before)
    else:
        yield


@pytest.mark.usefixtures("_one_loop_hears_of_ends")
def test_a_signal_for_one_that_has_just_ended_leaves_its_exit_code() -> None:
    async def run() -> int:
        process = await asyncio.create_subprocess_exec(sys.executable, "-S", "-c", "raise SystemExit(7)")
        ours, theirs = socket.socketpair()
        with theirs, socket.socket() as bound:
            worker = WorkerProcess(process, bound, ours, None, asyncio.Event())
            os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)  # the loop has not heard of it
            worker.signal(signal.SIGTERM)
            return await worker.ended

    assert asyncio.run(run()) == 7


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(4))
def test_nothing_accepted_is_lost_whatever_is_asked_for(tmp_path: Path, seed: int) -> None:
    """Workers end by signals of others, and all are replaced, again and again before that is done; then all stop."""
    chance = random.Random(seed)

    def disturb() -> None:
        for _ in range(8):
            if chance.random() < 0.5:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(int(service.get("/pid")), signal.SIGTERM)
            else:
                service.process.send_signal(signal.SIGHUP)
            time.sleep(chance.choice((0, 0.05, 0.6)))
        service.process.send_signal(signal.SIGTERM)

    with Several(tmp_path) as service:
        tally = under_load(service.port, disturb)
        code = service.process.wait(timeout=40)
    assert tally.lost == []
    assert tally.answered > 20
    assert code == 0, service.lines()[-2000:]
    assert "Traceback" not in service.lines()


@pytest.mark.slow
def test_who_waits_for_a_worker_that_keeps_ending_is_served(tmp_path: Path) -> None:
    """A worker that ends often has its successor after two seconds, and closes its socket; the others serve."""

    def said(text: str) -> None:
        wait_for(lambda: text in service.lines(), service)

    def end_one_of_them() -> None:
        one, other = service.pids()
        for pause in ("0", "0.5", "1", "2"):
            os.kill(int(one), signal.SIGTERM)
            said(f"(process {one}) ended with 0; another follows in {pause} s")
            if pause != "2":
                one = next(iter(service.pids(apart=frozenset({one})) - {other}))
        time.sleep(1)  # in which others serve

    with Several(tmp_path) as service:
        tally = under_load(service.port, end_one_of_them)
    assert tally.lost == []
