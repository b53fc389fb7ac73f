"""mallgen explain: print the page of an error's or warning's code."""

from mallgen.cli.console import FINE, USAGE, out, say
from mallgen.cli.options import Values
from mallgen.diagnostics.pages import pages
from mallgen.text.suggest import did_you_mean


def run(values: Values) -> int:
    """Print the page, or the list of all codes for `all`."""
    code, known = values.text("code").strip("[]"), pages()
    if code == "all":
        width = max(map(len, known))
        for name, text in known.items():
            out(f"{name.ljust(width)}  {text.splitlines()[0]}")
        return FINE
    if code not in known:
        say(f"error[usage] there is no code `{code}`")
        say(f"  = help: {did_you_mean(code, known) or 'mallgen explain all lists them'}")
        return USAGE
    out(f"{code}\n\n{known[code]}")
    return FINE
