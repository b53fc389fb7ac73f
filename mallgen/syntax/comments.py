"""The comments of a `.api` text, each attached to the token beside it, so that the formatter loses none."""

from collections.abc import Iterable
from typing import NamedTuple

from mallgen.syntax.scan import Token, trivia


class CommentedToken(NamedTuple):
    """A token with its comments: `head` from the lines before it, `tail` from behind it on its own line.

    `line` counts as goctl does: line ends inside comments and texts do not count.
    """

    text: str
    kind: str
    line: int
    head: tuple[str, ...] = ()
    tail: tuple[str, ...] = ()

    @property
    def comments(self) -> tuple[str, ...]:
        """All comments, in the order of the text."""
        return self.head + self.tail


def with_comments(text: str, tokens: Iterable[Token]) -> tuple[list[CommentedToken], tuple[str, ...]]:
    """Return the tokens of `text` with their comments, and the comments after the last token."""
    commented: list[CommentedToken] = []
    position, line = 0, 1
    for token in tokens:
        line, tail, head = _gap(text[position : token.start_pos], line)
        commented, head = _attach(commented, tail, head)
        commented.append(CommentedToken(token.value, token.type, line, tuple(head)))
        position = token.end_pos
    _, tail, head = _gap(text[position:], line)
    commented, head = _attach(commented, tail, head)
    return commented, tuple(head)


def merged(parts: list[CommentedToken]) -> CommentedToken:
    """Join tokens that are written without a space; a comment between them moves before or behind the whole."""
    first, last = parts[0], parts[-1]
    inner = [comment for part in parts[:-1] for comment in part.tail] + [c for part in parts[1:] for c in part.head]
    short = tuple(comment for comment in inner if is_inline(comment))
    long = tuple(comment for comment in inner if not is_inline(comment))
    text = "".join(part.text for part in parts)
    return CommentedToken(text, first.kind, last.line, first.head + long, short + last.tail)


def is_inline(comment: str) -> bool:
    """Return whether code can follow this comment on its line."""
    return comment.startswith("/*") and "\n" not in comment


def _gap(gap: str, line: int) -> tuple[int, list[str], list[str]]:
    """Return the line after the gap between two tokens, the comments on the first token's line, and the others."""
    tail: list[str] = []
    head: list[str] = []
    start = line
    for piece in trivia(gap):
        if piece == "\n":
            line += 1
        else:
            (tail if line == start else head).append(piece.rstrip())
    return line, tail, head


def _attach(tokens: list[CommentedToken], tail: list[str], head: list[str]) -> tuple[list[CommentedToken], list[str]]:
    """Attach `tail` to the last token; without one it joins `head`, the comments of the token to come."""
    if not tokens:
        return tokens, tail + head
    if tail:
        tokens[-1] = tokens[-1]._replace(tail=tuple(tail))
    return tokens, head
