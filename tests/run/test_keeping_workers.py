"""The supervisor among deaths, SIGHUP and SIGTERM in any order: a worker in each place, and none at the end."""

import asyncio
import contextlib
import os
import random
import signal
import socket
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from mallgen_runtime.process import keeper
from mallgen_runtime.process.supervisor import Supervisor
from mallgen_runtime.process.worker import LAST, LEFT, READY, TAKEN, VARIABLE

pytestmark = pytest.mark.slow

SEQUENCES, COUNT = 60, 3
SETTLED = 0.3  # seconds, far more than starts, ends and pauses take here


class PlayedProcess:
    """A process that takes some time to start, and to end after SIGTERM.

    `early`: it was stopped before it served, and no other served in its place.
    """

    def __init__(self, world: "World", number: int, channel: socket.socket) -> None:
        self.pid = world.next_pid()
        self.number = number
        self.early = self.hangs = False
        self._world = world
        self._channel = channel
        self.is_ready = False
        self._ended: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        chance = world.chance
        if chance.random() < world.broken:
            self._later(chance.uniform(0, 0.02), self.end, 3)
        else:
            self._later(chance.uniform(0, 0.02), self._ready)

    def _later(self, seconds: float, call: Any, *words: Any) -> None:
        asyncio.get_running_loop().call_later(seconds, call, *words)

    def _ready(self) -> None:
        if not self._ended.done():
            self.is_ready = True
            with contextlib.suppress(OSError):
                self._channel.send(READY)

    @property
    def is_alive(self) -> bool:
        return not self._ended.done()

    def end(self, code: int) -> None:
        if not self._ended.done():
            self._ended.set_result(code)
            self._channel.close()

    def send_signal(self, number: int) -> None:
        if self._ended.done():
            return
        if number == signal.SIGKILL:
            return self.end(-9)
        self.early = self.early or not self._world.serves(self.number)
        if not self.hangs:
            self._later(self._world.chance.uniform(0, 0.02), self._leave)

    def _leave(self) -> None:
        if self.is_alive:
            with contextlib.suppress(OSError):
                is_last = self._channel.recv(1, socket.MSG_DONTWAIT) == LAST
                self._channel.send(TAKEN if is_last else LEFT)
            self._later(self._world.chance.uniform(0, 0.02), self.end, 0)

    async def wait(self) -> int:
        return await asyncio.shield(self._ended)


class World:
    """The processes of one supervisor: a share of `broken` ones end before they serve, `refused` are never made."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.broken = 0.0
        self.refused = 0
        self.processes: list[PlayedProcess] = []
        self._pids = iter(range(1_000_000 * (seed + 1), 1_000_000 * (seed + 2)))

    def next_pid(self) -> int:
        return next(self._pids)

    async def start(self, *words: str, env: dict[str, str], **options: Any) -> PlayedProcess:
        number, _, channel, _ = env[VARIABLE].split(":", 3)
        if number == "1" and self.refused:
            self.refused -= 1
            raise BlockingIOError(11, "no process")
        made = PlayedProcess(self, int(number), socket.socket(fileno=os.dup(int(channel))))
        self.processes.append(made)
        await asyncio.sleep(self.chance.choice((0, 0.003)))
        return made

    def alive(self) -> list[PlayedProcess]:
        return [one for one in self.processes if one.is_alive]

    def serves(self, number: int) -> bool:
        return any(one.number == number and one.is_ready for one in self.alive())

    def kill_one(self) -> None:
        if found := self.alive():
            self.chance.choice(found).end(-9)


WORLDS: dict[str, World] = {}


@pytest.fixture(autouse=True)
def played(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    async def start(*words: str, env: dict[str, str], **options: Any) -> PlayedProcess:
        return await WORLDS[env[VARIABLE].split(":", 3)[3]].start(*words, env=env, **options)

    monkeypatch.setattr(keeper, "FIRST_PAUSE", 0.005)
    monkeypatch.setattr(keeper, "LONGEST_PAUSE", 0.05)
    monkeypatch.setattr(asyncio, "create_subprocess_exec", start)
    monkeypatch.setattr(keeper, "_send", PlayedProcess.send_signal)  # nobody has their numbers
    yield
    WORLDS.clear()


def made(seed: int) -> tuple[World, Supervisor]:
    """Return a supervisor whose processes are those of a world."""
    found = Supervisor("a", ("127.0.0.1", 0), COUNT, [])
    found._crew.folder = f"world-{seed}"
    found._find_port()
    WORLDS[found._crew.folder] = World(seed)
    return WORLDS[found._crew.folder], found


async def settles(world: World) -> None:
    """Wait until nothing starts or ends any more; fail unless each place has one worker."""
    before: list[PlayedProcess] = []
    for _ in range(20):  # a machine that is busy with other things takes longer
        if before == world.alive() and is_whole(before):
            break
        before = world.alive()
        await asyncio.sleep(SETTLED)
    assert before == world.alive()
    assert is_whole(before), [(one.number, one.is_ready) for one in before]


def is_whole(alive: list[PlayedProcess]) -> bool:
    """Return whether each place has one worker, which serves."""
    return all(one.is_ready for one in alive) and Counter(one.number for one in alive) == dict.fromkeys(range(COUNT), 1)


async def dies_young_twice(world: World, keeps: Supervisor) -> None:
    """End the worker of place 1 twice: another one follows the second after a pause only."""
    for deaths in (1, 2):
        next(one for one in world.alive() if one.number == 1).end(3)
        while keeps._places[1]._deaths < deaths or (deaths == 1 and not world.serves(1)):
            await asyncio.sleep(0.001)


async def sequence(seed: int) -> None:
    world, keeps = made(seed)
    served = asyncio.ensure_future(keeps._serve())
    while len(world.processes) < COUNT:  # until the first one serves, its end is the service's
        await asyncio.sleep(0.001)
    await asyncio.sleep(world.chance.choice((0, 0.05)))
    for _ in range(world.chance.randrange(1, 12)):
        world.chance.choice((world.kill_one, world.kill_one, keeps._roll))()
        world.broken = world.chance.choice((0, 0, 0.5))
        await asyncio.sleep(world.chance.choice((0, 0.001, 0.01, 0.03)))
    world.broken = 0.0
    if world.chance.random() < 0.5:
        await settles(world)
    keeps._stop(signal.SIGTERM)
    await asyncio.wait_for(served, 5)
    assert not world.alive(), "it has ended before its workers"
    assert not any(one.early for one in world.processes), "connections waited for one that was stopped unready"


def test_any_sequence_leaves_one_worker_in_each_place_and_none_at_the_end() -> None:
    async def run() -> list[BaseException | None]:
        return await asyncio.gather(*(sequence(seed) for seed in range(SEQUENCES)), return_exceptions=True)

    wrong = [f"{seed}: {found!r}" for seed, found in enumerate(asyncio.run(run())) if found is not None]
    assert not wrong, "\n".join(wrong)


def test_a_worker_that_cannot_be_started_now_is_started_later(caplog: pytest.LogCaptureFixture) -> None:
    """The system has no process for it, as it may for a moment: its place must not stay empty for ever."""

    async def run() -> None:
        world, keeps = made(0)
        world.refused = 2
        served = asyncio.ensure_future(keeps._serve())
        await settles(world)
        keeps._stop(signal.SIGTERM)
        await served

    asyncio.run(run())
    assert "worker 1 cannot be started: [Errno 11] no process" in caplog.text


def test_a_second_sighup_is_for_those_too_that_have_just_been_replaced() -> None:
    async def run() -> None:
        world, keeps = made(0)
        served = asyncio.ensure_future(keeps._serve())
        await settles(world)
        keeps._roll()
        while len(world.processes) < COUNT + 2:  # the first one has a successor, which has the settings of then
            await asyncio.sleep(0.001)
        before = set(world.processes)
        keeps._roll()
        await settles(world)
        assert not before & set(world.alive())
        keeps._stop(signal.SIGTERM)
        await served

    asyncio.run(run())


def test_sighup_does_not_wait_for_the_pause_of_one_that_dies_again_and_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeper, "FIRST_PAUSE", 60.0)
    monkeypatch.setattr(keeper, "LONGEST_PAUSE", 60.0)

    async def run() -> None:
        world, keeps = made(0)
        served = asyncio.ensure_future(keeps._serve())
        await settles(world)
        await dies_young_twice(world, keeps)
        assert not world.serves(1)
        keeps._roll()
        await settles(world)
        keeps._stop(signal.SIGTERM)
        await served

    asyncio.run(run())


@pytest.mark.parametrize(("deaths", "pause"), [(0, 0.0), (1, 0.5), (3, 2.0), (9, 30.0), (100_000, 30.0)])
def test_pauses_grow_to_a_bound_however_often_it_dies(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, deaths: int, pause: float
) -> None:
    """One that never came to serve has died young, however long it took."""
    monkeypatch.setattr(keeper, "FIRST_PAUSE", 0.5)
    monkeypatch.setattr(keeper, "LONGEST_PAUSE", 30.0)

    async def run() -> None:
        world, keeps = made(0)
        world.broken = 1.0
        place = keeps._places[0]
        place._deaths = deaths
        worker = await place.first()
        await worker.ended
        keeps._crew.stopping.set()
        await place._died(worker)

    asyncio.run(run())
    assert f"another follows in {pause:g} s" in caplog.text


def test_one_that_does_not_end_is_killed() -> None:
    async def run() -> int:
        world, keeps = made(0)
        keeps._crew.patience = 0.1
        served = asyncio.ensure_future(keeps._serve())
        await settles(world)
        world.alive()[0].hangs = True
        keeps._stop(signal.SIGTERM)
        return await asyncio.wait_for(served, 5)

    assert asyncio.run(run()) == -9


def test_who_waits_for_a_dead_worker_when_all_stop_is_served(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeper, "FIRST_PAUSE", 60.0)
    monkeypatch.setattr(keeper, "LONGEST_PAUSE", 60.0)
    monkeypatch.setattr(keeper, "_LET_GO", 90.0)

    async def run() -> None:
        world, keeps = made(0)
        served = asyncio.ensure_future(keeps._serve())
        await settles(world)
        await dies_young_twice(world, keeps)
        count = len(world.processes)
        with contextlib.ExitStack() as clients:
            for _ in range(40):  # the system spreads them over all places
                clients.enter_context(socket.create_connection(("127.0.0.1", keeps._crew.port)))
            keeps._stop(signal.SIGTERM)
            await asyncio.wait_for(served, 5)
        (last,) = world.processes[count:]
        assert last.number == 1
        assert not last.early

    asyncio.run(run())
