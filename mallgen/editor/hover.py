"""Explanations of the word under the cursor, in Markdown."""

from collections.abc import Iterator
from typing import NamedTuple

from mallgen.editor import words
from mallgen.editor.project import Project
from mallgen.editor.symbols import Symbol, spot, symbol_at
from mallgen.editor.tags import word_at
from mallgen.lint.scope import LintScope, Operation
from mallgen.model import Binding, Bounds, Field, Inline, Named, Pointer, Route, Type, map_ref, peel, spell
from mallgen.syntax.scan import Token, span_of
from mallgen.text.span import Span
from mallgen.text.width import width

MOST_FIELDS = 40


class Hover(NamedTuple):
    """The explanation of a span of a file."""

    span: Span
    markdown: str


def hover(project: Project, file: str, line: int, col: int) -> Hover | None:
    """Return the explanation of the word at a line and column, None where there is nothing to explain."""
    read = project.files.get(file)
    if read is None:
        return None
    symbol = symbol_at(read, line, col)
    text = _symbol(project, symbol) if symbol is not None else ""
    if symbol is not None and text:
        return Hover(symbol.span, text)
    here = spot(read, line, col)
    if here.token is None or here.statement is None:
        return None
    if here.token.type == "RAW":
        return _tag(file, here.token, line, col)
    text = _word(here.token, here.statement.tokens)
    return Hover(span_of(file, here.token), text) if text else None


def _symbol(project: Project, symbol: Symbol) -> str:
    match symbol.kind:
        case "type":
            declared = project.types.get(symbol.name)
            return type_text(declared) if declared is not None else ""
        case "base":
            return _explained(symbol.name, words.BASE.get(symbol.name) or words.INSIDE[symbol.name])
        case "method":
            return _explained(symbol.name, words.METHOD.get(symbol.name, ""))
        case "handler" | "route":
            return next((_route(one) for one in _operations(project) if symbol.span in _name_spans(one.route)), "")
    return ""


def _name_spans(route: Route) -> tuple[Span, Span]:
    return route.handler_span, route.path_span


def _operations(project: Project) -> list[Operation]:
    return LintScope(project.view).operations


def _explained(word: str, text: str) -> str:
    return f"`{word}`: {text}" if text else ""


def _word(token: Token, tokens: tuple[Token, ...]) -> str:
    """Return the explanation of a keyword or of a setting's key; empty for any other word."""
    word = token.value
    index = next(i for i, one in enumerate(tokens) if one is token)
    if tokens[index + 1 : index + 2] and tokens[index + 1].type == "_COLON":
        table = words.INFO if tokens[0].type == "_INFO" else _keys(tokens[:index])
        return _explained(word, table.get(word, ""))
    if token.type.startswith("_") or token.type in {"RETURNS", "MAP", "ANY"}:
        return _explained(word, {**words.STATEMENTS, **words.INSIDE}.get(word, ""))
    return ""


def _keys(before: tuple[Token, ...]) -> dict[str, str]:
    """Return the explained keys for the parentheses behind `before`: those of `@doc` or of `@server`."""
    heads = [token.type for token in before if token.type in {"_AT_SERVER", "_AT_DOC"}]
    return words.DOC if heads[-1:] == ["_AT_DOC"] else words.SETTINGS


def _tag(file: str, token: Token, line: int, col: int) -> Hover | None:
    if token.line != token.end_line:
        return None
    word = word_at(token.value, col - token.column)
    if word is None:
        return None
    table = words.SOURCES if word.is_source else words.OPTIONS
    text = _explained(word.text, table.get(word.text, ""))
    start = token.column + word.start
    return Hover(Span(file, line, start, line, start + len(word.text)), text) if text else None


def type_text(declared: Type) -> str:
    """Return a type with its fields as they travel: those of embedded types written out."""
    lines = [f"type {declared.name} {{", *_rows(declared.fields), "}"]
    prose = _prose(declared.docs, declared.comment)
    return "\n\n".join(["\n".join(["```api", *lines, "```"]), *filter(None, [prose])])


def _rows(fields: tuple[Field, ...]) -> Iterator[str]:
    shown = fields[:MOST_FIELDS]
    cells = [(field.name, _spelled_type(field), _tags(field), field.comment) for field in shown]
    first, second = (max((width(cell[i]) for cell in cells), default=0) for i in (0, 1))
    for name, ref, tag, comment in cells:
        row = f"{name}{' ' * (first - width(name))} {ref}{' ' * (second - width(ref))} {tag} {comment}"
        yield f"    {row.rstrip()}"
    if len(fields) > len(shown):
        yield f"    // … and {len(fields) - len(shown)} more"


def _spelled_type(field: Field) -> str:
    """Return the type as written; `{…}` stands for a struct that is written in place."""
    if isinstance(peel(field.type, Pointer), Inline):
        return spell(map_ref(field.type, lambda _: Named("{…}", field.span)))
    return spell(field.type)


def _tags(field: Field) -> str:
    return f"`{' '.join(map(_binding, field.bindings))}`" if field.bindings else ""


def _binding(one: Binding) -> str:
    parts = [one.key]
    parts += ["optional" + (f"={one.depends}" if one.depends else "")] if one.optional else []
    parts += [f"default={one.default}"] if one.default is not None else []
    parts += [f"options=[{','.join(one.options)}]"] if one.options else []
    parts += [f"{word}={_bounds(b)}" for word, b in (("range", one.range), ("limit", one.limit)) if b is not None]
    parts += [word for word, on in (("string", one.string), ("omitempty", one.omitempty)) if on]
    return f'{one.source}:"{",".join(parts)}"'


def _bounds(one: Bounds) -> str:
    low, high = ("" if bound is None else str(bound) for bound in (one.low, one.high))
    return f"{'(' if one.open_low else '['}{low}:{high}{')' if one.open_high else ']'}"


def _prose(docs: tuple[str, ...], comment: str) -> str:
    """Return comments as text, without their slashes and stars."""
    lines = [line.strip() for text in (*docs, comment) for line in text.strip("/*").split("\n")]
    return "  \n".join(line.lstrip("/* ") for line in lines if line.strip("/* "))


def _route(one: Operation) -> str:
    route, group = one.route, one.group
    request = f" ({spell(route.request)})" if route.request is not None else ""
    answer = f" returns ({spell(route.response)})" if route.response is not None else ""
    settings = {
        "handler": route.handler,
        "group": group.group,
        "jwt": group.jwt or group.jwt_transition,
        "roles": ", ".join(group.roles),
        "middleware": ", ".join(group.middlewares),
        "timeout": "" if group.timeout_ms is None else f"{group.timeout_ms} ms",
        "maxBytes": "" if group.max_bytes is None else str(group.max_bytes),
        "maxParts": "" if group.max_parts is None else str(group.max_parts),
        "maxPartBytes": "" if group.max_part_bytes is None else str(group.max_part_bytes),
        "cors": group.cors,
    }
    shown = " · ".join(f"{key} `{value}`" for key, value in settings.items() if value)
    code = f"```api\n{route.method} {route.full_path}{request}{answer}\n```"
    return "\n\n".join([code, *filter(None, [route.doc, _prose(route.docs, ""), shown])])
