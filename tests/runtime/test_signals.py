"""Signals that come while a process ends by itself."""

import signal
import subprocess
import sys

import pytest

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
    ignore_signals(loop)

with asyncio.Runner(loop_factory=FACTORY) as runner:
    runner.run(main())
for number in (signal.SIGTERM, signal.SIGINT):
    os.kill(os.getpid(), number)
    time.sleep(0.05)
raise SystemExit(7)
"""


@pytest.mark.skipif(not hasattr(signal, "pthread_sigmask"), reason="Windows has no such signals")
@pytest.mark.parametrize("factory", ["None", "__import__('uvloop').new_event_loop"])
def test_a_signal_at_the_very_end_does_not_change_the_exit_code(factory: str) -> None:
    """A thread that takes signals, as that of the log, stands beside the main one."""
    code = ENDING.replace("FACTORY", factory)
    assert subprocess.run([sys.executable, "-c", code], check=False, timeout=20).returncode == 7
