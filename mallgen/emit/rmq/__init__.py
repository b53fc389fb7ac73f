"""The emitter of queue services: turns a `.proto` contract into the files of a Python service that consumes topics."""

from collections.abc import Iterator

from msgspec import Struct

from mallgen._built.settings import CLASSES
from mallgen.diagnostics import Diagnostic
from mallgen.emit import (
    NAMES_OF_SETTINGS_CLASSES,
    Emitted,
    LogicBody,
    UserText,
    calling,
    clients,
    emitted,
    too_much,
    typed,
)
from mallgen.emit.calling import QUEUES
from mallgen.emit.clients import CallSignature
from mallgen.emit.messages import MethodView
from mallgen.emit.producers import producer
from mallgen.emit.protobuf import Uses, modules
from mallgen.emit.protoservice import NamedService, ProtoOptions, named
from mallgen.emit.service import DEV, Skeleton, Wiring, init, wiring
from mallgen.output.files import File
from mallgen.output.records import Owner, Role
from mallgen.output.signature import Imported, Param, Signature
from mallgen.proto.model import ProtoContract, Use, prose
from mallgen.proto.topics import Topic, problems, topics
from mallgen.python import names
from mallgen.python.code import Code, PyIdent, code
from mallgen.python.layout import Imports, call, docstring, literal, yaml_text
from mallgen.python.render import Renderer, TooMuch

_OWN_SETTINGS = frozenset(key.lower() for key in CLASSES["QueueServerConf"])
_CONSUMER_NAMES = ("BatchTopic", "MessageContext", "ServiceContext", "TOPICS", "Topic", "list", "tuple")
_LOGIC_NAMES = ("MessageContext", "NotImplementedError", "ServiceContext", "__init__", "list", "msg", "msgs", "self")


class QueueLayout(Struct, frozen=True):
    """A named service, as the files of a queue service need it."""

    service: NamedService
    topics: tuple[Topic, ...]

    @property
    def package(self) -> PyIdent:
        """The Python package."""
        return self.service.package

    @property
    def skeleton(self) -> Skeleton:
        """The facts that the common files of a service are made from."""
        title, package = self.service.title, self.package
        distribution = package.replace("_", "-")
        drivers = ("kafka", *self.service.tables.extras)
        dev = (*DEV, "types-protobuf>=5.29")
        return Skeleton(title, package, distribution, ("queue",), "rmq/test.py", "rmq/hooks.py", dev, drivers)

    def setting(self, topic: Topic) -> PyIdent:
        """Return the attribute of the settings that a topic has for itself."""
        return names.variable(topic.method.name)


def emit(contract: ProtoContract, options: ProtoOptions) -> Emitted:
    """Return all files of the service that `contract` describes, or diagnostics."""
    try:
        return _emit(contract, options)
    except TooMuch:
        return too_much(options.most, contract.services[0].span)


def _emit(contract: ProtoContract, options: ProtoOptions) -> Emitted:
    service = named(contract, options, "rmq", names.queue_package)
    layout, package = QueueLayout(service, topics(contract)), service.package
    own = Use(service.title, contract, kind="rmq")
    wrong = (*_problems(layout), *clients.problems(service.uses, own, service.tables.attributes))
    if wrong:
        return Emitted((), wrong)
    renderer = Renderer(options.prove, options.most)
    classes = clients.classes(contract, service.messages, f"{package}.producer", QUEUES)
    files = (*_once(layout, options, renderer), *_always(layout, renderer))
    used = clients.used_classes(service.uses, package)
    return emitted(files, (), contract.services[0].span, (*classes, *used))


def _problems(layout: QueueLayout) -> Iterator[Diagnostic]:
    contract = layout.service.contract
    yield from layout.service.problems()
    yield from problems(layout.topics, contract)
    yield from clients.contract_problems(contract, QUEUES)
    yield from _setting_problems(layout)


def _setting_problems(layout: QueueLayout) -> Iterator[Diagnostic]:
    """Yield errors about topics whose block of settings would have the name of another setting."""
    taken = names.Claims("setting", "rename the RPC; `// mallgen:topic NAME` keeps the name of its topic")
    for use, service in zip(layout.service.uses, layout.service.used_services, strict=True):
        taken.claim(service.setting, use.name, use.contract.services[0].span)
    tables = frozenset(name.replace("_", "") for name in layout.service.tables.settings)
    for topic in layout.topics:
        setting, span = layout.setting(topic), topic.method.span
        other = _taken_by(setting, tables)
        if other:
            message = f"the settings of `{topic.method.name}` would have the name of {other}"
            yield Diagnostic(
                "taken-name", message, span, "rename the RPC; `// mallgen:topic NAME` keeps its topic's name"
            )
        taken.claim(setting, topic.method.name, span)
    yield from taken.problems


def _taken_by(setting: PyIdent, tables: frozenset[str]) -> str:
    """Return the thing that has the name of a setting already, empty: nothing has."""
    if setting in NAMES_OF_SETTINGS_CLASSES:
        return f"`{setting}`, which every class of settings has"
    if setting.replace("_", "") in _OWN_SETTINGS:
        return "a setting of every queue service"
    return "a setting of every service with tables" if setting.replace("_", "") in tables else ""


def _once(layout: QueueLayout, options: ProtoOptions, renderer: Renderer) -> Iterator[File]:
    service = layout.service
    used = calling.settings(service.used_services)
    settings = renderer.render(
        "rmq/etc.yaml", name=yaml_text(service.key), uses=used, data_source=service.tables.data_source
    )
    yield from layout.skeleton.once(settings, service.blocks(), renderer)
    bodies = dict(options.bodies)
    for number, topic in enumerate(layout.topics):
        wire = topic.method.wire
        logic = _logic(layout, topic, bodies.get(wire), renderer)
        path = f"{layout.package}/logic/{_module(topic)}.py"
        signature = logic.signature._replace(position=number)
        yield File(path, logic.text, Owner.ONCE, Role("logic", wire), topic.method.span, signature)


def _module(topic: Topic) -> str:
    return f"{names.snake(topic.method.name)}_logic"


def _method(topic: Topic) -> PyIdent:
    """Return the name of a logic class's method, which must not be that of its attributes ctx and svc."""
    return names.Scope({"ctx", "svc"}).add(names.variable(topic.method.name))


def _takes(topic: Topic, uses: Uses) -> CallSignature:
    message, gives = uses.type(topic.method.request), Code("None")
    if topic.is_batch:
        return CallSignature(PyIdent("msgs"), Code(f"list[{message}]"), gives)
    return CallSignature(PyIdent("msg"), message, gives)


def _logic(layout: QueueLayout, topic: Topic, body: LogicBody | None, renderer: Renderer) -> UserText:
    imports = Imports(layout.package)
    imports.add(QUEUES.library, "MessageContext")
    imports.add(f"{layout.package}.svc", "ServiceContext")
    name = PyIdent(f"{names.class_name(topic.method.name)}Logic")
    types = _takes(topic, Uses(layout.service.messages, imports, [*_LOGIC_NAMES, name, _method(topic)]))
    stub = (code("raise NotImplementedError({})", literal(topic.name)),)
    text = renderer.python(
        "rmq/logic.py",
        module_docstring=docstring([topic.name], 0),
        imports=imports.lines(),
        name=name,
        docstring=docstring(prose(topic.method.doc) or [topic.name], 4),
        signature=call(f"async def {_method(topic)}(", ["self", types.given], ") -> None:", 4),
        body=body.lines if body else stub,
    )
    needed = tuple(Imported(*entry) for entry in imports.entries())
    return UserText(text, Signature(f"{name}.{_method(topic)}", (Param(types.name, types.takes),), types.gives, needed))


def _always(layout: QueueLayout, renderer: Renderer) -> Iterator[File]:
    package, title = layout.package, layout.service.title
    yield wiring(layout.skeleton, _wiring(layout), renderer)
    yield layout.skeleton.app("rmq/app.py", f"The service {title}.", renderer)
    yield File(f"{package}/consumer.py", _consumer(layout, renderer), Owner.ALWAYS, Role("consumer"))
    yield init(f"{package}/logic", "logic", f"The logic of {title}.", renderer)
    yield from clients.client_files(layout.service.uses, package, renderer)
    yield from layout.service.tables.files(renderer)
    yield init(package, package, f"The queue service {title}.", renderer)
    yield typed(package)
    source = producer(layout.service.contract, layout.service.messages, renderer)
    yield File(f"{package}/producer.py", source, Owner.ALWAYS, Role("producer"))
    yield from modules(layout.service.contract, layout.service.messages, f"{package}/pb", renderer)


def _wiring(layout: QueueLayout) -> Wiring:
    imports = Imports(layout.package)
    imports.add(QUEUES.library, "TopicConf")
    imports.add("mallgen_runtime.schema", "field")
    own = [
        call(f"{layout.setting(topic)}: TopicConf = field(", ["default_factory=TopicConf"], indent=4)
        for topic in layout.topics
    ]
    return layout.service.wiring(imports, imports.add(QUEUES.library, "QueueServerConf"), own)


def _consumer(layout: QueueLayout, renderer: Renderer) -> str:
    imports = Imports(layout.package)
    imports.add(QUEUES.library, "MessageContext")
    imports.add(QUEUES.library, "Topic")
    imports.add(f"{layout.package}.svc", "ServiceContext")
    scope = names.Scope(set(_CONSUMER_NAMES))
    functions = {topic: scope.add(names.variable(topic.method.name)) for topic in layout.topics}
    logic = {topic: _imported(layout, topic, imports, scope) for topic in layout.topics}
    uses = Uses(layout.service.messages, imports, {*_CONSUMER_NAMES, *functions.values(), *logic.values()})
    return renderer.python(
        "rmq/consumer.py",
        module_docstring=docstring([f"The topics of {layout.service.title}: each message goes to its logic."], 0),
        functions=[_function(topic, functions[topic], logic[topic], uses) for topic in layout.topics],
        topics=[_entry(layout, topic, functions[topic], uses, imports) for topic in layout.topics],
        imports=imports.lines(),
    )


def _imported(layout: QueueLayout, topic: Topic, imports: Imports, scope: names.Scope) -> PyIdent:
    name = f"{names.class_name(topic.method.name)}Logic"
    return imports.add(f"{layout.package}.logic.{_module(topic)}", name, scope.add(PyIdent(name)))


def _function(topic: Topic, name: PyIdent, logic: PyIdent, uses: Uses) -> MethodView:
    types = _takes(topic, uses)
    args = [Code("ctx: MessageContext"), Code("svc: ServiceContext"), types.given]
    return MethodView(
        call(f"async def {name}(", args, ") -> None:"),
        docstring([topic.name], 4),
        Code(f"await {logic}(ctx, svc).{_method(topic)}({types.name})"),
    )


def _entry(layout: QueueLayout, topic: Topic, function: PyIdent, uses: Uses, imports: Imports) -> Code:
    """Return the table's entry for a topic."""
    kind = imports.add(QUEUES.library, "BatchTopic" if topic.is_batch else "Topic")
    span = topic.method.span
    declared_at = f"{span.file.rpartition('/')[2]}:{span.line}"
    args: list[Code] = [literal(topic.name), function, uses.type(topic.method.request)]
    args += [Code(f"key={literal(topic.key)}")] if topic.key else []
    args += [Code(f"setting={literal(layout.setting(topic))}"), Code(f"contract={literal(declared_at)}")]
    return call(f"{kind}(", args, "),", 4)
