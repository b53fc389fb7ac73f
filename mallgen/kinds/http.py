"""The kind of .api contracts: HTTP services."""

from typing import TYPE_CHECKING

from mallgen.kinds.kind import HTTP_READY, Kind
from mallgen.kinds.tables import CHOICES, DATABASE, TABLES, counted_tables, tables_of
from mallgen.kinds.target import Made, Target, made
from mallgen.kinds.using import used
from mallgen.loading.load import load
from mallgen.loading.sources import limits
from mallgen.model import Contract
from mallgen.text.visible import counted

if TYPE_CHECKING:
    from mallgen.breaking.services import ReadVersion, ServiceVersion
    from mallgen.tablerules.carriers import Carrier

_NOTHING_YET = ("empty-file", "no-service")  # no flaw of one version, which has nothing that can break
_PORT = 8888  # as goctl writes it


def _make(target: Target, prove: bool) -> Made:
    from mallgen.emit.http.files import HttpOptions, emit

    loaded = load(target.contract, target.outside).strict()
    uses = used(target.uses)
    tables = tables_of(target)
    problems = (*loaded.diagnostics, *uses.diagnostics, *tables.diagnostics)
    sources = {**loaded.sources, **uses.sources, **tables.sources}
    if loaded.contract is None or uses.failed or tables.failed:
        return Made("", "", (), problems, sources)
    contract = loaded.contract
    port = target.port or _PORT
    options = HttpOptions(
        port=port,
        is_admin=target.is_admin,
        bodies=target.bodies,
        uses=uses.found,
        tables=tables.found,
        name=target.called.name,
        package=target.called.package,
        prove=prove,
        most=limits().output,
    )
    emitted = emit(contract, options)
    routes = sum(len(group.routes) for group in contract.groups)
    title = target.called.name or contract.service
    subject = f"{title}: {counted(routes, 'route')}, {counted(len(contract.types), 'type')}{counted_tables(tables)}"
    return made(subject, emitted, problems, sources)


def _carried(target: Target) -> tuple[tuple["Carrier", ...], dict[str, str]]:
    from mallgen.tablerules.carriers import of_api

    loaded = load(target.contract, target.outside)
    return tuple(of_api(loaded.contract)) if loaded.contract is not None else (), loaded.sources


def _version(target: Target, service: "ServiceVersion") -> "ReadVersion":
    from mallgen.breaking.services import ReadVersion

    loaded = load(target.contract, target.outside)
    problems = tuple(one for one in loaded.diagnostics if one.code not in _NOTHING_YET)
    is_fine = loaded.contract is not None or any(one.severity == "error" for one in problems)
    api = loaded.contract if is_fine else loaded.view or Contract(target.contract, "", (), (), ())
    return ReadVersion(service._replace(api=api), problems, loaded.sources)


KIND = Kind(
    "api",
    (".api",),
    _make,
    generate="api py -api {contract}",
    validate="api validate -api {contract}",
    paths=(TABLES,),
    options=(DATABASE, *CHOICES),
    first_port=_PORT,
    ready=HTTP_READY,
    carried=_carried,
    version=_version,
)
