"""Signals that come while a process ends by itself."""

import collections
import contextlib
import os
import signal
import subprocess
import sys
import time

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
