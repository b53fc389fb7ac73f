"""Comments `// mallgen:ignore CODE reason`, by which the user accepts findings."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from mallgen.diagnostics import Diagnostic
from mallgen.rules import Found
from mallgen.text.span import Span
from mallgen.text.suggest import did_you_mean

_COMMENT = re.compile(r"//\s*mallgen:ignore\b[ \t]*(?P<code>[\w-]*)[ \t]*(?P<reason>.*)")


class Suppression(NamedTuple):
    """A comment that switches one rule off for `line`: its own, or the next one with code when it stands alone."""

    code: str
    reason: str
    line: int
    span: Span


def suppressions(texts: Mapping[str, str]) -> list[Suppression]:
    """Return the comments of all files; `texts` are their texts by name."""
    return [comment for name, text in texts.items() for comment in _in_file(name, text.split("\n"))]


def _in_file(name: str, lines: Sequence[str]) -> Iterator[Suppression]:
    below = 0  # the number of the next line that is no comment, 0 until it is searched
    for number, line in enumerate(lines, 1):
        match = _COMMENT.search(line)
        if match is not None:
            target = number
            if not line[: match.start()].strip():
                if below <= number:
                    rest = range(number + 1, len(lines) + 1)
                    below = next((n for n in rest if not _is_comment(lines[n - 1])), len(lines) + 1)
                target = below if below <= len(lines) else number
            span = Span(name, number, match.start() + 1, number, len(line.rstrip()) + 1)
            yield Suppression(match["code"], match["reason"].strip(), target, span)


def _is_comment(line: str) -> bool:
    return line.strip().startswith("//") or not line.strip()


class RuleCodes(NamedTuple):
    """The codes of all rules, of those that checked the contract, and the command that lists all."""

    known: Sequence[str]
    checked: Sequence[str]
    listing: str


def apply(findings: Sequence[Found], comments: Sequence[Suppression], rules: RuleCodes) -> list[Found]:
    """Return the findings that no comment switches off, and findings about wrong or unused comments.

    A comment about a rule that was not run is not reported as unused. `unfit` findings cannot be switched off, since
    they keep code from being generated.
    """
    if not comments:
        return list(findings)
    by_line = {(c.code, c.span.file, c.line): c for c in reversed(comments) if c.reason}
    used: set[Suppression] = set()
    left = []
    for item in findings:
        span = item.diagnostic.span
        comment = by_line.get((item.diagnostic.code, span.file, span.line)) if span else None
        if comment is not None and item.diagnostic.severity != "unfit":
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
        hint = f"// mallgen:ignore {comment.code} why it is fine here"
        yield Diagnostic("bad-suppression", f"`{comment.code}` is switched off without a reason", comment.span, hint)
    elif comment not in used and comment.code in rules.checked:
        message = f"`{comment.code}` finds nothing here"
        yield Diagnostic("unused-suppression", message, comment.span, "remove the comment", severity="warning")
