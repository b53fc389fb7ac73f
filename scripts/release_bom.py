"""The bill of materials of each distribution with all of its extras, and the licences of what it installs."""

import csv
import io
import json
import re
import sys
import venv
from pathlib import Path

from release_build import PROJECTS, ROOT, Project, ReleaseProblem, epoch, run

_TOOLS = ("cyclonedx-bom==7.5.0", "pip-licenses==5.5.5")
ALLOWED = ROOT / "scripts" / "licences.txt"


def environment(folder: Path, python: str = sys.executable) -> Path:
    """Create an environment without pip, so that nothing is in it but what we install; return its Python."""
    if python == sys.executable:
        venv.create(folder, with_pip=False)
    else:
        run(python, "-m", "venv", "--without-pip", folder, cwd=folder.parent)
    return folder / "bin" / "python"


def install(python: Path, *words: str | Path) -> None:
    """Install packages into an environment, the versions those of constraints.txt."""
    pip = (sys.executable, "-m", "pip", "--python", python, "install", "-q", "--disable-pip-version-check")
    run(*pip, "-c", ROOT / "constraints.txt", *words, cwd=python.parent)


def install_ours(python: Path, dist: Path, *projects: Project) -> None:
    """Install our distributions from the folder alone: a package of the same name elsewhere is never looked at."""
    ours = [f"{project.name}=={project.version}" for project in projects]
    install(python, "--no-index", "--no-deps", "--find-links", dist, *ours)


def write_boms(dist: Path, work: Path) -> dict[str, int]:
    """Write a CycloneDX file and a list of licences for each distribution; return the number of its packages.

    Raises ReleaseProblem for a licence that is not on the list.
    """
    tools = environment(work / "tools").parent
    install(tools / "python", *_TOOLS)
    counts = {}
    for project in PROJECTS:
        python = environment(work / f"all-of-{project.package}")
        install_ours(python, dist, project)
        install(python, f"{project.name}[{','.join(project.extras)}]=={project.version}")
        about = ROOT / project.folder / "pyproject.toml"
        bom = dist / f"{project.package}-{project.version}.cdx.json"
        words = ("environment", python, "--pyproject", about, "--output-reproducible", "--of", "JSON", "-o", bom)
        run(tools / "cyclonedx-py", *words, cwd=work, SOURCE_DATE_EPOCH=epoch())
        rows = licences(tools / "pip-licenses", python)
        text = io.StringIO(newline="")
        csv.writer(text, lineterminator="\n").writerows([("package", "version", "licence"), *rows])
        (dist / f"{project.package}-{project.version}-licences.csv").write_text(text.getvalue(), encoding="utf-8")
        check_licences(rows, allowed())
        counts[project.name] = len(rows)
    return counts


def licences(tool: Path, python: Path) -> list[tuple[str, str, str]]:
    """Return name, version and licence of each package of an environment, ours included."""
    said = run(tool, "--python", python, "--format", "json", "--with-system", cwd=python.parent)
    rows = [(one["Name"], one["Version"], one["License"]) for one in json.loads(said)]
    return sorted(rows, key=lambda row: row[0].lower())


def allowed() -> frozenset[str]:
    """Return the licences of the list."""
    lines = ALLOWED.read_text(encoding="utf-8").splitlines()
    return frozenset(line.strip() for line in lines if line.strip() and not line.startswith("#"))


def check_licences(rows: list[tuple[str, str, str]], known: frozenset[str]) -> None:
    """Raise ReleaseProblem for packages whose licence is not allowed."""
    refused = [f"{name} {version}: {licence}" for name, version, licence in rows if not is_allowed(licence, known)]
    if refused:
        hint = "read the licence; then add its name to scripts/licences.txt, or replace the package"
        raise ReleaseProblem(f"licences that are not on the list: {'; '.join(refused)}\n{hint}")


def is_allowed(licence: str, known: frozenset[str]) -> bool:
    """Return whether a package may be used: all parts of an AND, one of an OR."""
    if licence in known:
        return True
    parts = re.split(r" AND |; ", licence)
    return all(any(one.strip("() ") in known for one in part.split(" OR ")) for part in parts)
