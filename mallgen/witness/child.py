"""The child process that runs the generated code of one version. It has a deadline, and ends with its `Child`."""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from types import TracebackType
from typing import Any

_SCRIPT = os.path.join(os.path.dirname(__file__), "script.py")
_SECONDS = 20.0
_MOST_BYTES = 64 << 20  # of one answer
Plain = dict[str, Any]


class NotExecuted(Exception):
    """Generated code that could not be run; the message says why."""


def interpreter(folder: str) -> str:
    """Return a Python that has mallgen_runtime: that of mallgen, or of `.venv` in a folder. Raises NotExecuted."""
    if find_spec("mallgen_runtime") is not None:
        return sys.executable
    own = os.path.join(folder, ".venv", "bin", "python")
    if os.path.isfile(own) and _is_untracked(own):
        return own
    raise NotExecuted("mallgen-runtime is not installed")


def _is_untracked(path: str) -> bool:
    """Return whether git does not have a file of a repository: an interpreter that came with it is not run."""
    command = ["git", "-C", os.path.dirname(path), "ls-files", "--error-unmatch", os.path.basename(path)]
    try:
        return subprocess.run(command, capture_output=True, timeout=10, check=False).returncode == 1  # noqa: S603
    except (OSError, subprocess.TimeoutExpired):
        return False


class Child:
    """A process with the services of one version; `ask` puts questions to one of them.

    Leaving the block ends it, and so does its deadline, `seconds` after the start.
    """

    def __init__(self, python: str, seconds: float = _SECONDS) -> None:
        command = [python, "-P", "-B", _SCRIPT]
        pipe, nothing = subprocess.PIPE, subprocess.DEVNULL
        self._process = subprocess.Popen(  # noqa: S603  the interpreter of mallgen or of the service
            command, stdin=pipe, stdout=pipe, stderr=nothing, start_new_session=True
        )
        self._end = threading.Timer(seconds, self._process.kill)
        self._end.daemon = True
        self._end.start()

    @property
    def number(self) -> int:
        """Return the number of the process."""
        return self._process.pid

    def __enter__(self) -> "Child":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end.cancel()
        self._process.kill()
        self._process.communicate()

    def load(self, service: str, kind: str, files: Mapping[str, str], package: str, names: Plain) -> None:
        """Import the generated files of a service; `names` are its classes' wire names by attribute.

        Raises NotExecuted.
        """
        config = next((text for path, text in files.items() if path.endswith(".yaml")), "")
        about = {"service": service, "kind": kind, "package": package, "config": config, "names": names}
        self._line({"do": "load", "files": dict(files), **about})

    def ask(self, question: str, service: str, items: Sequence[Plain]) -> list[Plain]:
        """Return the answers to a question about each of the items. Raises NotExecuted."""
        found: list[Plain] = self._line({"do": question, "service": service, "items": items})["answers"]
        return found

    def _line(self, asked: Plain) -> Plain:
        assert self._process.stdin is not None and self._process.stdout is not None
        try:
            self._process.stdin.write(json.dumps(asked).encode() + b"\n")
            self._process.stdin.flush()
            line = self._process.stdout.readline(_MOST_BYTES)
        except OSError:
            line = b""
        if not line.endswith(b"\n"):
            raise NotExecuted("the process that runs the generated code has ended, or has said too much")
        answer: Plain = json.loads(line)
        if "failed" in answer:
            raise NotExecuted(f"the generated code does not run: {answer['failed']}")
        return answer
