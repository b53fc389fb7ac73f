"""The bridge from our tokens to lark's parser."""

from collections.abc import Iterator
from typing import Any

from lark.lexer import Lexer

STARTS = ("syntax", "info", "import", "type", "service", "declaration", "item")


class TokenLexer(Lexer):
    """Hands the tokens of one statement to lark as they are: scan has made them."""

    def __init__(self, conf: Any = None) -> None:
        self.conf = conf

    def lex(self, tokens: Any) -> Iterator[Any]:  # type: ignore[override]
        """The tokens of one statement, in order."""
        return iter(tokens)
