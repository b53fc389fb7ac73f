"""Signals that come while a process ends by itself."""

import ast
import collections
import contextlib
import importlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

FACTORIES = pytest.mark.parametrize("factory", ["None", "__import__('uvloop').new_event_loop"])
ENDING = """
import asyncio, os, signal, threading, time
from mallgen_runtime.process.run import ignore_signals, take_signals

async def main():
    loop = asyncio.get_running_loop()
    threading.Thread(target=time.sleep, args=(60,), daemon=True).start()
    stop = asyncio.Event()
    take_signals(loop, lambda number: stop.set())
    os.kill(os.getpid(), signal.SIGTERM)
    await stop.wait()
    ignore_signals()

with asyncio.Runner(loop_factory=FACTORY) as runner:
    runner.run(main())
for number in (signal.SIGTERM, signal.SIGINT):
    os.kill(os.getpid(), number)
    time.sleep(0.05)
raise SystemExit(7)
"""


@pytest.mark.skipif(not hasattr(signal, "pthread_sigmask"), reason="Windows has no such signals")
@FACTORIES
def test_a_signal_at_the_very_end_does_not_change_the_exit_code(factory: str) -> None:
    """A thread that takes signals, as that of the log, stands beside the main one."""
    code = ENDING.replace("FACTORY", factory)
    assert subprocess.run([sys.executable, "-c", code], check=False, timeout=20).returncode == 7


SERVING = """
import asyncio
from mallgen_runtime.process.run import ignore_signals, take_signals

async def main():
    stop = asyncio.Event()
    take_signals(asyncio.get_running_loop(), lambda number: stop.set())
    print("serves", flush=True)
    await stop.wait()
    ignore_signals()

with asyncio.Runner(loop_factory=FACTORY) as runner:
    runner.run(main())
raise SystemExit(7)
"""


@FACTORIES
@pytest.mark.parametrize("pause", [0.00002, 0.00005, 0.0002])
def test_no_moment_of_the_end_is_without_a_handler(factory: str, pause: float) -> None:
    """Signals follow each other closely, so that some arrive while one handler takes the place of another."""
    codes: collections.Counter[int] = collections.Counter()
    for _ in range(8):
        command = [sys.executable, "-c", SERVING.replace("FACTORY", factory)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
            assert process.stdout is not None
            process.stdout.readline()
            while process.poll() is None:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(process.pid, signal.SIGTERM)
                time.sleep(pause)
        codes[process.returncode] += 1
    assert codes == {7: 8}


SLOW = """
import time
print("imports", flush=True)
time.sleep(60)
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("module", ["starting", "admin.commands"])
def test_a_signal_while_a_service_is_imported(module: str, number: signal.Signals, tmp_path: Path) -> None:
    assert _left(tmp_path, module, "app.py", number) == (0, "")


def test_an_interrupt_while_a_command_about_accounts_is_imported(tmp_path: Path) -> None:
    assert _left(tmp_path, "admin.commands", "../getpass.py", signal.SIGINT, "createuser", "ann") == (130, "")


def _left(folder: Path, module: str, slow: str, number: signal.Signals, *words: str) -> tuple[int, str]:
    """Start a service that imports one of its modules for ever, end it, and return its exit code and what it wrote."""
    package = folder / "late"
    package.mkdir()
    (package / "__init__.py").touch()
    more = "" if module == "starting" else ", 'etc/late.yaml'"
    main = f"from mallgen_runtime.{module} import start\nstart(__package__{more})\n"
    (package / "__main__.py").write_text(main, encoding="utf-8")
    (package / slow).write_text(SLOW, encoding="utf-8")
    command = [sys.executable, "-m", "late", *words]
    with subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "imports\n"
        process.send_signal(number)
        _, problems = process.communicate(timeout=20)
        return process.returncode, problems


@pytest.mark.parametrize("module", ["starting", "admin.commands"])
def test_a_process_is_ready_for_signals_before_it_imports_the_runtime(module: str) -> None:
    code = f"import sys, mallgen_runtime.{module}; print([m for m in ('asyncio', 'msgspec') if m in sys.modules])"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout == "[]\n"


def test_importing_the_runtime_takes_no_signals() -> None:
    code = """
import signal
before = [signal.getsignal(number) for number in (2, 15)]
import mallgen_runtime.admin.commands
from mallgen_runtime import App
print([signal.getsignal(number) for number in (2, 15)] == before)
"""
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout == "True\n"


@pytest.mark.parametrize("package", ["mallgen_runtime", "mallgen_runtime.admin"])
def test_every_name_of_a_package_is_found(package: str) -> None:
    module = importlib.import_module(package)
    (checked,) = (
        node for node in ast.parse(Path(str(module.__file__)).read_text("utf-8")).body if type(node) is ast.If
    )
    seen = {}
    for line in checked.body:
        assert isinstance(line, ast.ImportFrom)
        for name in line.names:
            seen[name.asname or name.name] = getattr(importlib.import_module(str(line.module)), name.name)
    assert sorted(seen) == sorted(module.__all__)
    assert seen == {name: getattr(module, name) for name in module.__all__}
    with pytest.raises(AttributeError, match="has no attribute 'Missing'"):
        _ = module.Missing
