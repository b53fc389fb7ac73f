"""Typed producers of a queue service's topics, for the service's own package and for those that use it."""

from mallgen.emit.calling import QUEUES, client_name
from mallgen.emit.messages import ClientView, MethodView, listed, reachable
from mallgen.emit.protobuf import Modules, Uses
from mallgen.proto.model import ProtoContract, prose
from mallgen.proto.topics import EMPTY, Topic, topics
from mallgen.python import names
from mallgen.python.code import Code, PyIdent
from mallgen.python.layout import Imports, call, docstring, exported, literal
from mallgen.python.render import Renderer

_TAKEN = ("Address", "Producer", "__init__", "key", "msg", "self", "str")


def producer(contract: ProtoContract, where: Modules, renderer: Renderer) -> str:
    """Return a module with a typed producer for each service, which also exports the messages that they send."""
    imports = Imports(where.package.partition(".")[0])
    imports.add(QUEUES.library, "Address")
    imports.add(QUEUES.library, "Producer")
    found = topics(contract)
    addresses = _addresses(found)
    clients = {client_name(service, QUEUES): service for service in contract.services}
    methods = [names.variable(topic.method.name) for topic in found]
    uses = Uses(where, imports, [*_TAKEN, *clients, *methods, *addresses.values()])
    views = [
        ClientView(
            name,
            docstring(prose(service.doc) or [f"Sends to the topics of {service.full_name}."], 4),
            tuple(_method(topic, addresses, uses) for topic in found if topic.service is service),
        )
        for name, service in clients.items()
    ]
    used = exported([*clients, *(PyIdent(uses.type(ref)) for ref in reachable(contract) if ref != EMPTY)])
    return renderer.python(
        "rmq/producer.py",
        module_docstring=docstring([f"Sends to the topics of {contract.title}; messages are imported from here."], 0),
        imports=imports.lines(),
        exported=listed(used),
        addresses=[_address(topic, name) for topic, name in addresses.items()],
        clients=views,
    )


def _addresses(found: tuple[Topic, ...]) -> dict[Topic, PyIdent]:
    """Return the name of each topic's constant: `ORDER_REQUESTED`."""
    scope = names.Scope(set(_TAKEN))
    return {topic: scope.add(PyIdent(f"{names.snake(topic.method.name)}".upper())) for topic in found}


def _address(topic: Topic, name: PyIdent) -> Code:
    args: list[Code] = [literal(topic.name), literal(topic.message)]
    args += [Code(f"key={literal(topic.key)}")] if topic.key else []
    return call(f"{name} = Address(", args)


def _method(topic: Topic, addresses: dict[Topic, PyIdent], uses: Uses) -> MethodView:
    given = Code(f"msg: {uses.type(topic.method.request)}")
    args = [Code("self"), given, Code("*"), Code("key: str | None = None")]
    return MethodView(
        call(f"async def {names.variable(topic.method.name)}(", args, ") -> None:", 4),
        docstring(prose(topic.method.doc) or [f"Send to {topic.name}."], 8),
        Code(f"await self._producer.send({addresses[topic]}, msg, key)"),
    )
