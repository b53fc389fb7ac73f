"""The older dialect of `.api` files: what goctl's ANTLR grammar read (api/parser/g4) and today's goctl refuses.

Looked at only when a file did not parse. What has a modern spelling of the same meaning becomes a DialectEdit; what
has none is a finding. A reader of its own walks the text, since unquoted values are no tokens of today's language.
"""

import re
import sys
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator
from itertools import accumulate, groupby
from typing import NamedTuple

from mallgen.diagnostics import Diagnostic
from mallgen.syntax.edits import Back, DialectEdit, Offsets, applied
from mallgen.syntax.lalr import Unexpected, walk
from mallgen.syntax.olderwords import OlderWord, Words
from mallgen.syntax.parse import parse
from mallgen.syntax.scan import HEADS, Scanned, Token, scan
from mallgen.text.limits import DEFAULT, Limits
from mallgen.text.span import Span

UNSAFE = "older-dialect-unsafe"
_NO_LIMITS = Limits._make([sys.maxsize] * len(Limits._fields))  # the whole text has been held against them
_NAME = re.compile(r"[A-Za-z_]\w*", re.ASCII)
_SERVICE_NAME = re.compile(r"[A-Za-z_]\w*(-[A-Za-z_]\w*)+", re.ASCII)
_SPACE = re.compile(r"[ \t\f]*")
_LINE = re.compile(r"[^\r\n]*")
_COMMENT = re.compile(r"(?<!:)//|/\*")
_W = r"[A-Za-z_][A-Za-z0-9_]*"
_BEHIND = r"\s*(?://.*|/\*.*\*/)?"
_ONE_WORD = re.compile(_W + _BEHIND)
_SETTING = re.compile(
    rf"(?:{_W}(?:\s*,\s*{_W})*|{_W}(?:-{_W})+|(?={_W}|/)(?:{_W})?(?:/{_W}(?:-{_W})?)*|[0-9]+|(?:[0-9]+[hmsnµ]s?)+){_BEHIND}"
)
_LIST = re.compile(rf"{_W}(?:\s*,\s*{_W})+(?!\w)")
_WRAPPED = {
    "info": "info ({}\n)",
    "@doc": "service s {{ @doc ({}\n) @handler h\nget / }}",
    "@server": "@server ({}\n) service s {{}}",
}


Cut = Callable[[str, str, Limits], Scanned]


class Older(NamedTuple):
    """What of a text is in the older dialect: how to rewrite it, and what must be left to its author.

    `text` is the rewritten text; `problems` are the unsafe places and what is wrong apart from the dialect.
    """

    edits: tuple[DialectEdit, ...]
    text: str
    problems: tuple[Diagnostic, ...]

    @property
    def is_whole(self) -> bool:
        """Whether the rewritten text can be read, and means what the text meant."""
        return all(problem.severity != "error" for problem in self.problems)

    @property
    def places(self) -> tuple[DialectEdit, ...]:
        """The edits that begin a change; others belong to one before them and have no code."""
        return tuple(edit for edit in self.edits if edit.code)

    def diagnostics(self, before: str, file: str) -> tuple[Diagnostic, ...]:
        """One error for each kind of edit, at its first place, and the problems."""
        places = Offsets(before, file)
        hint = f"mallgen api fix -api {file} --write"
        found = []
        for code, same in groupby(sorted(self.places, key=lambda e: (e.code, e.start)), lambda edit: edit.code):
            first, *more = same
            count = f", here and in {len(more)} more place{'s' * (len(more) > 1)}" if more else ""
            found.append(Diagnostic(code, f"{first.message}{count}", places.span(first.start, first.end), hint))
        return (*found, *self.problems)

    def back(self, before: str, file: str) -> Back:
        """The way from the places of the rewritten text to those of the text before."""
        return Back(self.edits, Offsets(before, file), Offsets(self.text, file))


def older(text: str, file: str, limits: Limits = DEFAULT, cut: Cut = scan) -> Older | None:
    """What of `text`, which does not parse, is in the older dialect; None when nothing is."""
    walk = _DialectWalk(text, file)
    walk.file()
    if not walk.edits and not walk.findings:
        return None
    edits = tuple(sorted(walk.edits))
    after = applied(text, edits)
    scanned = cut(after.replace("\r\n", "\n"), file, limits)
    back = Back(edits, walk.places, Offsets(after, file))
    left = [back.diagnostic(found) for found in (*scanned.diagnostics, *parse(scanned).diagnostics)]
    return Older(edits, after, (*walk.findings, *_outside(left, walk.zones)))


class _OlderPair(NamedTuple):
    key: OlderWord
    start: int
    end: int


class _DialectWalk:
    """Reads a file as the older grammar does, and stops at nothing."""

    def __init__(self, text: str, file: str) -> None:
        self.text = text
        self.edits: list[DialectEdit] = []
        self.findings: list[Diagnostic] = []
        self.zones: list[tuple[Span, Span]] = []
        self.places = Offsets(text, file)
        self._words = Words(text)

    def file(self) -> None:
        """Every statement."""
        position = 0
        while token := self._words.at(position):
            position = token.end
            if token.value in {"info", "@server"}:
                position = self._pairs(token)
            elif token.value == "type":
                position = self._type(position)
            elif token.value == "service":
                position = self._service(position)

    def _is(self, position: int, value: str) -> bool:
        token = self._words.at(position)
        return token is not None and token.value == value

    def _edit(self, start: int, end: int, text: str, code: str, message: str) -> None:
        self.edits.append(DialectEdit(start, end, text, code, message))

    def _also(self, start: int, end: int, text: str = "") -> None:
        self.edits.append(DialectEdit(start, end, text, "", ""))

    def _unsafe(self, start: int, end: int, message: str, hint: str) -> None:
        span = self.places.span(start, end)
        self.findings.append(Diagnostic(UNSAFE, message, span, hint))
        follows = self._words.at(end)
        behind = follows.end if follows else len(self.text)
        self.zones.append((span._replace(col=1), self.places.span(behind, behind)))

    def _blank(self, position: int) -> int:
        """The position behind spaces and tabs."""
        match = _SPACE.match(self.text, position)
        return match.end() if match else position

    # types

    def _type(self, position: int) -> int:
        depth = 0
        before = None
        while token := self._words.at(position):
            if not depth and before is not None and token.value in {*HEADS, "@server"} and before.value != "type":
                return token.start
            position = token.end
            depth += (token.value in "({") - (token.value in ")}") if token.kind == "sign" else 0
            if token.value == "struct" and self._is(position, "{"):
                self._struct(before, token)
            if token.value in {"}", ")"} and token.kind == "sign" and depth <= 0:
                return position
            before = token
        return len(self.text)

    def _struct(self, before: OlderWord | None, token: OlderWord) -> None:
        if before is not None and before.value in {"*", "]"}:
            what = "pointer to a struct" if before.value == "*" else "list or map of structs"
            hint = "declare the struct as a type of its own and name it here"
            self._unsafe(token.start, token.end, f"a {what} written in place has no modern spelling", hint)
            return
        name = before.value if before is not None else ""
        end = self._blank(token.end)
        message = f"`{name} struct {{` is the older dialect; today it is `{name} {{`"
        self._edit(token.start, end, "", "older-dialect-struct", message)

    # pairs

    def _pairs(self, head: OlderWord) -> int:
        """The pairs of `info (`, `@doc (` or `@server (`; the position behind them."""
        opening = self._words.at(head.end)
        if opening is None or opening.value != "(":
            return head.end
        pairs, end = self._block(opening.end)
        if not _reads(head.value, self.text[opening.end : end - 1]):
            for pair in pairs:
                self._pair(head.value, pair)
        return end

    def _block(self, position: int) -> tuple[list[_OlderPair], int]:
        """The pairs up to the closing bracket: as tokens where that works, else each to the end of its line."""
        pairs = []
        while (key := self._words.at(position)) and key.value != ")":
            colon = self._words.at(key.end)
            if colon is None or colon.value != ":":
                position = key.end
                continue
            pair = _OlderPair(key, *self._value(colon.end))
            pairs.append(pair)
            position = pair.end
        return pairs, key.end if key else len(self.text)

    def _value(self, position: int) -> tuple[int, int]:
        """Where a value begins and ends: a text, a list, else the line without a bracket that closes the block."""
        start = self._blank(position)
        if self.text[start : start + 1] in {'"', "`"}:
            token = self._words.at(start)
            return start, token.end if token else len(self.text)
        names = _LIST.match(self.text, start)
        if names and "\n" in names.group() and not self._is(names.end(), ":"):
            return start, names.end()
        match = _LINE.match(self.text, start)
        line = match.group() if match else ""
        if comment := _COMMENT.match(line):
            line = line[: comment.start()]
        if line.count(")") > line.count("("):
            line = line[: line.rindex(")")]
        return start, start + len(line.rstrip())

    def _pair(self, head: str, pair: _OlderPair) -> None:
        key, value = pair.key.value, self.text[pair.start : pair.end]
        if value.startswith(('"', "`")):
            if '\\"' in value:
                hint = "write it without quotation marks inside"
                self._unsafe(pair.start, pair.end, 'today a text cannot hold `\\"`', hint)
            return
        if not value:
            self._empty(pair)
        elif not (_SETTING if head == "@server" else _ONE_WORD).fullmatch(value):
            self._bare(key, value, pair)

    def _empty(self, pair: _OlderPair) -> None:
        follows = self._words.at(pair.end)
        if follows is None or follows.value == ")" or self._is(follows.end, ":"):
            colon = self.text.rindex(":", 0, pair.end + 1) + 1
            message = f'`{pair.key.value}:` without a value is the older dialect; today it is `{pair.key.value}: ""`'
            self._edit(colon, colon, ' ""', "older-dialect-value", message)

    def _bare(self, key: str, value: str, pair: _OlderPair) -> None:
        if comment := _COMMENT.search(value):
            message = f"is `{value[comment.start() :].strip()}` text or a comment?"
            self._unsafe(pair.start, pair.end, message, "put the text in quotation marks, and the comment behind them")
        elif '"' in value or "`" in value:
            hint = "put the whole text in back-quotes, or leave out the quotation marks inside"
            self._unsafe(pair.start, pair.end, f"`{key}` has quotation marks inside an unquoted text", hint)
        elif key == "middleware":
            self._middlewares(value, pair)
        else:
            message = f'`{key}: {value}` without quotation marks is the older dialect; today it is `{key}: "{value}"`'
            self._edit(pair.start, pair.end, f'"{value}"', "older-dialect-value", message)

    def _middlewares(self, value: str, pair: _OlderPair) -> None:
        """A list with a comma too many: goctl's first grammar made a middleware without a name of it."""
        names = [name.strip() for name in value.split(",") if name.strip()]
        if not names or not all(_NAME.fullmatch(name) for name in names):
            hint = "write their names with commas between them: `middleware: Audit, Limit`"
            self._unsafe(pair.start, pair.end, f"`{value}` is no list of middlewares", hint)
            return
        modern = ", ".join(names)
        message = f"`middleware: {value}` has a comma too many; today it is `middleware: {modern}`"
        self._edit(pair.start, pair.end, modern, "older-dialect-value", message)

    # services

    def _service(self, position: int) -> int:
        opening = self._words.brace(position)
        if opening < 0:
            return position
        self._service_name(position, opening)
        position = opening + 1
        while token := self._words.at(position):
            position = token.end
            if token.value == "}":
                return position
            if token.value == "@doc":
                position = self._doc(token)
            elif token.value == "@server":
                position = self._route_settings(token)
        return len(self.text)

    def _service_name(self, position: int, opening: int) -> None:
        between = self.text[position:opening]
        name = between.strip()
        stem = name.removesuffix("-api")
        if not _SERVICE_NAME.fullmatch(name) or "-" not in stem:
            return
        modern = stem.replace("-", "_") + name[len(stem) :]
        start = position + between.index(name)
        message = f"hyphens in `{name}` are the older dialect; today the service is named `{modern}`"
        self._edit(start, start + len(name), modern, "older-dialect-service-name", message)

    def _doc(self, head: OlderWord) -> int:
        opening = self._words.at(head.end)
        if opening is None or opening.value != "(":
            return head.end
        text = self._words.at(opening.end)
        closing = self._words.at(text.end) if text else None
        if text is None or text.kind != "string" or closing is None or closing.value != ")":
            return self._pairs(head)
        if '\\"' in text.value or text.value.startswith("`"):
            hint = "write the text in quotation marks, without others inside"
            self._unsafe(text.start, text.end, "this `@doc` text has no modern spelling", hint)
            return closing.end
        message = f"`@doc({text.value})` is the older dialect; today it is `@doc {text.value}`"
        gap, rest = self.text[opening.end : text.start], self.text[text.end : closing.start]
        space = "" if opening.start > head.end or gap[:1].isspace() else " "
        begin = text.start if not gap.strip(" \t") and opening.start > head.end else opening.end
        self._edit(opening.start, begin, space, "older-dialect-doc", message)
        self._also(closing.start if rest.strip(" \t") else text.end, closing.end)
        return closing.end

    def _route_settings(self, head: OlderWord) -> int:
        opening = self._words.at(head.end)
        if opening is None or opening.value != "(":
            return head.end
        pairs, end = self._block(opening.end)
        others = [pair for pair in pairs if pair.key.value != "handler"]
        for pair in others:
            message = (
                f"`{pair.key.value}` for one route has no modern spelling: settings belong to a whole service block"
            )
            hint = "move the route into a `service` block of its own, with this in the `@server (…)` before it"
            self._unsafe(pair.key.start, pair.end, message, hint)
            self.zones.append((self.places.span(head.start, head.end), self.places.span(end, end)))
        names = [self.text[pair.start : pair.end] for pair in pairs if pair.key.value == "handler"]
        if len(names) == 1 and _NAME.fullmatch(names[0]) and not others:
            self._handler(head, pairs[0], end)
        return end

    def _handler(self, head: OlderWord, pair: _OlderPair, end: int) -> None:
        name = self.text[pair.start : pair.end]
        message = f"`@server(handler: {name})` is the older dialect; today it is `@handler {name}`"
        gaps = self.text[head.end : pair.key.start] + self.text[pair.end : end - 1]
        if not gaps.replace("(", "", 1).strip():
            self._edit(head.start, end, f"@handler {name}", "older-dialect-handler", message)
            return
        opening = self.text.index("(", head.end)
        self._edit(head.start, opening + 1, "@handler ", "older-dialect-handler", message)
        self._also(pair.key.start, pair.start)
        self._also(end - 1, end)


def _reads(head: str, pairs: str) -> bool:
    """Whether today's grammar reads these pairs in the brackets of `head`."""
    scanned = scan(_WRAPPED[head].format(pairs), "", _NO_LIMITS)
    if scanned.diagnostics or any(statement.kind == "unknown" for statement in scanned.statements):
        return False
    try:
        for statement in scanned.statements:
            walk(statement.tokens, statement.kind, _Nothing())
    except Unexpected:
        return False
    return True


class _Nothing:
    """Builds nothing: whether the tables accept the tokens is all that is asked."""

    last: Token | None = None

    def __getattr__(self, rule: str) -> Callable[..., None]:
        return lambda *parts: None


def _outside(found: Iterable[Diagnostic], zones: Iterable[tuple[Span, Span]]) -> Iterator[Diagnostic]:
    """The diagnostics that do not stand in a place that has been reported as unsafe."""
    places = sorted((first[1:3], last[1:3]) for first, last in zones)
    starts = [start for start, _ in places]
    ends = list(accumulate((end for _, end in places), max))
    for diagnostic in found:
        span = diagnostic.span
        before = bisect_right(starts, span[1:3]) if span is not None else 0
        if span is None or not before or ends[before - 1] < span[1:3]:
            yield diagnostic
