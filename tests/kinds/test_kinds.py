"""Kinds of contract: mallgen's two, one that a test brings, and one of an installed package."""

import ast
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from mallgen.kinds import kind
from mallgen.kinds.target import Target, of_line
from mallgen.output.records import ContractLine, Role
from tests.conftest import ROOT, mallgen
from tests.toy.kind import KIND

CSV = "name,price\napple,3\npear,4\n"
TOML = '[service.fruit]\ncontract = "fruit.csv"\ndir = "out"\n'
DIST = "toy_kind-1.2.dist-info"


@pytest.fixture
def toy(here: Path) -> Iterator[Path]:
    """Make a workspace with a contract of the toy kind, which is known while the test runs."""
    kind.register(KIND)
    (here / "mallgen.toml").write_text(TOML)
    (here / "fruit.csv").write_text(CSV)
    yield here
    kind.forget(KIND.name)


def test_a_kind_that_mallgen_does_not_have_lives_as_its_own_do(toy: Path) -> None:
    assert mallgen("gen").err.splitlines()[-1] == "next: cd out && python -m fruit"
    assert (toy / "out" / "fruit" / "prices.py").read_text().endswith("PRICES = {'apple': 3, 'pear': 4}\n")
    assert mallgen("check").out == "4 files of 1 service: no drift, 2 stubs\n"
    logic = toy / "out" / "fruit" / "apple_cost.py"
    logic.write_text(logic.read_text().replace("raise NotImplementedError", "return amount * 3"))
    states = [line.split() for line in mallgen("status").out.splitlines()]
    assert ["implemented", "apple", "out/fruit/apple_cost.py"] in states
    assert ["stub", "pear", "out/fruit/pear_cost.py"] in states

    (toy / "fruit.csv").write_text("name,price\nplum,9\n" + CSV.split("\n", 1)[1].replace("pear,4\n", ""))
    ran = mallgen("check")
    assert (ran.code, ran.err.count("error[")) == (1, 3)
    assert "+PRICES = {'plum': 9, 'apple': 3}" in mallgen("diff").out
    assert mallgen("sync", "--apply").code == 0
    assert "amount * 3" in logic.read_text()
    assert (toy / "out" / "fruit" / "plum_cost.py").exists()
    assert mallgen("check").code == 1
    assert mallgen("prune").code == 0
    assert not (toy / "out" / "fruit" / "pear_cost.py").exists()
    assert mallgen("check").code == 0


def test_what_is_wrong_with_its_contract_is_told_as_others(toy: Path) -> None:
    (toy / "fruit.csv").write_text("name,price\napple,dear\n")
    ran = mallgen("gen")
    assert (ran.code, ran.err.splitlines()[:2]) == (1, ["error[bad-tag] `dear` is no price", " --> fruit.csv:2:1"])
    assert not (toy / "out").exists()


def test_its_options_travel_to_the_lock_and_back(toy: Path) -> None:
    target = Target("prices", "fruit.csv", "out").having({"unit": ("float",)})
    assert target.line == ContractLine("prices", "../fruit.csv", "unit=float")
    (toy / "out").mkdir()
    assert of_line(target.line, "out")._replace(border="") == target
    (toy / "mallgen.toml").unlink()
    (toy / "out" / "mallgen.lock").write_text("mallgen.lock 1\ncontract\tprices\t../fruit.csv\tunit=float\n")
    assert mallgen("gen", "-dir", "out", "-q").code == 0
    assert "amount: float" in (toy / "out" / "fruit" / "apple_cost.py").read_text()


def test_dev_runs_it(toy: Path) -> None:
    program = "\n".join(
        [
            "import sys",
            "from mallgen.cli import fast; from mallgen.kinds import kind",
            "from tests.toy.kind import KIND",
            "kind.register(KIND)",
            "sys.exit(fast.main())",
        ]
    )
    ran = subprocess.run(
        [sys.executable, "-c", program, "dev", "--once", "sleep", "1"],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert "fruit" in ran.stderr
    assert "{'apple': 3, 'pear': 4}" in ran.stderr


def installed(folder: Path, module: str) -> dict[str, str]:
    """Install a distribution with an entry point for `module`, and return the environment that sees it."""
    (folder / DIST).mkdir(parents=True)
    (folder / DIST / "METADATA").write_text("Metadata-Version: 2.1\nName: toy-kind\nVersion: 1.2\n")
    (folder / DIST / "entry_points.txt").write_text(f"[mallgen.kinds]\nprices = {module}\n")
    return {**os.environ, "PYTHONPATH": f"{folder}{os.pathsep}{ROOT}"}


def run(env: dict[str, str], *words: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "mallgen", *words]
    return subprocess.run(command, env=env, capture_output=True, text=True, timeout=60, check=False)


def test_an_installed_package_brings_a_kind(here: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    env = installed(tmp_path_factory.mktemp("site"), "tests.toy.kind:KIND")
    (here / "fruit.csv").write_text(CSV)
    for setting in ("", 'kind = "prices"\n'):
        (here / "mallgen.toml").write_text(TOML + setting)
        ran = run(env, "gen")
        assert (ran.returncode, ran.stdout.split()[-1]) == (0, "Done."), ran.stderr
        assert ran.stderr.startswith("fruit: 2 prices; ")


@pytest.mark.parametrize(
    ("module", "said"),
    [
        ("nowhere:KIND", "toy-kind 1.2 does not work: ModuleNotFoundError: No module named 'nowhere'"),
        (
            "tests.toy.kind:NONE",
            "toy-kind 1.2 does not work: AttributeError: module 'tests.toy.kind' has no attribute 'NONE'",
        ),
        ("tests.toy.kind:make", "toy-kind 1.2 does not work: tests.toy.kind:make is no mallgen.kinds.kind.Kind"),
    ],
)
def test_one_that_does_not_work_is_one_line(
    here: Path, tmp_path_factory: pytest.TempPathFactory, module: str, said: str
) -> None:
    env = installed(tmp_path_factory.mktemp("site"), module)
    (here / "fruit.csv").write_text(CSV)
    (here / "mallgen.toml").write_text(TOML)
    ran = run(env, "gen")
    assert ran.returncode == 1
    assert ran.stderr.startswith(f"error[bad-workspace] {said}\n --> mallgen.toml:2:12\n")
    assert "help: mend or uninstall toy-kind 1.2, which brings the kind of contract `prices`" in ran.stderr


def test_a_layer_of_two_words_is_refused(toy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """mallgen.lock keeps layer and title with a space between them."""
    wrong = Role("price list")
    monkeypatch.setattr("tests.toy.kind.Role", lambda *_: wrong)
    ran = mallgen("gen")
    assert ran.code != 0 and "of the layer `price list`" in ran.err and "one word" in ran.err
    assert not (toy / "mallgen.lock").exists()


def test_mallgens_own_kinds_do_not_look_for_others(here: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    env = installed(tmp_path_factory.mktemp("site"), "nowhere:KIND")
    assert run(env, "new", "shop", "-q").returncode == 0
    assert run({**env, "PWD": str(here / "shop")}, "gen", "-dir", "shop/services/greeter", "-q").returncode == 0


def test_what_names_no_kind_is_told(here: Path) -> None:
    (here / "x.txt").write_text("")
    (here / "mallgen.toml").write_text('[service.a]\ncontract = "x.txt"\ndir = "a"\n')
    assert "is neither a .api, .proto nor .sql file: x.txt" in mallgen("gen").err
    (here / "mallgen.toml").write_text('[service.a]\ncontract = "x.txt"\ndir = "a"\nkind = "ap"\n')
    ran = mallgen("gen")
    assert "error[bad-workspace] there is no kind of contract `ap`" in ran.err
    assert "help: did you mean `api`?" in ran.err
    (here / "mallgen.toml").write_text('[service.a]\ncontract = "x.txt"\ndir = "a"\nkind = "rpc"\n')
    assert "a contract of kind `rpc` is a .proto file: x.txt\n --> mallgen.toml:4:8\n" in mallgen("gen").err
    (here / "b").mkdir()
    (here / "b" / "mallgen.lock").write_text("mallgen.lock 1\ncontract\tcsvs\t../x.txt\n")
    (here / "mallgen.toml").unlink()
    ran = mallgen("gen", "-dir", "b")
    assert (ran.code, ran.err.splitlines()[0]) == (3, "error[no-kind] there is no kind of contract `csvs`")


def test_only_the_two_kinds_know_their_names() -> None:
    """Only kinds/ and syntax/ compare with the names of the two kinds; other differences are values of a Kind."""
    asked = []
    for path in sorted((ROOT / "mallgen").rglob("*.py")):
        if path.parent.name in ("kinds", "syntax", "_built"):
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Compare):
                words = [one.value for one in (node.left, *node.comparators) if isinstance(one, ast.Constant)]
                asked += [f"{path.relative_to(ROOT)}:{node.lineno}" for word in words if word in ("api", "rpc")]
    assert asked == []
