"""Diagnostics in the formats of two CI systems: GitLab's Code Quality report, and JUnit's XML."""

from collections import Counter
from collections.abc import Sequence
from hashlib import sha256

import msgspec

from mallgen.diagnostics import Diagnostic
from mallgen.text.visible import visible

_SEVERITIES = {"error": "major", "warning": "minor", "info": "info"}


def gitlab(diagnostics: Sequence[Diagnostic]) -> str:
    """Return a Code Quality report: https://docs.gitlab.com/ci/testing/code_quality/#code-quality-report-format.

    A fingerprint has no line, so that a finding that only moves is the same one; equal ones of a file are numbered.
    """
    seen: Counter[tuple[str, ...]] = Counter()
    found = []
    for one in diagnostics:
        path = one.span.file if one.span is not None else "."
        key = one.code, path, one.message
        seen[key] += 1
        text = f"{one.message}; {one.hint}" if one.hint else one.message
        found.append(
            {
                "description": text,
                "check_name": one.code,
                "fingerprint": sha256("\0".join((*key, str(seen[key]))).encode()).hexdigest(),
                "severity": _SEVERITIES[one.level],
                "location": {"path": path, "lines": {"begin": one.span.line if one.span is not None else 1}},
            }
        )
    return visible(msgspec.json.format(msgspec.json.encode(found), indent=2).decode(), "\n") + "\n"


def junit(diagnostics: Sequence[Diagnostic]) -> str:
    """Return JUnit's XML: a failed case for each finding, grouped by file, or one case that has passed."""
    from xml.etree import ElementTree as Xml  # only for this format

    failed = sum(one.level != "info" for one in diagnostics)
    top = Xml.Element("testsuites", name="mallgen", tests=str(len(diagnostics) or 1), failures=str(failed))
    files = dict.fromkeys(one.span.file if one.span is not None else "mallgen" for one in diagnostics)
    suites = {
        file: Xml.SubElement(top, "testsuite", name=visible(file), tests="0", failures="0")
        for file in files or {"mallgen": None}
    }
    for one in diagnostics:
        file, line = (one.span.file, one.span.line) if one.span is not None else ("mallgen", 1)
        case = Xml.SubElement(suites[file], "testcase", classname=visible(file), name=f"{one.code}:{line}")
        if one.level != "info":
            text = f"{visible(file)}:{line}: {visible(one.message)}" + (
                f"\nhelp: {visible(one.hint)}" if one.hint else ""
            )
            Xml.SubElement(case, "failure", type=one.level, message=visible(one.message)).text = text
    if not diagnostics:
        Xml.SubElement(suites["mallgen"], "testcase", classname="mallgen", name="no findings")
    for suite in suites.values():
        suite.set("tests", str(len(suite)))
        suite.set("failures", str(sum(len(case) for case in suite)))
    Xml.indent(top)
    return f'<?xml version="1.0" encoding="utf-8"?>\n{Xml.tostring(top, encoding="unicode")}\n'
