"""The kind of .proto contracts whose RPCs are the topics of a queue: services that consume messages."""

from typing import TYPE_CHECKING

from mallgen.kinds.kind import JOINED, Kind
from mallgen.kinds.protos import FROM_FILENAME, INCLUDES, MORE, carried, options, read, version
from mallgen.kinds.tables import CHOICES, DATABASE, TABLES, counted_tables
from mallgen.kinds.target import Made, Target, made
from mallgen.proto.scan import package
from mallgen.text.visible import counted

if TYPE_CHECKING:
    from mallgen.breaking.services import ReadVersion, ServiceVersion


def _make(target: Target, prove: bool) -> Made:
    from mallgen.emit.rmq import emit

    found = read(target)
    contract = found.contract
    if contract is None:
        return Made("", "", (), found.diagnostics, found.sources)
    topics = sum(len(service.methods) for service in contract.services)
    subject = f"{target.called.name or contract.title}: {counted(topics, 'topic')}{counted_tables(found.tables)}"
    return made(subject, emit(contract, options(target, found, prove)), found.diagnostics, found.sources)


def _version(target: Target, service: "ServiceVersion") -> "ReadVersion":
    return version(target, service._replace(is_queue=True))


KIND = Kind(
    "rmq",
    (".proto",),
    _make,
    generate="rmq protoc {contract}",
    paths=(INCLUDES, MORE, TABLES),
    options=(FROM_FILENAME, DATABASE, *CHOICES),
    ready=JOINED,
    calls=True,
    identity="group",
    title=package,
    carried=carried,
    version=_version,
)
