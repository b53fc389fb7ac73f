"""The shedder of a route in played time: a pool of connections under more and under less than it can carry."""

import random
from collections import deque
from collections.abc import Iterator
from heapq import heappop, heappush

import pytest

from mallgen_runtime.process.shedding import RouteLoad

SECONDS = 0.005
KINDS = ["steady", "random", "bursts"]


class PlayedPool:
    """A route that waits for one of some places for `seconds`, on average where it `varies`."""

    def __init__(self, places: int, seconds: float = SECONDS, *, varies: bool = False) -> None:
        self.seconds = seconds
        self.load = RouteLoad()
        self.chance = random.Random(5)
        self.now = 100.0
        self.ended: list[tuple[float, float]] = []  # when each has come, and when it was answered
        self.shed = 0
        self._free = places
        self._varies = varies
        self._waiting: deque[tuple[float, float]] = deque()
        self._running: list[tuple[float, int, float, float]] = []

    def play(self, rate: float, seconds: float, kind: str = "steady") -> "PlayedPool":
        """Let `rate` requests a second come for some time."""
        for now in self._times(rate, seconds, kind):
            self._pass(now)
            self.load.asked(now)
            if self.load.is_full():
                self.shed += 1
            elif self._free:
                self._run(now, now, self.load.begun())
            else:
                self._waiting.append((now, self.load.begun()))
        self.now += seconds
        return self

    def _times(self, rate: float, seconds: float, kind: str) -> Iterator[float]:
        """Give the times at which requests come; bursts are a fifth of each 50 ms, in which all of them come."""
        now = self.now
        if kind == "random":
            while (now := now + self.chance.expovariate(rate)) < self.now + seconds:
                yield now
            return
        for number in range(int(rate * seconds)):
            at = number / rate
            yield now + (at if kind == "steady" else at // 0.05 * 0.05 + at % 0.05 / 5)

    def _run(self, now: float, came: float, expected: float) -> None:
        self._free -= 1
        taken = self.chance.expovariate(1 / self.seconds) if self._varies else self.seconds
        heappush(self._running, (now + taken, len(self.ended) + len(self._running), came, expected))

    def _pass(self, now: float) -> None:
        while self._running and self._running[0][0] <= now:
            end, _, came, expected = heappop(self._running)
            self._free += 1
            self.load.flight -= 1
            self.load.ended(end, end - came, expected)
            self.ended.append((came, end))
            if self._waiting:
                self._run(end, *self._waiting.popleft())

    def figures(self, since: float) -> tuple[float, float]:
        """Return the answers a second since some time, and the 99th percentile of their seconds."""
        good = sum(since <= end < self.now for _, end in self.ended)
        taken = sorted(end - came for came, end in self.ended if came >= since)
        return good / (self.now - since), taken[len(taken) * 99 // 100]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("varies", [False, True])
def test_three_times_what_a_pool_carries(kind: str, varies: bool) -> None:
    carries = 20 / SECONDS
    pool = PlayedPool(20, varies=varies).play(carries / 2, 3.0, "random").play(3 * carries, 20.0, kind)
    goodput, p99 = pool.figures(103.0)
    assert goodput >= 0.85 * carries
    assert p99 <= 0.1
    before = pool.shed
    pool.play(carries / 2, 2.0)
    rest = pool.shed
    pool.play(carries / 2, 3.0)
    assert rest - before < 0.2 * carries, "soon after nothing is shed"
    assert pool.shed == rest


@pytest.mark.parametrize("times", [1.3, 2, 10])
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("places", "seconds"), [(2, 0.005), (10, 0.05), (1, 0.002)])
def test_any_load_on_any_pool_leaves_it_busy(kind: str, times: float, places: int, seconds: float) -> None:
    """Answers take seconds nowhere, as they do without shedding."""
    carries = places / seconds
    pool = PlayedPool(places, seconds, varies=True).play(carries / 2, 3.0, "random").play(times * carries, 10.0, kind)
    goodput, p99 = pool.figures(103.0)
    assert goodput >= 0.9 * carries
    assert p99 <= 0.6


@pytest.mark.parametrize("share", [0.5, 0.75, 0.9])
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("varies", [False, True])
def test_a_slow_machine_sheds_nothing(kind: str, share: float, varies: bool) -> None:
    pool = PlayedPool(20, 5 * SECONDS, varies=varies).play(share * 20 / (5 * SECONDS), 20.0, kind)
    assert pool.shed == 0


@pytest.mark.parametrize("share", [0.5, 0.75, 0.9])
@pytest.mark.parametrize("kind", KINDS)
def test_a_machine_that_becomes_slow_sheds_nothing(kind: str, share: float) -> None:
    rate = share * 20 / (5 * SECONDS)
    pool = PlayedPool(20).play(rate, 5.0, kind)
    pool.seconds *= 5
    assert pool.play(rate, 15.0, kind).shed == 0


@pytest.mark.parametrize(("seconds", "share"), [(0.05, 0.0), (0.3, 0.2), (1.0, 0.3)])
def test_what_takes_long_without_a_queue_is_let_in_again(seconds: float, share: float) -> None:
    pool = PlayedPool(100_000).play(200, 3.0, "random")
    pool.seconds = seconds
    assert pool.play(200, 20.0, "random").shed <= share * 200 * 20
    before = pool.shed
    assert pool.play(200, 10.0, "random").shed == before


def test_a_pool_that_loses_places_under_load_is_kept_busy() -> None:
    pool = PlayedPool(20).play(2000, 3.0, "random").play(12_000, 5.0)
    pool.seconds *= 5
    pool.play(12_000, 10.0)
    began = pool.now
    goodput, p99 = pool.play(12_000, 10.0).figures(began)
    assert goodput >= 0.85 * 800
    assert p99 <= 0.3


def test_after_a_standstill_all_are_let_in_again() -> None:
    pool = PlayedPool(20).play(1000, 3.0, "random")
    pool.seconds = 4.0  # a database that does not answer for a while
    pool.play(1000, 4.0)
    pool.seconds = SECONDS
    pool.play(1000, 5.0)
    before = pool.shed
    assert pool.play(1000, 5.0).shed == before


@pytest.mark.parametrize("idle", [0.0, 10.0])
def test_slow_requests_that_come_together_are_let_in(idle: float) -> None:
    """Before the first of them could have ended nothing tells how many a route can carry, least of all its past."""
    route = PlayedPool(1000, 0.7).play(1.0, 10.0)
    route.now += idle
    route.seconds = 4.0
    assert route.play(50.0, 0.4).shed == 0
