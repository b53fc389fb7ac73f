"""The kind of .proto contracts: RPC services, which other services call."""

from typing import TYPE_CHECKING

from mallgen.kinds.kind import REGISTERED, Kind
from mallgen.kinds.tables import CHOICES, DATABASE, TABLES, counted_tables, tables_of
from mallgen.kinds.target import Made, Target, made
from mallgen.kinds.using import used
from mallgen.loading.sources import limits
from mallgen.proto.load import load_protos
from mallgen.proto.scan import package
from mallgen.text.visible import counted

if TYPE_CHECKING:
    from mallgen.breaking.services import ReadVersion, ServiceVersion
    from mallgen.tablerules.carriers import Carrier

INCLUDES, MORE, CLIENT_ONLY, FROM_FILENAME = "-I", "with", "client-only", "name-from-filename"
_PORT = 8080  # as goctl writes it


def _make(target: Target, prove: bool) -> Made:
    from mallgen.emit.rpc import RpcOptions, emit

    loaded = load_protos((target.contract, *target.option(MORE)), target.option(INCLUDES))
    uses = used(target.uses)
    tables = tables_of(target)
    problems = (*loaded.diagnostics, *uses.diagnostics, *tables.diagnostics)
    sources = {**loaded.sources, **uses.sources, **tables.sources}
    if loaded.contract is None or uses.failed or tables.failed:
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
        tables=tables.found,
        prove=prove,
        most=limits().output,
    )
    emitted = emit(contract, options)
    methods = sum(len(service.methods) for service in contract.services)
    title = target.called.name or contract.title
    subject = (
        f"{title}: {counted(len(contract.services), 'service')}, {counted(methods, 'RPC')}{counted_tables(tables)}"
    )
    return made(subject, emitted, problems, sources)


def _carried(target: Target) -> tuple[tuple["Carrier", ...], dict[str, str]]:
    from mallgen.tablerules.proto_carriers import of_proto

    loaded = load_protos((target.contract, *target.option(MORE)), target.option(INCLUDES))
    return tuple(of_proto(loaded.contract)) if loaded.contract is not None else (), loaded.sources


def _version(target: Target, service: "ServiceVersion") -> "ReadVersion":
    from mallgen.breaking.services import ReadVersion

    protos = (target.contract, *target.option(MORE))
    loaded = load_protos(protos, target.option(INCLUDES), for_service=False)
    return ReadVersion(service._replace(proto=loaded.contract), loaded.diagnostics, loaded.sources)


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
    carried=_carried,
    version=_version,
)
