"""A Dockerfile carried out without Docker: each stage is a folder with a Python environment of its own.

The environment stands for the base image's Python, paths below / for paths below the stage's folder. Instructions that
no generated file has are an error, so that none is passed over.
"""

import fnmatch
import json
import os
import re
import shlex
import shutil
import subprocess
import venv
from pathlib import Path

_MOUNT = re.compile(r"--mount=type=bind,from=(\w+),source=(/\w+),target=(/\w+)\s+")


class Stage:
    """The file system of one stage, its variables and its working directory."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.work = folder
        self.env: dict[str, str] = {}
        self.user = 0
        self.health: list[str] = []
        self.entry: list[str] = []
        self.words: list[str] = []
        self.ports: list[int] = []
        venv.create(folder / "python", with_pip=True)

    @property
    def environment(self) -> dict[str, str]:
        """Return the variables of a process in this stage: none of ours that lead to our own packages."""
        ours = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "MALLGEN"))}
        return {**ours, **self.env, "PATH": f"{self.folder / 'python' / 'bin'}:/usr/bin:/bin"}

    def path(self, inside: str) -> Path:
        """Return where a path of the image is."""
        return self.folder / inside.lstrip("/") if inside.startswith("/") else self.work / inside

    def run(self, command: str, mounts: dict[str, Path]) -> None:
        """Run a shell command that must succeed."""
        for target, source in mounts.items():
            command = command.replace(target, str(source))
        command = command.replace("/wheels", str(self.path("/wheels"))) if not mounts else command
        if os.getuid():  # only root gives files away
            command = re.sub(r"-o \d+ -g \d+ ", "", command)
        ran = subprocess.run(
            ["sh", "-c", command], cwd=self.work, env=self.environment, capture_output=True, text=True, check=False
        )
        assert ran.returncode == 0, f"{command}\n{ran.stdout}\n{ran.stderr}"

    def start(self, extra: dict[str, str]) -> "subprocess.Popen[bytes]":
        """Start what the image starts, as its user where this process is root."""
        as_user = {"user": self.user, "group": self.user, "extra_groups": []} if os.getuid() == 0 else {}
        log = (self.folder / "log").open("wb")
        return subprocess.Popen(  # type: ignore[call-overload,no-any-return]
            self.found([*self.entry, *self.words]),
            cwd=self.work,
            env={**self.environment, **extra},
            stdout=log,
            stderr=log,
            **as_user,
        )

    def healthy(self) -> "subprocess.CompletedProcess[str]":
        """Run the health check once."""
        return subprocess.run(
            self.found(self.health), cwd=self.work, env=self.environment, capture_output=True, text=True, check=False
        )

    def found(self, words: list[str]) -> list[str]:
        """Return a command with the path of its program in this stage."""
        return [str(self.folder / "python" / "bin" / words[0]), *words[1:]]


def build(context: Path, folder: Path) -> Stage:
    """Carry out the Dockerfile of a folder and return its last stage."""
    stages: dict[str, Stage] = {}
    args: dict[str, str] = {}
    stage: Stage | None = None
    for word, rest in instructions((context / "Dockerfile").read_text(encoding="utf-8")):
        if word == "ARG":
            name, _, value = rest.partition("=")
            args[name] = value
        elif word == "FROM":
            image, _, name = rest.partition(" AS ")
            assert args[image.removeprefix("${").removesuffix("}")].startswith("python:")
            stage = stages[name or "last"] = Stage(folder / (name or "last"))
        else:
            assert stage is not None
            carry_out(stage, word, rest, stages, context)
    return stages["last"]


def carry_out(stage: Stage, word: str, rest: str, stages: dict[str, Stage], context: Path) -> None:
    """Carry out one instruction in a stage."""
    if word == "WORKDIR":
        stage.work = stage.path(rest)
        stage.work.mkdir(parents=True, exist_ok=True)
    elif word == "COPY":
        source, target = rest.split()
        copy(context, source, stage.path(target))
    elif word == "RUN":
        mounts = {target: stages[name].path(source) for name, source, target in _MOUNT.findall(rest)}
        stage.run(_MOUNT.sub("", rest), mounts)
    elif word == "ENV":
        stage.env |= dict(pair.split("=", 1) for pair in shlex.split(rest))
    elif word == "USER":
        stage.user = int(rest.partition(":")[0])
    elif word == "EXPOSE":
        stage.ports = [int(port) for port in rest.split()]
    elif word == "HEALTHCHECK":
        stage.health = json.loads(rest.partition("CMD ")[2])
    elif word in ("ENTRYPOINT", "CMD"):
        setattr(stage, "entry" if word == "ENTRYPOINT" else "words", json.loads(rest))
    else:
        raise AssertionError(f"no such instruction: {word} {rest}")


def instructions(text: str) -> list[tuple[str, str]]:
    """Return the instructions of a Dockerfile, each with its rest, lines that go on joined."""
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    joined = re.sub(r"\s*\\\n\s*", " ", "\n".join(lines))
    return [(line.partition(" ")[0], line.partition(" ")[2]) for line in joined.splitlines()]


def copy(context: Path, source: str, target: Path) -> None:
    """Copy a folder of the build context without what .dockerignore names."""
    ignored = [line for line in (context / ".dockerignore").read_text("utf-8").splitlines() if not line.startswith("#")]

    def left_out(folder: str, names: list[str]) -> set[str]:
        base = Path(folder).relative_to(context)
        return {name for name in names if any(_matches((base / name).as_posix(), pattern) for pattern in ignored)}

    shutil.copytree(context / source, target, ignore=left_out, dirs_exist_ok=True)


def _matches(path: str, pattern: str) -> bool:
    if pattern.startswith("**/"):
        return fnmatch.fnmatch(path.rpartition("/")[2], pattern[3:])
    return path == pattern
