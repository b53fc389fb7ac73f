"""mallgen api py: generate an HTTP service from a contract."""

from mallgen.cli.console import USAGE, say
from mallgen.cli.options import Values
from mallgen.cli.writing import WriteOptions, current_workspace, generate, output_folder
from mallgen.kinds.http import KIND
from mallgen.kinds.target import Target
from mallgen.workspace.config import free_port
from mallgen.workspace.targets import of_member


def run(values: Values) -> int:
    """Generate the service of the contract; write only when everything was read and rendered without errors."""
    workspace = current_workspace()
    contract = values.text("api")
    if contract.endswith(".proto"):
        say(f"error[usage] `{contract}` is a proto, and `api py` reads .api files")
        say(f"  = help: mallgen rpc protoc {contract} --zrpc_out {values.text('dir') or '.'}")
        return USAGE
    folder = output_folder(workspace, contract, values.text("dir"))
    member = workspace.member_of(contract)
    target = Target(KIND.name, contract, folder)
    if member is not None:
        port = free_port(workspace, folder, KIND.first_port)
        target = of_member(member, workspace, port).into(folder)._replace(contract=contract)
    target = target._replace(outside=values.flag("allow-outside"))
    return generate(target, WriteOptions.by(values))
