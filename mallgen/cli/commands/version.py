"""mallgen --version"""

from mallgen import __version__
from mallgen.cli.console import FINE, out


def run() -> int:
    """Name and version."""
    out(f"mallgen {__version__}")
    return FINE
