"""The output folder under bad conditions: full, locked, interrupted, changed by others."""

import contextlib
import fcntl
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from mallgen.disk import filelock
from mallgen.disk.transaction import Staging
from tests.cli.test_wrong_inputs import GOOD, PY, everything
from tests.conftest import mallgen, tree

MALLGEN = [sys.executable, "-m", "mallgen", *PY]


@pytest.fixture
def small_disk(here: Path) -> Iterator[Callable[[int], Path]]:
    """Return a function that mounts file systems of a few KiB; skip where mounting is not allowed."""
    mounted = []

    def mount(kib: int) -> Path:
        target = here / f"disk{kib}"
        target.mkdir()
        words = ["mount", "-t", "tmpfs", "-o", f"size={kib}k", "tmpfs", str(target)]
        if (
            os.geteuid()
            or not shutil.which("mount")
            or subprocess.run(words, capture_output=True, check=False).returncode
        ):
            pytest.skip("only root can mount a small file system")
        mounted.append(target)
        return target

    yield mount
    for target in mounted:
        subprocess.run(["umount", str(target)], check=True)


def test_a_full_disk_leaves_nothing_or_everything(small_disk: Callable[[int], Path], here: Path) -> None:
    (here / "a.api").write_text(GOOD)
    codes = []
    for kib in (8, 16, 24, 32, 48, 64, 96, 128, 192, 256):
        disk = small_disk(kib)
        ran = mallgen("api", "py", "-api", "a.api", "-dir", str(disk / "out"))
        codes.append(ran.code)
        if ran.code == 3:
            assert "error[disk-full]" in ran.err
            assert "nothing was written" in ran.err.splitlines()[-1]
            assert everything(disk) == {}
    assert set(codes) == {0, 3}
    assert codes == sorted(codes, reverse=True)


def fill(path: Path, free: int) -> None:
    """Fill the file system but for `free` bytes."""
    with path.open("wb", buffering=0) as file, contextlib.suppress(OSError):
        while True:
            file.write(bytes(4096))
    os.truncate(path, max(0, path.stat().st_size - free))


def test_a_disk_that_fills_up_during_a_regeneration(small_disk: Callable[[int], Path], here: Path) -> None:
    disk = small_disk(512)
    (here / "a.api").write_text(GOOD)
    words = ("api", "py", "-api", "a.api", "-dir", str(disk / "out"))
    assert mallgen(*words).code == 0
    old = tree(disk)
    (here / "a.api").write_text(GOOD.replace("/greet", "/hello").replace("Greet", "Hi"))
    refused = 0
    for kib in range(0, 96, 4):
        fill(disk / "filler", kib * 1024)
        ran = mallgen(*words)
        (disk / "filler").unlink()
        if ran.code == 0:
            break
        assert (ran.code, "error[disk-full]" in ran.err) == (3, True)
        if "nothing was written" in ran.err.splitlines()[-1]:
            refused += 1
            assert tree(disk) == old
    assert refused
    assert mallgen(*words, "-q").code == 0
    assert (disk / "out" / "a_api" / "logic" / "hi_logic.py").is_file()


def test_a_file_size_limit_leaves_nothing(here: Path) -> None:
    (here / "a.api").write_text(GOOD)
    words = ["/bin/sh", "-c", 'ulimit -f 1; exec "$@"', "sh", *MALLGEN]
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
    ran = subprocess.run(words, cwd=here, capture_output=True, text=True, env=environment, check=False)
    assert (ran.returncode, "error[disk-full]" in ran.stderr) == (3, True), ran.stderr
    assert list(everything(here)) == ["a.api"]


def without_first(files: dict[str, bytes]) -> dict[str, bytes]:
    """Return files without pyproject.toml, which belongs to the contract that was generated first."""
    lock = [line for line in files["mallgen.lock"].splitlines() if b"pyproject.toml" not in line]
    return files | {"mallgen.lock": b"\n".join(lock), "pyproject.toml": b""}


# a run says so when it waits for longer than a moment, which the machine decides
WAITED = re.compile(rb"waiting for another mallgen(?: \(process \d+\))?, which is writing here into out\n")


@pytest.mark.slow
def test_two_runs_at_once_are_as_one_after_the_other(here: Path) -> None:
    for name in ("a", "b", "c"):
        (here / f"{name}.api").write_text(GOOD.replace("a-api", f"{name}-api"))
    for _ in range(4):
        shutil.rmtree(here / "out", ignore_errors=True)
        runs = [
            subprocess.Popen([*MALLGEN[:-3], f"{name}.api", "-dir", "out", "-q"], cwd=here, stderr=subprocess.PIPE)
            for name in ("a", "b", "c", "a", "b")
        ]
        assert [WAITED.sub(b"", run.communicate()[1]) for run in runs] == [b""] * 5
        assert [run.returncode for run in runs] == [0] * 5
        together = tree(here / "out")
        assert (here / "out" / "pyproject.toml").is_file()
        for name in ("a", "b", "c"):
            assert mallgen("api", "py", "-api", f"{name}.api", "-dir", "serial", "-q").code == 0
        assert without_first(together) == without_first(tree(here / "serial"))


HOLD = """
import sys, time
from mallgen.disk.folder import Folder
from mallgen.disk.session import session
with session(Folder("out")):
    print("held", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def holder(here: Path) -> Iterator["subprocess.Popen[bytes]"]:
    """Start another process that holds the output folder `out`."""
    (here / "a.api").write_text(GOOD)
    assert mallgen(*PY).code == 0
    with subprocess.Popen([sys.executable, "-c", HOLD], cwd=here, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"held\n"
        yield process
        process.kill()


def test_a_held_folder_is_waited_for_and_named(
    here: Path, holder: "subprocess.Popen[bytes]", monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(filelock, "PATIENCE", 1.0)
    before = tree(here)
    ran = mallgen(*PY)
    name = f"another mallgen (process {holder.pid})"
    assert ran.code == 3
    assert f"waiting for {name}, which is writing here into out" in ran.err
    assert f"error[busy] cannot write into `out`: {name} is writing into it" in ran.err
    assert tree(here) == before


def test_who_waited_in_vain_leaves_the_holders_lock(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The folder was made by the run that waits, and locked by the other one."""
    (here / "a.api").write_text(GOOD)
    held: list[int] = []
    take = filelock.FolderLock.take

    def taken(self: filelock.FolderLock, shared: bool = False) -> None:
        held.append(os.open("out/.mallgen/lock", os.O_RDWR | os.O_CREAT))
        fcntl.flock(held[0], fcntl.LOCK_EX)
        take(self, shared)

    monkeypatch.setattr(filelock.FolderLock, "take", taken)
    monkeypatch.setattr(filelock, "PATIENCE", 0.1)
    ran = mallgen(*PY)
    assert (ran.code, "error[busy]" in ran.err) == (3, True)
    assert os.path.samestat(os.stat("out/.mallgen/lock"), os.fstat(held[0]))
    os.close(held[0])


def test_a_dead_holder_holds_nothing(here: Path, holder: "subprocess.Popen[bytes]") -> None:
    holder.kill()
    holder.wait()
    assert mallgen(*PY).code == 0


def test_a_waiter_gets_its_turn(here: Path, holder: "subprocess.Popen[bytes]") -> None:
    with subprocess.Popen(MALLGEN, cwd=here, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as waiter:
        assert waiter.stderr is not None
        assert waiter.stderr.readline().startswith(f"waiting for another mallgen (process {holder.pid})".encode())
        holder.kill()
        assert waiter.wait(timeout=20) == 0


def test_an_interrupt_when_all_is_said() -> None:
    """An interrupt while Python shuts down prints nothing after the result."""
    late = "import atexit, os, sys, mallgen.__main__ as m; atexit.register(os.kill, os.getpid(), 2); sys.exit(m.main())"
    ran = subprocess.run([sys.executable, "-c", late, "--version"], capture_output=True, check=False)
    assert (ran.returncode, ran.stdout[:8], ran.stderr) == (-signal.SIGINT, b"mallgen ", b"")


@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_at_any_moment(here: Path, signum: signal.Signals) -> None:
    (here / "a.api").write_text(GOOD)
    new: dict[str, bytes] = {}
    for number in range(12):
        shutil.rmtree(here / "out", ignore_errors=True)
        with subprocess.Popen(MALLGEN, cwd=here, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as process:
            time.sleep(0.08 + number * 0.02)
            process.send_signal(signum)
            said = process.communicate(timeout=20)[1]
        if b"Traceback" in said:  # Python was still starting and had loaded nothing of mallgen
            assert b"mallgen.cli" not in said and b"in run" not in said
        else:
            assert process.returncode in (0, 128 + signum, -signum)
        left = tree(here / "out")
        assert mallgen(*PY).code == 0
        new = new or tree(here / "out")
        assert left in ({}, new)
        assert tree(here / "out") == new


def interfering(monkeypatch: pytest.MonkeyPatch, act: Callable[[], None]) -> None:
    """Call `act` after the journal was written and before the first file is moved."""
    real = Staging.carry_out

    def carry_out(self: Staging) -> object:
        act()
        return real(self)

    monkeypatch.setattr(Staging, "carry_out", carry_out)


def test_what_an_editor_saves_meanwhile_wins(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (here / "a.api").write_text(GOOD)
    assert mallgen(*PY).code == 0
    (here / "a.api").write_text(GOOD.replace("Name", "Nick").replace("Greet", "Hi"))
    routes, logic = here / "out" / "a_api" / "routes.py", here / "out" / "a_api" / "logic" / "hi_logic.py"

    def save() -> None:
        routes.write_bytes(b"# mine")
        logic.write_bytes(b"# mine, too")

    with monkeypatch.context() as patch:
        interfering(patch, save)
        ran = mallgen(*PY)
    assert ran.code == 1
    for name in ("routes.py", "logic/hi_logic.py"):
        assert (
            f"error[changed-meanwhile] `out/a_api/{name}` was saved while mallgen ran, and is left as it is" in ran.err
        )
    assert ran.err.splitlines()[-1] == "2 errors; everything else was written"
    assert (routes.read_bytes(), logic.read_bytes()) == (b"# mine", b"# mine, too")
    assert b"nick" in tree(here)["out/a_api/schemas.py"]
    edited = "out/a_api/routes.py had been edited: moved your version to out/.mallgen/backup/a_api/routes.py"
    assert mallgen(*PY, "-q").err.splitlines()[0] == edited
    assert logic.read_bytes() == b"# mine, too"


def test_a_folder_that_appears_meanwhile_is_joined(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (here / "a.api").write_text(GOOD)

    def make() -> None:
        (here / "out" / "a_api" / "logic").mkdir(parents=True)
        (here / "out" / "a_api" / "logic" / "mine.py").write_bytes(b"mine")

    with monkeypatch.context() as patch:
        interfering(patch, make)
        assert mallgen(*PY).code == 0
    assert mallgen("api", "py", "-api", "a.api", "-dir", "other", "-q").code == 0
    found = tree(here / "out")
    assert found.pop("a_api/logic/mine.py") == b"mine"
    assert {n: c for n, c in found.items() if n != "mallgen.lock"} == {
        n: c for n, c in tree(here / "other").items() if n != "mallgen.lock"
    }


def test_a_link_that_is_swapped_in_is_not_followed(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (here / "a.api").write_text(GOOD)
    assert mallgen(*PY).code == 0
    (here / "victim").mkdir()
    (here / "a.api").write_text(GOOD.replace("Greet", "Hi"))

    def swap() -> None:
        (here / "out" / "a_api" / "logic").rename(here / "aside")
        (here / "out" / "a_api" / "logic").symlink_to(here / "victim")

    with monkeypatch.context() as patch:
        interfering(patch, swap)
        ran = mallgen(*PY)
    assert ran.code == 3
    assert list((here / "victim").iterdir()) == []
    assert "the next mallgen command here completes what was begun" in ran.err
    (here / "out" / "a_api" / "logic").unlink()
    (here / "aside").rename(here / "out" / "a_api" / "logic")
    assert mallgen(*PY).code == 0
    assert (here / "out" / "a_api" / "logic" / "hi_logic.py").is_file()


def test_links_inside_the_folder_are_walked(here: Path) -> None:
    (here / "a.api").write_text(GOOD)
    (here / "out" / "real" / "inner").mkdir(parents=True)
    (here / "out" / "a_api").symlink_to("real/inner")
    assert mallgen(*PY).code == 0
    assert (here / "out" / "real" / "inner" / "routes.py").is_file()
    assert (here / "out" / "a_api").is_symlink()
    assert mallgen(*PY).err.count("8 unchanged, 9 yours, kept") == 1


def test_a_pipe_in_the_way_is_not_opened(here: Path) -> None:
    (here / "a.api").write_text(GOOD)
    (here / "out" / "a_api").mkdir(parents=True)
    os.mkfifo(here / "out" / "a_api" / "routes.py")
    ran = subprocess.run(MALLGEN, cwd=here, capture_output=True, text=True, timeout=20, check=False)
    assert (ran.returncode, "error[in-the-way]" in ran.stderr) == (1, True)


def test_a_hard_link_elsewhere_keeps_its_content(here: Path) -> None:
    (here / "a.api").write_text(GOOD)
    assert mallgen(*PY).code == 0
    routes = here / "out" / "a_api" / "routes.py"
    os.link(routes, here / "elsewhere")
    before = routes.read_bytes()
    (here / "a.api").write_text(GOOD.replace("Greet", "Hi"))
    assert mallgen(*PY).code == 0
    assert (here / "elsewhere").read_bytes() == before != routes.read_bytes()


@pytest.mark.parametrize(
    "line", ["add\t1\t.git/hooks/pre-commit\t\t", "add\t1\t../x\t\t", "replace\t1\tx\t\tx", "add\t../1\tx\t\t", "x"]
)
def test_a_journal_that_came_with_a_clone_writes_nowhere_else(here: Path, line: str) -> None:
    (here / "a.api").write_text(GOOD)
    assert mallgen(*PY).code == 0
    house = here / "out" / ".mallgen"
    (house / "stage").mkdir()
    (house / "stage" / "1").write_bytes(b"#!/bin/sh\n")
    (house / "journal").write_text(f"mallgen.journal 1\n{line}\nend\t1\n")
    before = tree(here)
    ran = mallgen(*PY)
    assert (ran.code, "error[bad-journal]" in ran.err) == (1, True)
    assert tree(here) == before
