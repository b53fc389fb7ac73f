"""The kind of .api contracts: HTTP services."""

from mallgen.kinds.kind import HTTP_READY, Kind
from mallgen.kinds.target import Made, Target, made
from mallgen.kinds.using import used
from mallgen.loading.load import load
from mallgen.loading.sources import limits
from mallgen.text.visible import counted

_PORT = 8888  # as goctl writes it


def _make(target: Target, prove: bool) -> Made:
    from mallgen.emit.http.files import HttpOptions, emit

    loaded = load(target.contract, target.outside).strict()
    uses = used(target.uses)
    problems = (*loaded.diagnostics, *uses.diagnostics)
    sources = {**loaded.sources, **uses.sources}
    if loaded.contract is None or uses.failed:
        return Made("", "", (), problems, sources)
    contract = loaded.contract
    port = target.port or _PORT
    options = HttpOptions(
        port=port,
        bodies=target.bodies,
        uses=uses.found,
        name=target.called.name,
        package=target.called.package,
        prove=prove,
        most=limits().output,
    )
    emitted = emit(contract, options)
    routes = sum(len(group.routes) for group in contract.groups)
    title = target.called.name or contract.service
    subject = f"{title}: {counted(routes, 'route')}, {counted(len(contract.types), 'type')}"
    return made(subject, emitted, problems, sources)


KIND = Kind(
    "api",
    (".api",),
    _make,
    generate="api py -api {contract}",
    validate="api validate -api {contract}",
    first_port=_PORT,
    ready=HTTP_READY,
)
