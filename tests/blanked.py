"""Comparison of two generated trees that may differ in their texts only, each text read back as it was given."""

import ast
import io
import re
import tokenize
from collections.abc import Iterator, Mapping
from typing import Any

from mallgen.output.files import File

PRAGMA = re.compile(r"#\s*(?:type:|noqa|fmt:|ruff:|isort:|mypy:|flake8|pylint:|pyright:|yapf:|nosec|pragma)", re.I)


class Interfered(AssertionError):
    """A text of the contract changed the structure of the code, or is not read back as it was given."""


def compare(benign: tuple[File, ...], hostile: tuple[File, ...], texts: Mapping[str, str]) -> int:
    """Compare files made with markers and with `texts` in their stead; return how many texts were read back exactly."""
    if [(file.path, file.owner) for file in benign] != [(file.path, file.owner) for file in hostile]:
        raise Interfered(f"other files: {[file.path for file in hostile]}")
    return sum(_file(one, other, texts) for one, other in zip(benign, hostile, strict=True))


def _file(benign: File, hostile: File, texts: Mapping[str, str]) -> int:
    if not benign.path.endswith((".py", ".pyi")):
        if hostile.text != benign.text:
            raise Interfered(f"{benign.path}: texts of the contract reach a file that is not Python\n{hostile.text}")
        return 0
    one, other = Blanked(benign.text), Blanked(hostile.text)
    if one.structure != other.structure:
        raise Interfered(f"{benign.path}: another structure\n{hostile.text}")
    for comment in other.pragmas - one.pragmas:
        raise Interfered(f"{benign.path}: a comment that tools obey: {comment}")
    for given, found in zip(one.docstrings, other.docstrings, strict=True):
        if squashed(_filled(given, texts)) != squashed(found):
            raise Interfered(f"{benign.path}: {found!r} is not {_filled(given, texts)!r}")
    exact = 0
    for expected, read in zip(one.strings, other.strings, strict=True):
        filled = _filled(expected, texts)
        exact += filled != expected
        if filled != read:
            raise Interfered(f"{benign.path}: {read!r} is not {filled!r}")
    return exact


def _filled(text: str, texts: Mapping[str, str]) -> str:
    for marker, payload in texts.items():
        text = text.replace(marker, payload)
    return text


def squashed(text: str) -> str:
    """Return a text without white space and with invisible characters escaped, as docstrings show it."""
    return "".join(c if c.isprintable() else "" if c.isspace() else ascii(c)[1:-1] for c in text).replace(" ", "")


class Blanked(ast.NodeTransformer):
    """The structure of a module without its texts and docstrings, and those texts in their order."""

    def __init__(self, text: str) -> None:
        self.strings: list[str] = []
        self.docstrings: list[str] = []
        tree = ast.parse(text)
        self.pragmas = {token for token in _comments(text) if PRAGMA.match(token)}
        self.structure = ast.dump(self.visit(tree))

    def generic_visit(self, node: ast.AST) -> ast.AST:
        """Remove the docstring of a node before its children are visited."""
        body: Any = getattr(node, "body", None)
        if isinstance(body, list) and body and _text(body[0]) is not None:
            self.docstrings.append(_text(body[0]) or "")
            node.body = body[1:] or [ast.Pass()]  # type: ignore[attr-defined]
        return super().generic_visit(node)

    def visit_Constant(self, node: ast.Constant) -> ast.AST:
        """Keep a text in `strings` and replace it by an empty one."""
        if isinstance(node.value, str):
            self.strings.append(node.value)
            return ast.Constant("")
        return ast.Constant(b"") if isinstance(node.value, bytes) else node


def _text(node: ast.AST) -> str | None:
    value = node.value if isinstance(node, ast.Expr) else None
    return value.value if isinstance(value, ast.Constant) and isinstance(value.value, str) else None


def _comments(text: str) -> Iterator[str]:
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.COMMENT:
            yield token.string
