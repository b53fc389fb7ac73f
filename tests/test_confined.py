"""What a contract may read and name: the repository is the border, and names work on every file system."""

from pathlib import Path

import pytest

from mallgen import paths
from mallgen.tree import File, Owner
from tests.conftest import mallgen
from tests.test_wrong_inputs import GOOD


@pytest.mark.parametrize("mark", [".git", "mallgen.toml"])
def test_a_repository_is_the_border(here: Path, mark: str, monkeypatch: pytest.MonkeyPatch) -> None:
    (here / "repo" / "api").mkdir(parents=True)
    (here / "repo" / "common").mkdir()
    (here / "repo" / mark).touch()
    (here / "repo" / "common" / "x.api").write_text('syntax = "v1"\ntype X { A string `json:"a"` }\n')
    (here / "out.api").write_text('syntax = "v1"\ntype Y { A string `json:"a"` }\n')
    contract = here / "repo" / "api" / "a.api"
    contract.write_text(GOOD.replace("type Hello", 'import "../common/x.api"\n\ntype Hello'))
    monkeypatch.chdir(here / "repo" / "common")
    assert mallgen("api", "validate", "-api", str(contract)).code == 0
    contract.write_text(GOOD.replace("type Hello", 'import "../../out.api"\n\ntype Hello'))
    ran = mallgen("api", "validate", "-api", str(contract))
    assert (ran.code, "error[outside-workspace]" in ran.err) == (1, True)
    assert mallgen("api", "validate", "-api", str(contract), "--allow-outside").code == 0


def test_a_link_out_of_the_repository_is_not_read(here: Path) -> None:
    (here / "repo").mkdir()
    (here / "repo" / ".git").mkdir()
    (here / "secret").write_text("root:x:0:0")
    (here / "repo" / "in.api").symlink_to(here / "secret")
    (here / "repo" / "a.api").write_text(GOOD.replace("type Hello", 'import "in.api"\n\ntype Hello'))
    ran = mallgen("api", "validate", "-api", "repo/a.api")
    assert (ran.code, "error[outside-workspace]" in ran.err, "root:" in ran.err) == (1, True, False)


@pytest.mark.parametrize(
    "name",
    [
        *"con aux.py NUL com1.txt LPT9 a/con/b ../x a/../b /etc/x a//b ~/x -x a/-rf x. x.py/y. .git/hooks/x".split(),
        *".GIT/x .mallgen/x C:x a\\b a|b a?b".split(),
        *("", ".", "..", "a b ", " a", "a\nb", "a\x00b", "a\u202eb", "x" * 256, "y/" * 600 + "z", "com¹"),
    ],
)
def test_names_that_are_refused(name: str) -> None:
    assert paths.trouble(name)


@pytest.mark.parametrize(
    "name", "a/b.py context.py aux_handler.py console/x.py 商品.py .gitignore x-y_z.py a.b.c".split()
)
def test_names_that_are_fine(name: str) -> None:
    assert not paths.trouble(name)


@pytest.mark.parametrize(
    ("one", "other"),
    [("a/User.py", "a/user.py"), ("A/x.py", "a/y.py"), ("a/\u00e9.py", "a/e\u0301.py"), ("stra\u00dfe", "STRASSE")],
)
def test_twins_are_refused(one: str, other: str) -> None:
    files = [File(name, "", Owner.ALWAYS, "x") for name in (one, other, "b/z.py", "b/y.py")]
    assert [problem.code for problem in paths.check(files)] == ["name-collision"]
