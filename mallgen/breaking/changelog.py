"""A changelog for people, in Markdown, from the findings of all rules. Pure."""

import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from mallgen.breaking import ERROR
from mallgen.breaking.chinese import HEADINGS, title
from mallgen.breaking.policy import Judgement

KINDS = ("Added", "Changed", "Deprecated", "Removed")
_THING = (
    r"(?:endpoint|service|type|(?:request|response)-(?:body|field)|resource-field|proto(?:-\w+)+"
    r"|table|column|index|view|foreign-key|check)"
)
_ADDED = re.compile(rf"{_THING}-added(?:-\w+)*")
_REMOVED = re.compile(rf"{_THING}-(?:removed|dropped)(?:-\w+)*")
_QUOTED = re.compile(r"`[^`]+`")


class ChangelogLine(NamedTuple):
    """A line of the changelog: the service, its heading, the text, and whether old clients break."""

    service: str
    kind: str
    text: str
    breaks: bool


def entries(judged: Iterable[Judgement], language: str) -> list[ChangelogLine]:
    """Return a line for each finding, in the language `en` or `zh`; equal ones once."""
    found = (
        ChangelogLine(
            one.service, _kind(one.found.diagnostic.code), _text(one, language), one.found.diagnostic.severity == ERROR
        )
        for one in judged
    )
    return [*dict.fromkeys(found)]


def markdown(found: Sequence[ChangelogLine], old: str, new: str, language: str) -> str:
    """Return the changelog from the version `old` to `new`: a heading for each service, and in it for each kind."""
    words = HEADINGS[language]
    lines = [f"# {words['title'].format(old=old, new=new)}", ""]
    if not found:
        return "\n".join([*lines, words["nothing"], ""])
    for service in dict.fromkeys(entry.service for entry in found):
        lines += [f"## {service}", ""]
        for kind in KINDS:
            own = [entry for entry in found if (entry.service, entry.kind) == (service, kind)]
            lines += [f"### {words[kind]}", "", *(_line(entry, words["breaks"]) for entry in own), ""] if own else []
    return "\n".join(lines)


def _line(entry: ChangelogLine, breaks: str) -> str:
    return f"- **{breaks}** {entry.text}" if entry.breaks else f"- {entry.text}"


def _kind(code: str) -> str:
    if _ADDED.fullmatch(code):
        return "Added"
    if code.endswith("-deprecated") and not _REMOVED.fullmatch(code):
        return "Deprecated"
    return "Removed" if _REMOVED.fullmatch(code) else "Changed"


def _text(one: Judgement, language: str) -> str:
    """Return the finding's sentence; in Chinese the rule's title and the names that the sentence has."""
    found = one.found.diagnostic
    where = dict(found.facts).get("affects", "")
    if language == "en":
        return f"{found.message} ({where})" if where and where not in found.message else found.message
    names = "、".join(dict.fromkeys(_QUOTED.findall(found.message)))
    text = f"{title(found.code)}：{names}" if names else title(found.code)
    return f"{text}（{where}）" if where and where not in found.message else text
