"""The parts of an HTTP service that call RPC services; without used services, protobuf is never imported."""

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
    """The RPC services that one HTTP service uses."""

    def __init__(self, uses: tuple["Use", ...], package: PyIdent) -> None:
        self._uses = uses
        self._package = package

    def problems(self, models: tuple[str, ...]) -> Iterator[Diagnostic]:
        """Yield diagnostics for used services that cannot be in one process, which has models in some attributes."""
        if self._uses:
            from mallgen.emit import clients

            yield from clients.problems(self._uses, models=models)

    def settings(self) -> list[tuple[PyIdent, list[Code]]]:
        """Return the blocks of the YAML file: each a key, and the lines that follow it."""
        if not self._uses:
            return []
        from mallgen.emit import calling

        return calling.settings(calling.used_services(self._uses, self._package))

    @property
    def extras(self) -> tuple[str, ...]:
        """The extras of mallgen-runtime that its settings may ask for."""
        if not self._uses:
            return ()
        from mallgen.emit import calling

        return calling.queue_extras(self._uses)

    def wiring(self, imports: Imports, outbox: bool) -> tuple[list[Code], list[Code], list[Code]]:
        """Return the settings of wiring.py, the statements that make the clients, and those that make an outbox."""
        if not self._uses:
            return [], [], []
        from mallgen.emit import calling

        services = calling.used_services(self._uses, self._package)
        made = calling.outbox(services, imports) if outbox else []
        return calling.fields(services, imports), calling.statements(services, imports, outbox), made

    def classes(self) -> Iterator[ClassShape]:
        """Yield the classes of the package `rpc/`."""
        if self._uses:
            from mallgen.emit import clients

            yield from clients.used_classes(self._uses, self._package)

    def files(self, renderer: Renderer) -> Iterator[File]:
        """Yield the files of the package `rpc/`."""
        if self._uses:
            from mallgen.emit import clients

            yield from clients.client_files(self._uses, self._package, renderer)
