"""mallgen api validate: is the contract sound?"""

from mallgen.console import FINE, out, report
from mallgen.driver import load
from mallgen.options import Values


def run(values: Values) -> int:
    """`api format ok`, goctl's own words, or the errors."""
    loaded = load(values.text("api"))
    code = report(loaded.diagnostics, loaded.sources, "")
    if code == FINE:
        out("api format ok")
    return code
