"""Freeze the output of this version in tests/compat/VERSION/: the workspace of a team that will upgrade from it.

It has generated/ with its hand-written logic, and a service of each kind with untouched stubs, all as they would be in
a repository, mallgen.lock included. `make freeze` belongs to every release; tests/compat runs the current generator on
each of these workspaces. That of a released version never changes; `--again` is for a version not released yet.
"""

import argparse
import hashlib
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from mallgen import __version__

ROOT = Path(__file__).resolve().parent.parent
FROZEN = ROOT / "tests" / "compat"
SUMS = "SHA256SUMS"
STUBS = """
[service.wide-api]
contract = "contracts/wide.api"
dir = "services/wide"

[service.chat]
contract = "contracts/chat.proto"
dir = "services/chat"
"""


def main() -> int:
    """Write the folder; return 1 when it exists already."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--again", action="store_true", help="replace it: this version was not released yet")
    target = FROZEN / __version__
    if target.exists() and not parser.parse_args().again:
        print(f"{target.relative_to(ROOT)} is there: what was released never changes", file=sys.stderr)
        return 1
    with tempfile.TemporaryDirectory() as name:
        workspace = Path(name)
        fill(workspace)
        subprocess.run(
            [sys.executable, "-m", "mallgen", "gen", "-q"], cwd=workspace, check=True, stdout=subprocess.DEVNULL
        )
        shutil.rmtree(target, ignore_errors=True)
        shutil.copytree(workspace, target, ignore=shutil.ignore_patterns(".mallgen", "__pycache__"))
    files = sorted(path for path in target.rglob("*") if path.is_file())
    lines = [f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.relative_to(target)}\n" for path in files]
    (target / SUMS).write_text("".join(lines))
    print(f"froze {len(files)} files in {target.relative_to(ROOT)}")
    return 0


def fill(workspace: Path) -> None:
    """Copy the contracts, and generated/ with its user code, into a new workspace."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "examples", "generated"], cwd=ROOT, capture_output=True, check=True
    )
    for name in filter(None, listed.stdout.decode().split("\0")):
        (workspace / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, workspace / name)
    (workspace / "contracts").mkdir()
    for contract in ("wide.api", "wide_types.api", "chat.proto"):
        shutil.copy(ROOT / "tests" / "contracts" / contract, workspace / "contracts")
    (workspace / "mallgen.toml").write_text((ROOT / "mallgen.toml").read_text() + STUBS)


if __name__ == "__main__":
    sys.exit(main())
