"""What became of a contract that was read. Pure."""

from typing import NamedTuple

from mallgen.diagnostics import Diagnostic, strict
from mallgen.model import Contract


class Loaded(NamedTuple):
    """A contract, or what is wrong with it; `sources` are the texts for code frames by file name.

    `view` is what could be understood of a contract whose files parse, wrong or not.
    """

    contract: Contract | None
    diagnostics: tuple[Diagnostic, ...]
    sources: dict[str, str]
    view: Contract | None = None

    def strict(self) -> "Loaded":
        """The same for who generates code: there is no contract when something in it is unfit."""
        found = strict(self.diagnostics)
        fit = not any(d.severity == "error" for d in found)
        return Loaded(self.contract if fit else None, found, self.sources, self.view)
