"""Rules about types as a whole."""

from collections.abc import Iterator

from mallgen.contract.wire import binding
from mallgen.diagnostics import Note
from mallgen.lint import rule
from mallgen.lint.scope import LintScope
from mallgen.model import AnyType, Map
from mallgen.rules import Finding


@rule("unused-type", default=False)
def unused_type(scope: LintScope) -> Iterator[Finding]:
    """Nothing leads to this type from any route."""
    roots = [*scope.messages(), *(struct for _, struct in (*scope.requests(), *scope.responses()))]
    if not scope.operations:
        return
    used = {struct.name for struct in scope.reachable(*roots)}
    for struct in scope.contract.types:
        if struct.name not in used:
            yield Finding(f"nothing uses the type `{struct.name}`", struct.span, "remove it, or use it")


@rule("keys-mixed")
def keys_mixed(scope: LintScope) -> Iterator[Finding]:
    """JSON keys of one type are written in two ways: `user_id` beside `userName`."""
    for struct in scope.contract.types:
        snake = camel = None
        for field in struct.fields:
            one = binding(field, "json")
            if one is None:
                continue
            if "_" in one.key.strip("_") and snake is None:
                snake = field
            if one.key[:1].islower() and one.key != one.key.lower() and camel is None:
                camel = field
        if snake is not None and camel is not None:
            note = (Note(snake.span, "snake case here"),)
            yield Finding(f"`{struct.name}` mixes snake case and camel case", camel.span, "keep to one", note)


@rule("untyped-map", default=False)
def untyped_map(scope: LintScope) -> Iterator[Finding]:
    """A map of anything: neither clients nor the type checker know what is in it."""
    for struct, field in scope.fields():
        if isinstance(field.type, Map) and isinstance(field.type.elem, AnyType):
            yield Finding(f"`{struct.name}.{field.name}` holds anything", field.span, "declare a type for it")


@rule("request-is-response")
def request_is_response(scope: LintScope) -> Iterator[Finding]:
    """One type is asked for and answered: a field that is added to one side appears on the other."""
    for operation, request in scope.requests():
        if request is scope.response(operation):
            message = f"`{operation.title}` answers the type that it asks for"
            yield Finding(message, operation.route.path_span, "declare a type for the answer")


@rule("type-without-comment", default=False)
def type_without_comment(scope: LintScope) -> Iterator[Finding]:
    """A type has no comment: the contract is the documentation."""
    for struct in scope.contract.types:
        if not (struct.docs or struct.comment):
            yield Finding(f"`{struct.name}` has no comment", struct.span, "say in a line above it what it is")
