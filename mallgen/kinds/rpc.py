"""The kind of .proto contracts: RPC services, which other services call."""

from mallgen.kinds.kind import REGISTERED, Kind
from mallgen.kinds.target import Made, Target, made
from mallgen.kinds.using import used
from mallgen.loading.sources import limits
from mallgen.proto.load import load_protos
from mallgen.proto.scan import package
from mallgen.text.visible import counted

INCLUDES, MORE, CLIENT_ONLY, FROM_FILENAME = "-I", "with", "client-only", "name-from-filename"
_PORT = 8080  # as goctl writes it


def _make(target: Target, prove: bool) -> Made:
    from mallgen.emit.rpc import RpcOptions, emit

    loaded = load_protos((target.contract, *target.option(MORE)), target.option(INCLUDES))
    uses = used(target.uses)
    problems = (*loaded.diagnostics, *uses.diagnostics)
    sources = {**loaded.sources, **uses.sources}
    if loaded.contract is None or uses.failed:
        return Made("", "", (), problems, sources)
    contract = loaded.contract
    options = RpcOptions(
        port=target.port or _PORT,
        bodies=target.bodies,
        client_only=bool(target.option(CLIENT_ONLY)),
        from_filename=bool(target.option(FROM_FILENAME)),
        name=target.called.name,
        package=target.called.package,
        key=target.called.key,
        uses=uses.found,
        prove=prove,
        most=limits().output,
    )
    emitted = emit(contract, options)
    methods = sum(len(service.methods) for service in contract.services)
    title = target.called.name or contract.title
    subject = f"{title}: {counted(len(contract.services), 'service')}, {counted(methods, 'RPC')}"
    return made(subject, emitted, problems, sources)


KIND = Kind(
    "rpc",
    (".proto",),
    _make,
    generate="rpc protoc {contract}",
    paths=(INCLUDES, MORE),
    options=(CLIENT_ONLY, FROM_FILENAME),
    first_port=_PORT,
    ready=REGISTERED,
    calls=True,
    title=package,
)
