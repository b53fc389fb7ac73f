"""The common part of services made from a `.proto`, whether their RPCs are called or are topics."""

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from msgspec import Struct

from mallgen.diagnostics import Diagnostic
from mallgen.emit import LogicBody, calling
from mallgen.emit.protobuf import Modules
from mallgen.emit.service import Wiring
from mallgen.emit.tables import ServiceTables
from mallgen.output.signature import SettingsBlock
from mallgen.proto.model import ProtoContract, Use
from mallgen.python import names
from mallgen.python.code import Code, PyIdent
from mallgen.python.layout import Imports
from mallgen.text.limits import DEFAULT

if TYPE_CHECKING:  # a service without tables does not need it
    from mallgen.emit.model.files import TableSet


class ProtoOptions(Struct, frozen=True):
    """The options of an emitter beyond the contract itself.

    `name`, `package` and `key` replace those derived from the proto, unless empty. `bodies` are pairs of an RPC's path
    and its logic; the others become stubs. `from_filename` names the service after the file. `uses` are the services
    that this one calls, `tables` those of its database. `prove` compiles each generated module; `most` limits the bytes
    of all files.
    """

    bodies: tuple[tuple[str, LogicBody], ...] = ()
    from_filename: bool = False
    name: str = ""
    package: str = ""
    key: str = ""
    uses: tuple[Use, ...] = ()
    tables: "TableSet | None" = None
    prove: bool = True
    most: int = DEFAULT.output


class NamedService(NamedTuple):
    """A service's contract with the names chosen for it, before anything is rendered.

    `key` is the name under which it is found: of its instances in the registry, `order.rpc` as goctl writes it, or of
    its consumer group, `seckill.rmq`.
    """

    contract: ProtoContract
    title: str
    package: PyIdent
    key: str
    uses: tuple[Use, ...]
    tables: ServiceTables

    @property
    def messages(self) -> Modules:
        """The modules of the service's own pb package."""
        return Modules(Code(f"{self.package}.pb"))

    @property
    def used_services(self) -> tuple[calling.UsedService, ...]:
        """The used services, as wiring.py needs them."""
        return calling.used_services(self.uses, self.package)

    def problems(self) -> Iterator[Diagnostic]:
        """Yield an error when the package would hide a library."""
        if names.is_taken(self.package):
            message = f"the package `{self.package}` would shadow a library of that name"
            span = self.contract.services[0].span
            yield Diagnostic("taken-name", message, span, "give the proto another package")

    def blocks(self) -> tuple[SettingsBlock, ...]:
        """Return the blocks of the settings that used services and tables ask for."""
        used = calling.settings(self.used_services)
        return (*(SettingsBlock(key, (f"{key}:", *lines), False) for key, lines in used), *self.tables.blocks)

    def wiring(self, imports: Imports, base: PyIdent, own: Sequence[Code] = ()) -> Wiring:
        """Return wiring.py; `base` is the class of its settings, `own` are fields for the kind alone."""
        imports.add("typing", "TypeVar")
        imports.add("mallgen_runtime", "ServiceBase")
        has_outbox = self.tables.has_outbox
        used = calling.statements(self.used_services, imports, has_outbox)
        outbox = calling.outbox(self.used_services, imports) if has_outbox else []
        return Wiring(
            what=f"What every {self.title} service has.",
            asks=f"Settings that {self.title} asks for.",
            base=base,
            imports=imports,
            fields=[*own, *calling.fields(self.used_services, imports), *self.tables.fields(imports)],
            statements=[*used, *self.tables.statements(imports), *outbox],
        )


def named(contract: ProtoContract, options: ProtoOptions, kind: str, package: Callable[[str], PyIdent]) -> NamedService:
    """Return the service with its names: given ones, or those of the proto. `kind` ends its key."""
    title = options.name or (contract.stem if options.from_filename else contract.title)
    own = PyIdent(options.package) if options.package else package(title)
    key = options.key or f"{title.lower()}.{kind}"
    return NamedService(contract, title, own, key, options.uses, ServiceTables(options.tables, own))
