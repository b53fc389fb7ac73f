"""mallgen rpc protoc, mallgen rmq protoc: generate a service and its client or producer from .proto files."""

import os

from mallgen.cli.console import FINE, USAGE, say
from mallgen.cli.options import Values
from mallgen.cli.writing import WriteOptions, current_workspace, generate, output_folder
from mallgen.kinds.kind import kind_named
from mallgen.kinds.protos import FROM_FILENAME, INCLUDES, MORE
from mallgen.kinds.rpc import CLIENT_ONLY
from mallgen.kinds.target import Target
from mallgen.workspace.config import NAME, free_port
from mallgen.workspace.targets import of_member


def run(values: Values) -> int:
    """Generate the service of the protos; write only when everything was compiled and rendered without errors."""
    workspace = current_workspace()
    kind = kind_named(values.text("kind"))
    contract, *more = values.many("file")
    if contract.endswith(".api"):
        say(f"error[usage] `{contract}` is a contract for HTTP, and `{kind.name} protoc` reads .proto files")
        say(f"  = help: mallgen api py -api {contract} -dir {values.text('zrpc_out') or values.text('dir') or '.'}")
        return USAGE
    given = {os.path.normpath(path) for path in (values.text("zrpc_out"), values.text("dir")) if path}
    if len(given) > 1:
        say(f"error[usage] --zrpc_out and --dir name two folders: {', '.join(sorted(given))}")
        say("  = help: both mean the folder of the service: leave one out")
        return USAGE
    folder = output_folder(workspace, contract, values.text("zrpc_out") or values.text("dir"))
    member = workspace.member_of(contract)
    if member is not None and member.kind != kind.name:
        say(f"error[usage] `{contract}` is a contract of kind {member.kind} in {NAME}, not {kind.name}")
        say(f"  = help: mallgen {member.kind} protoc {contract}, or correct `kind` below [service.{member.name}]")
        return USAGE
    known = of_member(member, workspace) if member is not None else Target(kind.name, contract, folder)
    options: dict[str, tuple[str, ...] | bool] = {
        MORE: tuple(more),
        INCLUDES: values.many("proto_path") or known.option(INCLUDES),
        CLIENT_ONLY: values.flag("client-only"),
        FROM_FILENAME: values.flag("name-from-filename"),
    }
    port = free_port(workspace, folder, kind.first_port) if member is not None and kind.first_port else 0
    target = known.into(folder).having(options)._replace(contract=contract, port=port)
    write_options = WriteOptions.by(values)
    code = generate(target, write_options)
    if (
        code == FINE
        and not write_options.quiet
        and any(values.text(name) for name in ("go_out", "go-grpc_out", "style"))
    ):
        say("--go_out, --go-grpc_out and --style are for Go; mallgen puts Python's messages into pb/ of the package")
    return code
