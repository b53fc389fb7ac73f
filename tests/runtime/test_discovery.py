"""Discovery without a registry server: the folder of services, and the rules by which a resolver keeps addresses."""

import asyncio
import logging
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mallgen_runtime.discovery import OK, EtcdConf, registrar, resolver
from mallgen_runtime.discovery.etcd.instances import Instances, is_address
from mallgen_runtime.discovery.folder import FolderRegistrar, FolderResolver, instances, root
from mallgen_runtime.discovery.pace import Backoff, Trouble
from mallgen_runtime.discovery.static import StaticResolver
from mallgen_runtime.process.address import announced, internal_ip
from mallgen_runtime.process.errors import ConfigError

KEY = "order.rpc"
CHILD = """
import asyncio, sys, time
from mallgen_runtime.discovery.folder import FolderRegistrar
registrars = [FolderRegistrar("order.rpc") for _ in sys.argv[1:]]
for registrar, address in zip(registrars, sys.argv[1:]):
    asyncio.run(registrar.register(address))
print("registered", flush=True)
sys.stdin.read()
for registrar in registrars:
    asyncio.run(registrar.deregister())
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the folder of services for one test."""
    monkeypatch.setenv("MALLGEN_DISCOVERY", f"file:{tmp_path / 'services'}")
    return tmp_path / "services"


@contextmanager
def instance(*addresses: str) -> Iterator[subprocess.Popen[bytes]]:
    """Start another process that registers some addresses and leaves when its input ends."""
    command = [sys.executable, "-c", CHILD, *addresses]
    child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert child.stdout is not None
    try:
        assert child.stdout.readline() == b"registered\n"
        yield child
    finally:
        child.communicate()


def test_three_instances_and_one_that_is_killed(folder: Path) -> None:
    with instance("127.0.0.1:1"), instance("127.0.0.1:2") as two, instance("127.0.0.1:3"):
        assert instances(KEY) == ["127.0.0.1:1", "127.0.0.1:2", "127.0.0.1:3"]
        two.kill()
        two.wait()
        assert len(list((folder / KEY).iterdir())) == 3
        assert instances(KEY) == ["127.0.0.1:1", "127.0.0.1:3"]
        assert len(list((folder / KEY).iterdir())) == 2, "what the dead one left is removed"
    assert instances(KEY) == []
    assert list((folder / KEY).iterdir()) == []


def test_a_process_with_several_ports(folder: Path) -> None:
    with instance("127.0.0.1:1", "127.0.0.1:2"):
        assert instances(KEY) == ["127.0.0.1:1", "127.0.0.1:2"]


def test_a_process_id_that_is_used_again(folder: Path) -> None:
    """An entry left by a dead process is removed even if its process id is used again, here by us."""
    (folder / KEY).mkdir(parents=True)
    left = folder / KEY / f"{os.getpid()}-81"
    left.write_text("127.0.0.1:81")
    assert instances(KEY) == []
    assert not left.exists()


def test_an_entry_appears_whole(folder: Path) -> None:
    """An entry is never read half-written."""

    async def work() -> None:
        for number in range(200):
            registrar = FolderRegistrar(KEY)
            await registrar.register(f"127.0.0.1:{number + 1}")
            assert instances(KEY) == [f"127.0.0.1:{number + 1}"]
            if number == 199:
                assert looker.line() == "saw one"
            await registrar.deregister()

    with _watching() as looker:
        asyncio.run(work())
        assert looker.rest() == ""


class _Watcher:
    """Another process that reads the entries for 30 s at most, and prints at the end those that nobody registered."""

    CODE = """
import select, sys, time
from mallgen_runtime.discovery.folder import instances
print("looking", flush=True)
wrong, seen, end = set(), 0, time.monotonic() + 30
while time.monotonic() < end and not select.select([sys.stdin], [], [], 0)[0]:
    found = instances("order.rpc")
    wrong |= {address for address in found if not address.startswith("127.0.0.1:")}
    if found and not seen:
        print("saw one", flush=True)
    seen += len(found)
print(*wrong)
"""

    def __init__(self) -> None:
        words = [sys.executable, "-c", self.CODE]
        self._child = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def line(self) -> str:
        assert self._child.stdout is not None
        return self._child.stdout.readline().rstrip("\n")

    def rest(self) -> str:
        return self._child.communicate()[0].strip()


@contextmanager
def _watching() -> Iterator[_Watcher]:
    looker = _Watcher()
    assert looker.line() == "looking"
    yield looker


def test_a_folder_of_somebody_else_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MALLGEN_DISCOVERY", raising=False)
    monkeypatch.setattr(tempfile, "gettempdir", lambda: str(tmp_path))
    place = tmp_path / f"mallgen-{os.getuid()}"
    assert root() == str(place)
    assert place.stat().st_mode & 0o777 == 0o700
    place.rmdir()
    place.symlink_to(tmp_path)
    with pytest.raises(ConfigError, match="belongs to somebody else"):
        root()
    place.unlink()
    place.mkdir()
    monkeypatch.setattr(os, "getuid", lambda: place.stat().st_uid + 1)
    (tmp_path / f"mallgen-{os.getuid()}").symlink_to(place)
    with pytest.raises(ConfigError, match="name another folder: MALLGEN_DISCOVERY=file:FOLDER"):
        root()


def test_a_folder_that_others_may_write_into_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MALLGEN_DISCOVERY", raising=False)
    monkeypatch.setattr(tempfile, "gettempdir", lambda: str(tmp_path))
    place = tmp_path / f"mallgen-{os.getuid()}"
    place.mkdir()
    place.chmod(0o777)
    with pytest.raises(ConfigError, match="others may write"):
        root()


def test_a_link_among_the_entries_is_not_followed(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("10.0.0.1:80")
    (folder / KEY).mkdir(parents=True)
    (folder / KEY / "1-80").symlink_to(tmp_path / "secret")
    assert instances(KEY) == []
    assert (tmp_path / "secret").exists()


@pytest.mark.parametrize("key", ["", "../up", "a/b", ".hidden"])
def test_keys_that_are_no_names(folder: Path, key: str) -> None:
    for kind in (FolderRegistrar, FolderResolver):
        with pytest.raises(ConfigError, match="cannot be the key of a service"):
            kind(key)


def test_a_folder_that_cannot_be_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("MALLGEN_DISCOVERY", f"file:{tmp_path / 'file'}")
    with pytest.raises(ConfigError, match="cannot register in"):
        asyncio.run(FolderRegistrar(KEY).register("127.0.0.1:1"))


def test_arrival_and_removal_are_noticed(folder: Path) -> None:
    async def work() -> None:
        found = FolderResolver(KEY)
        changes: list[tuple[str, ...]] = []
        await found.start(lambda: changes.append(found.addresses))
        assert found.state == "no instance of order.rpc is registered"
        ours = FolderRegistrar(KEY)
        await ours.register("127.0.0.1:1")
        await _until(lambda: found.addresses == ("127.0.0.1:1",))
        assert found.state == OK
        with instance("127.0.0.1:2") as child:
            await _until(lambda: len(found.addresses) == 2)
            child.kill()
            await _until(lambda: len(found.addresses) == 1)
        await ours.deregister()
        await ours.deregister()
        await _until(lambda: found.addresses == ())
        await found.close()
        await ours.register("127.0.0.1:3")
        await asyncio.sleep(0.3)
        assert [len(each) for each in changes] == [1, 2, 1, 0]
        await ours.deregister()

    asyncio.run(work())


async def _until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 2
    while not condition():
        assert time.monotonic() < end, "not within 2 s"
        await asyncio.sleep(0.02)


def test_the_settings_choose(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    conf = EtcdConf(hosts=["127.0.0.1:1"], key="other.rpc")
    assert isinstance(registrar("order", conf), FolderRegistrar), "the variable puts the folder in etcd's place"
    assert isinstance(resolver(KEY, conf, ()), FolderResolver)
    assert isinstance(resolver(KEY, conf, ["b:1", "a:1"]), StaticResolver)
    assert resolver(KEY, conf, ["b:1", "a:1"]).addresses == ("a:1", "b:1")
    monkeypatch.delenv("MALLGEN_DISCOVERY")
    assert type(registrar("order", conf)).__name__ == "EtcdRegistrar"
    assert type(resolver(KEY, conf, ())).__name__ == "EtcdResolver"
    assert isinstance(registrar("order", None), FolderRegistrar)


def test_what_a_server_announces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POD_IP", "10.1.2.3")
    assert announced("0.0.0.0:0", 8080, local=False) == "10.1.2.3:8080"
    assert announced(":8080", 8080, local=True) == "127.0.0.1:8080"
    assert announced("192.0.2.5:8080", 8080, local=False) == "192.0.2.5:8080"
    assert announced("[::1]:8080", 8080, local=True) == "[::1]:8080"
    monkeypatch.delenv("POD_IP")
    assert announced("0.0.0.0:0", 8080, local=False) == f"{internal_ip()}:8080"
    assert is_address(announced("[::]:0", 8080, local=False))


def _pairs(*numbers: int) -> list[tuple[bytes, bytes]]:
    return [(b"k/%d" % number, b"10.0.0.%d:80" % number) for number in numbers]


def _numbers(known: Instances) -> list[int]:
    return [int(address.split(".")[3].split(":")[0]) for address in known.addresses]


def test_what_a_look_after_a_break_lacks_is_kept_for_one_lease() -> None:
    known = Instances()
    known.look(_pairs(1, 2, 3), 100.0)
    known.look([], 200.0)
    assert (_numbers(known), known.next_end) == ([1, 2, 3], 210.0)
    known.put(*_pairs(1)[0])
    known.look(_pairs(1), 205.0)
    assert (_numbers(known), known.next_end) == ([1, 2, 3], 210.0), "a second break does not prolong it"
    known.put(b"k/9", b"10.0.0.2:80")
    known.expire(209.9)
    assert _numbers(known) == [1, 2, 3]
    known.expire(210.0)
    assert (_numbers(known), known.next_end) == ([1, 2], None)


def test_what_is_deleted_before_our_eyes_is_gone() -> None:
    known = Instances()
    known.look(_pairs(1, 2), 100.0)
    known.put(b"k/other", b"10.0.0.2:80")
    known.delete(b"k/2")
    assert _numbers(known) == [1, 2], "another key has this address, too"
    known.delete(b"k/other")
    known.delete(b"k/1")
    known.delete(b"k/1")
    assert _numbers(known) == []


@given(st.lists(st.tuples(st.sets(st.integers(1, 5)), st.floats(0, 30))))
def test_no_address_that_is_there_is_missing_and_none_stays_for_ever(looks: list[tuple[set[int], float]]) -> None:
    known, now, last_seen = Instances(), 0.0, dict.fromkeys(range(1, 6), float("-inf"))
    for numbers, pause in looks:
        now += pause
        known.look(_pairs(*numbers), now)
        last_seen.update(dict.fromkeys(numbers, now))
        assert numbers <= set(_numbers(known))
        known.expire(now + 10)
        assert set(_numbers(known)) == numbers
        known.look(_pairs(*numbers), now)


@given(st.text("a1.:[]%-_/ @\0\n٣", max_size=12) | st.from_regex(r"[a1.]{1,3}:[0-9]{1,6}", fullmatch=True))
def test_an_address_has_a_host_and_a_port(text: str) -> None:
    if is_address(text):
        host, _, port = text.rpartition(":")
        assert host
        assert 0 < int(port) < 65536
        assert not set(text) & set("/ \t\n\0\"'@")


def test_a_trouble_is_told_twice_a_minute(caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    caplog.set_level(logging.INFO)
    now = [0.0]
    monkeypatch.setattr("mallgen_runtime.discovery.pace.time.monotonic", lambda: now[0])
    trouble = Trouble()
    trouble.over("never said")
    for second in range(61):
        now[0] = float(second)
        trouble.say(f"gone for {second} s")
    trouble.over("back")
    trouble.over("back again")
    now[0] += 1
    trouble.say("gone again, within 30 s")
    trouble.over("nothing was told")
    assert caplog.messages == ["gone for 0 s", "gone for 30 s", "gone for 60 s", "back"]


def test_pauses_grow_to_two_seconds_and_begin_anew_after_a_calm(monkeypatch: pytest.MonkeyPatch) -> None:
    now, slept = [0.0], []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)
        now[0] += seconds

    monkeypatch.setattr("mallgen_runtime.discovery.pace.asyncio.sleep", sleep)
    monkeypatch.setattr("mallgen_runtime.discovery.pace.time.monotonic", lambda: now[0])

    async def work() -> None:
        backoff = Backoff()
        for _ in range(20):
            await backoff.wait()
        assert backoff.long
        now[0] += 11
        await backoff.wait()
        assert not backoff.long

    asyncio.run(work())
    limits = [0.1, 0.2, 0.4, 0.8, 1.6, *[2.0] * 15, 0.1]
    assert all(limit / 2 <= seconds <= limit for seconds, limit in zip(slept, limits, strict=True))
    assert len(set(slept)) == len(slept), "jittered"
