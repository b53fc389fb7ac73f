"""mallgen alone: what is here, and what to do next."""

import os

from mallgen.console import FINE, counted, out, report, say
from mallgen.disk import Folder, Refused
from mallgen.lock import NAME, BadLock, Lock, parse


def run() -> int:
    """The contracts and the generated folders of the current directory, and the next command."""
    try:
        with Folder(".", say).turn(shared=True):
            lock = _lock()
    except Refused as problem:
        return report(problem.diagnostics, {}, "")
    contracts = sorted(name for name in os.listdir(".") if name.endswith(".api"))
    if lock is not None and lock.contracts:
        for line in lock.contracts:
            owned = sum(record.contract == line.path for record in lock.files)
            out(f"generated here from {line.path}: {counted(owned, 'file')}")
        out(f"next: mallgen api py -api {lock.contracts[0].path} -dir .")
    elif contracts:
        out(f"contracts here: {', '.join(contracts)}")
        out(f"next: mallgen api py -api {contracts[0]} -dir .")
    else:
        out("no contract here")
        out("next: mallgen api new NAME")
    out("help: mallgen --help")
    return FINE


def _lock() -> Lock | None:
    try:
        with open(NAME, encoding="utf-8") as file:
            return parse(file.read())
    except (OSError, UnicodeDecodeError, BadLock):
        return None
