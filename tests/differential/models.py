"""goctl's parse of a contract, brought into the shape that `api inspect` prints."""

import json
import re
from typing import Any

from mallgen.cli.commands.api_inspect import document
from mallgen.model import Contract


def difference(contract: Contract, theirs: dict[str, Any]) -> str:
    """Return the first part of a contract that goctl reads differently, empty when there is none.

    Groups that come from several files have no order: goctl imports in the random order of a Go map.
    """
    ours: Any = document(contract)
    groups = [group(found) for found in theirs["Groups"] or [] if found["Routes"]]
    if len({found.span.file for found in contract.groups}) > 1:
        ours["groups"], groups = sorted(ours["groups"], key=order), sorted(groups, key=order)
    for found in (member for one in ours["types"] for member in one["members"]):
        found["comment"] = found["comment"].rstrip()
    types = [structure(found) for found in theirs["Types"] or []]
    wanted = {"service": theirs["Service"], "types": types, "groups": groups}
    if "Info" in theirs:  # the goldens of the corpus have none
        wanted["info"] = theirs["Info"] or {}
    return next((part for part, value in wanted.items() if ours[part] != value), "")


def order(one: dict[str, Any]) -> tuple[str, str]:
    """Return a sort key for groups, for contracts where their order does not count."""
    return one["server"].get("group", ""), json.dumps(one, sort_keys=True)


def structure(found: dict[str, Any]) -> dict[str, Any]:
    """Convert a type: goctl keeps `X, Y int` as one member where inspect shows two."""
    keys = {"name": "Name", "type": "Type", "tag": "Tag", "comment": "Comment", "embedded": "Inline"}
    members = []
    for member in found["Members"] or []:
        row = {ours: member[theirs] for ours, theirs in keys.items()}
        row["type"], row["comment"] = _on_one_line(row["type"]), row["comment"].rstrip()
        members += [{**row, "name": name} for name in row["name"].split(", ")]
    return {"name": found["Name"], "members": members}


def group(found: dict[str, Any]) -> dict[str, Any]:
    """Convert a service block."""
    keys = {"method": "Method", "path": "Path", "handler": "Handler", "request": "Req", "response": "Resp"}
    routes = [
        {**{ours: route.get(theirs, "") for ours, theirs in keys.items()}, "doc": _doc(route)}
        for route in found["Routes"] or []
    ]
    return {"server": found["Server"] or {}, "routes": routes}


def _doc(route: dict[str, Any]) -> str:
    """Return a route's documentation; goctl keeps the quotation marks, and the pairs of `@doc (…)` in another field."""
    text: str = route.get("DocText") or (route.get("Doc") or {}).get("summary", "")
    return text.strip('"')


def _on_one_line(text: str) -> str:
    """Join a struct written in place, which goctl lays out over several lines with aligned columns."""
    lines = re.sub(r"[ \t]+", " ", re.sub(r"\s*\n\s*", "; ", text))
    return lines.replace("{; ", "{").replace("; }", "}")
