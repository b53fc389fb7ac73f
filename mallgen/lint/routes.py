"""Rules about routes and groups."""

from collections.abc import Iterator

from mallgen.contract.wire import WITHOUT_BODY, binding, path_parameters, without_parameter
from mallgen.diagnostics import Note
from mallgen.lint import rule
from mallgen.lint.paths import PathTree
from mallgen.lint.scope import LintScope, Operation, item_name, words
from mallgen.model import Group, Member
from mallgen.rules import Finding
from mallgen.text.span import Span, SpanEdit

USER_IDS = frozenset({"uid", "user_id", "userid"})


@rule("body-on-get")
def body_on_get(scope: LintScope) -> Iterator[Finding]:
    """A request without a body has a `json` field: proxies and browsers drop it, go-zero then says it is not set.

    `form` reads it from the query; since clients must send it there, `--fix` writes it with `--unsafe-fixes` only, and
    only when no route with a body and no answer uses the type.
    """
    bodies = {struct.name for operation, struct in scope.requests() if operation.route.method not in WITHOUT_BODY}
    in_bodies = scope.reachable(*map(scope.types.__getitem__, bodies))
    kept = {member.span for struct in (*in_bodies, *scope.response_types()) for member in struct.members}
    for operation, request in scope.requests():
        if operation.route.method not in WITHOUT_BODY:
            continue
        for field in request.fields:
            member = scope.member(field)
            body = binding(field, "json")
            if member is None or body is None or not member.tag or binding(field, "form"):
                continue
            taken = any(one.source == "form" and one.key == body.key for o in request.fields for one in o.bindings)
            alone = len(field.bindings) == 1 and member.span not in kept and bool(item_name(field.type)) and not taken
            yield Finding(
                f"`{operation.title}` has no body to read `{field.name}` from",
                member.tag_span or member.span,
                'use `form:"…"`',
                edits=_as_form(member) if alone else (),
                changes="where clients send the field",
            )


def _as_form(member: Member) -> tuple[SpanEdit, ...]:
    """Return the edit that replaces `json` by `form` in a tag; a tag without a key keeps the Go name as its key."""
    if member.tag_span is None or member.tag.count('json:"') != 1:
        return ()
    return (SpanEdit(member.tag_span, member.tag.replace('json:"', 'form:"')),)


@rule("path-parameter-without-field")
def path_parameter_without_field(scope: LintScope) -> Iterator[Finding]:
    """The path has a parameter that no field of the request reads."""
    for operation in scope.operations:
        request = scope.request(operation)
        read = {one.key for field in (request.fields if request else ()) if (one := binding(field, "path"))}
        for name in path_parameters(operation.route.full_path):
            if name not in read:
                hint = f'declare a field with `path:"{name}"`'
                yield Finding(f"nothing reads `:{name}` of `{operation.title}`", operation.route.path_span, hint)


@rule("path-field-without-parameter", severity="error")
def path_field_without_parameter(scope: LintScope) -> Iterator[Finding]:
    """A field is read from a path parameter that the path does not have: every request is refused."""
    for operation, request in scope.requests():
        for field, one in without_parameter(request.fields, operation.route.full_path):
            message = f"`{operation.title}` has no `:{one.key}`, which `{request.name}.{field.name}` is read from"
            note = (Note(field.span, "read from the path here"),)
            yield Finding(message, operation.route.path_span, f"write `:{one.key}` in the path", note)


@rule("route-shadowed", default=False)
def route_shadowed(scope: LintScope) -> Iterator[Finding]:
    """A fixed path takes requests that a parameter's route would also match: `/user/list` and `/user/:id`.

    go-zero and mallgen prefer the fixed one; whoever is called `list` cannot be reached.
    """
    tree = PathTree()
    for operation in scope.operations:
        tree.add(operation)
    for operation in scope.operations:
        for general in tree.covering(operation):
            note = (Note(general.route.path_span, f"`{general.title}` stands here"),)
            message = f"`{operation.title}` hides a value of `{general.title}`"
            yield Finding(message, operation.route.path_span, "give one of them another path", note)
            break


@rule("missing-doc", default=False)
def missing_doc(scope: LintScope) -> Iterator[Finding]:
    """A route has no `@doc`: generated code, clients and documentation have nothing to say about it."""
    for operation in scope.operations:
        if not operation.route.doc:
            yield Finding(f"`{operation.title}` has no @doc", operation.route.handler_span, '@doc "what it does"')


@rule("user-id-from-query")
def user_id_from_query(scope: LintScope) -> Iterator[Finding]:
    """A route without jwt takes the user's id from the client: anybody reads anybody's data.

    Put the route into a group with `jwt` and take the id from `ctx.claims`. A group with a middleware that is called
    after what it checks (`AdminAuth`, `UserJWT`, `LoginRequired`) or with `signature: true` is left alone.
    """
    for operation, request in scope.requests():
        if _is_guarded(operation.group):
            continue
        for field in request.fields:
            for one in field.bindings:
                if one.source in ("form", "json") and "_".join(words(one.key)) in USER_IDS:
                    message = f"`{operation.title}` believes a client's `{one.key}`"
                    yield Finding(
                        message, operation.route.path_span, "add `jwt: Auth` to @server", _read_here(field.span)
                    )


def _is_guarded(group: Group) -> bool:
    checks = {"auth", "authority", "jwt", "login", "session", "token", "permission"}
    middlewares = {word for name in group.middlewares for word in words(name)}
    signed = any(pair.key == "signature" and pair.value == "true" for pair in group.server)
    return bool(group.jwt or group.jwt_transition or signed or middlewares & checks)


def _read_here(span: Span) -> tuple[Note, ...]:
    return (Note(span, "read here"),)


@rule("auth-missing-in-group")
def auth_missing_in_group(scope: LintScope) -> Iterator[Finding]:
    """A block has no jwt while others of the same group and prefix have: forgotten, or meant?"""
    guarded = {(group.group, group.prefix): group for group in scope.contract.groups if group.jwt and group.group}
    for group in scope.contract.groups:
        other = guarded.get((group.group, group.prefix))
        if other is not None and not group.jwt and group.routes:
            note = (Note(other.span, f"jwt: {other.jwt} stands here"),)
            message = f"this block of group `{group.group}` has no jwt, another has"
            yield Finding(message, group.span, f"add `jwt: {other.jwt}`, or give it another group", note)


@rule("path-style-mixed")
def path_style_mixed(scope: LintScope) -> Iterator[Finding]:
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
def handler_not_pascal(scope: LintScope) -> Iterator[Finding]:
    """A handler's name does not begin with a capital; its class and goctl's exported name do."""
    for operation in scope.operations:
        name = operation.route.handler
        if not name[:1].isupper():
            yield Finding(
                f"the handler `{name}` is usually written `{name[:1].upper()}{name[1:]}`", operation.route.handler_span
            )


@rule("get-with-verb")
def get_with_verb(scope: LintScope) -> Iterator[Finding]:
    """A GET is called as if it changed something: browsers prefetch it, proxies repeat it."""
    changing = {"create", "delete", "remove", "update", "add", "set", "edit", "save", "insert"}
    for operation in scope.operations:
        verb = words(operation.route.handler)[0]
        if operation.route.method == "get" and verb in changing:
            message = f"`{operation.title}` is a GET and its handler is called `{operation.route.handler}`"
            yield Finding(message, operation.route.path_span, "use POST, PUT or DELETE")


@rule("trailing-slash")
def trailing_slash(scope: LintScope) -> Iterator[Finding]:
    """A path ends in `/`; go-zero takes it away, clients that compare texts do not."""
    for operation in scope.operations:
        span = operation.route.path_span
        if operation.route.path.endswith("/") and operation.route.path != "/" and span.line == span.end_line:
            text = operation.route.path.rstrip("/")
            yield Finding(f"`{operation.title}` ends in a slash", span, "remove it", edits=(SpanEdit(span, text),))
