"""Check that this tree can be released: build, compare, install, generate, upgrade, list what comes along.

Writes dist/: wheels, source archives, SHA256SUMS, a bill of materials and a list of licences for each. Exit 1 when
something is wrong, 3 when a Python is missing, which `--present` forgives.
"""

import argparse
import contextlib
import re
import shutil
import socket
import sys
import tempfile
from pathlib import Path

from release_bom import environment, install, install_ours, write_boms
from release_build import PROJECTS, ROOT, ReleaseProblem, built, check_contents, copied, run

VERSIONS = ("3.11", "3.12", "3.13")
_EXTRAS = "rest,rpc,queue,sqlite,cache,ws,admin"
_PLACES = ("~/.pyenv/versions", "~/.local/share/uv/python")
_ASK = "import sys, venv; print('.'.join(map(str, sys.version_info[:2])))"
_CALL = """
import sys, urllib.request
print(urllib.request.urlopen(f"http://127.0.0.1:{sys.argv[1]}/v1/bazaar?name=you").read().decode())
"""


def main() -> int:
    """Check, and print what holds; a problem in a few lines on stderr."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=ROOT / "dist", help="the folder that is replaced (default: dist)")
    parser.add_argument("--present", action="store_true", help="check with the versions of Python that are here")
    parser.add_argument("--cheap", action="store_true", help="this Python alone, without licences and former releases")
    options = parser.parse_args()
    if options.out.exists() and any(options.out.iterdir()) and not (options.out / "SHA256SUMS").exists():
        parser.error(f"{options.out} is no former result of this script; choose an empty folder")
    with tempfile.TemporaryDirectory(prefix="mallgen-release-") as name:
        work = Path(name)
        try:
            missing = check(work, cheap=options.cheap)
        except ReleaseProblem as problem:
            print(f"error: {problem}", file=sys.stderr)
            return 1
        shutil.rmtree(options.out, ignore_errors=True)
        shutil.copytree(work / "dist", options.out)
    print(f"written: {options.out}")
    if missing and not options.present:
        print(f"error: Python {', '.join(missing)} is not here; install it, or add --present", file=sys.stderr)
        return 3
    return 0


def check(work: Path, *, cheap: bool) -> list[str]:
    """Carry out all checks; return the versions of Python that are missing. Raises ReleaseProblem."""
    dist = built(work)
    say(f"built twice, the same bytes: {len(list(dist.iterdir())) - 1} files")
    for name, count in check_contents(dist).items():
        say(f"{name}: {count} files, those of git")
    found = {version_of(sys.executable): sys.executable} if cheap else pythons()
    for version, python in found.items():
        say(f"Python {version}: {used(dist, work / version, python, cheap=cheap)}")
    if not cheap:
        for name, count in write_boms(dist, work).items():
            say(f"{name} with all extras: {count} packages, licences allowed")
    missing = [] if cheap else [version for version in VERSIONS if version not in found]
    if missing:
        say(f"not here, and not checked: Python {', '.join(missing)}")
    return missing


def say(text: str) -> None:
    """Print a line now: a check takes minutes."""
    print(text, flush=True)


def pythons() -> dict[str, str]:
    """Return a Python of each version that is here: on the path, or one of pyenv's or uv's."""
    here = [sys.executable, *(path for version in VERSIONS if (path := shutil.which(f"python{version}")))]
    for place in _PLACES:
        here += map(str, sorted(Path(place).expanduser().glob("*3.*/bin/python3")))
    found: dict[str, str] = {}
    for path in here:
        found.setdefault(version_of(path), path)
    return {version: found[version] for version in VERSIONS if version in found}


def version_of(python: str) -> str:
    """Return the version of a Python, empty for one that cannot make environments."""
    try:
        return run(python, "-c", _ASK, cwd=ROOT).strip()
    except ReleaseProblem:
        return ""


def used(dist: Path, work: Path, python: str, *, cheap: bool) -> str:
    """Install both in a clean environment, make services there and run their tests; return what was done."""
    work.mkdir()
    own = environment(work / "env", python)
    install_ours(own, dist, *PROJECTS)
    ours = [f"{PROJECTS[0].name}=={PROJECTS[0].version}", f"{PROJECTS[1].name}[{_EXTRAS}]=={PROJECTS[1].version}"]
    install(own, *ours, "pytest", "hypothesis")
    done = [*_new_service(own, dist, work), *_new_workspace(own, work)]
    if not cheap:
        done += _upgrades(own, work)
    return "; ".join(done)


def _new_service(python: Path, dist: Path, work: Path) -> list[str]:
    """Make a service, install it as its team does, and run its tests."""
    run(python.with_name("mallgen"), "api", "new", "greet", cwd=work)
    install(python, "--find-links", dist, work / "greet")
    return [f"api new, {_last(run(python, '-m', 'pytest', '-q', 'greet', cwd=work))}"]


def _new_workspace(python: Path, work: Path) -> list[str]:
    """Make a workspace of two services, run their tests, and ask one that calls the other."""
    mallgen = python.with_name("mallgen")
    run(mallgen, "new", "bazaar", cwd=work)
    place = work / "bazaar"
    run(mallgen, "check", cwd=place)
    services = sorted((place / "services").iterdir())
    done = [f"{service.name}, {_last(run(python, '-m', 'pytest', '-q', cwd=service))}" for service in services]
    port = _free_ports(services)
    answer = run(mallgen, "dev", "-q", "--once", python, "-c", _CALL, f"{port}", cwd=place)
    if "you" not in answer:
        raise ReleaseProblem(f"the workspace answers {answer.strip()[:200]!r}")
    return [*done, "both answer"]


def _free_ports(services: list[Path]) -> int:
    """Write ports that nobody uses into settings, and return that of the HTTP service."""
    http = 0
    found = [path for service in services for path in (service / "etc").glob("*.yaml")]
    with contextlib.ExitStack() as held:
        ports = [held.enter_context(socket.create_server(("127.0.0.1", 0))).getsockname()[1] for _ in found]
    for settings, port in zip(found, ports, strict=True):
        text = settings.read_text(encoding="utf-8")
        http = port if re.search(r"(?m)^Port:", text) else http
        settings.write_text(re.sub(r"(?m)^(Port: |ListenOn: .*:)\d+", rf"\g<1>{port}", text), encoding="utf-8")
    return http


def _upgrades(python: Path, work: Path) -> list[str]:
    """Run the current generator on what each release left, from the wheels: the sources are not in the folder."""
    tree = copied(work / "upgrades", "tests", "pyproject.toml", "examples", "generated", "mallgen.toml")
    words = ("-m", "pytest", "-p", "no:cacheprovider", "-m", "not slow", "tests/compat")
    return [f"former releases, {_last(run(python, *words, cwd=tree))}"]


def _last(output: str) -> str:
    """Return the last line of pytest without its time."""
    return output.strip().splitlines()[-1].strip("= ").partition(" in ")[0]


if __name__ == "__main__":
    sys.exit(main())
