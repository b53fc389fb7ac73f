"""mallgen api -o, mallgen rpc -o: write a contract to start from, as goctl does."""

import os
import re

from mallgen.cli.console import ENVIRONMENT, FINE, USAGE, report, say
from mallgen.cli.options import Values
from mallgen.diagnostics import Diagnostic
from mallgen.emit import starter
from mallgen.kinds.kind import kind_of_file

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9]*([-_][A-Za-z0-9]+)*")


def run(values: Values) -> int:
    """Write a sample contract with the suffix of the command's group; a file that exists is kept."""
    path, suffix = values.text("o"), values.text("suffix")
    stem, end = os.path.splitext(os.path.basename(path))
    if end != suffix or not _NAME.fullmatch(stem):
        kind = kind_of_file(f"x{suffix}").name
        say(f"error[usage] `{path}` cannot be the name of a {suffix} file")
        say(f"  = help: use letters, digits, single `-` and `_`, a letter first: mallgen {kind} -o my-shop{suffix}")
        return USAGE
    make = starter.api if suffix == ".api" else starter.rpc
    try:
        with open(path, "x", encoding="utf-8", newline="\n") as file:
            file.write(make(stem))
    except FileExistsError:
        problem = Diagnostic("in-the-way", f"`{path}` exists", hint="choose another name: a sample replaces nothing")
        return report([problem], {}, "; nothing was written")
    except OSError as problem:
        message, hint = f"cannot write `{path}`: {problem.strerror}", "check the folder and the space that is left"
        report([Diagnostic("cannot-write", message, hint=hint, environment=True)], {}, "; nothing was written")
        return ENVIRONMENT
    say(f"{path}: a contract to start from; next: mallgen {kind_of_file(path).generate.format(contract=path)} -dir .")
    return FINE
