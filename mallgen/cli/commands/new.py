"""mallgen new: a workspace that runs, a BFF and a service that it calls."""

from mallgen.cli.commands.scaffold import bad_name, start
from mallgen.cli.console import FINE, say
from mallgen.cli.options import Values
from mallgen.kinds import http, rpc
from mallgen.target import Target
from mallgen.targets import every
from mallgen.workspace import read


def run(values: Values) -> int:
    """Make NAME with contracts, mallgen.toml and services."""
    name = values.text("name")
    code = bad_name(name, "new")
    if code != FINE:
        return code
    from mallgen.emit import starter

    bodies = {http.KIND.name: starter.calling_bodies(name), rpc.KIND.name: starter.greeter_bodies()}

    def targets(folder: str) -> list[Target]:
        return [found._replace(bodies=bodies[found.kind]) for found in every(read(f"{folder}/mallgen.toml"))]

    files = {
        "mallgen.toml": starter.workspace(name),
        "README.md": starter.readme(name),
        "pyproject.toml": starter.pytest_settings(name),
        ".gitattributes": starter.MERGED,
        ".gitignore": starter.IGNORED,
        f"contracts/{name}.api": starter.api(name),
        f"contracts/{starter.GREETER}.proto": starter.greeter(),
    }
    code = start(name, files, targets, values.flag("quiet"))
    if code == FINE and not values.flag("quiet"):
        say(f"next: cd {name} && mallgen dev")
        say(f"then: curl 'localhost:8888/v1/{name}?name=you'")
    return code
