"""mallgen lsp: run the language server for an editor."""

from importlib import import_module
from importlib.util import find_spec

from mallgen.cli.console import report
from mallgen.cli.options import Values
from mallgen.diagnostics import Diagnostic


def run(values: Values) -> int:
    """Serve over stdin and stdout until the editor stops it."""
    if find_spec("pygls") is None:
        message = "the language server needs pygls, which is not installed"
        hint = "in a clone: pip install '.[lsp]'; from wheels: pip install --find-links DIR 'mallgen[lsp]'"
        return report([Diagnostic("no-pygls", message, hint=hint, environment=True)], {}, "")
    return int(import_module("mallgen.languageserver.server").Server().serve())
