"""mallgen api inspect: a contract as JSON, in goctl's order."""

import msgspec

from mallgen.cli.console import out, report
from mallgen.cli.options import Values
from mallgen.loading.load import load
from mallgen.model import Contract, Group, Member, Route, Type, spell


def run(values: Values) -> int:
    """Print the JSON document."""
    loaded = load(values.text("api"), values.flag("allow-outside"))
    if loaded.contract is None:
        return report(loaded.diagnostics, loaded.sources, "")
    out(msgspec.json.format(msgspec.json.encode(document(loaded.contract)), indent=2).decode())
    return report(loaded.diagnostics, loaded.sources, "")


def document(contract: Contract) -> dict[str, object]:
    """Return the contract as plain values, in goctl's order."""
    return {
        "info": {pair.key: pair.value for pair in contract.info},
        "service": contract.service,
        "types": [_type(found) for found in contract.types],
        "groups": [_group(group) for group in contract.groups],
    }


def _type(found: Type) -> dict[str, object]:
    return {"name": found.name, "members": [row for member in found.members for row in _member(member)]}


def _member(member: Member) -> list[dict[str, object]]:
    kind = spell(member.type)
    return [
        {
            "name": "" if member.embedded else name,
            "type": kind,
            "tag": member.tag,
            "comment": member.comment,
            "embedded": member.embedded,
        }
        for name in member.names
    ]


def _group(group: Group) -> dict[str, object]:
    return {
        "server": {pair.key: pair.value for pair in group.server},
        "routes": [_route(route) for route in group.routes],
    }


def _route(route: Route) -> dict[str, object]:
    return {
        "method": route.method.lower(),
        "path": route.path,
        "handler": route.handler,
        "request": spell(route.request) if route.request else "",
        "response": spell(route.response) if route.response else "",
        "doc": route.doc,
    }
