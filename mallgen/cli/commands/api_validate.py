"""mallgen api validate: check a contract for errors."""

from mallgen.cli.console import verdict
from mallgen.cli.options import Values
from mallgen.loading.load import load


def run(values: Values) -> int:
    """Print `api format ok`, goctl's own words, or the errors."""
    loaded = load(values.text("api"), values.flag("allow-outside"))
    if loaded.contract is not None:
        from mallgen.emit.http.judge import judged  # a contract with errors needs no emitter

        loaded = judged(loaded)
    return verdict(loaded.diagnostics, loaded.sources, "api format ok")
