"""`mallgen admin new -dir` in a workspace: all of it is added, or nothing is touched."""

import os
import subprocess
from pathlib import Path

import pytest

from mallgen.cli import joining
from tests.conftest import mallgen

pytestmark = pytest.mark.slow

OWNER = '[service.stock]\ncontract = "stock.proto"\ndir = "stock"\ntables = ["shop.sql"]\ndatabase = "stock"\n'
PROTO = """syntax = "proto3";
package stock;
service Stock {
  rpc Get(Key) returns (Key);
}
message Key {
  int64 id = 1;
}
"""
TABLES = "USE stock;\nCREATE TABLE item (\n  id bigint NOT NULL PRIMARY KEY,\n  name varchar(20) NOT NULL\n);\n"
NEW = ("admin", "new", "stock-admin", "-tables", "item", "-src", "shop.sql")


@pytest.fixture
def shop(here: Path) -> Path:
    (here / "stock.proto").write_text(PROTO)
    (here / "shop.sql").write_text(TABLES)
    (here / "mallgen.toml").write_text(OWNER)
    assert mallgen("gen", "-q").code == 0
    return here


def seen(root: Path) -> dict[str, bytes | str]:
    """Return the content of all files, and where links lead."""
    paths = (path for path in sorted(root.rglob("*")) if ".mallgen" not in path.parts)
    return {
        str(path): os.readlink(path) if path.is_symlink() else path.read_bytes() if path.is_file() else ""
        for path in paths
    }


def test_line_ends_and_a_link_stay_as_they_are(shop: Path) -> None:
    real = shop / "real.toml"
    real.write_bytes(OWNER.replace("\n", "\r\n").encode())
    (shop / "mallgen.toml").unlink()
    (shop / "mallgen.toml").symlink_to("real.toml")
    (shop / "mallgen.toml.new").write_text("mine")
    assert mallgen(*NEW, "-dir", "back").code == 0
    assert (shop / "mallgen.toml").is_symlink()
    data = real.read_bytes()
    assert b"[service.stock-admin]\r\n" in data
    assert b"\n" not in data.replace(b"\r\n", b"")
    assert (shop / "mallgen.toml.new").read_text() == "mine"
    assert mallgen("check").code == 0


@pytest.mark.parametrize(
    ("ignored", "is_told"), [(None, True), ("*.db\n", True), ("data/\n", False), ("/*/data\n", False)]
)
def test_a_gitignore_stays_and_what_it_lacks_is_told(shop: Path, ignored: str | None, is_told: bool) -> None:
    if ignored is not None:
        (shop / ".gitignore").write_text(ignored)
    done = mallgen(*NEW, "-dir", "back")
    assert done.code == 0
    assert ("add `data/` to .gitignore" in done.out + done.err) is is_told
    assert ignored is None or (shop / ".gitignore").read_text() == ignored


def test_git_would_add_no_data(here: Path) -> None:
    (here / "shop.sql").write_text(TABLES)
    assert mallgen("admin", "new", "back", "-tables", "item", "-src", "shop.sql").code == 0
    assert mallgen("new", "shop").code == 0
    for folder, data in (("back", "data"), ("shop", "services/shop-api/data")):
        kept = here / folder / data / "back.db"
        kept.parent.mkdir()
        kept.write_text("hashes")
        (here / folder / ".mallgen").mkdir(exist_ok=True)
        (here / folder / ".mallgen" / "queue.db").write_text("messages")
        subprocess.run(["git", "init", "-q"], cwd=here / folder, check=True)
        said = subprocess.run(["git", "add", "-An"], cwd=here / folder, check=True, capture_output=True, text=True)
        assert "mallgen.toml" in said.stdout
        assert "back.db" not in said.stdout
        assert "queue.db" not in said.stdout


@pytest.mark.parametrize("folder", ["../back", "stock", "there", "link"])
def test_a_folder_that_cannot_be_is_refused_and_nothing_is_touched(shop: Path, folder: str) -> None:
    (shop / "empty").mkdir()
    (shop / "link").symlink_to("empty")
    (shop / "there").mkdir()
    (shop / "there" / "mine").write_text("mine")
    before = seen(shop)
    code, _, err = mallgen(*NEW, "-dir", folder)
    assert code == 1
    assert "nothing was written" in err
    assert seen(shop) == before


def test_a_folder_may_have_any_name(shop: Path) -> None:
    assert mallgen(*NEW, "-dir", 'ba"ck \\').code == 0
    assert mallgen("check").code == 0


def test_nothing_stays_when_mallgen_toml_cannot_be_written(shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(path: str, data: bytes) -> None:
        raise OSError(28, "No space left on device")

    before = seen(shop)
    monkeypatch.setattr(joining, "_replace", full)
    code, _, err = mallgen(*NEW, "-dir", "back")
    assert code == 3
    assert "No space left on device" in err
    assert "nothing was written" in err
    assert seen(shop) == before


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("sqlite:///data/x.db", "sqlite:///../stock/data/x.db"),
        ("${DS:-sqlite:///data/x.db}", "${DS:-sqlite:///../stock/data/x.db}"),
        ("sqlite:////data/x.db", "sqlite:////data/x.db"),
        ("sqlite:///:memory:", "sqlite:///:memory:"),
        ("mysql://u:p@db:3306/stock", "mysql://u:p@db:3306/stock"),
    ],
)
def test_the_owners_database_is_found_from_the_new_folder(shop: Path, written: str, expected: str) -> None:
    settings = next((shop / "stock" / "etc").glob("*.yaml"))
    lines = [line for line in settings.read_text().splitlines() if not line.startswith("DataSource:")]
    settings.write_text("\n".join([*lines, f"DataSource: {written}", ""]))
    assert mallgen(*NEW, "-dir", "back").code == 0
    text = next((shop / "back" / "etc").glob("*.yaml")).read_text()
    assert f"DataSource: {expected}\n" in text.replace("'", "").replace('"', "")
