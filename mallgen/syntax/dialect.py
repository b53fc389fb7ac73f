"""The older dialect of `.api` files: what goctl's ANTLR grammar read (api/parser/g4) and today's goctl refuses.

Used only when a file did not parse. A construct with a modern spelling of the same meaning becomes a DialectEdit, one
without is reported. A walk of its own reads the text, since unquoted values are no tokens of today's language.
"""

import re
import sys
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator
from itertools import accumulate, groupby
from typing import NamedTuple

from mallgen.diagnostics import Diagnostic
from mallgen.syntax.edits import DialectEdit, Offsets, SpanMap, applied
from mallgen.syntax.lalr import Unexpected, walk
from mallgen.syntax.olderwords import OlderWord, Words
from mallgen.syntax.parse import parse
from mallgen.syntax.scan import HEADS, Scanned, Token, scan
from mallgen.text.limits import DEFAULT, Limits
from mallgen.text.span import Span

UNSAFE = "older-dialect-unsafe"
_NO_LIMITS = Limits._make([sys.maxsize] * len(Limits._fields))  # the whole text has passed them already
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
    """The parts of a text that are in the older dialect: how to rewrite them, and those left to the author.

    `text` is the rewritten text; `problems` are the parts without a safe edit, and what is wrong besides the dialect.
    """

    edits: tuple[DialectEdit, ...]
    text: str
    problems: tuple[Diagnostic, ...]

    @property
    def is_whole(self) -> bool:
        """Return whether the rewritten text can be read and means the same."""
        return all(problem.severity != "error" for problem in self.problems)

    @property
    def changes(self) -> tuple[DialectEdit, ...]:
        """The edits that begin a change; an edit without a code belongs to the one before it."""
        return tuple(edit for edit in self.edits if edit.code)

    def diagnostics(self, before: str, file: str) -> tuple[Diagnostic, ...]:
        """Return one error for each kind of edit, at its first occurrence, and the problems."""
        offsets = Offsets(before, file)
        hint = f"mallgen api fix -api {file} --write"
        errors = []
        for code, same in groupby(sorted(self.changes, key=lambda e: (e.code, e.start)), lambda edit: edit.code):
            first, *more = same
            count = f", here and in {len(more)} more place{'s' * (len(more) > 1)}" if more else ""
            errors.append(Diagnostic(code, f"{first.message}{count}", offsets.span(first.start, first.end), hint))
        return (*errors, *self.problems)

    def back(self, before: str, file: str) -> SpanMap:
        """Return the mapping of spans in the rewritten text back to `before`."""
        return SpanMap(self.edits, Offsets(before, file), Offsets(self.text, file))


def older(text: str, file: str, limits: Limits = DEFAULT, cut: Cut = scan) -> Older | None:
    """Return the parts of `text`, which does not parse, that are in the older dialect; None when there are none."""
    walk = _DialectWalk(text, file)
    walk.file()
    if not walk.edits and not walk.unsafe:
        return None
    edits = tuple(sorted(walk.edits))
    after = applied(text, edits)
    scanned = cut(after.replace("\r\n", "\n"), file, limits)
    back = SpanMap(edits, walk.offsets, Offsets(after, file))
    left = [back.diagnostic(problem) for problem in (*scanned.diagnostics, *parse(scanned).diagnostics)]
    return Older(edits, after, (*walk.unsafe, *_outside(left, walk.zones)))


class _OlderPair(NamedTuple):
    """A key and the span of its value, as offsets."""

    key: OlderWord
    start: int
    end: int


class _DialectWalk:
    """A walk over a file by the older grammar; it passes over everything that it does not know."""

    def __init__(self, text: str, file: str) -> None:
        self.text = text
        self.edits: list[DialectEdit] = []
        self.unsafe: list[Diagnostic] = []
        self.zones: list[tuple[Span, Span]] = []  # the first and the last span around each part that is unsafe
        self.offsets = Offsets(text, file)
        self._words = Words(text)

    def file(self) -> None:
        """Walk every statement."""
        position = 0
        while token := self._words.at(position):
            position = token.end
            if token.value in {"info", "@server"}:
                position = self._walk_pairs(token)
            elif token.value == "type":
                position = self._walk_type(position)
            elif token.value == "service":
                position = self._walk_service(position)

    def _is_next(self, position: int, value: str) -> bool:
        token = self._words.at(position)
        return token is not None and token.value == value

    def _add_edit(self, start: int, end: int, text: str, code: str, message: str) -> None:
        self.edits.append(DialectEdit(start, end, text, code, message))

    def _continue_edit(self, start: int, end: int, text: str = "") -> None:
        self.edits.append(DialectEdit(start, end, text, "", ""))

    def _report_unsafe(self, start: int, end: int, message: str, hint: str) -> None:
        span = self.offsets.span(start, end)
        self.unsafe.append(Diagnostic(UNSAFE, message, span, hint))
        follows = self._words.at(end)
        behind = follows.end if follows else len(self.text)
        self.zones.append((span._replace(col=1), self.offsets.span(behind, behind)))

    def _skip_blanks(self, position: int) -> int:
        """Return the position behind spaces and tabs."""
        match = _SPACE.match(self.text, position)
        return match.end() if match else position

    # types

    def _walk_type(self, position: int) -> int:
        depth = 0
        before = None
        while token := self._words.at(position):
            if not depth and before is not None and token.value in {*HEADS, "@server"} and before.value != "type":
                return token.start
            position = token.end
            depth += (token.value in "({") - (token.value in ")}") if token.kind == "sign" else 0
            if token.value == "struct" and self._is_next(position, "{"):
                self._rewrite_struct(before, token)
            if token.value in {"}", ")"} and token.kind == "sign" and depth <= 0:
                return position
            before = token
        return len(self.text)

    def _rewrite_struct(self, before: OlderWord | None, token: OlderWord) -> None:
        if before is not None and before.value in {"*", "]"}:
            what = "pointer to a struct" if before.value == "*" else "list or map of structs"
            hint = "declare the struct as a type of its own and name it here"
            self._report_unsafe(token.start, token.end, f"a {what} written in place has no modern spelling", hint)
            return
        name = before.value if before is not None else ""
        end = self._skip_blanks(token.end)
        message = f"`{name} struct {{` is the older dialect; today it is `{name} {{`"
        self._add_edit(token.start, end, "", "older-dialect-struct", message)

    # pairs

    def _walk_pairs(self, head: OlderWord) -> int:
        """Walk the pairs of `info (`, `@doc (` or `@server (`, and return the position behind them."""
        opening = self._words.at(head.end)
        if opening is None or opening.value != "(":
            return head.end
        pairs, end = self._read_pairs(opening.end)
        if not _is_modern(head.value, self.text[opening.end : end - 1]):
            for pair in pairs:
                self._check_pair(head.value, pair)
        return end

    def _read_pairs(self, position: int) -> tuple[list[_OlderPair], int]:
        """Return the pairs up to the closing bracket, and the position behind it."""
        pairs = []
        while (key := self._words.at(position)) and key.value != ")":
            colon = self._words.at(key.end)
            if colon is None or colon.value != ":":
                position = key.end
                continue
            pair = _OlderPair(key, *self._read_value(colon.end))
            pairs.append(pair)
            position = pair.end
        return pairs, key.end if key else len(self.text)

    def _read_value(self, position: int) -> tuple[int, int]:
        """Return start and end of a value: a text, a list, else its line without a bracket that closes the block."""
        start = self._skip_blanks(position)
        if self.text[start : start + 1] in {'"', "`"}:
            token = self._words.at(start)
            return start, token.end if token else len(self.text)
        names = _LIST.match(self.text, start)
        if names and "\n" in names.group() and not self._is_next(names.end(), ":"):
            return start, names.end()
        match = _LINE.match(self.text, start)
        line = match.group() if match else ""
        if comment := _COMMENT.match(line):
            line = line[: comment.start()]
        if line.count(")") > line.count("("):
            line = line[: line.rindex(")")]
        return start, start + len(line.rstrip())

    def _check_pair(self, head: str, pair: _OlderPair) -> None:
        key, value = pair.key.value, self.text[pair.start : pair.end]
        if value.startswith(('"', "`")):
            if '\\"' in value:
                hint = "write it without quotation marks inside"
                self._report_unsafe(pair.start, pair.end, 'today a text cannot hold `\\"`', hint)
            return
        if not value:
            self._rewrite_empty(pair)
        elif not (_SETTING if head == "@server" else _ONE_WORD).fullmatch(value):
            self._rewrite_unquoted(key, value, pair)

    def _rewrite_empty(self, pair: _OlderPair) -> None:
        follows = self._words.at(pair.end)
        if follows is None or follows.value == ")" or self._is_next(follows.end, ":"):
            colon = self.text.rindex(":", 0, pair.end + 1) + 1
            message = f'`{pair.key.value}:` without a value is the older dialect; today it is `{pair.key.value}: ""`'
            self._add_edit(colon, colon, ' ""', "older-dialect-value", message)

    def _rewrite_unquoted(self, key: str, value: str, pair: _OlderPair) -> None:
        if comment := _COMMENT.search(value):
            message = f"is `{value[comment.start() :].strip()}` text or a comment?"
            hint = "put the text in quotation marks, and the comment behind them"
            self._report_unsafe(pair.start, pair.end, message, hint)
        elif '"' in value or "`" in value:
            hint = "put the whole text in back-quotes, or leave out the quotation marks inside"
            self._report_unsafe(pair.start, pair.end, f"`{key}` has quotation marks inside an unquoted text", hint)
        elif key == "middleware":
            self._rewrite_middlewares(value, pair)
        else:
            message = f'`{key}: {value}` without quotation marks is the older dialect; today it is `{key}: "{value}"`'
            self._add_edit(pair.start, pair.end, f'"{value}"', "older-dialect-value", message)

    def _rewrite_middlewares(self, value: str, pair: _OlderPair) -> None:
        """Rewrite a list with a comma too many, of which goctl's first grammar made a middleware without a name."""
        names = [name.strip() for name in value.split(",") if name.strip()]
        if not names or not all(_NAME.fullmatch(name) for name in names):
            hint = "write their names with commas between them: `middleware: Audit, Limit`"
            self._report_unsafe(pair.start, pair.end, f"`{value}` is no list of middlewares", hint)
            return
        modern = ", ".join(names)
        message = f"`middleware: {value}` has a comma too many; today it is `middleware: {modern}`"
        self._add_edit(pair.start, pair.end, modern, "older-dialect-value", message)

    # services

    def _walk_service(self, position: int) -> int:
        opening = self._words.brace(position)
        if opening < 0:
            return position
        self._rewrite_service_name(position, opening)
        position = opening + 1
        while token := self._words.at(position):
            position = token.end
            if token.value == "}":
                return position
            if token.value == "@doc":
                position = self._rewrite_doc(token)
            elif token.value == "@server":
                position = self._walk_route_settings(token)
        return len(self.text)

    def _rewrite_service_name(self, position: int, opening: int) -> None:
        between = self.text[position:opening]
        name = between.strip()
        stem = name.removesuffix("-api")
        if not _SERVICE_NAME.fullmatch(name) or "-" not in stem:
            return
        modern = stem.replace("-", "_") + name[len(stem) :]
        start = position + between.index(name)
        message = f"hyphens in `{name}` are the older dialect; today the service is named `{modern}`"
        self._add_edit(start, start + len(name), modern, "older-dialect-service-name", message)

    def _rewrite_doc(self, head: OlderWord) -> int:
        opening = self._words.at(head.end)
        if opening is None or opening.value != "(":
            return head.end
        text = self._words.at(opening.end)
        closing = self._words.at(text.end) if text else None
        if text is None or text.kind != "string" or closing is None or closing.value != ")":
            return self._walk_pairs(head)
        if '\\"' in text.value or text.value.startswith("`"):
            hint = "write the text in quotation marks, without others inside"
            self._report_unsafe(text.start, text.end, "this `@doc` text has no modern spelling", hint)
            return closing.end
        message = f"`@doc({text.value})` is the older dialect; today it is `@doc {text.value}`"
        gap, rest = self.text[opening.end : text.start], self.text[text.end : closing.start]
        space = "" if opening.start > head.end or gap[:1].isspace() else " "
        begin = text.start if not gap.strip(" \t") and opening.start > head.end else opening.end
        self._add_edit(opening.start, begin, space, "older-dialect-doc", message)
        self._continue_edit(closing.start if rest.strip(" \t") else text.end, closing.end)
        return closing.end

    def _walk_route_settings(self, head: OlderWord) -> int:
        opening = self._words.at(head.end)
        if opening is None or opening.value != "(":
            return head.end
        pairs, end = self._read_pairs(opening.end)
        others = [pair for pair in pairs if pair.key.value != "handler"]
        for pair in others:
            message = (
                f"`{pair.key.value}` for one route has no modern spelling: settings belong to a whole service block"
            )
            hint = "move the route into a `service` block of its own, with this in the `@server (…)` before it"
            self._report_unsafe(pair.key.start, pair.end, message, hint)
            self.zones.append((self.offsets.span(head.start, head.end), self.offsets.span(end, end)))
        names = [self.text[pair.start : pair.end] for pair in pairs if pair.key.value == "handler"]
        if len(names) == 1 and _NAME.fullmatch(names[0]) and not others:
            self._rewrite_handler(head, pairs[0], end)
        return end

    def _rewrite_handler(self, head: OlderWord, pair: _OlderPair, end: int) -> None:
        name = self.text[pair.start : pair.end]
        message = f"`@server(handler: {name})` is the older dialect; today it is `@handler {name}`"
        gaps = self.text[head.end : pair.key.start] + self.text[pair.end : end - 1]
        if not gaps.replace("(", "", 1).strip():
            self._add_edit(head.start, end, f"@handler {name}", "older-dialect-handler", message)
            return
        opening = self.text.index("(", head.end)
        self._add_edit(head.start, opening + 1, "@handler ", "older-dialect-handler", message)
        self._continue_edit(pair.key.start, pair.start)
        self._continue_edit(end - 1, end)


def _is_modern(head: str, pairs: str) -> bool:
    """Return whether today's grammar accepts these pairs in the brackets of `head`."""
    scanned = scan(_WRAPPED[head].format(pairs), "", _NO_LIMITS)
    if scanned.diagnostics or any(statement.kind == "unknown" for statement in scanned.statements):
        return False
    try:
        for statement in scanned.statements:
            walk(statement.tokens, statement.kind, _NullBuilder())
    except Unexpected:
        return False
    return True


class _NullBuilder:
    """A builder that builds nothing, for a caller that asks only whether the tables accept the tokens."""

    last: Token | None = None

    def __getattr__(self, _rule: str) -> Callable[..., None]:
        return lambda *parts: None


def _outside(diagnostics: Iterable[Diagnostic], zones: Iterable[tuple[Span, Span]]) -> Iterator[Diagnostic]:
    """Yield the diagnostics outside of the zones, which have been reported as unsafe."""
    bounds = sorted((first[1:3], last[1:3]) for first, last in zones)
    starts = [start for start, _ in bounds]
    ends = list(accumulate((end for _, end in bounds), max))
    for diagnostic in diagnostics:
        span = diagnostic.span
        before = bisect_right(starts, span[1:3]) if span is not None else 0
        if span is None or not before or ends[before - 1] < span[1:3]:
            yield diagnostic
