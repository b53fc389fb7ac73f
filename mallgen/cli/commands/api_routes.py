"""mallgen api routes: the routes of a contract as a table."""

from mallgen.cli.console import out, report
from mallgen.cli.options import Values
from mallgen.loading.load import load
from mallgen.model import Contract, Group, Route, spell
from mallgen.text.width import width

HEAD = ("METHOD", "PATH", "HANDLER", "REQUEST", "RESPONSE", "GROUP", "GUARDS")


def run(values: Values) -> int:
    """Print one line per route, columns aligned."""
    loaded = load(values.text("api"), values.flag("allow-outside"))
    if loaded.contract is None:
        return report(loaded.diagnostics, loaded.sources, "")
    for line in table(loaded.contract):
        out(line)
    return report(loaded.diagnostics, loaded.sources, "")


def table(contract: Contract) -> list[str]:
    """Return the lines of the table, empty columns left out."""
    rows = [HEAD, *(_row(group, route) for group in contract.groups for route in group.routes)]
    used = [column for column in range(len(HEAD)) if any(row[column] for row in rows[1:])]
    widths = {column: max(width(row[column]) for row in rows) for column in used}
    return ["  ".join(_padded(row[column], widths[column]) for column in used).rstrip() for row in rows]


def _row(group: Group, route: Route) -> tuple[str, ...]:
    guards = [f"jwt:{group.jwt}"] if group.jwt else []
    guards += [f"roles:{'|'.join(group.roles)}"] if group.roles else []
    return (
        "WS" if route.websocket else route.method.upper(),
        route.full_path,
        route.handler,
        ", ".join(spell(ref) for ref in (route.request, route.message) if ref),
        spell(route.response) if route.response else "",
        group.group,
        " ".join([*guards, *group.middlewares]),
    )


def _padded(text: str, size: int) -> str:
    return text + " " * (size - width(text))
