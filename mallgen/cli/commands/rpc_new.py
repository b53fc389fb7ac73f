"""mallgen rpc new: an RPC service that answers at once."""

from mallgen.cli.commands.scaffold import bad_name, start
from mallgen.cli.console import FINE, say
from mallgen.cli.options import Values
from mallgen.kinds.rpc import KIND
from mallgen.names import rpc_package, snake
from mallgen.target import Target


def run(values: Values) -> int:
    """Make NAME/NAME.proto and the service it describes."""
    name = values.text("name")
    code = bad_name(name, "rpc new")
    if code != FINE:
        return code
    from mallgen.emit import starter

    def targets(folder: str) -> list[Target]:
        return [Target(KIND.name, f"{folder}/{name}.proto", folder, bodies=starter.rpc_bodies(name))]

    code = start(name, {f"{name}.proto": starter.rpc(name)}, targets, values.flag("quiet"))
    if code == FINE and not values.flag("quiet"):
        say(f"next: cd {name} && pip install -e . && python -m {rpc_package(snake(name))}")
    return code
