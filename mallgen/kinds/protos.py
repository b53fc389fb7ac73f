"""The parts of a target whose contract is a .proto, whatever is made of it."""

from typing import TYPE_CHECKING, NamedTuple

from mallgen.diagnostics import Diagnostic
from mallgen.kinds.tables import ReadTables, tables_of
from mallgen.kinds.target import Target
from mallgen.kinds.using import Callees, used
from mallgen.loading.sources import limits
from mallgen.proto.load import load_protos

if TYPE_CHECKING:
    from mallgen.breaking.services import ReadVersion, ServiceVersion
    from mallgen.emit.protoservice import ProtoOptions
    from mallgen.proto.model import ProtoContract
    from mallgen.tablerules.carriers import Carrier

INCLUDES, MORE, FROM_FILENAME = "-I", "with", "name-from-filename"


class ReadTarget(NamedTuple):
    """The contract of a target, None after any error, with the services that it calls and its tables."""

    contract: "ProtoContract | None"
    uses: Callees
    tables: ReadTables
    diagnostics: tuple[Diagnostic, ...]
    sources: dict[str, str]


def read(target: Target) -> ReadTarget:
    """Read all that a target with a .proto is made of."""
    loaded = load_protos(protos(target), target.option(INCLUDES))
    uses, tables = used(target.uses), tables_of(target)
    problems = (*loaded.diagnostics, *uses.diagnostics, *tables.diagnostics)
    sources = {**loaded.sources, **uses.sources, **tables.sources}
    contract = None if uses.failed or tables.failed else loaded.contract
    return ReadTarget(contract, uses, tables, problems, sources)


def options(target: Target, found: ReadTarget, prove: bool) -> "ProtoOptions":
    """Return the options of the emitter of a target with a .proto."""
    from mallgen.emit.protoservice import ProtoOptions

    return ProtoOptions(
        bodies=target.bodies,
        from_filename=bool(target.option(FROM_FILENAME)),
        name=target.called.name,
        package=target.called.package,
        key=target.called.key,
        uses=found.uses.found,
        tables=found.tables.found,
        prove=prove,
        most=limits().output,
    )


def protos(target: Target) -> tuple[str, ...]:
    """Return the files of a target's contract."""
    return (target.contract, *target.option(MORE))


def carried(target: Target) -> tuple[tuple["Carrier", ...], dict[str, str]]:
    """Return the contract's messages, to be held beside tables, with the texts of its files."""
    from mallgen.tablerules.proto_carriers import of_proto

    loaded = load_protos(protos(target), target.option(INCLUDES))
    return tuple(of_proto(loaded.contract)) if loaded.contract is not None else (), loaded.sources


def version(target: Target, service: "ServiceVersion") -> "ReadVersion":
    """Return the service with its contract, to compare two versions of it."""
    from mallgen.breaking.services import ReadVersion

    loaded = load_protos(protos(target), target.option(INCLUDES), for_service=False)
    return ReadVersion(service._replace(proto=loaded.contract), loaded.diagnostics, loaded.sources)
