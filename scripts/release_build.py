"""Build both distributions twice, from copies that differ in what must not matter, and compare them byte by byte."""

import hashlib
import os
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
_LONG_AGO = 946_684_800  # seconds: a copy whose files are of the year 2000


class ReleaseProblem(Exception):
    """A release that must not go out, with the reason."""


class Project(NamedTuple):
    """A distribution: its folder below the project's, and the package in it."""

    folder: str
    package: str

    @property
    def name(self) -> str:
        """The name that it is installed by."""
        return self.package.replace("_", "-")

    @property
    def settings(self) -> dict[str, object]:
        """The table `project` of pyproject.toml."""
        text = (ROOT / self.folder / "pyproject.toml").read_text(encoding="utf-8")
        found: dict[str, object] = tomllib.loads(text)["project"]
        return found

    @property
    def version(self) -> str:
        """The version that is released."""
        return str(self.settings["version"])

    @property
    def extras(self) -> list[str]:
        """The names of the extras."""
        found = self.settings.get("optional-dependencies", {})
        return sorted(found) if isinstance(found, dict) else []


PROJECTS = (Project(".", "mallgen"), Project("runtime", "mallgen_runtime"))


def run(*command: str | Path, cwd: Path, **more: str) -> str:
    """Run a command without our Python's settings, and return its stdout. Raises ReleaseProblem when it fails."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    words = list(map(str, command))
    ran = subprocess.run(words, cwd=cwd, env=clean | more, capture_output=True, text=True, check=False)
    if ran.returncode:
        said = "\n".join(f"{ran.stdout}{ran.stderr}".strip().splitlines()[-30:])
        raise ReleaseProblem(f"`{' '.join(words)}` ended with {ran.returncode}:\n{said}")
    return ran.stdout


def files(*folders: str) -> list[str]:
    """Return the paths that git has below some folders."""
    listed = subprocess.run(["git", "ls-files", "-z", *folders], cwd=ROOT, capture_output=True, text=True, check=True)
    return sorted(filter(None, listed.stdout.split("\0")))


def epoch() -> str:
    """Return the second of the last commit, which a release carries as its time."""
    found = subprocess.run(["git", "log", "-1", "--format=%ct"], cwd=ROOT, capture_output=True, text=True, check=True)
    return found.stdout.strip()


def copied(target: Path, *folders: str) -> Path:
    """Copy what git has, and return the copy."""
    for name in files(*folders):
        if (ROOT / name).exists():  # git lists what was deleted and not committed
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, target / name)
    return target


def built(work: Path) -> Path:
    """Build twice, and return the folder with the first result. Raises ReleaseProblem where the bytes differ."""
    first = _built(copied(work / "first"), work / "dist", umask=0o022, TZ="UTC", LC_ALL="C")
    source = copied(work / "another folder" / "second")
    for path in source.rglob("*"):
        os.utime(path, (_LONG_AGO, _LONG_AGO))
        path.chmod(0o700 if path.is_dir() or os.access(path, os.X_OK) else 0o600)
    second = _built(source, work / "again", umask=0o077, TZ="Asia/Shanghai", LC_ALL="C.UTF-8")
    sums, others = _sums(first), _sums(second)
    different = sorted(name for name in sums.keys() | others.keys() if sums.get(name) != others.get(name))
    if different:
        raise ReleaseProblem(f"two builds differ: {', '.join(different)}")
    (first / "SHA256SUMS").write_text("".join(f"{digest}  {name}\n" for name, digest in sums.items()), encoding="ascii")
    return first


def _built(source: Path, out: Path, umask: int, **more: str) -> Path:
    former = os.umask(umask)
    try:
        for project in PROJECTS:
            build = (sys.executable, "-m", "build", "--no-isolation", "--outdir", out, source / project.folder)
            run(*build, cwd=source, SOURCE_DATE_EPOCH=epoch(), **more)
    finally:
        os.umask(former)
    return out


def _sums(folder: Path) -> dict[str, str]:
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(folder.iterdir())}


def check_contents(dist: Path) -> dict[str, int]:
    """Return the number of files in each package. Raises ReleaseProblem where a wheel is not what git has."""
    counts = {}
    for project in PROJECTS:
        wheel = dist / f"{project.package}-{project.version}-py3-none-any.whl"
        with zipfile.ZipFile(wheel) as archive:
            names = set(archive.namelist())
        about = f"{project.package}-{project.version}.dist-info/"
        prefix = "" if project.folder == "." else f"{project.folder}/"
        wanted = {name.removeprefix(prefix) for name in files(f"{prefix}{project.package}")}
        extra = {name for name in names - wanted if not name.startswith(about)}
        missing = (wanted | {f"{about}METADATA", f"{about}licenses/LICENSE"}) - names
        if extra or missing:
            shown = ", ".join([*(f"+{name}" for name in sorted(extra)), *(f"-{name}" for name in sorted(missing))][:20])
            raise ReleaseProblem(f"{wheel.name} is not what git has: {shown}")
        counts[project.name] = len(wanted)
    return counts
