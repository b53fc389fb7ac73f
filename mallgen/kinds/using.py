"""The protos of the services that a service calls, for every kind of contract."""

from typing import TYPE_CHECKING, NamedTuple

from mallgen.diagnostics import Diagnostic
from mallgen.kinds.target import Used
from mallgen.proto.load import load_protos

if TYPE_CHECKING:
    from mallgen.proto.model import Use


class Callees(NamedTuple):
    """The loaded protos of the called services; `failed` when one of them cannot be read."""

    found: tuple["Use", ...]
    diagnostics: tuple[Diagnostic, ...]
    sources: dict[str, str]
    failed: bool


def used(uses: tuple[Used, ...]) -> Callees:
    """Load the contracts of the services that are called."""
    if not uses:
        return Callees((), (), {}, False)
    from mallgen.proto.model import Use

    found: list[Use] = []
    diagnostics: list[Diagnostic] = []
    sources: dict[str, str] = {}
    failed = False
    for one in uses:
        loaded = load_protos((one.contract,), one.includes)
        diagnostics += loaded.diagnostics
        sources |= loaded.sources
        if loaded.contract is None:
            failed = True
        else:
            found.append(Use(one.name, loaded.contract, one.key, one.kind))
    return Callees(tuple(found), tuple(diagnostics), sources, failed)
