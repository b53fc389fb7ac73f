"""Loads proto files: compiles and resolves them to a ProtoContract."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from mallgen.diagnostics import Diagnostic

if TYPE_CHECKING:
    from mallgen.proto.model import ProtoContract


class LoadedProtos(NamedTuple):
    """A contract, None when it has errors, with its diagnostics; `sources` are the texts of its files by path."""

    contract: "ProtoContract | None"
    diagnostics: tuple[Diagnostic, ...]
    sources: dict[str, str]


def load_protos(paths: Sequence[str], includes: Sequence[str], for_service: bool = True) -> LoadedProtos:
    """Compile and resolve proto files; without `includes` each file's own folder is searched for imports.

    `for_service=False`: no service will be made of them, so they may have none, or several packages.
    """
    from mallgen.proto.model import ProtoOrigin, resolve  # imported late, as protobuf takes 20 ms to import
    from mallgen.proto.protoc import compile_protos

    compiled = compile_protos(paths, includes)
    if not compiled.descriptors:
        return LoadedProtos(None, compiled.diagnostics, compiled.texts)
    origins = {name: ProtoOrigin(path, compiled.texts.get(path, "")) for name, path in compiled.paths.items()}
    resolved = resolve(compiled.descriptors, compiled.roots, origins, for_service)
    return LoadedProtos(resolved.contract, (*compiled.diagnostics, *resolved.diagnostics), compiled.texts)
