"""User files that are symbolic links: compared through a link that stays inside, never written through one."""

from pathlib import Path

import pytest

from tests.conftest import mallgen
from tests.drift.test_sync import API, BODY, LOGIC, made

SHARED = "shared/greet.py"
LATER = API.replace("returns (Greeting)", "returns ([]Greeting)")


def linked(root: Path, target: str, body: str = BODY) -> None:
    made(root, body.encode())
    place = root / SHARED
    place.parent.mkdir()
    (root / LOGIC).rename(place)
    (root / LOGIC).symlink_to(target)


def test_a_link_to_a_file_inside_is_compared(here: Path) -> None:
    linked(here, "../../shared/greet.py")
    assert mallgen("check").code == 0
    (here / "a.api").write_text(LATER)
    assert mallgen("gen", "-dir", ".", "-q").code == 0
    ran = mallgen("check")
    assert ran.code == 1
    assert "the result is `Greeting`, the contract says `list[Greeting]`" in ran.err
    assert "sync does not write through this link to `shared/greet.py`" in ran.err


def test_sync_leaves_the_link_and_what_it_leads_to(here: Path) -> None:
    linked(here, "../../shared/greet.py")
    (here / "a.api").write_text(LATER)
    ran = mallgen("sync", "-dir", ".", "--apply")
    assert (ran.code, (here / LOGIC).is_symlink(), (here / SHARED).read_bytes()) == (1, True, BODY.encode())
    (here / SHARED).write_text(BODY.replace("->Greeting", "->list[Greeting]"))
    assert (mallgen("sync", "-dir", ".", "--apply").code, mallgen("check").code) == (0, 0)


def test_an_absolute_link_through_another_is_followed(here: Path) -> None:
    linked(here, str(here / "shared" / "second.py"))
    (here / "shared" / "second.py").symlink_to("greet.py")
    assert mallgen("check").code == 0
    (here / SHARED).write_text("def")
    assert "this is not Python" in mallgen("check").err


@pytest.mark.parametrize("target", ["../../../outside.py", "../../shared/gone.py", "greet_logic.py"])
def test_what_cannot_be_compared_is_said(here: Path, target: str) -> None:
    linked(here, target)
    (here.parent / "outside.py").write_text(BODY)
    ran = mallgen("check")
    assert ran.code == 0
    assert f"warning[not-compared] `{LOGIC}` is a link that leads" in ran.err


def test_an_orphan_that_is_a_link_is_left(here: Path) -> None:
    linked(here, "../../shared/greet.py")
    (here / "a.api").write_text(API.replace("Greet\n", "Other\n").replace("get /greet", "post /other/:id"))
    assert mallgen("gen", "-dir", ".", "-q").code == 0
    assert mallgen("prune", "-dir", ".", "--force").code == 0
    assert ((here / LOGIC).is_symlink(), (here / SHARED).read_bytes()) == (True, BODY.encode())
