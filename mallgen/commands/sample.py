"""mallgen api -o, mallgen rpc -o: a contract to start from, as goctl has it."""

import os

from mallgen.commands.starting import NAME
from mallgen.console import ENVIRONMENT, FINE, USAGE, report, say
from mallgen.diagnostics import Diagnostic
from mallgen.options import Values


def run(values: Values) -> int:
    """Write the sample whose kind the name of the file says; a file that exists is kept."""
    path = values.text("o")
    stem, end = os.path.splitext(os.path.basename(path))
    kind = "rpc" if end == ".proto" else "api"
    if end not in (".api", ".proto") or not NAME.fullmatch(stem):
        say(f"error[usage] `{path}` cannot be the name of a contract")
        say("  = help: use letters, digits and single dashes, a letter first: mallgen api -o my-shop.api")
        return USAGE
    from mallgen.emit import starter

    text = starter.rpc(stem) if kind == "rpc" else starter.api(stem)
    try:
        with open(path, "x", encoding="utf-8", newline="\n") as file:
            file.write(text)
    except FileExistsError:
        problem = Diagnostic("in-the-way", f"`{path}` exists", hint="choose another name: a sample replaces nothing")
        return report([problem], {}, "; nothing was written")
    except OSError as problem:
        message, hint = f"cannot write `{path}`: {problem.strerror}", "check the folder and the space that is left"
        report([Diagnostic("cannot-write", message, hint=hint, environment=True)], {}, "; nothing was written")
        return ENVIRONMENT
    command = f"api py -api {path} -dir ." if kind == "api" else f"rpc protoc {path}"
    say(f"{path}: a contract to start from; next: mallgen {command}")
    return FINE
