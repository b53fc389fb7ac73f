"""mallgen api new: a project that answers at once."""

from mallgen.cli.commands.scaffold import bad_name, start
from mallgen.cli.console import FINE, say
from mallgen.cli.options import Values
from mallgen.kinds.http import KIND
from mallgen.names import http_package
from mallgen.target import Target


def run(values: Values) -> int:
    """Make NAME/NAME.api and the service it describes."""
    name = values.text("name")
    code = bad_name(name, "api new")
    if code != FINE:
        return code
    from mallgen.emit import starter

    def targets(folder: str) -> list[Target]:
        return [Target(KIND.name, f"{folder}/{name}.api", folder, bodies=starter.api_bodies(name))]

    code = start(name, {f"{name}.api": starter.api(name)}, targets, values.flag("quiet"))
    if code == FINE and not values.flag("quiet"):
        say(f"next: cd {name} && pip install -e . && python -m {http_package(starter.service(name))}")
        say(f"then: curl 'localhost:8888/v1/{name}?name=you'")
    return code
