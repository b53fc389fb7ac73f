"""The start and the end of a service's process: command line, settings, signals, exit codes."""

import argparse
import asyncio
import contextlib
import functools
import gc
import logging
import signal
import sys
from collections.abc import Callable, Coroutine, Iterable, Mapping
from types import FrameType
from typing import Any, NoReturn, ParamSpec, TypeVar

from msgspec import Struct

from mallgen_runtime.process.conf import LogConf, find_config, load_file
from mallgen_runtime.process.errors import ConfigError
from mallgen_runtime.process.files import raise_limit
from mallgen_runtime.process.logs import set_up

ENVIRONMENT = 3
_LOG = logging.getLogger("mallgen.service")
STOPPING = (signal.SIGTERM, signal.SIGINT)


C = TypeVar("C", bound=Struct)
P = ParamSpec("P")


def run(work: Callable[[C], int], create: Callable[[C], object], kind: type[C], path: str, package: str) -> NoReturn:
    """Read `-f FILE`, else the settings at `path`; end with the exit code of `work`.

    Each cause that keeps the service from starting is printed as one line, with exit code 3. A signal that comes
    before the service runs ends it with 0. With `--check-config` the settings are printed, if `create` makes a
    service of them, and nothing runs.
    """
    for number in STOPPING:
        signal.signal(number, _leave)
    parser = argparse.ArgumentParser(prog=f"python -m {package}")
    parser.add_argument("-f", metavar="FILE", help=f"the configuration (default: {path})")
    parser.add_argument("--check-config", action="store_true", help="print the settings with their defaults, and end")
    words = parser.parse_args()
    try:
        found = find_config(path, package) if words.f is None else words.f
        config, warnings = load_file(kind, found)
        if words.check_config:
            _check(config, warnings, found, create)
        set_up(_log(config), getattr(config, "name", ""))
        for line in warnings:
            _LOG.warning("%s", line)
        _settle()
        raise_limit()
        code = work(config)
    except ConfigError as problem:
        for line in problem.problems:
            print(f"error[config] {line}", file=sys.stderr)
        _warn(problem.warnings)
        code = ENVIRONMENT
    sys.exit(code)


def _check(config: C, warnings: tuple[str, ...], path: str, create: Callable[[C], object]) -> NoReturn:
    """Print the settings, and end. Raises ConfigError."""
    from mallgen_runtime.process.checking import effective, try_out

    _warn(warnings)
    try_out(create, config)
    print(effective(config, path), end="")
    sys.exit(0)


def _warn(warnings: tuple[str, ...]) -> None:
    for line in warnings:
        print(f"warning[config] {line}", file=sys.stderr)


def in_loop(work: Callable[P, Coroutine[Any, Any, int]], *args: P.args, **named: P.kwargs) -> int:
    """Return the exit code of `work`, which takes the signals; they are held until then. uvloop is optional."""
    _hold_signals()
    try:
        import uvloop
    except ImportError:
        return asyncio.run(work(*args, **named))
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(work(*args, **named))


def _hold_signals() -> None:
    """Hold back the signals that stop the process until its server has taken them over."""
    if hasattr(signal, "pthread_sigmask"):  # not on Windows
        signal.pthread_sigmask(signal.SIG_BLOCK, STOPPING)


def take_signals(
    loop: asyncio.AbstractEventLoop,
    stop: Callable[[signal.Signals], None],
    also: Mapping[signal.Signals, Callable[[], None]] | None = None,
) -> None:
    """Call `stop` in the loop for each signal from now on, and for those that were held; `also` has work for others.

    The handlers are not the loop's own: taking those away gives a signal its default effect for a moment, and one
    that comes just then ends the process.
    """
    loop.add_signal_handler(signal.SIGURG, _wake)
    works: dict[signal.Signals, Callable[[], object]] = {n: functools.partial(stop, n) for n in STOPPING}
    works.update(also or {})
    for number, work in works.items():
        signal.signal(number, functools.partial(_pass_on, loop, work))
        signal.siginterrupt(number, False)  # as loops do: libraries' system calls go on
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_UNBLOCK, STOPPING)


def ignore_signals(also: Iterable[signal.Signals] = ()) -> None:
    """Let no further signal end a process that ends by itself."""
    for number in (*STOPPING, *also):
        signal.signal(number, signal.SIG_IGN)  # held back it would still reach other threads


def _wake() -> None:
    """Do nothing: a loop with a handler wakes for every signal, also for one that another thread received."""


def _pass_on(loop: asyncio.AbstractEventLoop, work: Callable[[], object], number: int, frame: FrameType | None) -> None:
    with contextlib.suppress(RuntimeError):  # the loop is closed: the process ends already
        loop.call_soon_threadsafe(work)


def _leave(number: int, frame: FrameType | None) -> NoReturn:
    """End the process on a signal that comes before the server takes over: nothing is served yet."""
    sys.exit(0)


def _log(config: object) -> LogConf:
    log = getattr(config, "log", None)
    assert isinstance(log, LogConf), "every service's settings have a Log block"
    return log


def _settle() -> None:
    """Exempt all objects made so far from garbage collection, and collect less often: requests make few cycles."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)
