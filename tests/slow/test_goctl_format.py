"""goctl itself beside the formatter and the fixer: it makes the listed differences, and accepts what was fixed."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from mallgen.syntax.format import format_text
from tests.conftest import mallgen, working_in
from tests.goctl_tool import formatted, goctl, said
from tests.syntax.test_dialect import rejected
from tests.syntax.test_format import DIVERGENCES

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def tool() -> Path:
    """Return the path of goctl."""
    return goctl()


def test_the_list_of_divergences_is_what_goctl_makes(tool: Path) -> None:
    for case in DIVERGENCES:
        assert formatted(tool, case["source"]) == case["goctl"], case["name"]
        if case["reason"] == "unstable":
            assert formatted(tool, case["goctl"]) == case["goctl_again"], case["name"]


def test_goctl_reads_what_we_lay_out(tool: Path) -> None:
    for case in DIVERGENCES:
        ours = format_text(case["source"], "x.api").text
        assert ours is not None
        formatted(tool, ours)


def test_goctl_accepts_what_was_fixed(
    tool: Path, corpus: Path, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    names = rejected(corpus)
    for repository in {name.parts[0] for name in names}:
        shutil.copytree(corpus / repository, tmp_path / repository, copy_function=shutil.copyfile)
        for path in (tmp_path / repository).rglob("*"):
            path.chmod(0o755 if path.is_dir() else 0o644)
    before = {name: said(tool, tmp_path / name) for name in names}
    assert all(before.values())
    with working_in(tmp_path):
        for name in names:
            assert mallgen("api", "fix", str(name), "--write").code == 0
    left = {name: verdict for name in names if (verdict := said(tool, tmp_path / name))}
    accepted = len(names) - len(left)
    record_property("figure", f"older dialect: goctl accepts {accepted} of {len(names)} corpus files after api fix")
    assert not left
