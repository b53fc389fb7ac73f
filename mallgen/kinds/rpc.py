"""The kind of .proto contracts: RPC services, which other services call."""

from mallgen.kinds.kind import REGISTERED, Kind
from mallgen.kinds.protos import FROM_FILENAME, INCLUDES, MORE, carried, options, read, version
from mallgen.kinds.tables import CHOICES, DATABASE, TABLES, counted_tables
from mallgen.kinds.target import Made, Target, made
from mallgen.proto.scan import package
from mallgen.text.visible import counted

CLIENT_ONLY = "client-only"
_PORT = 8080  # as goctl writes it


def _make(target: Target, prove: bool) -> Made:
    from mallgen.emit.rpc import RpcOptions, emit

    found = read(target)
    contract = found.contract
    if contract is None:
        return Made("", "", (), found.diagnostics, found.sources)
    from mallgen.proto.topics import ignored  # imported late, as protobuf takes 20 ms to import

    only = bool(target.option(CLIENT_ONLY))
    all_options = RpcOptions(options(target, found, prove), target.port or _PORT, only)
    methods = sum(len(service.methods) for service in contract.services)
    title = target.called.name or contract.title
    counts = f"{counted(len(contract.services), 'service')}, {counted(methods, 'RPC')}{counted_tables(found.tables)}"
    diagnostics = (*found.diagnostics, *ignored(contract))
    return made(f"{title}: {counts}", emit(contract, all_options), diagnostics, found.sources)


KIND = Kind(
    "rpc",
    (".proto",),
    _make,
    generate="rpc protoc {contract}",
    paths=(INCLUDES, MORE, TABLES),
    options=(CLIENT_ONLY, FROM_FILENAME, DATABASE, *CHOICES),
    first_port=_PORT,
    ready=REGISTERED,
    calls=True,
    title=package,
    carried=carried,
    version=version,
)
