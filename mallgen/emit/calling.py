"""The services that one calls, in its settings and in its wiring: clients of RPC services, producers of queues."""

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from mallgen.proto.model import Service, Use
from mallgen.python import names
from mallgen.python.code import Code, PyIdent
from mallgen.python.layout import Imports, call, literal, yaml_text


def etcd_block(key: str, indent: Code = Code("")) -> list[Code]:  # noqa: B008 - a constant
    """Return the lines of a commented-out Etcd block, which the user may enable."""
    lines = (Code("Etcd:"), Code("  Hosts:"), Code("    - 127.0.0.1:2379"), Code(f"  Key: {yaml_text(key)}"))
    return [Code(f"{indent}# {line}") for line in lines]


def _rpc_block(key: str) -> list[Code]:
    return [Code("  Timeout: 2000"), *etcd_block(key, Code("  "))]


def _queue_block(key: str) -> list[Code]:
    return [Code("  Format: json"), Code("  # Brokers:"), Code("  #   - 127.0.0.1:9092")]


class CalledKind(NamedTuple):
    """The names and settings by which services of one kind are called.

    `client` ends the name of the client's class, `ending` that of its attribute and setting in the caller, as `key`
    spells it in YAML. `own` is what the kind's services are called themselves: `order_rpc`. `library` has the class of
    the settings and the function that connects; `block` returns the lines of the settings, by the key that the service
    is registered under.
    """

    client: str
    ending: str
    key: str
    own: str
    library: str
    conf: str
    connect: str
    block: Callable[[str], list[Code]]


RPCS = CalledKind("Client", "_rpc", "RPC", "_rpc", "mallgen_runtime.rpc", "RpcClientConf", "connect", _rpc_block)
QUEUES = CalledKind(
    "Producer", "_queue", "Queue", "_rmq", "mallgen_runtime.queue", "ProducerConf", "produce", _queue_block
)
_KINDS = {"rpc": RPCS, "rmq": QUEUES}


def called_as(use: Use) -> CalledKind:
    """Return how a used service is called."""
    return _KINDS[use.kind]


def queue_extras(uses: Iterable[Use]) -> tuple[str, ...]:
    """Return the extras of mallgen-runtime that the settings of used queues may ask for."""
    return ("kafka", "queue") if any(called_as(use) is QUEUES for use in uses) else ()


def client_name(service: Service, kind: CalledKind = RPCS) -> PyIdent:
    """Return the name of a service's client class: `OrderClient` for `Order`."""
    return PyIdent(f"{names.class_name(service.name)}{kind.client}")


class UsedService(NamedTuple):
    """A used service in a caller's wiring.py: its setting, its registration key, its client module, its kind.

    `clients` are pairs of an attribute of the service context and a client class.
    """

    setting: PyIdent
    key: str
    module: str
    clients: tuple[tuple[PyIdent, PyIdent], ...]
    kind: CalledKind = RPCS


def used_services(uses: Iterable[Use], package: PyIdent) -> tuple[UsedService, ...]:
    """Return the services that a consumer uses, as its wiring needs them."""
    return tuple(_used_service(use, package) for use in uses)


def _used_service(use: Use, package: PyIdent) -> UsedService:
    kind = called_as(use)
    base = _base(use.name, kind)
    attributes = []
    plain = _plain(use.contract.services, base)
    for service in use.contract.services:
        own = "" if service is plain else f"_{names.snake(service.name)}"
        attributes.append((PyIdent(f"{base}{own}{kind.ending}"), client_name(service, kind)))
    key = use.key or f"{use.contract.title.lower()}{kind.own.replace('_', '.')}"
    module = f"{package}.rpc.{names.module(use.name)}"
    return UsedService(PyIdent(f"{base}{kind.ending}"), key, module, tuple(attributes), kind)


def _plain(services: Sequence[Service], base: str) -> Service:
    """Return the service whose client has no suffix: the one named as the used service is, else the first."""
    return next((service for service in services if names.snake(service.name) == base), services[0])


def fields(services: Sequence[UsedService], imports: Imports) -> list[Code]:
    """Return the settings of a consumer: one field per used service."""
    found = []
    for service in services:
        conf = imports.add(service.kind.library, service.kind.conf)
        imports.add("mallgen_runtime.schema", "field")
        found.append(call(f"{service.setting}: {conf} = field(", [f"default_factory={conf}"], indent=4))
    return found


def statements(services: Sequence[UsedService], imports: Imports, outbox: bool = False) -> list[Code]:
    """Return the statements that make the clients in a caller's service context.

    `outbox`: those behind the database make an outbox of the producers, which keep a name for it.
    """
    lines = []
    for service in services:
        connect = imports.add(service.kind.library, service.kind.connect)
        given = Code(f"{connect}(config.{service.setting}, {literal(service.key)})")
        channel = Code(f"self.keep({given})")
        if len(service.clients) > 1 or (outbox and service.kind is QUEUES):
            lines.append(call(f"{service.setting} = self.keep(", [given], indent=8))
            channel = service.setting
        for attribute, name in service.clients:
            local = imports.add(service.module, name, _local(name, service, services))
            lines.append(call(f"self.{attribute} = {local}(", [channel], indent=8))
    return lines


def outbox(services: Sequence[UsedService], imports: Imports) -> list[Code]:
    """Return the statement that makes the outbox of all producers; none without producers."""
    queues = [service.setting for service in services if service.kind is QUEUES]
    if not queues:
        return []
    made = imports.add("mallgen_runtime.queue.outbox", "Outbox")
    given = [Code("self.db"), call("[", queues, "]", 16)]
    return [call("self.outbox = self.keep(", [call(f"{made}(", given, indent=12)], indent=8)]


def _local(name: str, service: UsedService, services: Sequence[UsedService]) -> str:
    """Return a client's name in wiring.py, with its service's in front when two services have one of this name."""
    shared = any(name == other for one in services if one is not service for _, other in one.clients)
    return f"{names.class_name(service.setting.removesuffix(service.kind.ending))}{name}" if shared else name


def settings(services: Sequence[UsedService]) -> list[tuple[PyIdent, list[Code]]]:
    """Return the YAML blocks of a caller: each a key, and the lines that follow it."""
    return [
        (_go_name(service.setting.removesuffix(service.kind.ending), service.kind), service.kind.block(service.key))
        for service in services
    ]


def setting_of(name: str, kind: str) -> PyIdent:
    """Return the key of the block by which a service of that kind (rpc or rmq) is called: `OrderRPC` for `order`."""
    called = _KINDS[kind]
    return _go_name(_base(name, called), called)


def _base(name: str, kind: CalledKind) -> str:
    return names.snake(name).removesuffix(kind.own).removesuffix(kind.ending)


def _go_name(base: str, kind: CalledKind) -> PyIdent:
    """Return the key of a setting as the article behind examples/ writes it."""
    return PyIdent("".join(word.capitalize() for word in base.split("_")) + kind.key)
