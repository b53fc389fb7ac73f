"""mallgen api py: a contract becomes an HTTP service."""

from collections.abc import Iterator

from mallgen.commands.writing import Output, Written, relative, write
from mallgen.console import FINE, counted, report, say
from mallgen.disk import Folder
from mallgen.driver import Loaded, load
from mallgen.lock import ContractLine
from mallgen.model import Contract
from mallgen.names import http_package
from mallgen.options import Values

NOTHING = "; nothing was written"


def run(values: Values) -> int:
    """Read everything, render everything, then write."""
    path, folder = values.text("api"), values.text("dir")
    loaded = load(path)
    if loaded.contract is None:
        return report(loaded.diagnostics, loaded.sources, NOTHING)
    return generate(loaded, loaded.contract, path, folder, values)


def generate(loaded: Loaded, contract: Contract, path: str, folder: str, values: Values) -> int:
    """Emit the service of `contract` and write it below `folder`."""
    from mallgen.emit.http import HttpOptions, emit

    emitted = emit(contract, HttpOptions())
    code = report((*loaded.diagnostics, *emitted.diagnostics), loaded.sources, NOTHING)
    if not emitted.files:
        return code
    line = ContractLine("api", relative(path, folder))
    output = Output(Folder(folder, say), line, emitted.files, values.flag("dry-run"), values.flag("quiet"))
    result = write(output)
    if result.code == FINE and not output.quiet:
        routes = sum(len(group.routes) for group in contract.groups)
        what = f"{contract.service}: {counted(routes, 'route')}, {counted(len(contract.types), 'type')}"
        say(f"{what}; {result.summary}")
        for step in _next_steps(result, output, contract):
            say(f"next: {step}")
    return result.code


def _next_steps(result: Written, output: Output, contract: Contract) -> Iterator[str]:
    if output.dry_run:
        return
    package, folder = http_package(contract.service), output.folder.shown(".")
    if result.started:
        here = "" if folder == "." else f"cd {folder} && "
        yield f"{here}pip install -e . && python -m {package}"
    elif result.changed:
        yield f"mypy --strict {output.folder.shown(package)}  # points at the lines of yours that must follow"
