"""Rules about routes and groups."""

import re
from collections.abc import Iterator

from mallgen.diagnostics import Note
from mallgen.lint import Edit, Finding, rule
from mallgen.lint.scope import Operation, Scope, binding, path_parameters, words
from mallgen.model import Member, Span, Type

WITHOUT_BODY = frozenset({"get", "head", "delete", "options"})
USER_IDS = frozenset({"uid", "user_id", "userid"})


@rule("body-on-get")
def body_on_get(scope: Scope) -> Iterator[Finding]:
    """A request without a body has a `json` field: proxies and browsers drop it, go-zero then says it is not set.

    The article's `Cursor` of a GET was tagged so. `api lint --fix` writes `form` when no other route uses the type.
    """
    for operation, request in scope.requests():
        if operation.route.method not in WITHOUT_BODY:
            continue
        alone = all(other.route.method in WITHOUT_BODY for other, found in scope.requests() if found is request)
        for member in request.members:
            if not member.embedded and re.match(r'`\s*json:"', member.tag) and 'form:"' not in member.tag:
                edits = _as_form(scope, request, member) if alone else ()
                message = f"`{operation.title}` has no body to read `{member.names[0]}` from"
                yield Finding(message, member.tag_span or member.span, 'use `form:"…"`', edits=edits)


def _as_form(scope: Scope, request: Type, member: Member) -> tuple[Edit, ...]:
    if member.tag_span is None or any(request.name == found.name for found in scope.answered()):
        return ()
    return (Edit(member.tag_span, member.tag.replace('json:"', 'form:"', 1)),)


@rule("path-parameter-without-field")
def path_parameter_without_field(scope: Scope) -> Iterator[Finding]:
    """The path has a parameter that no field of the request reads."""
    for operation in scope.operations:
        request = scope.request(operation)
        read = {one.key for field in (request.fields if request else ()) if (one := binding(field, "path"))}
        for name in path_parameters(operation.route.full_path):
            if name not in read:
                hint = f'declare a field with `path:"{name}"`'
                yield Finding(f"nothing reads `:{name}` of `{operation.title}`", operation.route.path_span, hint)


@rule("path-field-without-parameter", severity="error")
def path_field_without_parameter(scope: Scope) -> Iterator[Finding]:
    """A field is read from a path parameter that the path does not have: every request is refused."""
    for operation, request in scope.requests():
        there = path_parameters(operation.route.full_path)
        for field in request.fields:
            one = binding(field, "path")
            if one is not None and one.key not in there and not one.optional and one.default is None:
                message = f"`{operation.title}` has no `:{one.key}`, which `{request.name}.{field.name}` is read from"
                note = (Note(field.span, "read from the path here"),)
                yield Finding(message, operation.route.path_span, f"write `:{one.key}` in the path", note)


@rule("route-shadowed", default=False)
def route_shadowed(scope: Scope) -> Iterator[Finding]:
    """A fixed path takes requests that a parameter's route would also match: `/user/list` and `/user/:id`.

    go-zero and mallgen prefer the fixed one; whoever is called `list` cannot be reached.
    """
    for index, one in enumerate(scope.operations):
        for other in scope.operations[index + 1 :]:
            if one.route.method == other.route.method and one.route.full_path != other.route.full_path:
                general, special = (one, other) if path_parameters(one.route.full_path) else (other, one)
                if _covers(general.route.full_path, special.route.full_path):
                    note = (Note(general.route.path_span, f"`{general.title}` stands here"),)
                    message = f"`{special.title}` hides a value of `{general.title}`"
                    yield Finding(message, special.route.path_span, "give one of them another path", note)


def _covers(general: str, special: str) -> bool:
    left, right = general.strip("/").split("/"), special.strip("/").split("/")
    if len(left) != len(right) or left == right:
        return False
    pairs = list(zip(left, right, strict=True))
    return all(a == b or (a.startswith(":") and not b.startswith(":")) for a, b in pairs)


@rule("missing-doc", default=False)
def missing_doc(scope: Scope) -> Iterator[Finding]:
    """A route has no `@doc`: generated code, clients and documentation have nothing to say about it."""
    for operation in scope.operations:
        if not operation.route.doc:
            yield Finding(f"`{operation.title}` has no @doc", operation.route.handler_span, '@doc "what it does"')


@rule("user-id-from-query")
def user_id_from_query(scope: Scope) -> Iterator[Finding]:
    """A route without jwt takes the user's id from the client: anybody reads anybody's data.

    Put the route into a group with `jwt` and take the id from `ctx.claims`.
    """
    for operation, request in scope.requests():
        if operation.group.jwt or operation.group.jwt_transition:
            continue
        for field in request.fields:
            for one in field.bindings:
                if one.source in ("form", "json") and "_".join(words(one.key)) in USER_IDS:
                    message = f"`{operation.title}` believes a client's `{one.key}`"
                    yield Finding(
                        message, operation.route.path_span, "add `jwt: Auth` to @server", _read_here(field.span)
                    )


def _read_here(span: Span) -> tuple[Note, ...]:
    return (Note(span, "read here"),)


@rule("auth-missing-in-group")
def auth_missing_in_group(scope: Scope) -> Iterator[Finding]:
    """A block has no jwt while others of the same group and prefix have: forgotten, or meant?"""
    guarded = {(group.group, group.prefix): group for group in scope.contract.groups if group.jwt and group.group}
    for group in scope.contract.groups:
        other = guarded.get((group.group, group.prefix))
        if other is not None and not group.jwt and group.routes:
            note = (Note(other.span, f"jwt: {other.jwt} stands here"),)
            message = f"this block of group `{group.group}` has no jwt, another has"
            yield Finding(message, group.span, f"add `jwt: {other.jwt}`, or give it another group", note)


@rule("path-style-mixed")
def path_style_mixed(scope: Scope) -> Iterator[Finding]:
    """Paths of one contract separate words in different ways: `/user-info`, `/user_list`, `/userDetail`."""
    styles: dict[str, Operation] = {}
    for operation in scope.operations:
        for part in operation.route.path.split("/"):
            style = _style(part)
            if style:
                styles.setdefault(style, operation)
    if len(styles) > 1:
        first, second, *_ = styles.items()
        note = (Note(first[1].route.path_span, f"{first[0]} here"),)
        message = f"paths mix {' and '.join(styles)}"
        yield Finding(message, second[1].route.path_span, "keep to one way", note)


def _style(part: str) -> str:
    if part.startswith(":"):
        return ""
    return "dashes" if "-" in part else "underscores" if "_" in part else "capitals" if part != part.lower() else ""


@rule("handler-not-pascal", default=False)
def handler_not_pascal(scope: Scope) -> Iterator[Finding]:
    """A handler's name does not begin with a capital; its class and goctl's exported name do."""
    for operation in scope.operations:
        name = operation.route.handler
        if not name[:1].isupper():
            yield Finding(
                f"the handler `{name}` is usually written `{name[:1].upper()}{name[1:]}`", operation.route.handler_span
            )


@rule("get-with-verb")
def get_with_verb(scope: Scope) -> Iterator[Finding]:
    """A GET is called as if it changed something: browsers prefetch it, proxies repeat it."""
    changing = {"create", "delete", "remove", "update", "add", "set", "edit", "save", "insert"}
    for operation in scope.operations:
        verb = words(operation.route.handler)[0]
        if operation.route.method == "get" and verb in changing:
            message = f"`{operation.title}` is a GET and its handler is called `{operation.route.handler}`"
            yield Finding(message, operation.route.path_span, "use POST, PUT or DELETE")


@rule("trailing-slash")
def trailing_slash(scope: Scope) -> Iterator[Finding]:
    """A path ends in `/`; go-zero takes it away, clients that compare texts do not."""
    for operation in scope.operations:
        span = operation.route.path_span
        if operation.route.path.endswith("/") and operation.route.path != "/" and span.line == span.end_line:
            text = operation.route.path.rstrip("/")
            yield Finding(f"`{operation.title}` ends in a slash", span, "remove it", edits=(Edit(span, text),))
