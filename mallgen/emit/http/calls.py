"""What a BFF has of the RPC services that it uses; protobuf is imported only where there are some."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from mallgen.diagnostics import Diagnostic
from mallgen.output.files import File
from mallgen.output.signature import ClassShape
from mallgen.python.code import Code, PyIdent
from mallgen.python.layout import Imports
from mallgen.python.render import Renderer

if TYPE_CHECKING:
    from mallgen.proto.model import Use


class Calls:
    """The used services of one BFF."""

    def __init__(self, uses: tuple["Use", ...], package: PyIdent) -> None:
        self._uses = uses
        self._package = package

    def problems(self) -> Iterator[Diagnostic]:
        """Uses that cannot live in one process."""
        if self._uses:
            from mallgen.emit import clients

            yield from clients.problems(self._uses)

    def settings(self) -> list[tuple[PyIdent, list[Code]]]:
        """The blocks of the yaml."""
        if not self._uses:
            return []
        from mallgen.emit import clients

        return clients.settings(clients.wired(self._uses, self._package))

    def wiring(self, imports: Imports) -> tuple[list[Code], list[Code]]:
        """The settings of wiring.py, and the statements that make the clients."""
        if not self._uses:
            return [], []
        from mallgen.emit import clients

        wired = clients.wired(self._uses, self._package)
        return clients.fields(wired, imports), clients.made(wired, imports)

    def classes(self) -> Iterator[ClassShape]:
        """The classes of the package `rpc/`."""
        if self._uses:
            from mallgen.emit import clients

            yield from clients.used_classes(self._uses, self._package)

    def files(self, renderer: Renderer) -> Iterator[File]:
        """The package `rpc/`."""
        if self._uses:
            from mallgen.emit import clients

            yield from clients.used(self._uses, self._package, renderer)
