"""mallgen api new: a project that answers at once."""

import os
import re

from mallgen.commands.writing import Output, write
from mallgen.console import FINE, USAGE, report, say
from mallgen.diagnostics import Diagnostic
from mallgen.disk import Folder
from mallgen.driver import load_text
from mallgen.lock import ContractLine
from mallgen.names import http_package
from mallgen.options import Values
from mallgen.tree import File, Owner

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9]*(-[A-Za-z0-9]+)*")
NOTHING = "; nothing was written"


def run(values: Values) -> int:
    """Write NAME/NAME.api and the service it describes."""
    name = values.text("name")
    if not _NAME.fullmatch(name):
        say(f"error[usage] `{name}` cannot be a project's name")
        say("  = help: use letters, digits and single dashes, a letter first: mallgen api new my-shop")
        return USAGE
    problem = _in_the_way(name)
    if problem is not None:
        return report([problem], {}, NOTHING)
    from mallgen.emit.http import emit, starter

    text = starter.contract(name)
    loaded = load_text(text, f"{name}.api")
    assert loaded.contract is not None, loaded.diagnostics
    files = emit(loaded.contract, starter.options(name)).files
    contract = File(f"{name}.api", text, Owner.ONCE, "")
    line = ContractLine("api", f"{name}.api")
    written = write(Output(Folder(name, say), line, (contract, *files), dry_run=False, quiet=values.flag("quiet")))
    if written.code == FINE and not values.flag("quiet"):
        package = http_package(loaded.contract.service)
        say(f"{name}: {written.summary}")
        say(f"next: cd {name} && pip install -e . && python -m {package}")
        say(f"then: curl 'localhost:8888/v1/{name}?name=you'")
    return written.code


def _in_the_way(name: str) -> Diagnostic | None:
    if os.path.lexists(name) and not (os.path.isdir(name) and not os.listdir(name)):
        return Diagnostic("in-the-way", f"`{name}` exists and is not an empty folder", hint="choose another name")
    return None
