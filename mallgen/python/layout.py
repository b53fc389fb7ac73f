"""Python source laid out as black and isort would do it: widths, wrapped calls, sorted imports, literals."""

import functools
import re
from collections.abc import Iterable, Sequence

from mallgen.python.code import Code, Literal, PyIdent
from mallgen.text.width import width

WIDTH = 88
_PRAGMA = re.compile(
    r"(?:^|#)\s*(?=(?:type:|fmt:|noqa|ruff:|isort:|mypy:|flake8|pylint:|pyright:|yapf:|nosec|pragma))",
    re.IGNORECASE,
)
_PLAIN = re.compile(r"[!#-\[\]-~](?:[ !#-\[\]-~]*[!#-\[\]-~])?")  # ASCII without quotes, backslashes, outer spaces


def literal(value: object) -> Literal:
    """Return a Python literal with the quotes that black prefers; unprintable characters are escaped."""
    if isinstance(value, str):
        return Literal(_quoted(value))
    if isinstance(value, bytes):
        return Literal(_quoted_bytes(value))
    if isinstance(value, list | tuple):
        inner = ", ".join(literal(item) for item in value)
        if isinstance(value, list):
            return Literal(f"[{inner}]")
        return Literal(f"({inner},)" if len(value) == 1 else f"({inner})")
    return Literal(repr(value))


def lines(text: str) -> Literal:
    """Return a literal of several lines, which stand as they are where no character needs an escape."""
    if "\\" in text or '"""' in text or not text.replace("\n", " ").isprintable():
        return literal(text)
    return Literal(f'"""\\\n{text}"""')


def _quoted(text: str) -> str:
    body = text
    if "\\" in text or not text.isprintable():
        body = "".join(char if char.isprintable() and char != "\\" else repr(char)[1:-1] for char in text)
    # black uses double quotes unless they need more escapes than single ones
    quote = '"' if text.count('"') <= text.count("'") else "'"
    return quote + body.replace(quote, f"\\{quote}") + quote


def _quoted_bytes(data: bytes) -> str:
    """Return a bytes literal with black's quotes: double ones unless they need more escapes."""
    text = repr(data)
    if text.startswith("b'") and '"' not in text:
        return f'b"{text[2:-1]}"'
    return text


def printable(text: str) -> str:
    """Return the text on one line, with invisible characters escaped."""
    if text.isprintable():
        return text.strip()
    return "".join(
        char if char.isprintable() else " " if char.isspace() else ascii(char)[1:-1] for char in text
    ).strip()


def comment(text: str) -> Code:
    """Return the comment `# text`, altered where it would be a pragma for a linter, formatter or type checker."""
    return Code("# " + _PRAGMA.sub("// ", printable(text)))


def fold(text: str, columns: int) -> list[str]:
    """Cut one line of prose into lines of at most `columns`, at spaces and anywhere in Chinese text."""
    if width(text) <= columns:
        return [text.rstrip()] if text.strip() else []
    lines: list[str] = []
    line = ""
    for piece in re.findall(r"\s*(?:[\u2e80-\uffef]|[^\s\u2e80-\uffef]+)", text):
        if line and width(line + piece.rstrip()) > columns:
            lines.append(line.rstrip())
            piece = piece.lstrip()
            line = ""
        line += piece
    return [*lines, line.rstrip()] if line.strip() else lines


def docstring(lines: Sequence[str], indent: int) -> Literal:
    """Return a docstring literal for a body indented by `indent`; its first line follows the quotes."""
    columns = WIDTH - indent
    if len(lines) == 1 and len(lines[0]) <= columns - 6 and _PLAIN.fullmatch(lines[0]):
        return Literal(f'"""{lines[0]}"""')
    paragraphs = [printable(line) for line in lines]
    while paragraphs and not paragraphs[-1]:
        paragraphs.pop()
    folded = [cut for text in paragraphs for cut in fold(text, columns - 6) or [""]]
    body = [line.replace("\\", "\\\\").replace('"""', '\\"\\"\\"') for line in folded] or ["."]
    if body[0].startswith('"'):
        body[0] = f" {body[0]}"
    if len(body) == 1:
        # black counts an escaped quote at the end as a quote, ruff does not: the last of three stays unescaped
        body[0] = f'{body[0][:-2]}"' if body[0].endswith('\\"\\"\\"') else body[0]
        gap = " " if body[0].endswith('"') else ""
        return Literal(f'"""{body[0]}{gap}"""')
    pad = " " * indent
    rest = "".join(f"\n{pad}{line}" if line else "\n" for line in body[1:])
    return Literal(f'"""{body[0]}{rest}\n{pad}"""')


def call(head: str, args: Sequence[str], tail: str = ")", indent: int = 0) -> Code:
    """Return a bracket as black lays it out; scripts/mypy_code.py checks that all parts are code."""
    return Code(bracket(head, args, tail, indent))


def bracket(head: str, args: Sequence[str], tail: str = ")", indent: int = 0) -> str:
    """Return `head` + args + `tail` as black lays out a bracket: on one line, on an inner line, or one per line."""
    pad, inner = " " * indent, " " * (indent + 4)
    line = f"{head}{', '.join(args)}{tail}"
    if width(pad + line) <= WIDTH or not args:
        return line
    joined = ", ".join(args)
    if width(inner + joined) <= WIDTH:
        comma = "," if "def " in head and "," not in joined else ""  # black's, behind a parameter that stands alone
        return f"{head}\n{inner}{joined}{comma}\n{pad}{tail}"
    each = "".join(f"{inner}{arg},\n" for arg in args)
    return f"{head}\n{each}{pad}{tail}"


def _natural(text: str) -> tuple[tuple[int, int, str], ...]:
    parts = re.findall(r"\d+|\D+", text)
    return tuple((0, int(p), "") if p.isdigit() else (1, 0, p) for p in parts)


@functools.cache
def _member_key(name: str) -> tuple[int, object, object]:
    kind = 0 if name.isupper() and len(name) > 1 else 1 if name[:1].isupper() else 2
    return kind, _natural(name.lower()), _natural(name)


def exported(names: Iterable[PyIdent]) -> list[PyIdent]:
    """Sort names as ruff does in `__all__`: constants, classes, the rest; numbers by value, case counts."""
    return sorted(set(names), key=lambda name: (_member_key(name)[0], _natural(name)))


# `isort: skip`, because isort wraps a line that is too long and moves its comment to where mypy ignores it
_UNTYPED = "  # type: ignore[import-untyped, unused-ignore]  # isort: skip"
_SECTIONS = {"__future__": 0, "google": 2, "mallgen_runtime": 2}


class Imports:
    """The `from … import …` statements of one file, in isort's sections and order."""

    def __init__(self, first_party: str) -> None:
        self._first_party = first_party
        self._names: dict[str, dict[str, str]] = {}

    def add(self, source: str, name: str, local: str = "") -> PyIdent:
        """Import `name` from `source`, as `local` unless empty, and return the name to use; raise ValueError."""
        names = self._names.get(source)
        if names is None:
            dotted(source)
            names = self._names[source] = {}
        name = PyIdent(name)
        known = names[name] = PyIdent(local) if local else name
        return known

    def entries(self) -> list[tuple[str, str, str]]:
        """Return module, name and local name of every import."""
        return [(source, name, local) for source, names in self._names.items() for name, local in names.items()]

    def lines(self) -> list[Code]:
        """Return the lines of the import block, with an empty line between sections."""
        lines: list[Code] = []
        section = -1
        for number, _, source in sorted(_sort_key(source, self._first_party) for source in self._names):
            if lines and number != section:
                lines.append(Code())
            section = number
            lines += _statements(source, tuple(self._names[source].items()))
        return lines


@functools.lru_cache(1 << 12)
def _sort_key(source: str, first_party: str) -> tuple[int, str, str]:
    """Return isort's key for a module: the number of its section, then its name."""
    top = source.partition(".")[0]
    return 3 if top == first_party else _SECTIONS.get(top, 1), source.lower(), source


@functools.lru_cache(1 << 12)
def dotted(source: str) -> Code:
    """Return a module's name as code; raise ValueError for any other text."""
    return Code(".".join(map(PyIdent, source.split("."))))


@functools.lru_cache(1 << 14)  # many files have the same imports
def _statements(source: str, names: tuple[tuple[str, str], ...]) -> tuple[Code, ...]:
    """Return the lines that import names, each with its local name, from one module."""
    if len(names) == 1:
        ((name, local),) = names
        return (Code(_import(source, [name if name == local else f"{name} as {local}"])),)
    plain = sorted((n for n, local in names if n == local), key=_member_key)
    lines = [(plain[0], _import(source, plain))] if plain else []
    lines += [(name, _import(source, [f"{name} as {local}"])) for name, local in names if name != local]
    return tuple(Code(text) for _, text in sorted(lines, key=lambda pair: _member_key(pair[0])))


def _import(source: str, names: Iterable[str]) -> str:
    line = f"from {source} import {', '.join(names)}"
    ignored = _UNTYPED if source.startswith("google.") else ""
    if width(line) <= WIDTH:
        return f"{line}{ignored}"
    return f"from {source} import ({ignored}\n" + "".join(f"    {name},\n" for name in names) + ")"


def toml_text(text: str) -> Literal:
    """Return the text as a basic string of TOML."""
    escaped = "".join(char if char.isprintable() and char not in '"\\' else f"\\U{ord(char):08X}" for char in text)
    return Literal(f'"{escaped}"')


def yaml_text(text: str) -> Literal:
    """Return a YAML scalar that is read back as this text: plain where that is safe, else quoted."""
    word = re.fullmatch(r"[A-Za-z][A-Za-z0-9_.-]*", text)
    if word and text.lower() not in {"y", "n", "yes", "no", "on", "off", "true", "false", "null"}:
        return Literal(text)
    return toml_text(text)
