"""Turns the parsed files of a contract into a Contract, or into diagnostics for everything that is wrong with it."""

import posixpath
import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from mallgen.contract.types import Types
from mallgen.diagnostics import Diagnostic, Note
from mallgen.model import Contract, Group, Named, Pair, Pointer, Route, Slice, Type, TypeRef, peel
from mallgen.syntax import nodes
from mallgen.syntax.nodes import Declaration, Item, ServiceNode
from mallgen.syntax.service_words import METHODS as METHODS
from mallgen.syntax.service_words import wrong_words
from mallgen.text.limits import DEFAULT, Limits
from mallgen.text.span import Span

SETTINGS = frozenset(
    (
        "prefix group jwt jwtTransition signature middleware timeout maxBytes maxParts maxPartBytes cors sse "
        "roles tags summary authType pathPrefix"
    ).split()
)
STATUSES = ("200", "201", "202", "204")
_PROTECTING = frozenset("jwt jwtTransition roles signature middleware timeout maxBytes maxParts maxPartBytes".split())
_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")
_SEGMENT = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*\Z")
_PREFIX = re.compile(r"[A-Za-z0-9_.~/-]*\Z")
_DURATION = re.compile(r"(\d+(?:\.\d+)?)(h|ms|m|s|us|µs|μs|ns)")
_LONGEST = 9e12  # milliseconds; Go counts a duration in 63 bits of nanoseconds
_MILLISECONDS = {"h": 3_600_000, "m": 60_000, "s": 1000, "ms": 1, "us": 1e-3, "µs": 1e-3, "μs": 1e-3, "ns": 1e-6}


class ParsedFile(NamedTuple):
    """The name and the nodes of one file of a contract; a contract has its root file first, then its imports."""

    file: str
    nodes: tuple[nodes.Node, ...]


class Resolved(NamedTuple):
    """The Contract, None when there is an error; a contract with warnings has both.

    `view` is the part that could be understood, for editors; its `service` may be empty.
    """

    contract: Contract | None
    diagnostics: tuple[Diagnostic, ...]
    view: Contract


def resolve(files: tuple[ParsedFile, ...], limits: Limits = DEFAULT) -> Resolved:
    """Resolve the files of a contract and report all problems, not the first alone."""
    problems = list(_once_per_file(files))
    declarations = _declarations(files, problems)
    types = Types(declarations, limits.fields)
    resolved_types = types.resolve()
    services = [node for file in files for node in file.nodes if isinstance(node, ServiceNode)]
    problems += (problem for file in files for problem in wrong_words(file.nodes))
    problems += _service_names(services)
    builder = _Groups(types)
    groups = tuple(sorted((builder.group(s) for s in services), key=lambda g: g.group))
    problems += [*types.problems, *builder.problems, *_duplicate_routes(groups), *_duplicate_handlers(groups)]
    problems += _sockets(groups, resolved_types)
    if not any(service.items for service in services) and not any(p.severity == "error" for p in problems):
        start = Span(files[0].file, 1, 1, 1, 1)
        hint = "add `service name-api { … }` with at least one route"
        problems.append(Diagnostic("no-service", "the contract has no route", start, hint))
    contract = Contract(
        file=files[0].file,
        service=next((s.name.value for s in services if s.items), ""),
        info=_info(files[0]),
        types=resolved_types,
        groups=tuple(group for group in groups if group.routes),
    )
    fit = not any(problem.severity == "error" for problem in problems)
    return Resolved(contract if fit else None, tuple(problems), contract)


def _info(root: ParsedFile) -> tuple[Pair, ...]:
    return tuple(pair for node in root.nodes if isinstance(node, nodes.InfoNode) for pair in node.pairs)


def _once_per_file(files: tuple[ParsedFile, ...]) -> Iterator[Diagnostic]:
    for number, file in enumerate(files):
        syntaxes = [n.version.span for n in file.nodes if isinstance(n, nodes.SyntaxNode)]
        infos = [n.span for n in file.nodes if isinstance(n, nodes.InfoNode)]
        yield from _repeated("syntax", syntaxes)
        yield from _repeated("info", infos)
        if number == 0:
            yield from _repeated_keys(_info(file))
    yield from _versions(files)


def _versions(files: tuple[ParsedFile, ...]) -> Iterator[Diagnostic]:
    expected = _version(files[0])
    for file in files[1:]:
        version = _version(file)
        if version.value != expected.value:
            message = f'this file says syntax "{version.value}", {files[0].file} says "{expected.value}"'
            yield Diagnostic("other-syntax", message, version.span, "use one syntax in all files")


def _version(file: ParsedFile) -> nodes.Text:
    """Return the syntax version of a file, `v1` without one; as goctl, read only a `syntax` that comes first."""
    for node in file.nodes[:1]:
        if isinstance(node, nodes.SyntaxNode):
            return node.version
    return nodes.Text("v1", Span(file.file, 1, 1, 1, 1))


def _repeated(what: str, spans: list[Span]) -> Iterator[Diagnostic]:
    for span in spans[1:]:
        note = Note(spans[0], "first written here")
        yield Diagnostic(f"duplicate-{what}", f"`{what}` stands twice in this file", span, "remove one", (note,))


def _repeated_keys(pairs: tuple[Pair, ...]) -> Iterator[Diagnostic]:
    seen: dict[str, Pair] = {}
    for pair in pairs:
        other = seen.setdefault(pair.key, pair)
        if other is not pair:
            note = Note(other.span, "first written here")
            yield Diagnostic("duplicate-info", f"info has `{pair.key}` twice", pair.span, "remove one", (note,))


def _declarations(files: tuple[ParsedFile, ...], problems: list[Diagnostic]) -> dict[str, Declaration]:
    declarations: dict[str, Declaration] = {}
    for file in files:
        for node in file.nodes:
            for declaration in node.declarations if isinstance(node, nodes.TypeNode) else ():
                name = declaration.name
                other = declarations.setdefault(name.value, declaration)
                if other is not declaration:
                    note = Note(other.name.span, "first declared here")
                    hint = "all files share one namespace of types: rename one"
                    message = f"type `{name.value}` is declared twice"
                    problems.append(Diagnostic("duplicate-type", message, name.span, hint, (note,)))
    return declarations


def _service_names(services: list[ServiceNode]) -> Iterator[Diagnostic]:
    named = [service.name for service in services if service.items]
    for name in named[1:]:
        if name.value != named[0].value:
            note = Note(named[0].span, "the first service block")
            message = f"service `{name.value}` beside service `{named[0].value}`"
            hint = "give all service blocks of a contract one name"
            yield Diagnostic("two-services", message, name.span, hint, (note,))


class _Groups:
    def __init__(self, types: Types) -> None:
        self.types = types
        self.problems: list[Diagnostic] = []

    def group(self, service: ServiceNode) -> Group:
        settings = {pair.key: pair for pair in service.settings}
        self._unknown(settings)
        prefix = self._prefix(settings.get("prefix"))
        sse = self._flag(settings.get("sse"), "bad-sse")
        if sse:
            self._events(service)
        self._flag(settings.get("signature"), "bad-signature")
        routes = [self._route(item, prefix, sse) for item in service.items]
        return Group(
            server=service.settings,
            routes=tuple(sorted(routes, key=lambda route: route.path)),
            prefix=prefix,
            group=self._group_path(settings.get("group")),
            jwt=self._word(settings.get("jwt"), "jwt"),
            jwt_transition=self._word(settings.get("jwtTransition"), "jwtTransition"),
            middlewares=self._middlewares(settings.get("middleware")),
            timeout_ms=self._timeout(settings.get("timeout")),
            max_bytes=self._number(settings.get("maxBytes"), "bytes", "bad-max-bytes", "1048576"),
            max_parts=self._number(settings.get("maxParts"), "parts", "bad-max-parts", "20", least=1),
            max_part_bytes=self._number(settings.get("maxPartBytes"), "bytes", "bad-max-part-bytes", "10485760"),
            span=service.name.span,
            sse=sse,
            cors=self._word(settings.get("cors"), "cors"),
            roles=self._roles(settings),
        )

    def _unknown(self, settings: dict[str, Pair]) -> None:
        """Report unknown keys; one that resembles a key for protection or a limit is unfit, as its routes lack it."""
        unknown = sorted(settings.keys() - SETTINGS)
        if not unknown:
            return
        from mallgen.text.suggest import nearest

        for key in unknown:
            guess = nearest(key, SETTINGS)
            message = f"`{key}` means nothing to `@server`, and goctl ignores it"
            hint = f"did you mean `{guess}`?" if guess else "leave it out, unless a plugin of goctl reads it"
            severity = "unfit" if guess in _PROTECTING else "warning"
            self._report("unknown-setting", message, settings[key].span, hint, severity)

    def _flag(self, pair: Pair | None, code: str) -> bool:
        """Return whether a flag is set; report words that are not booleans (goctl takes all but `true` for false)."""
        if pair is not None and pair.value not in ("true", "false"):
            message = f"`{pair.value}` is neither `true` nor `false`"
            self._unfit(code, message, pair.span, f"write `{pair.key}: true`, or leave it out")
        return pair is not None and pair.value == "true"

    def _report(self, code: str, message: str, span: Span, hint: str, severity: str = "error") -> None:
        self.problems.append(Diagnostic(code, message, span, hint, severity=severity))

    def _unfit(self, code: str, message: str, span: Span, hint: str) -> None:
        """Report a value that goctl accepts unchecked, and that a service would be wrong or could not start with."""
        self._report(code, message, span, hint, "unfit")

    def _events(self, service: ServiceNode) -> None:
        for item in service.items:
            if item.response is None:
                message = f"`{item.handler.value}` sends events of no type"
                self._report("sse-response", message, item.path.span, "add `returns (Event)`, the type of one event")

    def _prefix(self, pair: Pair | None) -> str:
        if pair is None:
            return ""
        if not _PREFIX.match(pair.value) or ".." in pair.value.split("/"):
            self._unfit(
                "bad-prefix",
                f"`{pair.value}` is not a path prefix",
                pair.span,
                "use letters, digits, `-`, `_`, `.` and `/`",
            )
        return posixpath.normpath("/" + pair.value.strip("/")) if pair.value.strip("/") else ""

    def _group_path(self, pair: Pair | None) -> str:
        if pair is None:
            return ""
        value = pair.value.strip("/")
        if not all(_SEGMENT.match(segment) for segment in value.split("/")):
            hint = "a group is a folder such as `user/admin`: letters, digits, `-`, `_` between slashes"
            self._unfit("bad-group", f"`{pair.value}` is not a group", pair.span, hint)
        return value

    def _word(self, pair: Pair | None, what: str) -> str:
        if pair is None:
            return ""
        if not _WORD.match(pair.value):
            self._unfit(
                f"bad-{what.lower()}",
                f"`{pair.value}` is not a name for {what}",
                pair.span,
                f"write a name such as `{'Public' if what == 'cors' else 'Auth'}`",
            )
        return pair.value

    def _middlewares(self, pair: Pair | None) -> tuple[str, ...]:
        if pair is None:
            return ()
        names = tuple(name.strip() for name in pair.value.split(","))
        for name in names:
            if not _WORD.match(name):
                message, hint = f"`{name}` is not a name for a middleware", "write `middleware: Audit, Limit`"
                self._unfit("bad-middleware", message, pair.span, hint)
        return tuple(dict.fromkeys(names))

    def _timeout(self, pair: Pair | None) -> int | None:
        if pair is None:
            return None
        parts = _DURATION.findall(pair.value)
        if not parts or "".join(n + u for n, u in parts) != pair.value:
            if pair.value == "0":
                return 0
            message, hint = f"`{pair.value}` is not a duration", "write `timeout: 3s` or `timeout: 500ms`"
            self._unfit("bad-timeout", message, pair.span, hint)
            return None
        total = sum(float(number) * _MILLISECONDS[unit] for number, unit in parts)
        if total > _LONGEST:
            self._unfit("bad-timeout", "a timeout has at most 285 years", pair.span, "write `timeout: 3s`")
            return None
        return max(1, round(total)) if total else 0

    def _roles(self, settings: dict[str, Pair]) -> tuple[str, ...]:
        """Return the roles that let a caller in, none where there is no such setting."""
        if "roles" not in settings:
            return ()
        from mallgen.contract.roles import roles_of  # few contracts have some

        return roles_of(settings, self._unfit)

    def _number(self, pair: Pair | None, unit: str, code: str, example: str, least: int = 0) -> int | None:
        """Return a limit, None where there is none; report what is no number of its unit."""
        if pair is None:
            return None
        if not re.fullmatch(r"[0-9]{1,18}", pair.value) or int(pair.value) < least:
            message = f"`{pair.value}` is not a number of {unit}"
            self._unfit(code, message, pair.span, f"write `{pair.key}: {example}`")
            return None
        return int(pair.value)

    def _route(self, item: Item, prefix: str, sse: bool) -> Route:
        path = item.path.value
        return Route(
            method=item.method.value,
            path=path,
            full_path=posixpath.join(prefix, path.lstrip("/")) if prefix else path,
            handler=item.handler.value,
            request=self._body(item.request, request=True),
            response=self._body(item.response, request=False),
            doc=item.doc,
            doc_pairs=item.doc_pairs,
            docs=item.docs,
            span=item.method.span,
            handler_span=item.handler.span,
            path_span=item.path.span,
            status=self._status(item, sse),
        )

    def _status(self, item: Item, sse: bool) -> int:
        """Return the status of a good answer, which @doc may name."""
        pair = next((pair for pair in reversed(item.doc_pairs) if pair.key == "status"), None)
        if pair is None:
            return 200
        if pair.value not in STATUSES:
            message = f"`{pair.value}` is not the status of a good answer"
            self._unfit("bad-status", message, pair.span, f"write one of {', '.join(STATUSES)}, or leave it out")
            return 200
        if sse and pair.value != "200":
            self._unfit("bad-status", "a stream of events has the status 200", pair.span, "leave it out")
            return 200
        if pair.value == "204" and item.response is not None:
            hint = 'leave out `returns`, or write `status: "200"`'
            self._unfit("bad-status", "an answer with the status 204 has no body", pair.span, hint)
            return 200
        return int(pair.value)

    def _body(self, ref: TypeRef | None, *, request: bool) -> TypeRef | None:
        if ref is None:
            return None
        if request and isinstance(ref, Slice):
            self._report(
                "list-request", "a request must be a struct", _span_of(ref), "declare a struct with the list as a field"
            )
        return self.types.lookup(ref)


def _sockets(groups: tuple[Group, ...], types: tuple[Type, ...]) -> Iterator[Diagnostic]:
    if any(pair.key == "websocket" for group in groups for route in group.routes for pair in route.doc_pairs):
        from mallgen.contract.websockets import wrong  # few contracts have one

        yield from wrong(groups, types)


def _span_of(ref: TypeRef) -> Span:
    inner = peel(ref, Pointer, Slice)
    assert isinstance(inner, Named)
    return inner.span


def anonymous(path: str) -> str:
    """Return a path without the names of its parameters; of two routes with equal results one cannot be reached."""
    return "/".join(":" if part.startswith(":") else part for part in path.split("/"))


def _duplicate_routes(groups: Iterable[Group]) -> Iterator[Diagnostic]:
    seen: dict[tuple[str, str], Route] = {}
    alike: dict[tuple[str, str], Route] = {}
    for route in _in_order(groups):
        path = posixpath.normpath(route.full_path)
        other = seen.setdefault((route.method, path), route)
        first = alike.setdefault((route.method, anonymous(path)), route)
        if other is not route:
            note = Note(other.path_span, f"`{other.handler}` has it already")
            message = f"route `{route.method} {route.full_path}` is declared twice"
            hint = "the service could not start: change the method or the path of one"
            yield Diagnostic("duplicate-route", message, route.path_span, hint, (note,))
        elif first is not route:
            note = Note(first.path_span, f"`{first.handler}` answers the same requests")
            message = f"route `{route.method} {route.full_path}` differs from another in a parameter's name only"
            hint = "change the path of one: which of them answers would be chance"
            yield Diagnostic("same-route", message, route.path_span, hint, (note,), "unfit")


def _duplicate_handlers(groups: tuple[Group, ...]) -> Iterator[Diagnostic]:
    seen: dict[tuple[str, str], Route] = {}
    for group in groups:
        for route in sorted(group.routes, key=lambda r: r.span):
            other = seen.setdefault((group.group, route.handler), route)
            if other is not route:
                note = Note(other.handler_span, "first written here")
                where = f" in group `{group.group}`" if group.group else ""
                message = f"handler `{route.handler}` stands twice{where}"
                severity = "unfit" if _same_place(route.handler_span, other.handler_span) else "error"
                hint = "rename one of them"
                yield Diagnostic("duplicate-handler", message, route.handler_span, hint, (note,), severity)


def _same_place(one: Span, other: Span) -> bool:
    """Return whether goctl would take two spans for one: it compares file name without folder, line and column."""
    positions = {(posixpath.basename(span.file.replace("\\", "/")), span.line, span.col) for span in (one, other)}
    return len(positions) == 1


def _in_order(groups: Iterable[Group]) -> list[Route]:
    return sorted((route for group in groups for route in group.routes), key=lambda route: route.span)
