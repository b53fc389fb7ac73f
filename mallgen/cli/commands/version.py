"""mallgen --version: print the version."""

from mallgen import __version__
from mallgen.cli.console import FINE, out


def run() -> int:
    """Print name and version."""
    out(f"mallgen {__version__}")
    return FINE
