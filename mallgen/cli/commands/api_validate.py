"""mallgen api validate: check a contract for errors."""

from mallgen.cli.console import verdict
from mallgen.cli.options import Values
from mallgen.emit.http.judge import judged
from mallgen.loading.load import load


def run(values: Values) -> int:
    """Print `api format ok`, goctl's own words, or the errors."""
    loaded = judged(load(values.text("api"), values.flag("allow-outside")))
    return verdict(loaded.diagnostics, loaded.sources, "api format ok")
