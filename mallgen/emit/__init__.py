"""One module per output: emit(contract, options) → files."""

from typing import NamedTuple

from mallgen.diagnostics import Diagnostic
from mallgen.tree import File


class Emitted(NamedTuple):
    """The files in the order they are reported; none when there is an error among `diagnostics`."""

    files: tuple[File, ...]
    diagnostics: tuple[Diagnostic, ...]
