"""The code generated from every proto passes mypy --strict, black and ruff, starts as a process and answers."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.protos import ALL, fill, generate
from tests.run.shop import RpcService
from tests.run.test_testing import BLOCKS

pytestmark = pytest.mark.slow
BIN = Path(sys.executable).parent
SETTINGS = "[mypy]\nstrict = true\n"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Generate every proto, side by side."""
    out = tmp_path_factory.mktemp("protos")
    generate(out)
    return out


@pytest.fixture(scope="module")
def untyped(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a Python with the installed packages, but without those of type stubs."""
    folder = tmp_path_factory.mktemp("untyped")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder / "venv")], check=True)
    site = next((folder / "venv" / "lib").glob("python3*")) / "site-packages"
    (folder / "packages").mkdir()
    for path in next((ROOT / ".venv" / "lib").glob("python3*/site-packages")).iterdir():
        if not path.name.endswith("-stubs") and not path.name.startswith("types_"):
            (folder / "packages" / path.name).symlink_to(path)
    (site / "all.pth").write_text(f"{folder / 'packages'}\n{ROOT / 'runtime'}\n", encoding="utf-8")
    return folder / "venv" / "bin" / "python"


def mypy(folder: Path, *words: str, path: list[Path]) -> str:
    """Return the errors of mypy --strict, empty when there are none."""
    (folder / "mypy.ini").write_text(SETTINGS, encoding="utf-8")
    ran = subprocess.run(
        [str(BIN / "mypy"), "--config-file", "mypy.ini", "--no-error-summary", *words],
        cwd=folder,
        env={**os.environ, "MYPYPATH": os.pathsep.join(map(str, path))},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode in (0, 1), ran.stderr
    return ran.stdout


def packages(made: Path, *words: str) -> str:
    names = [word for proto in ALL for word in ("-p", proto.package)]
    return mypy(made, *names, *words, path=[made / proto.folder for proto in ALL])


def test_mypy(made: Path) -> None:
    assert packages(made) == ""


def test_mypy_without_the_stubs_of_protobuf(made: Path, untyped: Path) -> None:
    assert packages(made, "--python-executable", str(untyped), "--cache-dir", str(made / ".untyped")) == ""


def test_the_stubs_hide_nothing_but_fields_that_are_called_as_methods_of_messages(tmp_path: Path) -> None:
    generate(tmp_path)
    for path in tmp_path.rglob("*_pb2.pyi"):
        text = path.read_text(encoding="utf-8")
        assert "# mypy: ignore-errors\n" in text
        path.write_text(text.replace("# mypy: ignore-errors\n", ""), encoding="utf-8")
    errors = [line for line in packages(tmp_path).splitlines() if ": error: " in line]
    assert [line for line in errors if 'base class "Message"' not in line] == []
    assert len(errors) == 5  # of `message methods` in keywords/from/lambda.proto


@pytest.mark.parametrize(
    "words",
    [("black", "--check"), ("ruff", "check", "--no-cache")],
    ids=lambda words: words[0],
)
def test_layout(made: Path, words: tuple[str, ...]) -> None:
    ran = subprocess.run([str(BIN / words[0]), *words[1:], "."], cwd=made, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr


@pytest.mark.parametrize("number", range(len(BLOCKS)))
def test_mypy_on_what_the_documentation_shows(number: int, tmp_path: Path) -> None:
    (tmp_path / "test_shop.py").write_text(BLOCKS[number], encoding="utf-8")
    assert mypy(tmp_path, "test_shop.py", path=[ROOT / "generated" / name for name in ("mall", "order")]) == ""


USER = """from shapes_rpc.client import Level, Point, Shape, ShapesClient


async def use(client: ShapesClient) -> None:
    by_name = {"a": Level.LEVEL_LOW}
    shape = Shape(level=Level.LEVEL_LOW, levels=["LEVEL_TOP", 1], point=Point(x=1), level_by_name=by_name)
    shape.points.add(x=1).y = 2
    shape.levels.append(Level.Value("LEVEL_TOP"))
    shape.point_by_flag[True].x = 3
    shape.number_by_id[1] = 1.5
    reply = await client.draw(shape)
    names: list[str] = [Level.Name(level) for level in reply.levels]
    number: int = reply.level
    print(names, number, reply.HasField("maybe"), reply.WhichOneof("figure"), shape.SerializeToString())
    WRONG
"""
WRONG = {
    "reply.nope": '"Shape" has no attribute "nope"',
    "Shape(nope=1)": 'Unexpected keyword argument "nope"',
    'Shape(i64="1")': '"i64"',
    "shape.s = 1": '"str"',
    "shape.points.append(1)": '"append"',
    "shape.point_by_flag[True] = Point()": "Unsupported target for indexed assignment",
    "await client.draw(Point())": '"draw"',
    "shape.level = 3": '"Level"',
}


def test_mypy_finds_the_mistakes_of_users(made: Path, tmp_path: Path) -> None:
    place = [made / "shapes"]
    (tmp_path / "use.py").write_text(USER.replace("    WRONG\n", ""), encoding="utf-8")
    assert mypy(tmp_path, "use.py", path=place) == ""
    lines = "".join(f"    {line}\n" for line in WRONG)
    (tmp_path / "use.py").write_text(USER.replace("    WRONG\n", lines), encoding="utf-8")
    errors = [line for line in mypy(tmp_path, "use.py", path=place).splitlines() if ": error: " in line]
    assert len(errors) == len(WRONG), errors
    for error, said in zip(errors, WRONG.values(), strict=True):
        assert said in error


def test_each_starts_as_a_process_and_answers(tmp_path: Path) -> None:
    generate(tmp_path)
    fill(tmp_path)
    for proto in ALL:
        folder = tmp_path / proto.folder
        with RpcService(folder, proto.package, tmp_path / "registry", "") as service:
            called = subprocess.run(
                [sys.executable, "-m", "tests.run.answer", "--at", str(service.port), str(folder)],
                cwd=ROOT,
                capture_output=True,
                text=True,
                check=False,
            )
        assert called.returncode == 0, called.stderr
        assert int(called.stdout) > 0
