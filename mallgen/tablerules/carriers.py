"""Messages of protos and types of `.api` contracts in one form, to be held beside tables; here those of `.api`."""

import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

from mallgen.contract.wire import base_type
from mallgen.lint.scope import LintScope, key, words
from mallgen.model import Contract, Field, Type
from mallgen.text.span import Span

CREATES = frozenset("create add insert register signup new place submit publish".split())
WRITES = CREATES | frozenset("update edit modify set change save put patch upsert replace".split())
LENGTH = re.compile(
    r"\d+\s*(?:个?字符|个?字|位|bytes|chars?\b|characters|letters|digits)|(?:最多|最长|不超过|至多|≤|<=?)\s*\d+"
    r"|\b(?:max|at most|up to|no more than|limit)\b\D{0,12}\d+",
    re.I,
)
_VALIDATED = re.compile(r'\b(?:validate|binding)\s*:\s*"[^"]*\b(?:max|len|lte?|oneof|email|uuid\d?|ip|e164|url)\b')
_API_KINDS = {"integer": "int", "float": "float", "bool": "bool", "string": "text"}


class CarriedField(NamedTuple):
    """A field with one value; `folded` is its name on the wire without case and underscores, `spelt` its type.

    `kind` is int, float, bool, text or bytes. `optional`: it may be absent. `bounded`: the contract says how long a
    text may be, in a rule or in words.
    """

    name: str
    folded: str
    kind: str
    bits: int
    unsigned: bool
    spelt: str
    optional: bool
    bounded: bool
    span: Span


class Carrier(NamedTuple):
    """A message or type: requests that create rows, or write them, have it, any requests (`asks`), or answers."""

    name: str
    fields: tuple[CarriedField, ...]
    creates: bool
    writes: bool
    asks: bool
    answers: bool


def folded(name: str) -> str:
    """Return a name as it is compared: `userId`, `user_id` and `userid` are one."""
    return name.replace("_", "").lower()


def of_api(contract: Contract) -> Iterator[Carrier]:
    """Yield the types of a `.api` contract."""
    scope = LintScope(contract)
    creates = _api_reached(scope, lambda handler, method: bool(CREATES & handler))
    writes = _api_reached(scope, lambda handler, method: bool(WRITES & handler) or method in ("put", "patch"))
    asks = _api_reached(scope, lambda handler, method: True)
    answers = {struct.name for struct in scope.response_types()}
    for struct in contract.types:
        fields = tuple(_api_fields(struct, scope))
        if fields:
            name = struct.name
            yield Carrier(name, fields, name in creates, name in writes, name in asks, name in answers)


def _api_reached(scope: LintScope, is_meant: Callable[[set[str], str], bool]) -> set[str]:
    """Return the types that the requests of some routes lead to, by the words of their handlers and their methods."""
    found = (
        struct
        for operation, struct in scope.requests()
        if is_meant(set(words(operation.route.handler)), operation.route.method)
    )
    return {struct.name for struct in scope.reachable(*found)}


def _api_fields(struct: Type, scope: LintScope) -> Iterator[CarriedField]:
    for field in struct.fields:
        base = base_type(field.type)
        kind = _API_KINDS.get(base.kind, "") if base is not None and field.bindings else ""
        if base is not None and kind:
            name, optional, bounded = key(field), _may_be_absent(field), _is_bounded(field, scope)
            fold, is_unsigned = folded(name), kind == "int" and not base.signed
            yield CarriedField(name, fold, kind, base.bits, is_unsigned, base.name, optional, bounded, field.span)


def _may_be_absent(field: Field) -> bool:
    return any(one.optional and one.default is None for one in field.bindings)


def _is_bounded(field: Field, scope: LintScope) -> bool:
    member = scope.member(field)
    said = "\n".join((field.comment, *field.docs))
    tag = member.tag if member is not None else ""
    return bool(LENGTH.search(said) or _VALIDATED.search(tag)) or any(one.options for one in field.bindings)
