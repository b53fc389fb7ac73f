"""Effects of time on etcd: leases that expire, processes and members that are stopped, clocks that jump."""

import asyncio
import itertools
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from mallgen_runtime.discovery import OK, EtcdConf
from mallgen_runtime.discovery.etcd.registrar import TTL
from tests import parts
from tests.parts import Etcd
from tests.run.discovering import registered, resolving, run, until

pytestmark = pytest.mark.slow
KEY = "order.rpc"
Figure = Callable[[str, object], None]
CHILD = """
import asyncio, sys, time
from mallgen_runtime.discovery import EtcdConf
from mallgen_runtime.discovery.etcd import EtcdRegistrar
async def main():
    await EtcdRegistrar(EtcdConf(hosts=[sys.argv[1]], required=True), "order.rpc").register(sys.argv[2])
    print("registered", flush=True)
    while True:
        print(int(time.time()), flush=True)
        await asyncio.sleep(1)
asyncio.run(main())
"""


@pytest.fixture
def alone(tmp_path: Path) -> Iterator[Etcd]:
    """Start an etcd for one test."""
    with parts.etcd(tmp_path) as part:
        yield part


@contextmanager
def instance(part: Etcd, address: str, **env: str) -> Iterator[subprocess.Popen[bytes]]:
    """Start another process that registers; it prints the time of its clock once a second."""
    command = [sys.executable, "-c", CHILD, part.host, address]
    child = subprocess.Popen(command, stdout=subprocess.PIPE, env={**os.environ, **env})
    assert child.stdout is not None
    try:
        assert child.stdout.readline() == b"registered\n"
        yield child
    finally:
        child.kill()
        child.wait()


def test_a_killed_process_is_forgotten_with_its_lease(alone: Etcd, record_property: Figure) -> None:
    async def work() -> None:
        async with resolving(EtcdConf(hosts=[alone.host]), KEY) as seen:
            with instance(alone, "10.0.0.1:80"), instance(alone, "10.0.0.2:80") as second:
                await until(lambda: len(seen.addresses) == 2, 2, "found")
                second.kill()
                took = await until(lambda: seen.addresses == ("10.0.0.1:80",), TTL + 2, "forgotten")
                assert list(alone.keys(f"{KEY}/").values()) == [b"10.0.0.1:80"]
                record_property("figure", f"etcd: a killed instance was forgotten after {took:.1f} s")

    run(work)


def test_a_process_that_stood_still_registers_again_once(alone: Etcd, record_property: Figure) -> None:
    async def work() -> None:
        async with resolving(EtcdConf(hosts=[alone.host]), KEY) as seen:
            with instance(alone, "10.0.0.1:80") as child:
                await until(lambda: len(seen.addresses) == 1, 2, "found")
                child.send_signal(signal.SIGSTOP)
                await until(lambda: not seen.addresses, TTL + 2, "forgotten")
                await asyncio.sleep(30 - TTL)
                child.send_signal(signal.SIGCONT)
                took = await until(lambda: seen.addresses == ("10.0.0.1:80",), 3, "registered again")
                record_property("figure", f"etcd: registered again {took:.2f} s after 30 s of standing still")
                await asyncio.sleep(2)
                assert list(alone.keys(f"{KEY}/").values()) == [b"10.0.0.1:80"], "one key"

    run(work)


def test_a_lease_is_renewed_while_the_clock_jumps(alone: Etcd, tmp_path: Path) -> None:
    """A lease is renewed while the wall clock jumps an hour forward and two back; the monotonic clock does not jump."""
    clock = tmp_path / "clock"
    clock.write_text("+0\n")
    wrapper = [parts.program("faketime", "faketime"), "-m", "-f", "+0", "printenv", "LD_PRELOAD"]
    library = subprocess.run(wrapper, capture_output=True, text=True, check=True).stdout.strip()
    env = {"LD_PRELOAD": library, "FAKETIME_TIMESTAMP_FILE": str(clock)}
    env |= {"FAKETIME_NO_CACHE": "1", "FAKETIME_DONT_FAKE_MONOTONIC": "1"}
    jumps = {10: "+3600", 20: "-3600", 30: "+0"}

    async def work() -> None:
        with instance(alone, "10.0.0.1:80", **env) as child:
            [key] = alone.keys(f"{KEY}/")
            left = []
            for number in range(60):
                if number in jumps:
                    clock.write_text(f"{jumps[number]}\n")
                await asyncio.sleep(0.5)
                left.append(alone.lease_left(int(key.rpartition("/")[2])))
            assert child.poll() is None
            assert list(alone.keys(f"{KEY}/")) == [key]
            assert min(left) >= TTL - 5, "renewed every 3.5 s"
            assert 6 <= sum(after > before for before, after in itertools.pairwise(left)) <= 9
            child.kill()
            assert child.stdout is not None
            times = [int(line) for line in child.stdout.read().split()]
            assert max(times) - min(times) > 7000, "the clock of the process has jumped"

    run(work)


def test_an_etcd_that_stands_still(alone: Etcd) -> None:
    async def work() -> None:
        conf = EtcdConf(hosts=[alone.host])
        async with registered(conf, KEY, "10.0.0.1:80") as registrar, resolving(conf, KEY) as seen:
            await until(lambda: seen.addresses == ("10.0.0.1:80",), 2, "found")
            alone.send(signal.SIGSTOP)
            await until(lambda: registrar.state == f"etcd {alone.host} does not answer", 8, "the server notices")
            await until(lambda: seen.resolver.state == f"etcd {alone.host} does not answer", 20, "the client notices")
            assert seen.addresses == ("10.0.0.1:80",)
            alone.send(signal.SIGCONT)
            await until(lambda: registrar.state == seen.resolver.state == OK, 5, "both are back")
            await asyncio.sleep(TTL + 2)
            assert list(alone.keys(f"{KEY}/").values()) == [b"10.0.0.1:80"]
            assert seen.addresses == ("10.0.0.1:80",)
            assert () not in seen.sets

    run(work)


@contextmanager
def cluster(folder: Path) -> Iterator[list[Etcd]]:
    """Start three members."""
    members: list[Etcd] = []
    for name in "abc":
        (folder / name).mkdir()
        members.append(Etcd(folder / name, "--name", name, "--initial-cluster=later"))
    together = ",".join(f"{name}={member.peer}" for name, member in zip("abc", members, strict=True))
    with ExitStack() as after:
        for member in members:
            member.command = [f"--initial-cluster={together}" if "=later" in word else word for word in member.command]
            after.callback(member.kill)
            member.launch()
        for member in members:
            parts.wait_for(member.healthy, "the cluster serves")
        yield members


def _put(member: Etcd) -> bool:
    """Return whether a second instance could be written, which needs a leader among the members."""
    try:
        member.put(f"{KEY}/1", b"10.0.0.2:80")
    except (AssertionError, OSError):
        return False
    return True


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGSTOP])
def test_a_member_that_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, how: signal.Signals, record_property: Figure
) -> None:
    """After the member that both are connected to dies or freezes, they go on with the other two."""
    monkeypatch.setattr("random.randrange", lambda _: 0)  # begin with the first host

    async def work() -> None:
        with cluster(tmp_path) as members:
            conf = EtcdConf(hosts=[member.host for member in members])
            async with registered(conf, KEY, "10.0.0.1:80") as registrar, resolving(conf, KEY) as seen:
                await until(lambda: seen.addresses == ("10.0.0.1:80",), 3, "found")
                before = members[1].keys(f"{KEY}/")
                members[0].send(how)
                await asyncio.to_thread(parts.wait_for, lambda: _put(members[1]), "another leader", 30)
                took = await until(lambda: len(seen.addresses) == 2, 20, "the watch goes on at another member")
                record_property("figure", f"etcd, a member with {how.name}: a new instance seen after {took:.1f} s")
                await asyncio.sleep(TTL)
                assert before.items() <= members[1].keys(f"{KEY}/").items(), "renewed at another member"
                await until(lambda: registrar.state == seen.resolver.state == OK, 5, "both are well")
                assert [len(each) for each in seen.sets] in ([1, 2], [2])

    run(work)


def test_a_member_without_the_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A member that answers but has no leader is reported, and the known addresses stay."""

    async def work() -> None:
        with cluster(tmp_path) as members:
            conf = EtcdConf(hosts=[members[0].host])
            async with registered(conf, KEY, "10.0.0.1:80") as registrar, resolving(conf, KEY) as seen:
                await until(lambda: seen.addresses == ("10.0.0.1:80",), 3, "found")
                for member in members[1:]:
                    member.kill()
                await until(lambda: registrar.state != OK != seen.resolver.state, 15, "both notice")
                assert seen.addresses == ("10.0.0.1:80",)
                members[1].launch()
                await until(lambda: registrar.state == seen.resolver.state == OK, 10, "both are back")
                assert seen.addresses == ("10.0.0.1:80",)

    run(work)
