"""The release check: its cheap half as it is, and what it refuses."""

import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.conftest import ROOT

sys.path.insert(0, str(ROOT / "scripts"))

import release_build
from release_bom import allowed, check_licences, is_allowed
from release_build import PROJECTS, Project, ReleaseProblem

pytestmark = pytest.mark.slow


def test_the_cheap_half_holds(tmp_path: Path) -> None:
    """Both are built twice to the same bytes, installed in a clean environment, and generate services that work."""
    words = [sys.executable, str(ROOT / "scripts" / "release_check.py"), "--cheap", "--out", str(tmp_path / "dist")]
    ran = subprocess.run(words, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    assert "built twice, the same bytes: 4 files" in ran.stdout
    assert re.search(
        r"Python 3\.1\d: api new, 1 passed; bazaar-api, 1 passed; greeter, 1 passed; both answer", ran.stdout
    )
    names = sorted(path.name for path in (tmp_path / "dist").iterdir())
    (version,) = {project.version for project in PROJECTS}
    assert names == [
        "SHA256SUMS",
        f"mallgen-{version}-py3-none-any.whl",
        f"mallgen-{version}.tar.gz",
        f"mallgen_runtime-{version}-py3-none-any.whl",
        f"mallgen_runtime-{version}.tar.gz",
    ]
    checked = subprocess.run(["sha256sum", "-c", "--quiet", "SHA256SUMS"], cwd=tmp_path / "dist", check=False)
    assert checked.returncode == 0


def test_a_wheel_with_a_file_too_much_or_too_few_is_refused(tmp_path: Path) -> None:
    for project in PROJECTS:
        about = f"{project.package}-{project.version}.dist-info"
        prefix = "" if project.folder == "." else f"{project.folder}/"
        files = [name.removeprefix(prefix) for name in release_build.files(f"{prefix}{project.package}")]
        with zipfile.ZipFile(tmp_path / f"{project.package}-{project.version}-py3-none-any.whl", "w") as archive:
            for name in (*files[1:], "tests/secret.py", f"{about}/METADATA", f"{about}/licenses/LICENSE"):
                archive.writestr(name, "")
    with pytest.raises(ReleaseProblem, match=r"is not what git has: \+tests/secret\.py, -mallgen/"):
        release_build.check_contents(tmp_path)


def test_builds_that_differ_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def clocked(source: Path, out: Path, umask: int, **more: str) -> Path:
        out.mkdir()
        (out / "a.whl").write_text(more["TZ"])
        (out / "b.whl").write_text("the same")
        return out

    monkeypatch.setattr(release_build, "_built", clocked)
    monkeypatch.setattr(release_build, "files", lambda *folders: ["README.md"])
    with pytest.raises(ReleaseProblem, match=r"two builds differ: a\.whl$"):
        release_build.built(tmp_path)


@pytest.mark.parametrize(
    ("licence", "good"),
    [
        ("MIT", True),
        ("Apache-2.0 AND BSD-2-Clause", True),
        ("GPL-3.0 OR MIT", True),
        ("MIT AND GPL-3.0-only", False),
        ("Apache Software License; MIT License", True),
        ("MIT License; GNU General Public License (GPL)", False),
        ("GPL-3.0", False),
        ("UNKNOWN", False),
        ("", False),
    ],
)
def test_licences(licence: str, good: bool) -> None:
    assert is_allowed(licence, allowed()) is good


def test_a_licence_that_is_not_on_the_list_is_named() -> None:
    rows = [("fine", "1.0", "MIT"), ("linter", "2.0", "GPL-3.0")]
    with pytest.raises(ReleaseProblem, match=r"not on the list: linter 2\.0: GPL-3\.0\n"):
        check_licences(rows, allowed())


def test_both_have_one_version() -> None:
    from mallgen import __version__

    assert {project.version for project in PROJECTS} == {__version__}
    assert Project("runtime", "mallgen_runtime").extras[:2] == ["admin", "brotli"]
