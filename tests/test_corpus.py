"""Other people's contracts: goctl's verdict on each file, and goctl's parse of the roots."""

import csv
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from mallgen.commands.api_inspect import document
from mallgen.driver import load


def test_verdicts_are_goctls(corpus: Path, record_property: Callable[[str, object], None]) -> None:
    with (corpus / "VERDICTS.tsv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    differing = {}
    for row in rows:
        name = f"{row['repo'].replace('/', '+')}/{row['path']}"
        if (corpus / name).is_file():
            loaded = load(str(corpus / name))
            if (loaded.contract is not None) != (row["spec_ok"] == "1"):
                differing[name] = loaded.diagnostics[0].message if loaded.diagnostics else "accepted"
    assert len(rows) > 150
    record_property("figure", f"verdicts of corpus files equal: {len(rows) - len(differing)} of {len(rows)}")
    assert not differing


def goldens(corpus: Path) -> list[tuple[str, dict[str, Any]]]:
    found = []
    for path in sorted((corpus / "golden").rglob("*.json")):
        golden = json.loads(path.read_text(encoding="utf-8"))
        name = path.relative_to(corpus / "golden").as_posix().removesuffix(".json")
        if not golden.get("Err"):
            found.append((name, golden))
    return found


def test_inspect_says_what_goctl_parsed(corpus: Path, record_property: Callable[[str, object], None]) -> None:
    compared = goldens(corpus)
    assert len(compared) >= 20
    for name, golden in compared:
        contract = load(str(corpus / name)).contract
        assert contract is not None, name
        ours: Any = document(contract)
        assert ours["service"] == golden["Service"]
        assert ours["info"] == (golden.get("Info") or {}), name
        assert ours["types"] == [structure(found) for found in golden.get("Types") or []], name
        groups, theirs = ours["groups"], [group(one) for one in golden.get("Groups") or []]
        if len({one.span.file for one in contract.groups}) > 1:
            groups, theirs = sorted(groups, key=order), sorted(theirs, key=order)
        assert groups == theirs, name
    record_property("figure", f"goldens equal: {len(compared)} of {len(compared)}")


def order(one: dict[str, Any]) -> tuple[str, str]:
    """goctl imports in the random order of a Go map: groups of one name from several files have no order."""
    return one["server"].get("group", ""), json.dumps(one, sort_keys=True)


def structure(found: dict[str, Any]) -> dict[str, Any]:
    keys = {"name": "Name", "type": "Type", "tag": "Tag", "comment": "Comment", "embedded": "Inline"}
    members = [{ours: member[theirs] for ours, theirs in keys.items()} for member in found["Members"] or []]
    for member in members:
        member["type"] = _on_one_line(member["type"])
    return {"name": found["Name"], "members": members}


def group(found: dict[str, Any]) -> dict[str, Any]:
    keys = {"method": "Method", "path": "Path", "handler": "Handler", "request": "Req", "response": "Resp"}
    routes = [
        {**{ours: route.get(theirs, "") for ours, theirs in keys.items()}, "doc": _doc(route)}
        for route in found["Routes"] or []
    ]
    return {"server": found["Server"] or {}, "routes": routes}


def _doc(route: dict[str, Any]) -> str:
    """goctl keeps the quotation marks and has the pairs of `@doc (…)` apart."""
    text: str = route.get("DocText") or (route.get("Doc") or {}).get("summary", "")
    return text.strip('"')


def _on_one_line(text: str) -> str:
    """goctl lays out a struct written in place over several lines, with aligned columns."""
    lines = re.sub(r"[ \t]+", " ", re.sub(r"\s*\n\s*", "; ", text))
    return lines.replace("{; ", "{").replace("; }", "}")
