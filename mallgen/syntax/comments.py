"""The comments of a `.api` text, each on the word that it stands beside: what the formatter must not lose."""

from collections.abc import Iterable
from typing import NamedTuple

from mallgen.syntax.scan import Token, trivia


class CommentedToken(NamedTuple):
    """A token with its comments: `head` stood on lines before it, `tail` behind it on its own line.

    `line` counts as goctl does: a line end inside a comment or a text is none.
    """

    text: str
    kind: str
    line: int
    head: tuple[str, ...] = ()
    tail: tuple[str, ...] = ()

    @property
    def comments(self) -> tuple[str, ...]:
        """Both, in their order."""
        return self.head + self.tail


def words(text: str, tokens: Iterable[Token]) -> tuple[list[CommentedToken], tuple[str, ...]]:
    """The tokens of `text` as words, and the comments after the last of them."""
    found: list[CommentedToken] = []
    position, line = 0, 1
    for token in tokens:
        line, tail, head = _gap(text[position : token.start_pos], line)
        found, head = _behind(found, tail, head)
        found.append(CommentedToken(token.value, token.type, line, tuple(head)))
        position = token.end_pos
    _, tail, head = _gap(text[position:], line)
    found, head = _behind(found, tail, head)
    return found, tuple(head)


def merged(parts: list[CommentedToken]) -> CommentedToken:
    """Words that are written without a space, as one; a comment between them moves before or behind the whole."""
    first, last = parts[0], parts[-1]
    inner = [comment for part in parts[:-1] for comment in part.tail] + [c for part in parts[1:] for c in part.head]
    short = tuple(comment for comment in inner if is_inline(comment))
    long = tuple(comment for comment in inner if not is_inline(comment))
    text = "".join(part.text for part in parts)
    return CommentedToken(text, first.kind, last.line, first.head + long, short + last.tail)


def is_inline(comment: str) -> bool:
    """Whether something can follow on the line of this comment without being read as another line."""
    return comment.startswith("/*") and "\n" not in comment


def _gap(gap: str, line: int) -> tuple[int, list[str], list[str]]:
    """The line after a gap between two tokens, the comments on the first one's line, and the others."""
    tail: list[str] = []
    head: list[str] = []
    start = line
    for piece in trivia(gap):
        if piece == "\n":
            line += 1
        else:
            (tail if line == start else head).append(piece.rstrip())
    return line, tail, head


def _behind(found: list[CommentedToken], tail: list[str], head: list[str]) -> tuple[list[CommentedToken], list[str]]:
    if not found:
        return found, tail + head
    if tail:
        found[-1] = found[-1]._replace(tail=tuple(tail))
    return found, head
