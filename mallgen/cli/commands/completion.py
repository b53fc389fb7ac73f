"""mallgen completion: print the script that makes a shell complete mallgen's commands."""

from mallgen.cli.console import FINE, out
from mallgen.cli.options import COMPLETING, Values


def run(values: Values) -> int:
    """Print the script for the shell that was named."""
    from typer._completion_shared import get_completion_script

    out(get_completion_script(prog_name="mallgen", complete_var=COMPLETING, shell=values.text("shell")))
    return FINE
