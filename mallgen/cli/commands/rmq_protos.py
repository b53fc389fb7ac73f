"""mallgen rmq protos: write the protos that come with mallgen, for programs that have no mallgen."""

import os

from mallgen.cli.console import ENVIRONMENT, FINE, report, say
from mallgen.cli.options import Values
from mallgen.diagnostics import Diagnostic
from mallgen.proto.imports import SHIPPED

_NAME = "mallgen/queue.proto"


def run(values: Values) -> int:
    """Write mallgen/queue.proto below a folder; one that was edited there is kept."""
    path = os.path.join(values.text("dir") or ".", _NAME)
    with open(os.path.join(SHIPPED, _NAME), encoding="utf-8") as file:
        text = file.read()
    try:
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "x", encoding="utf-8", newline="\n") as file:
            file.write(text)
    except FileExistsError:
        return _kept(path, text)
    except OSError as problem:
        message, hint = f"cannot write `{path}`: {problem.strerror}", "check the folder and the space that is left"
        report([Diagnostic("cannot-write", message, hint=hint, environment=True)], {}, "; nothing was written")
        return ENVIRONMENT
    say(f"{path}: written; protoc finds it by -I {values.text('dir') or '.'}")
    return FINE


def _kept(path: str, text: str) -> int:
    """Report a file that is there already, which is fine when it is the same."""
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            found = file.read()
    except OSError:
        found = ""
    if found == text:
        say(f"{path}: is current")
        return FINE
    problem = Diagnostic("in-the-way", f"`{path}` exists and differs", hint="remove it, or choose another folder")
    return report([problem], {}, "; nothing was written")
