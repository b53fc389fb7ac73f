"""The tree of a `.api` file: what was written, before any name is looked up."""

from msgspec import Struct

from mallgen.model import Pair, TypeRef
from mallgen.text.span import Span


class Text(Struct, frozen=True):
    """A word or a literal with its span; quotation marks are stripped."""

    value: str
    span: Span


class Node(Struct, frozen=True):
    """A statement of a file."""


class SyntaxNode(Node, frozen=True):
    """`syntax = "v1"`."""

    version: Text


class InfoNode(Node, frozen=True):
    """`info (…)`."""

    pairs: tuple[Pair, ...]
    span: Span


class ImportNode(Node, frozen=True):
    """`import "a.api"` or a group of them."""

    paths: tuple[Text, ...]


class Declaration(Struct, frozen=True):
    """One type of a `type` statement."""

    name: Text
    type: TypeRef
    docs: tuple[str, ...]
    comment: str


class TypeNode(Node, frozen=True):
    """`type X {…}` or a group of declarations."""

    declarations: tuple[Declaration, ...]


class Item(Struct, frozen=True):
    """`@doc`, `@handler` and the route behind them."""

    method: Text
    path: Text
    handler: Text
    request: TypeRef | None
    response: TypeRef | None
    doc: str
    doc_pairs: tuple[Pair, ...]
    docs: tuple[str, ...]


class ServiceNode(Node, frozen=True):
    """A `service` block with the `@server` before it."""

    name: Text
    settings: tuple[Pair, ...]
    items: tuple[Item, ...]
