"""Comments `// mallgen:ignore CODE reason`, by which the user accepts findings; `--` in SQL and `#` in Python."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from mallgen.diagnostics import Diagnostic
from mallgen.rules import Found
from mallgen.text.span import Span
from mallgen.text.suggest import did_you_mean

_MARKS = {
    **dict.fromkeys((".sql", ".ddl", ".mysql", ".pgsql"), ("--", "#", "/*")),
    **dict.fromkeys((".py", ".yaml", ".yml"), ("#",)),
}
_COMMENT = r"(?P<mark>{})\s*mallgen:ignore\b[ \t]*(?P<code>[\w-]*)[ \t]*(?P<reason>.*)"


class Suppression(NamedTuple):
    """A comment that switches one rule off for `line`: its own, or the next one with code when it stands alone."""

    code: str
    reason: str
    line: int
    span: Span
    mark: str = "//"


def suppressions(texts: Mapping[str, str]) -> list[Suppression]:
    """Return the comments of all files; `texts` are their texts by name."""
    return [comment for name, text in texts.items() for comment in _in_file(name, text.split("\n"))]


def _in_file(name: str, lines: Sequence[str]) -> Iterator[Suppression]:
    marks = _MARKS.get(name[name.rfind(".") :], ("//",))
    pattern = re.compile(_COMMENT.format("|".join(map(re.escape, marks))))
    below = 0  # the number of the next line that is no comment, 0 until it is searched
    for number, line in enumerate(lines, 1):
        match = pattern.search(line)
        if match is not None:
            target = number
            if not line[: match.start()].strip():
                if below <= number:
                    rest = range(number + 1, len(lines) + 1)
                    below = next((n for n in rest if not _is_comment(lines[n - 1], marks)), len(lines) + 1)
                target = below if below <= len(lines) else number
            span = Span(name, number, match.start() + 1, number, len(line.rstrip()) + 1)
            reason = match["reason"].strip().removesuffix("*/" if match["mark"] == "/*" else "").strip()
            yield Suppression(match["code"], reason, target, span, match["mark"])


def _is_comment(line: str, marks: tuple[str, ...]) -> bool:
    return line.strip().startswith(marks) or not line.strip()


class RuleCodes(NamedTuple):
    """The codes of all rules, of those that checked the contract, and the command that lists all."""

    known: Sequence[str]
    checked: Sequence[str]
    listing: str


def apply(
    findings: Sequence[Found], comments: Sequence[Suppression], rules: RuleCodes, at_notes: bool = False
) -> list[Found]:
    """Return the findings that no comment switches off, and findings about wrong or unused comments.

    A comment about a rule that was not run is not reported as unused. `unfit` findings cannot be switched off, since
    they keep code from being generated. `at_notes`: a comment counts at each place that a finding names.
    """
    if not comments:
        return list(findings)
    counting = (comment for comment in reversed(comments) if comment.reason and comment.code in rules.known)
    by_line = {(comment.code, comment.span.file, comment.line): comment for comment in counting}
    used: set[Suppression] = set()
    left = []
    for item in findings:
        found = item.diagnostic
        spans = (found.span, *(note.span for note in found.notes if at_notes))
        keys = [(found.code, span.file, span.line) for span in spans if span is not None]
        comment = next(filter(None, map(by_line.get, keys)), None)
        if comment is not None and found.severity != "unfit":
            used.add(comment)
        else:
            left.append(item)
    return left + [Found(problem, ()) for comment in comments for problem in _wrong(comment, used, rules)]


def _wrong(comment: Suppression, used: set[Suppression], rules: RuleCodes) -> Iterator[Diagnostic]:
    if comment.code not in rules.known:
        what = f"there is no rule `{comment.code}`" if comment.code else "no rule is named"
        hint = did_you_mean(comment.code, rules.known) or f"{rules.listing} lists them"
        yield Diagnostic("bad-suppression", what, comment.span, hint)
    elif not comment.reason:
        end = " */" if comment.mark == "/*" else ""
        hint = f"{comment.mark} mallgen:ignore {comment.code} why it is fine here{end}"
        yield Diagnostic("bad-suppression", f"`{comment.code}` is switched off without a reason", comment.span, hint)
    elif comment not in used and comment.code in rules.checked:
        message = f"`{comment.code}` finds nothing here"
        yield Diagnostic("unused-suppression", message, comment.span, "remove the comment", severity="warning")
