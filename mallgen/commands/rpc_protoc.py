"""mallgen rpc protoc: a proto becomes an RPC service."""

from collections.abc import Iterator

from mallgen.commands.writing import Output, Written, relative, write
from mallgen.console import FINE, counted, report, say
from mallgen.disk import Folder
from mallgen.lock import ContractLine
from mallgen.options import Values
from mallgen.proto import ProtoContract, resolve
from mallgen.protoc import compile_protos

NOTHING = "; nothing was written"


def run(values: Values) -> int:
    """Compile, render everything, then write."""
    from mallgen.emit.rpc import RpcOptions, emit

    paths = values.many("file")
    compiled = compile_protos(paths, values.many("proto_path"))
    if not compiled.descriptors:
        return report(compiled.diagnostics, compiled.texts, NOTHING)
    resolved = resolve(compiled.descriptors, compiled.roots)
    if resolved.contract is None:
        return report(resolved.diagnostics, compiled.texts, NOTHING)
    emitted = emit(resolved.contract, RpcOptions(client_only=values.flag("client-only")))
    code = report(emitted.diagnostics, compiled.texts, NOTHING)
    if not emitted.files:
        return code
    folder = values.text("zrpc_out") or values.text("dir")
    line = ContractLine("rpc", relative(paths[0], folder))
    output = Output(Folder(folder, say), line, emitted.files, values.flag("dry-run"), values.flag("quiet"))
    result = write(output)
    if result.code == FINE and not output.quiet:
        _tell(resolved.contract, output, result)
    if any(values.text(name) for name in ("go_out", "go-grpc_out")) and not output.quiet:
        say("--go_out and --go-grpc_out are for Go; mallgen puts Python's messages into pb/ of the package")
    return result.code


def _tell(contract: ProtoContract, output: Output, result: Written) -> None:
    methods = sum(len(service.methods) for service in contract.services)
    title = contract.package or contract.roots[0]
    say(f"{title}: {counted(len(contract.services), 'service')}, {counted(methods, 'RPC')}; {result.summary}")
    for step in _next_steps(contract, output, result):
        say(f"next: {step}")


def _next_steps(contract: ProtoContract, output: Output, result: Written) -> Iterator[str]:
    if output.dry_run:
        return
    package = next(step.path.partition("/")[0] for step in output.files if step.identity == "client")
    folder = output.folder.shown(".")
    if result.started:
        here = "" if folder == "." else f"cd {folder} && "
        yield f"{here}pip install -e . && python -m {package}"
    elif result.changed:
        yield f"mypy --strict {output.folder.shown(package)}  # points at the lines of yours that must follow"
