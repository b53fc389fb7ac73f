"""The files that a contract may read, and the names it may use: nothing outside the repository."""

import subprocess
import sys
from pathlib import Path

import pytest

from mallgen.output import paths
from mallgen.output.files import File
from mallgen.output.records import Owner, Role
from tests.cli.test_wrong_inputs import GOOD, everything
from tests.conftest import mallgen, tree


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
    files = [File(name, "", Owner.ALWAYS, Role("x")) for name in (one, other, "b/z.py", "b/y.py")]
    assert [problem.code for problem in paths.check(files)] == ["name-collision"]


@pytest.mark.parametrize("name", ["a;touch PWNED", "$(touch PWNED)", "a \"b\" 'c'", "a\nb", "商品 🛒", "-x", "{{7*7}}"])
def test_a_working_directory_of_any_name(here: Path, name: str) -> None:
    (here / name).mkdir()
    (here / name / "a.api").write_text(GOOD)
    words = [sys.executable, "-m", "mallgen", "api", "py", "-api", "a.api", "-dir", ".", "-q"]
    ran = subprocess.run(words, cwd=here / name, capture_output=True, text=True, timeout=60, check=False)
    assert (ran.returncode, ran.stderr) == (0, "")
    (here / "plain").mkdir()
    (here / "plain" / "a.api").write_text(GOOD)
    subprocess.run(words, cwd=here / "plain", check=True, timeout=60)
    assert tree(here / name) == tree(here / "plain")
    assert not list(here.rglob("PWNED"))


def test_without_an_environment(here: Path) -> None:
    (here / "a.api").write_text(GOOD)
    words = [sys.executable, "-m", "mallgen", "api", "py", "-api", "a.api", "-q", "-dir"]
    subprocess.run([*words, "bare"], cwd=here, env={}, check=True, timeout=60)
    subprocess.run([*words, "full"], cwd=here, check=True, timeout=60)
    assert tree(here / "bare") == tree(here / "full")


def test_the_root_of_the_file_system_is_refused(here: Path) -> None:
    (here / "a.api").write_text(GOOD)
    ran = mallgen("api", "py", "-api", "a.api", "-dir", "/")
    assert (ran.code, "error[not-a-folder]" in ran.err) == (1, True)


@pytest.mark.parametrize(
    "group", ['"../../evil"', "a/../../../evil", "/etc/evil", "..", "a//b", "~/x", "..\\evil", "C:x"]
)
def test_a_group_stays_inside(here: Path, group: str) -> None:
    (here / "in").mkdir()
    (here / "in" / "a.api").write_text(GOOD.replace("service", f"@server (\n\tgroup: {group}\n)\nservice"))
    before = everything(here)
    ran = mallgen("api", "py", "-api", "in/a.api", "-dir", "in/out")
    after = everything(here)
    assert ran.code in (0, 1)
    assert {name for name in after if not name.startswith("in/out")} == set(before)
    assert ran.code == 0 or after == before


def test_protos_stay_in_their_folders(here: Path) -> None:
    (here / "in").mkdir()
    (here / "secret").write_text("root:x:0:0")
    (here / "out.proto").write_text('syntax = "proto3";\nmessage X {}\n')
    (here / "in" / "linked.proto").symlink_to(here / "secret")
    for name in ("../out.proto", "/etc/passwd", "linked.proto"):
        text = (
            f'syntax = "proto3";\npackage a;\nimport "{name}";\nmessage M {{}}\nservice S {{ rpc R(M) returns (M); }}\n'
        )
        (here / "in" / "a.proto").write_text(text)
        ran = mallgen("rpc", "protoc", "in/a.proto", "--zrpc_out", "out")
        assert (ran.code, "root:" in ran.err, (here / "out").exists()) == (1, False, False), name


def test_handlers_that_differ_in_case_only(here: Path) -> None:
    (here / "a.api").write_text(GOOD.replace("(Hello)\n", "(Hello)\n\n\t@handler greet\n\tget /x\n"))
    ran = mallgen("api", "py", "-api", "a.api", "-dir", "out")
    assert ran.code == 1
    assert "error[name-collision]" in ran.err and "--> a.api:11" in ran.err and "a.api:8" in ran.err


def test_the_contract_is_only_read(here: Path) -> None:
    (here / "a.api").write_text(GOOD.replace("\t", "    "))
    before = everything(here)["a.api"]
    assert mallgen("api", "py", "-api", "a.api", "-dir", ".", "-q").code == 0
    assert everything(here)["a.api"] == before


LOCKED = [
    "contract\tapi\t../home/.ssh/credentials",
    "contract\tapi\t../home/.ssh/x.api",
    "contract\trpc\t../home/.ssh/x.proto",
    "contract\tapi\tlink.api",
    "contract\tapi\tfolder/x.api",
    "contract\trpc\tb.proto\t-I=../home/.ssh",
    "contract\trpc\tb.proto\twith=../home/.ssh/x.proto",
    "contract\tapi\ta.api\tuses:x=../home/.ssh/x.proto",
    "contract\tapi\ta.api\tuses:x=b.proto -I:x=../home/.ssh",
    "contract\tapi\ta.api\tallow-outside -I=/",
]
LOOKING = ["check", "diff", "status", "sync", "prune --dry-run", "gen -dir .", "check -dir .", "sync --apply", ""]


def clone(here: Path) -> Path:
    """Make a repository with links that lead out of it, beside a home folder with a secret in several files."""
    secrets = here / "home" / ".ssh"
    secrets.mkdir(parents=True)
    for name in ("credentials", "x.api", "x.proto"):
        (secrets / name).write_text("SECRET key {\n")
    repo = here / "clone"
    (repo / ".git").mkdir(parents=True)
    (repo / "a.api").write_text(GOOD)
    (repo / "b.proto").write_text(
        'syntax = "proto3";\nimport "x.proto";\nservice B { rpc Do(M) returns (M); }\nmessage M {}\n'
    )
    (repo / "link.api").symlink_to(secrets / "credentials")
    (repo / "folder").symlink_to(secrets)
    return repo


@pytest.mark.parametrize("line", LOCKED)
def test_a_lock_that_came_with_a_clone_reads_nothing_outside(
    here: Path, monkeypatch: pytest.MonkeyPatch, line: str
) -> None:
    repo = clone(here)
    (repo / "mallgen.lock").write_text(f"mallgen.lock 1\n{line}\n")
    monkeypatch.chdir(repo)
    for words in LOOKING:
        ran = mallgen(*words.split())
        assert "SECRET" not in ran.out + ran.err, (words, ran)
        assert "allow-outside" in line or "outside-workspace" in ran.err or words == "" or ran.code != 0, (words, ran)


@pytest.mark.parametrize(
    "settings",
    [
        'contract = "../home/.ssh/x.api"\ndir = "s"',
        'contract = "link.api"\ndir = "s"',
        'contract = "folder/x.proto"\ndir = "s"',
        'contract = "b.proto"\ndir = "s"\nproto_path = ["../home/.ssh"]',
        'contract = "b.proto"\ndir = "s"\nproto_path = [".", "folder"]',
        'contract = "a.api"\ndir = "../home"',
        'contract = "a.api"\ndir = "folder"',
    ],
)
def test_a_workspace_that_came_with_a_clone_reads_nothing_outside(
    here: Path, monkeypatch: pytest.MonkeyPatch, settings: str
) -> None:
    repo = clone(here)
    (repo / "mallgen.toml").write_text(f"[service.a]\n{settings}\n")
    monkeypatch.chdir(repo)
    before = tree(here)
    for words in [*LOOKING, "gen"]:
        ran = mallgen(*words.split())
        assert "SECRET" not in ran.out + ran.err, (words, ran)
        assert "error[bad-workspace]" in ran.err, (words, ran)
    assert tree(here) == before


@pytest.mark.parametrize("mark", [".git", "none"])
def test_a_link_is_no_contract(here: Path, monkeypatch: pytest.MonkeyPatch, mark: str) -> None:
    repo = clone(here)
    (repo / ".git").rename(repo / mark)
    (repo / "a.api").write_text(GOOD.replace("type Hello", 'import "link.api"\n\ntype Hello'))
    monkeypatch.chdir(repo)
    ran = mallgen("api", "validate", "-api", "a.api")
    assert (ran.code, "error[outside-workspace]" in ran.err, "SECRET" in ran.err) == (1, True, False)


@pytest.mark.parametrize(
    "words", ["api format .", "api format --diff .", "api fix . --write", "api fix .", "api format ./"]
)
def test_a_folder_is_rewritten_without_the_links_that_lead_out(
    here: Path, monkeypatch: pytest.MonkeyPatch, words: str
) -> None:
    repo = clone(here)
    outside = here / "home" / "y.api"
    outside.write_text("service a-api {\n@server(\nhandler: H\n)\n  get   /a\n}\n")
    (repo / "y.api").symlink_to(outside)
    (repo / "z.api").symlink_to(repo / "a.api")
    monkeypatch.chdir(repo)
    ran = mallgen(*words.split())
    assert outside.read_text().startswith("service a-api {\n@server(")
    assert "y.api` is a link that leads out of" in ran.err
    assert "get   /a" not in ran.out + ran.err
