"""mallgen dev: run the whole workspace in one terminal."""

import contextlib
import importlib.util
import io
import os
import sys
from collections import deque
from collections.abc import Callable, Sequence

from mallgen.cli.console import FINE, LAID_OUT, USAGE, AlreadyReported, report, say, tint
from mallgen.cli.options import Values
from mallgen.cli.writing import WriteOptions, current_workspace, generate_all
from mallgen.dev.environment import queue_file
from mallgen.dev.lines import BAD, GOOD, ODD, Shown, shown
from mallgen.dev.ports import taken_by
from mallgen.dev.service import Spec
from mallgen.dev.supervisor import RunPlan, Setup
from mallgen.dev.supervisor import run as supervise
from mallgen.diagnostics import Diagnostic
from mallgen.kinds import rmq
from mallgen.kinds.kind import kind_named
from mallgen.kinds.target import Made, Target
from mallgen.output.records import SETTINGS
from mallgen.text.visible import visible
from mallgen.workspace.config import Workspace, ports_in

_MOOD_COLORS = {GOOD: 3, ODD: 4, BAD: 2}  # green, yellow, red
_HELD = 100  # lines of each service
QUIETLY = WriteOptions(dry_run=False, quiet=True, end="; nothing was written")


def run(values: Values) -> int:
    """Generate, check the ports, and run the services until Ctrl-C; with `--once`, until its command has ended."""
    once = values.many("command")
    if bool(once) != values.flag("once"):
        say("error[usage] --once and a command belong together")
        say("  = help: mallgen dev --once pytest tests/e2e")
        return USAGE
    workspace = current_workspace()
    if not workspace.members:
        message = "there is no mallgen.toml with services here or above"
        hint = "mallgen new NAME makes a workspace; one service runs by itself: python -m PACKAGE"
        return report([Diagnostic("no-workspace", message, hint=hint, environment=True)], {}, "; nothing was started")
    found, code = generate_all(workspace, QUIETLY)
    if code != FINE:
        return code
    setup = _setup(workspace, found)
    problems = [*_environment_problems(setup.specs), *_port_problems(setup.specs)]
    if problems:
        return report(problems, {}, "; nothing was started")
    queue = _queue(workspace, found)
    printer = _line_printer(setup, values.flag("quiet"), bool(once))
    return supervise(RunPlan(setup, printer, _Regenerator(workspace).regenerate, queue), once)


def _queue(workspace: Workspace, found: Sequence[tuple[Target, Made]]) -> str:
    """Return the file of the embedded queue, which stays after the run; empty without a queue service."""
    has_queue = any(target.kind == rmq.KIND.name for target, _ in found)
    return queue_file(os.path.dirname(workspace.path)) if has_queue else ""


def _setup(workspace: Workspace, found: Sequence[tuple[Target, Made]]) -> Setup:
    specs = tuple(_spec(workspace, target, made) for target, made in found if kind_named(target.kind).runs)
    folders = {os.path.dirname(member.contract) or "." for member in workspace.members}
    folders |= {path for member in workspace.members for path in member.includes}
    return Setup(specs, (os.path.relpath(workspace.path), *sorted(folders)))


class _Regenerator:
    """Generates the workspace again after a change; a warning that was printed the last time is not repeated."""

    def __init__(self, workspace: Workspace) -> None:
        self._path = workspace.path
        self._noted = ""

    def regenerate(self) -> Setup | None:
        """Return the workspace as it is now; None, after reporting them, when it has errors."""
        captured = _CapturedStderr()
        with contextlib.redirect_stderr(captured):
            setup = self._generated()
        text = captured.getvalue()
        if setup is None or text != self._noted:
            sys.stderr.write(text)
            sys.stderr.flush()
        self._noted = text
        return setup

    def _generated(self) -> Setup | None:
        try:
            workspace = current_workspace()
        except AlreadyReported:
            return None
        if workspace.path != self._path:
            say(f"{os.path.relpath(self._path)} has gone; the services stay as they are")
            return None
        found, code = generate_all(workspace, QUIETLY)
        return _setup(workspace, found) if code == FINE else None


class _CapturedStderr(io.StringIO):
    """Collects what is written to stderr, in colours when stderr is a terminal."""

    def __init__(self) -> None:
        super().__init__()
        self._is_terminal = sys.stderr.isatty()

    def isatty(self) -> bool:
        """Return whether stderr, which the text is for, is a terminal."""
        return self._is_terminal


def _spec(workspace: Workspace, target: Target, made: Made) -> Spec:
    member = next(member for member in workspace.members if member.folder == target.folder)
    settings = next((file.path for file in made.files if file.role == SETTINGS), "")
    path = os.path.join(target.folder, settings) if settings else ""
    port = next(iter(ports_in(path)), 0) if settings else 0
    return Spec(member.name, kind_named(member.kind).ready, target.folder, made.package, port, member.uses, path)


def _environment_problems(specs: Sequence[Spec]) -> list[Diagnostic]:
    if os.name == "nt":
        hint = "run the services one by one: python -m PACKAGE"
        return [Diagnostic("no-windows", "mallgen dev runs on Linux and macOS", hint=hint, environment=True)]
    shared = any(spec.python == sys.executable for spec in specs)
    if shared and importlib.util.find_spec("mallgen_runtime") is None:
        message = f"mallgen-runtime is not installed for {sys.executable}, which is to run the services"
        hint = "pip install './runtime[rest,rpc]' in a clone of mallgen, or give each service a .venv in its folder"
        return [Diagnostic("no-runtime", message, hint=hint, environment=True)]
    return []


def _port_problems(specs: Sequence[Spec]) -> list[Diagnostic]:
    problems = []
    for spec in filter(lambda spec: spec.port, specs):
        found = taken_by(spec.port)
        if found is not None:
            by = f" by {found.holder}" if found.holder else ""
            hint = f"stop it, or change the port in {spec.folder}/etc"
            message = f"{spec.name}: port {spec.port} is taken{by}"
            problems.append(Diagnostic("port-taken", message, hint=hint, environment=True))
    return problems


def _line_printer(setup: Setup, quiet: bool, apart: bool) -> Callable[[str, str], None]:
    """Return the function that prints a line of a service; `quiet`: only errors, and what came before a service ended.

    `apart`: the services' lines go to stderr, because stdout belongs to the command of `--once`.
    """
    names = [spec.name for spec in setup.specs]
    in_short = not os.environ.get("MALLGEN_LOG")
    held: dict[str, deque[str]] = {}

    def line(name: str, text: str) -> None:
        short = shown(text) if name else Shown(text)
        if short is None:
            return
        if name and quiet and short.mood != BAD:
            if short.text == text:  # no log line: it may be of a traceback: kept until the service ends
                held.setdefault(name, deque(maxlen=_HELD)).append(text)
            return
        if short.text == text:
            for earlier in held.pop(name, ()):
                write(name, Shown(earlier))
        write(name, short if in_short else Shown(text))

    def write(name: str, short: Shown) -> None:
        if name and name not in names:
            names.append(name)
        stream = sys.stderr if apart or not name else sys.stdout
        width = max(len("mallgen"), *map(len, names))
        prefix = tint(f"{name or 'mallgen':<{width}} |", names.index(name) if name else -1, stream)
        body = visible(short.text, LAID_OUT)
        stream.write(f"{prefix} {tint(body, _MOOD_COLORS[short.mood], stream) if short.mood else body}\n")
        stream.flush()

    return line
