"""The real goctl 1.10.2, its parser linked into a small driver of ours that is built once under build/."""

import json
import os
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from tests import parts

ROOT = Path(__file__).resolve().parent.parent.parent
SOURCE = ROOT / "tests" / "differential" / "goctl"
BUILT = ROOT / "build" / "goctl-1.10.2"
MODULE = "github.com/zeromicro/go-zero/tools/goctl"
STUCK = 20.0


class Missing(Exception):
    """No Go toolchain is installed: a reason to skip on a laptop, an error in CI."""


class Verdict(NamedTuple):
    """goctl's verdict on a file, and its message when it refuses; `panic: …` and `exit: …` are crashes of goctl.

    `model` is what it parsed and `layout` the formatted text, when asked for.
    """

    ok: bool
    said: str
    model: dict[str, Any] | None = None
    layout: str = ""


def go() -> str:
    """Return the path of the go command; raise Missing without one."""
    found = shutil.which("go") or shutil.which("go", path="/usr/local/go/bin:/usr/lib/go/bin")
    if found is None:
        raise Missing("no Go toolchain: the differential run needs `go` to build goctl")
    return found


def driver() -> Path:
    """Return the path of the driver, built when its sources have changed; raise Missing without Go."""
    return _built("driver", ".")


def command() -> Path:
    """Return the path of goctl itself, whose output users see on their terminals; raise Missing without Go."""
    return _built("goctl", MODULE)


def _built(name: str, package: str) -> Path:
    with parts.alone():
        return _up_to_date(name, package)


def _up_to_date(name: str, package: str) -> Path:
    target = BUILT / name
    sources = [SOURCE / "main.go", SOURCE / "go.mod", SOURCE / "go.sum"]
    if not target.is_file() or any(path.stat().st_mtime > target.stat().st_mtime for path in sources):
        tool = go()
        work = BUILT / "module"
        work.mkdir(parents=True, exist_ok=True)
        for path in sources:
            shutil.copy(path, work)
        words = [tool, "build", "-mod=mod", "-o", str(target), package]
        subprocess.run(words, cwd=work, check=True, timeout=900)
    return target


def verdicts(files: Sequence[Path], ask: str = "") -> dict[Path, Verdict]:
    """Return goctl's verdict on each file; a process that died or hung is started again after the file that caused it.

    `ask` for more: `model`, `older` (the model of goctl's first grammar), or `layout`.
    """
    tool, left = driver(), list(files)
    found: dict[Path, Verdict] = {}
    while left:
        answered, end = _run([str(tool), *filter(None, [ask])], left)
        found |= dict(zip(left, answered, strict=False))
        if len(answered) < len(left):
            found[left[len(answered)]] = Verdict(False, end)
        left = left[len(answered) + 1 :]
    return found


def _run(words: list[str], files: Sequence[Path]) -> tuple[list[Verdict], str]:
    names = "".join(f"{path}\n" for path in files)
    patience = STUCK + len(files) / 20
    process = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    try:
        out, err = process.communicate(names.encode(), timeout=patience)
        end = f"exit: {err.decode(errors='replace').strip().splitlines()[-1:]}"
    except subprocess.TimeoutExpired:
        process.kill()
        out, _ = process.communicate()
        end = "exit: no end"
    return list(_parse_answers(out)), end


def _parse_answers(out: bytes) -> Iterator[Verdict]:
    for line in out.splitlines(keepends=True):
        if line.endswith(b"\n"):
            answer = json.loads(line)
            yield Verdict(answer["ok"], answer["said"], answer.get("model"), answer.get("layout", ""))


def required() -> bool:
    """Return whether a missing toolchain is an error, as in CI."""
    return bool(os.environ.get("CI"))
