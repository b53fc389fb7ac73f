"""One service of the workspace as a process of `mallgen dev`."""

import asyncio
import contextlib
import ctypes
import os
import signal
import sys
from collections.abc import Callable, Mapping
from typing import NamedTuple

from mallgen.kinds.kind import HTTP_READY, STARTED

Say = Callable[[str], None]
_LINE = 1 << 16
_PR_SET_PDEATHSIG = 1
_PAUSE, PATIENCE = 0.05, 30.0


class Spec(NamedTuple):
    """A service to run as `python -m package` in `folder`; `ready` is the sign that it is up, of its kind.

    `port` is the first one in its settings file `settings`, 0 for none.
    """

    name: str
    ready: str
    folder: str
    package: str
    port: int
    uses: tuple[str, ...]
    settings: str = ""

    @property
    def is_http(self) -> bool:
        """Return whether the service is up when it answers HTTP on its port."""
        return self.ready == HTTP_READY and bool(self.port)

    @property
    def python(self) -> str:
        """Return the interpreter of the service's own .venv, else the one that runs mallgen."""
        own = os.path.join(self.folder, ".venv", "bin", "python")
        return os.path.abspath(own) if os.path.exists(own) else sys.executable


class ServiceProcess:
    """Starts, watches and stops one process; its output goes to `say`, line by line."""

    def __init__(self, spec: Spec, registry: str, environment: Mapping[str, str], say: Say) -> None:
        self.spec = spec
        self._registry = registry
        self._environment = environment
        self._say = say
        self._process: asyncio.subprocess.Process | None = None
        self._reader: asyncio.Task[None] | None = None
        self._was_ready = False

    @property
    def running(self) -> bool:
        """Return whether the process is running."""
        return self._process is not None and self._process.returncode is None

    @property
    def code(self) -> int | None:
        """Return the exit code of a process that has ended, else None."""
        return None if self._process is None else self._process.returncode

    async def start(self) -> None:
        """Start the process in a session of its own: Ctrl-C is for mallgen, which stops all in order."""
        self._was_ready = False
        self._process = await asyncio.create_subprocess_exec(
            self.spec.python,
            "-m",
            self.spec.package,
            cwd=self.spec.folder,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            env=dict(self._environment),
            limit=_LINE,
            start_new_session=True,
            preexec_fn=_end_with_parent if sys.platform == "linux" else None,
        )
        self._reader = asyncio.create_task(self._forward_lines(self._process.stdout))

    async def ready(self) -> bool:
        """Wait until the service can be called; return False when it has ended or PATIENCE seconds are over."""
        for _ in range(int(PATIENCE / _PAUSE)):
            if not self.running:
                return False
            if await self._answers():
                self._was_ready = True
                return True
            await asyncio.sleep(_PAUSE)
        return False

    async def stop(self, seconds: float) -> None:
        """Send SIGINT, after which a service does not wait for load balancers; after `seconds` SIGKILL its group.

        One that is not up may still be importing, which SIGINT would end with a traceback: it gets SIGTERM.
        """
        process = self._process
        if process is None or process.returncode is not None:
            return
        with contextlib.suppress(ProcessLookupError):
            process.send_signal(signal.SIGINT if self._was_ready else signal.SIGTERM)
        try:
            async with asyncio.timeout(seconds):
                await process.wait()
        except TimeoutError:
            self._say("does not stop; killed")
            if process.returncode is None:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
        _kill_group(process.pid)
        await process.wait()  # asyncio's wait ends only when no process holds the output open
        if self._reader is not None:
            await self._reader

    async def said_all(self) -> None:
        """Wait until the lines of an ended process are out, a second at most: a child may hold the output open."""
        if self._reader is not None:
            await asyncio.wait({self._reader}, timeout=1)

    async def wait(self) -> int:
        """Wait for the end of the process and return its exit code."""
        assert self._process is not None
        return await self._process.wait()

    async def _answers(self) -> bool:
        if self.spec.ready == STARTED:
            return True
        return await _healthy(self.spec.port) if self.spec.is_http else self._registered()

    def _registered(self) -> bool:
        """Return whether the registry has a file named after the process: it listens, or is in its groups, by then."""
        assert self._process is not None
        prefix = f"{self._process.pid}-"
        for _, _, names in os.walk(self._registry):
            if any(name.startswith(prefix) and not name.endswith(".tmp") for name in names):
                return True
        return False

    async def _forward_lines(self, stream: asyncio.StreamReader | None) -> None:
        assert stream is not None
        while True:
            try:
                line = await stream.readline()
            except ValueError:  # a line longer than the limit: take what is buffered
                line = await stream.read(_LINE)
            if not line:
                return
            self._say(line.decode("utf-8", "replace").rstrip("\r\n"))


def _kill_group(group: int) -> None:
    """Kill the processes that a service, now ended, left in its process group.

    The system does not reuse the group's number while it has members: when a process has the number now, the group is
    gone and that process is another one.
    """
    try:
        os.kill(group, 0)
    except ProcessLookupError:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(group, signal.SIGKILL)
    except PermissionError:
        return


async def _healthy(port: int) -> bool:
    try:
        async with asyncio.timeout(2):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(b"GET /healthz HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n")
            line = await reader.readline()
            writer.close()
    except (OSError, TimeoutError):
        return False
    return b" 200 " in line


def _end_with_parent() -> None:
    """Ask Linux to end the service when mallgen is killed, so that no process is left behind."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
