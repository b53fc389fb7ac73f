"""The picture of a workspace's services."""

import re
from itertools import combinations, pairwise
from pathlib import Path
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mallgen.emit.picture import Pictured, mermaid, svg
from tests.conftest import mallgen

ROOT = Path(__file__).resolve().parents[2]
_SVG = "{http://www.w3.org/2000/svg}"


@st.composite
def workspaces(draw: st.DrawFn) -> list[Pictured]:
    names = draw(st.lists(st.text("ab商<&\"'-", min_size=1, max_size=9), min_size=1, max_size=30, unique=True))
    uses = st.lists(st.sampled_from(names), max_size=6, unique=True).map(tuple)
    return [Pictured(name, draw(st.integers(0, 4)), "rpc", draw(st.booleans()), draw(uses)) for name in names]


@given(workspaces())
def test_each_service_is_in_it_once_and_hides_no_other(services: list[Pictured]) -> None:
    drawn = ElementTree.fromstring(svg(services))
    assert sorted(text.text or "" for text in drawn.iter(f"{_SVG}text") if text.get("class") is None) == sorted(
        service.name for service in services
    )
    boxes = [[int(rect.get(key, "")) for key in ("x", "y", "width", "height")] for rect in drawn.iter(f"{_SVG}rect")]
    wide, high = int(drawn.get("width", "")), int(drawn.get("height", ""))
    assert all(x >= 0 and y >= 0 and x + w <= wide and y + h <= high for x, y, w, h in boxes)
    for (x, y, w, h), (left, top, _, _) in combinations(boxes, 2):
        assert abs(x - left) > w or abs(y - top) > h
    arrows = [path for path in drawn.iter(f"{_SVG}path") if path.get("marker-end")]
    assert len(arrows) == sum(len(service.uses) for service in services)
    assert len(re.findall("-->|-\\.->", mermaid(services))) >= len(arrows)


def test_who_is_used_stands_below_who_uses_it() -> None:
    services = [
        Pictured("q", 2, "rmq", True, ()),
        Pictured("r", 1, "rpc", False, ("q",)),
        Pictured("a", 0, "", False, ("r",)),
    ]
    drawn = ElementTree.fromstring(svg(services))
    heights = {text.text: int(text.get("y", "")) for text in drawn.iter(f"{_SVG}text") if text.get("class") is None}
    assert all(heights[above] < heights[below] for above, below in pairwise("arq"))
    dashed = [path for path in drawn.iter(f"{_SVG}path") if path.get("class") == "dashed"]
    assert len(dashed) == 1


def test_the_picture_of_the_shop_is_current(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    assert mallgen("graph").out == (ROOT / "docs" / "services.svg").read_text("utf-8")


def test_mermaid(here: Path) -> None:
    contract = 'syntax = "v1"\nservice shop-api {\n  get /a\n}\n'
    proto = 'syntax = "proto3";\npackage stock;\nmessage A {}\nservice Stock {\n  rpc Get(A) returns (A);\n}\n'
    (here / "shop.api").write_text(contract)
    (here / "stock.proto").write_text(proto)
    (here / "mallgen.toml").write_text(
        '[service.shop]\ncontract = "shop.api"\ndir = "shop"\nuses = ["stock"]\n\n'
        '[service.stock]\ncontract = "stock.proto"\ndir = "stock"\n'
    )
    assert mallgen("graph", "-to", "mermaid") == (
        0,
        'flowchart TD\n  s0["shop<br/>api"]\n  s1["stock<br/>rpc"]\n  s0 --> s1\n',
        "",
    )


def test_without_a_workspace(here: Path) -> None:
    code, out, err = mallgen("graph")
    assert (code, out) == (3, "")
    assert "error[no-workspace]" in err
