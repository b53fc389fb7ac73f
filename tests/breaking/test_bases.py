"""Versions to compare with: revisions of git, the merge base, folders, files, baselines; and texts that are none."""

import subprocess
from pathlib import Path

import pytest

from tests.conftest import mallgen

OLD = """syntax = "v1"

import "types.api"

service user-api {
	@handler GetUser
	get /user returns (User)
}
"""
TYPES = """syntax = "v1"

type User {
	Id    int64  `json:"id"`
	Email string `json:"email"`
}
"""
LESS = TYPES.replace('	Email string `json:"email"`\n', "")
WORKSPACE = '[service.user]\ncontract = "api/user.api"\ndir = "out"\n'


def git(here: Path, *words: str) -> str:
    command = ["git", "-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false", *words]
    return subprocess.run(command, cwd=here, check=True, capture_output=True, text=True).stdout


@pytest.fixture
def repository(here: Path) -> Path:
    (here / "api").mkdir()
    for path, text in (("api/user.api", OLD), ("api/types.api", TYPES), ("mallgen.toml", WORKSPACE)):
        (here / path).write_text(text, encoding="utf-8")
    git(here, "init", "-q", "-b", "main")
    git(here, "add", "-A")
    git(here, "commit", "-q", "-m", "one")
    git(here, "switch", "-q", "-c", "less")
    (here / "api" / "types.api").write_text(LESS, encoding="utf-8")
    return here


def test_a_revision_with_its_imports(repository: Path) -> None:
    status = git(repository, "status", "--porcelain")
    ran = mallgen("breaking", "--against", "main")
    assert (ran.code, ran.out) == (1, "1 error against main\n")
    assert "--> main:api/types.api:5:2 was, at main" in ran.err
    assert git(repository, "status", "--porcelain") == status


def test_where_the_branch_left_the_main_one(repository: Path) -> None:
    git(repository, "commit", "-qam", "less")
    git(repository, "switch", "-q", "main")
    (repository / "api" / "user.api").write_text(OLD.replace("/user", "/users"), encoding="utf-8")
    git(repository, "commit", "-qam", "main goes on")
    git(repository, "switch", "-q", "less")
    ran = mallgen("breaking", "--format", "concise")
    assert ran.code == 1
    assert [line.partition("error[")[2].partition("]")[0] for line in ran.out.splitlines()] == [
        "response-field-removed"
    ]
    assert mallgen("breaking").out == "1 error against main\n"


def test_below_the_root_and_by_path(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(repository / "api")
    assert mallgen("breaking", "user.api", "--against", "main").out == "1 error against main\n"
    assert mallgen("breaking", "--against", "main").out == "1 error against main\n"


@pytest.mark.parametrize("more", [(), ("api/user.api",)])
def test_a_path_that_neither_version_has_is_a_mistake(repository: Path, more: tuple[str, ...]) -> None:
    ran = mallgen("breaking", *more, "api/usr.api", "--against", "main")
    assert ran.code == 1
    assert "error[no-such-file] there is no file `api/usr.api`, and `main` has none\n  = help: check" in ran.err


def test_a_contract_that_is_gone_is_judged(repository: Path) -> None:
    (repository / "api" / "user.api").unlink()
    assert "error[service-removed]" in mallgen("breaking", "api/user.api", "--against", "main").err


def test_a_workspace_that_was_none(repository: Path) -> None:
    git(repository, "rm", "-q", "--cached", "mallgen.toml")
    git(repository, "commit", "-q", "-m", "no workspace")
    assert mallgen("breaking", "--against", "HEAD").out == "1 error against HEAD\n"


@pytest.mark.parametrize(
    ("against", "said"),
    [
        ("nowhere", "there is no file, folder or git revision `nowhere`"),
        ("--output=x", "there is no file, folder or git revision `--output=x`"),
        ("empty", "`empty` has no contracts"),
        ("broken", "type `product` is not declared"),
    ],
)
def test_what_cannot_be_compared_with_is_no_answer(repository: Path, against: str, said: str) -> None:
    (repository / "empty").mkdir()
    (repository / "broken" / "api").mkdir(parents=True)
    (repository / "broken" / "api" / "user.api").write_text(OLD.replace("User)", "product)"), encoding="utf-8")
    (repository / "broken" / "api" / "types.api").write_text(TYPES, encoding="utf-8")
    ran = mallgen("breaking", f"--against={against}")
    assert (ran.code, ran.out) == (3, "")
    assert said in ran.err
    assert not (repository / "x").exists()


@pytest.mark.parametrize("path", ["api", "mallgen.toml", "none.txt"])
def test_what_is_no_contract(repository: Path, path: str) -> None:
    ran = mallgen("breaking", path, "--against", "main")
    assert (ran.code, ran.out) == (2, "")
    assert "name the contracts themselves" in ran.err
    assert mallgen("breaking", "api/user.api", "--against", "mallgen.toml").code == 3


def test_without_git(here: Path) -> None:
    (here / "user.api").write_text(OLD.replace('import "types.api"\n', TYPES.partition("\n")[2]), encoding="utf-8")
    ran = mallgen("breaking", "user.api")
    assert ran.code == 3
    assert "no git repository" in ran.err
    assert mallgen("breaking").code == 2


def test_a_baseline(repository: Path) -> None:
    git(repository, "checkout", "-q", "--", ".")
    ran = mallgen("breaking", "--save", "release/1.0.txt")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.startswith("release/1.0.txt: 3 files of 1 service; ")
    saved = (repository / "release" / "1.0.txt").read_bytes()
    assert mallgen("breaking", "--save", "release/1.0.txt").code == 0
    assert (repository / "release" / "1.0.txt").read_bytes() == saved
    assert mallgen("breaking", "--against", "release/1.0.txt").out == "no breaking changes against release/1.0.txt\n"
    (repository / "api" / "types.api").write_text(LESS, encoding="utf-8")
    (repository / "api" / "types.api").rename(repository / "api" / "moved.api")
    (repository / "api" / "user.api").write_text(OLD.replace("types.api", "moved.api"), encoding="utf-8")
    ran = mallgen("breaking", "--against", "release/1.0.txt")
    assert ran.out == "1 error against release/1.0.txt\n"
    assert "--> release/1.0.txt:api/types.api:5:2" in ran.err


@pytest.mark.parametrize(
    "text",
    ["file 1 ../x\na\n", "file 1 /x\na\n", "file 9 a.api\nb\n", "file x a\n", "file 1 a\nb\nfile 1 a\nb\n", "wrong\n"],
)
def test_a_damaged_baseline_is_refused(repository: Path, text: str) -> None:
    (repository / "base").write_text(f"mallgen baseline 1\n# x\n{text}", encoding="utf-8")
    ran = mallgen("breaking", "--against", "base")
    assert (ran.code, ran.out) == (3, "")
    assert "cannot read the baseline `base`" in ran.err
    assert sorted(path.name for path in repository.iterdir()) == [".git", "api", "base", "mallgen.toml"]
