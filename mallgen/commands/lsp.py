"""mallgen lsp: the language server, for editors."""

from importlib import import_module
from importlib.util import find_spec

from mallgen.console import ENVIRONMENT, say
from mallgen.options import Values


def run(values: Values) -> int:
    """Serve over stdin and stdout until the editor stops it."""
    if find_spec("pygls") is None:
        say("error[no-pygls] the language server needs pygls, which is not installed")
        say("  = help: pip install 'mallgen[lsp]'")
        return ENVIRONMENT
    return int(import_module("mallgen.languageserver.server").Server().serve())
