"""Freeze what this version generates as tests/compat/VERSION/: the workspace of a team that upgrades from it.

It holds generated/ with its hand-written logic, and a service of each kind with untouched stubs, as they would be in a
repository: generated files, mallgen.lock and all. `make freeze` belongs to every release; tests/compat starts each of
them under the generator of the day. What was released never changes: `--again` is for a version that was not.
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
    """Write the folder; 1 when it is there already."""
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
    """Contracts, and the user's code in generated/."""
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
