"""Diagnostics for machines: one line each, JSON, GitHub's annotations, SARIF 2.1.0.

ci.py has the formats of GitLab and JUnit, terminal.py text for people.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from urllib.parse import quote

import msgspec

from mallgen.diagnostics import Diagnostic, in_order
from mallgen.diagnostics.ci import gitlab, junit
from mallgen.diagnostics.pages import pages
from mallgen.text.span import Span
from mallgen.text.visible import visible

Document = dict[str, object]
_MOST_INDENTED = 1000


def render(form: str, diagnostics: Sequence[Diagnostic]) -> str:
    """Return the diagnostics in the order of their spans; all but concise and github are documents even without any."""
    return FORMATS[form](in_order(diagnostics))


def _concise(diagnostics: Sequence[Diagnostic]) -> str:
    lines = []
    for found in diagnostics:
        where = f"{visible(found.span.file)}:{found.span.line}:{found.span.col}: " if found.span is not None else ""
        lines.append(f"{where}{found.level}[{found.code}] {visible(found.message)}\n")
    return "".join(lines)


def _json(diagnostics: Sequence[Diagnostic]) -> str:
    return _encoded([_plain(found) for found in diagnostics], len(diagnostics))


def _plain(found: Diagnostic) -> Document:
    return {
        "code": found.code,
        "severity": found.level,
        "message": found.message,
        "help": found.hint,
        **_position(found.span),
        **({"facts": dict(found.facts)} if found.facts else {}),
        "notes": [{"message": note.text, **_position(note.span)} for note in found.notes],
    }


def _position(span: Span | None) -> Document:
    if span is None:
        return {"file": None}
    start, end = {"line": span.line, "column": span.col}, {"line": span.end_line, "column": span.end_col}
    return {"file": span.file, "start": start, "end": end}


def _github(diagnostics: Sequence[Diagnostic]) -> str:
    """Return GitHub's annotations: https://docs.github.com/actions/reference/workflow-commands-for-github-actions."""
    lines = []
    for found in diagnostics:
        fields = {"title": found.code}
        if found.span is not None:
            span = found.span
            fields |= {"file": span.file, "line": str(span.line), "endLine": str(span.end_line)}
            if span.line == span.end_line:
                fields |= {"col": str(span.col), "endColumn": str(span.end_col)}
        marks = ",".join(f"{key}={_escaped(value, ',:')}" for key, value in fields.items())
        text = f"{found.message}\nhelp: {found.hint}" if found.hint else found.message
        level = "notice" if found.level == "info" else found.level
        lines.append(f"::{level} {marks}::{_escaped(text)}\n")
    return "".join(lines)


def _escaped(text: str, more: str = "") -> str:
    return visible("".join(f"%{ord(char):02X}" if char in f"%\r\n{more}" else char for char in text))


def _sarif(diagnostics: Sequence[Diagnostic]) -> str:
    """Return SARIF, https://docs.oasis-open.org/sarif/sarif/v2.1.0: one run, a rule for each code that occurs."""
    known = pages()
    codes = sorted({found.code for found in diagnostics})
    rules = [_rule(code, known.get(code, code)) for code in codes]
    driver: Document = {"name": "mallgen", "rules": rules}
    run: Document = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "results": [_result(found, codes.index(found.code)) for found in diagnostics],
    }
    schema = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
    return _encoded({"$schema": schema, "version": "2.1.0", "runs": [run]}, len(diagnostics))


def _rule(code: str, text: str) -> Document:
    return {"id": code, "shortDescription": {"text": text.splitlines()[0]}, "help": {"text": text}}


def _result(found: Diagnostic, rule: int) -> Document:
    result: Document = {
        "ruleId": found.code,
        "ruleIndex": rule,
        "level": "note" if found.level == "info" else found.level,
        "message": {"text": f"{found.message}\n{found.hint}" if found.hint else found.message},
    }
    if found.span is not None:
        result["locations"] = [_location(found.span)]
    if found.notes:
        result["relatedLocations"] = [{**_location(note.span), "message": {"text": note.text}} for note in found.notes]
    return result


def _location(span: Span) -> Document:
    region = {"startLine": span.line, "startColumn": span.col, "endLine": span.end_line, "endColumn": span.end_col}
    return {"physicalLocation": {"artifactLocation": {"uri": _uri(span.file)}, "region": region}}


@cache
def _uri(file: str) -> str:
    path = file.replace("\\", "/")
    return f"file://{quote(path)}" if path.startswith("/") else quote(path)


def _encoded(document: object, count: int) -> str:
    """Return JSON with every unprintable character escaped; msgspec escapes only those that JSON forbids.

    It is indented up to 1000 diagnostics: more are not read by people.
    """
    compact = visible(msgspec.json.encode(document).decode())
    return (msgspec.json.format(compact, indent=2) if count <= _MOST_INDENTED else compact) + "\n"


FORMATS: Mapping[str, Callable[[Sequence[Diagnostic]], str]] = {
    "concise": _concise,
    "json": _json,
    "github": _github,
    "sarif": _sarif,
    "gitlab": gitlab,
    "junit": junit,
}
