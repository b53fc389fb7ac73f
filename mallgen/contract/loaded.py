"""The result of loading a `.api` contract. Pure."""

from typing import NamedTuple

from mallgen.diagnostics import Diagnostic, strict
from mallgen.model import Contract


class Loaded(NamedTuple):
    """A contract, None when it has errors, with its diagnostics; `sources` are the texts of its files by name.

    `view` is the part of the contract that could be understood, errors or not; None when a file does not parse.
    """

    contract: Contract | None
    diagnostics: tuple[Diagnostic, ...]
    sources: dict[str, str]
    view: Contract | None = None

    def strict(self) -> "Loaded":
        """Return the result for a caller that generates code: `unfit` diagnostics count as errors."""
        diagnostics = strict(self.diagnostics)
        fit = not any(d.severity == "error" for d in diagnostics)
        return Loaded(self.contract if fit else None, diagnostics, self.sources, self.view)
