"""mallgen rpc protoc: a proto becomes an RPC service."""

from mallgen.commands.writing import Asked, around, place, produce
from mallgen.console import FINDINGS, FINE, USAGE, say
from mallgen.options import Values
from mallgen.targets import Target, of_member
from mallgen.workspace import free_port


def run(values: Values) -> int:
    """Compile, render everything, then write."""
    workspace = around()
    if workspace is None:
        return FINDINGS
    contract, *more = values.many("file")
    if contract.endswith(".api"):
        say(f"error[usage] `{contract}` is a contract for HTTP, and `rpc protoc` reads .proto files")
        say(f"  = help: mallgen api py -api {contract} -dir {values.text('zrpc_out') or values.text('dir') or '.'}")
        return USAGE
    folder = place(workspace, contract, values.text("zrpc_out") or values.text("dir"))
    member = workspace.of(contract)
    known = of_member(member, workspace) if member is not None else Target("rpc", contract, folder)
    target = known.into(folder)._replace(
        contract=contract,
        more=tuple(more),
        includes=values.many("proto_path") or known.includes,
        client_only=values.flag("client-only"),
        from_filename=values.flag("name-from-filename"),
        port=free_port(workspace, folder, 8080) if member is not None else 0,
    )
    asked = Asked.by(values)
    code = produce(target, asked)
    if code == FINE and not asked.quiet and any(values.text(name) for name in ("go_out", "go-grpc_out", "style")):
        say("--go_out, --go-grpc_out and --style are for Go; mallgen puts Python's messages into pb/ of the package")
    return code
