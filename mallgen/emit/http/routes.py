"""Renders routes.py: a function per route that reads and checks the request, calls the handler and encodes."""

from collections.abc import Mapping

from msgspec import Struct

from mallgen.emit.http import readers
from mallgen.emit.http.fields import Declarer
from mallgen.emit.http.layout import Layout, RouteNames
from mallgen.emit.http.shapes import Attribute
from mallgen.emit.http.typing import Spelling
from mallgen.model import Group, Named, Pointer, Route, Slice, TypeRef, map_ref, peel
from mallgen.python import names
from mallgen.python.code import Code, PyIdent, code
from mallgen.python.layout import Imports, call, docstring, literal
from mallgen.python.names import Scope
from mallgen.python.render import Renderer

RUNTIME = "mallgen_runtime"
_TABLE = "ROUTES"


class FunctionView(Struct, frozen=True):
    """A route function as source text; `body_class` are the lines of the struct for its JSON body, none without one."""

    body_class: tuple[Code, ...]
    signature: Code
    docstring: Code
    lines: tuple[Code, ...]


def routes(layout: Layout, renderer: Renderer) -> str:
    """Return the text of routes.py."""
    return _Routes(layout).text(renderer)


class _Routes:
    def __init__(self, layout: Layout) -> None:
        self.layout = layout
        self.package = layout.package
        self.imports = Imports(layout.package)
        self.imports.add("__future__", "annotations")
        self.own = self._own_names()
        self.scope = Scope(self.own)
        self.plans: dict[tuple[str, str], readers.ReadPlan] = {}
        self.spelling = Spelling(self.imports, self.scope, self._class)
        self.declarer = Declarer(self.spelling)
        self.context = self.spelling.name("Context", RUNTIME)
        self.response = self.spelling.name("Response", RUNTIME)
        self.route = self.spelling.name("Route", RUNTIME)
        self.svc = self._service_context()
        self.bodies = Scope(shape.name for shape in layout.shapes.ordered)

    def _own_names(self) -> set[str]:
        own = {_TABLE, *(r.function for r in self.layout.routes), *(r.handler_local for r in self.layout.routes)}
        requests = {r.request.name: r.request for r in self.layout.routes if r.request}
        attributes = {a.name for request in requests.values() for a in request.attributes}
        return own | attributes | {shape.name for shape in self.layout.shapes.ordered}

    def _service_context(self) -> PyIdent:
        return self.spelling.name("ServiceContext", f"{self.package}.svc")

    def _class(self, name: str) -> PyIdent:
        return self.imports.add(f"{self.package}.schemas", name, f"{name}_" if name == _TABLE else "")

    def text(self, renderer: Renderer) -> str:
        functions, size = [], 0
        for route in self.layout.routes:
            functions.append(self._function(route))
            size += sum(map(len, functions[-1].lines))
            renderer.hold(size)
        table = tuple(self._entry(route) for route in self.layout.routes)
        return renderer.python(
            "http/routes.py",
            docstring=docstring([f"The routes of {self.layout.service}: read and check, call the handler, encode."], 0),
            imports=self.imports.lines(),
            functions=functions,
            table_type=Code(f"tuple[{self.route}[{self.svc}], ...]"),
            table=table,
        )

    def _function(self, route: RouteNames) -> FunctionView:
        self._import_handler(route)
        body_class: list[Code] = []
        lines = self._socket(route) if route.route.websocket else []
        lines += self._request(route, body_class) if route.request else []
        if route.request and route.request.attributes:
            lines.append(Code("ctx.check(req)"))
        lines += self._answer(route)
        return FunctionView(
            body_class=tuple(body_class),
            signature=call(
                f"async def {route.function}(",
                [Code(f"ctx: {self.context}"), Code(f"svc: {self.svc}")],
                f") -> {self.response}:",
            ),
            docstring=docstring([route.title], 4),
            lines=tuple(lines),
        )

    def _import_handler(self, route: RouteNames) -> None:
        module = f"{self.package}.handler{route.dotted}.{names.snake(route.base)}_handler"
        self.imports.add(module, route.handler_function, route.handler_local)

    def _request(self, route: RouteNames, body_class: list[Code]) -> list[Code]:
        assert route.request is not None
        shape = route.request
        name = self._class(shape.name)
        which = (shape.name, route.route.method)
        if which not in self.plans:
            self.plans[which] = readers.plan(shape, self.declarer, self.spelling, route.route.method)
        plan = self.plans[which]
        if plan.only_body:
            return [call("req = await ctx.body(", [name], indent=4)]
        lines = [self._source(source, plan.reads_form_body) for source in plan.sources]
        rules = [rule for source in plan.sources for rule in readers.presence(shape, source)]
        if plan.body:
            return lines + self._mixed(route, plan, rules, body_class)
        args = []
        for attribute, reads in plan.by_attribute.items():
            checks, value = readers.in_order(reads)
            lines += checks
            args.append(Code(f"{attribute}={value}"))
        lines.append(call(f"req = {name}(", args, indent=4))
        return [*lines, *rules, Code("ctx.done()")] if plan.reads else lines

    def _source(self, source: str, reads_form_body: bool) -> Code:
        if source == "form" and reads_form_body:
            return Code("form = await ctx.read_form()")
        return Code(f"{PyIdent(source)} = ctx.{PyIdent(source)}")

    def _mixed(
        self, route: RouteNames, plan: readers.ReadPlan, rules: list[Code], body_class: list[Code]
    ) -> list[Code]:
        assert route.request is not None
        local = Scope(self.own | {"ctx", "svc", "req", "body", "path", "form", "header"})
        lines: list[Code] = []
        values: dict[str, PyIdent] = {}
        for read in plan.reads:
            json = read.attribute.wire.of("json") if read.attribute in plan.body else None
            name = local.add(f"{read.value.source}_{read.attribute.name}")
            # when the body must have the field, its value counts; the other source's value is checked all the same
            either = json is not None and read.value.source == "form" and read.attribute.wire.is_either
            only_checked = (json and not json.optional and not either) or plan.is_checked_only(read)
            target = Code("") if only_checked else Code(f"{name} = ")
            words = read.with_default(self.spelling.name("UNSET")) if either else read.args
            earlier = values.get(read.attribute.name)
            if earlier and not either and not read.decides:
                words = read.instead(earlier)
            elif json is not None and json.default is not None and read.value.optional:
                words = read.instead(self.declarer.default(read.attribute, json)[1])  # absent in both: as in go-zero
            lines.append(call(f"{target}{read.method}(", [Code(", ".join(words))], indent=4))
            if not plan.is_checked_only(read):
                values[read.attribute.name] = name
        both = frozenset(values)
        body_name = self.bodies.add(f"_{names.class_name(route.function.title().replace('_', ''))}Body")
        body_class += self._body_class(body_name, plan.body, both)
        lines += [*rules, code("body = await ctx.body({})", body_name)]
        args = [Code(f"{a.name}={self._value(a, values, plan)}") for a in route.request.attributes]
        lines.append(call(f"req = {self._class(route.request.name)}(", args, indent=4))
        return [*lines, Code("ctx.done()")] if any(attribute.wire.is_either for attribute in plan.body) else lines

    def _value(self, attribute: Attribute, values: Mapping[str, PyIdent], plan: readers.ReadPlan) -> Code:
        json = attribute.wire.of("json")
        if json is None or attribute not in plan.body:
            return values[attribute.name]
        if attribute.wire.is_either:
            key = literal(json.key)
            return Code(f"form.either({key}, {values[attribute.name]}, body.{attribute.name})")
        if attribute.name in values and json.optional:
            unset = self.spelling.name("UNSET")
            return Code(f"{values[attribute.name]} if body.{attribute.name} is {unset} else body.{attribute.name}")
        return Code(f"body.{attribute.name}")

    def _body_class(self, name: PyIdent, attributes: tuple[Attribute, ...], both: frozenset[str]) -> list[Code]:
        lines = [Code(f"class {name}({self.spelling.name('Struct')}, kw_only=True):")]
        for attribute in attributes:
            json = attribute.wire.main
            if attribute.name in both and (json.optional or attribute.wire.is_either):
                unset = Code(f"{self.spelling.name('UnsetType')} = {self.spelling.name('UNSET')}")
                annotation = self.declarer.annotation(attribute, json)
                if json.key != attribute.name:
                    keyed = Code(f"(name={literal(json.key)}, default={self.spelling.name('UNSET')})")
                    unset = Code(f"{self.spelling.name('UnsetType')} = {self.spelling.name('field')}{keyed}")
                lines.append(Code(f"    {attribute.name}: {annotation} | {unset}"))
            else:
                lines.append(code("    {}", self.declarer.declaration(attribute, False, False)))
        return lines

    def _socket(self, route: RouteNames) -> list[Code]:
        kind = self.spelling.name("WebSocket", RUNTIME)
        both = message_types(route.route, self.spelling)
        return [call(f"socket: {kind}[{', '.join(both)}] = {kind}(", [Code("ctx"), *both], indent=4)]

    def _answer(self, route: RouteNames) -> list[Code]:
        args = [Code("ctx"), Code("svc")] + ([Code("req")] if route.request else [])
        if route.route.websocket:
            return [call("return socket.answer(", [route.handler_local, *args, Code("socket")], indent=4)]
        awaited = Code(f"await {route.handler_local}({', '.join(args)})")
        status = [] if route.route.status == 200 else [Code(f"status={route.route.status}")]
        if route.group.sse:
            stream = self.spelling.name("event_stream", RUNTIME)
            return [call(f"return {stream}(", self._values(route, awaited), indent=4)]
        if route.route.response is None:
            answered = call(f"answered = {route.handler_local}(", args, indent=4)
            return [answered, call("return await ctx.after(", [Code("answered"), *status], indent=4)]
        return [call("return ctx.json(", [*self._values(route, awaited), *status], indent=4)]

    def _values(self, route: RouteNames, awaited: Code) -> list[Code]:
        """Return the answered value, with its type when that is needed for writing it."""
        response = route.route.response
        if response is None or not self._is_checked(response):
            return [awaited]
        return [awaited, Code(f"as_type={self.answer_type(response)}")]

    def _is_checked(self, response: TypeRef) -> bool:
        shapes = self.layout.shapes
        inner = response.elem if isinstance(response, Slice) else response
        shape = shapes.of(inner)
        return shape is not None and readers.is_checked(shape, shapes.by_name)

    def answer_type(self, response: TypeRef) -> Code:
        """Return the annotation of a response in this file."""
        return self.spelling.type(as_classes(response))

    def _entry(self, route: RouteNames) -> Code:
        args: list[Code] = [literal(route.route.method.upper()), literal(route.route.full_path), route.function]
        args.append(Code(f"contract={literal(route.declared_at)}"))
        if route.jwt or route.transition:
            args.append(Code(f"jwt={literal(route.transition or route.jwt)}"))
        if route.group.roles:
            args.append(Code(f"roles={literal(route.group.roles)}"))
        if is_signed(route.group):
            args.append(Code("signature=True"))
        if route.route.websocket:
            args.append(Code("websocket=True"))
        if route.cors:
            args.append(Code(f"cors={literal(route.cors)}"))
        if route.middlewares:
            classes = [self._middleware(m.class_name, m.module) for m in route.middlewares]
            args.append(Code(f"middlewares=({', '.join(classes)}{',' if len(classes) == 1 else ''})"))
        timeout = 0 if route.group.sse and route.group.timeout_ms is None else route.group.timeout_ms
        if timeout is not None:
            args.append(Code(f"timeout_ms={timeout}"))
        if route.group.max_bytes is not None:
            args.append(Code(f"max_bytes={route.group.max_bytes}"))
        if route.group.max_parts is not None:
            args.append(Code(f"max_parts={route.group.max_parts}"))
        if route.group.max_part_bytes is not None:
            args.append(Code(f"max_part_bytes={route.group.max_part_bytes}"))
        return call(f"{self.route}(", args, indent=4)

    def _middleware(self, name: str, module: str) -> PyIdent:
        return self.spelling.name(name, f"{self.package}.middleware.{module}")


def is_signed(group: Group) -> bool:
    """Return whether the requests of a group must be signed."""
    return any(pair.key == "signature" and pair.value == "true" for pair in group.server)


def message_types(route: Route, spelling: Spelling) -> tuple[Code, Code]:
    """Return the types of what a WebSocket receives and sends; None stands for nothing."""
    first, second = (
        spelling.type(as_classes(ref)) if ref is not None else Code("None") for ref in (route.message, route.response)
    )
    return first, second


def as_classes(ref: TypeRef) -> TypeRef:
    """Return a response's type with class names in place of the contract's, without a pointer at the top."""
    return map_ref(peel(ref, Pointer), _as_class)


def _as_class(ref: TypeRef) -> TypeRef:
    return Named(names.class_name(ref.name), ref.span) if isinstance(ref, Named) else ref
