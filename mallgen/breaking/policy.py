"""Levels, presets and accepted findings: the settings of a workspace about the findings of rules. Pure."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from hashlib import sha256
from types import MappingProxyType
from typing import NamedTuple

from msgspec.structs import replace

from mallgen.breaking import (
    BEHAVIOUR,
    ERROR,
    INFO,
    NO_CHANGE,
    RULES,
    SOURCE,
    WARNING,
    Rule,
    ServiceChange,
    is_about_tables,
)
from mallgen.diagnostics import Diagnostic
from mallgen.rules import Found
from mallgen.text.span import Span

OFF = "off"
LEVELS = (ERROR, WARNING, INFO, OFF)
PRESETS = ("article", "google", "wire", "strict")
_ONLY_BESIDE_ERRORS = frozenset({"major-version-not-bumped"})
_NONE: Mapping[str, str] = MappingProxyType({})
# AIP-180 (https://google.aip.dev/180): clients' code must go on compiling, and a new value of an enum may arrive
_GOOGLE = {
    "endpoint-path-param-renamed": ERROR,
    "field-attribute-renamed": ERROR,
    "group-renamed": ERROR,
    "proto-enum-value-added": INFO,
    "proto-field-presence-changed": ERROR,
    "proto-field-signedness-changed": ERROR,
    "request-body-removed": ERROR,
    "request-field-type-widened": ERROR,
    "response-field-options-widened": INFO,
    "response-field-type-narrowed": ERROR,
    "type-module-changed": ERROR,
}


class PartLevels(NamedTuple):
    """Levels of rules for a part of the workspace: files by a pattern of their path, or protos of a package."""

    path: str
    package: str
    rules: Mapping[str, str]


class Accepted(NamedTuple):
    """A finding that the workspace accepts, by its fingerprint, until a day such as 2027-01-31; "" for no end."""

    fingerprint: str
    reason: str
    expires: str
    span: Span


class Policy(NamedTuple):
    """The settings `breaking` of mallgen.toml; `against` is what versions are compared with unless it is empty.

    `deprecation_days` is how long a deprecated route stays, 0 without a rule; `auth_middlewares` check who calls.
    """

    against: str = ""
    preset: str = PRESETS[0]
    rules: Mapping[str, str] = _NONE
    parts: tuple[PartLevels, ...] = ()
    accepted: tuple[Accepted, ...] = ()
    deprecation_days: int = 0
    auth_middlewares: tuple[str, ...] = ()

    def chosen(self, select: Iterable[str], ignore: Iterable[str]) -> tuple[Rule, ...]:
        """Return the rules that run: those of the preset, and those that a level or `select` switches on."""
        on = {code for levels in (self.rules, *(part.rules for part in self.parts)) for code in levels}
        wanted = {*select, *(code for code in on if self.rules.get(code) != OFF)}
        return RULES.chosen({"all"} if self.preset == "strict" else wanted, {*ignore})


class Judgement(NamedTuple):
    """A finding with the service that it is about, by name, and the package of its proto, empty for others.

    `change` is the subject of the rule.
    """

    found: Found
    service: str
    package: str = ""
    change: ServiceChange = NO_CHANGE

    @property
    def fingerprint(self) -> str:
        """Return what is the same as long as the finding says the same of the same service."""
        one = self.found.diagnostic
        return sha256("\0".join((self.service, one.code, one.message)).encode()).hexdigest()[:12]


def with_cause(found: Sequence[Judgement]) -> list[Judgement]:
    """Return findings without those that count only beside an error of their service that breaks clients."""
    lasting = [one for one in found if one.found.diagnostic.code not in _ONLY_BESIDE_ERRORS]
    levels = {code: rule.level for code, rule in RULES.rules().items()}
    errors = [one for one in lasting if one.found.diagnostic.severity == ERROR]
    seen = [one for one in errors if not is_about_tables(one.found.diagnostic.code)]
    failing = {one.service for one in seen if levels[one.found.diagnostic.code]}
    kept = {*map(id, lasting)}
    return [one for one in found if one.service in failing or id(one) in kept]


class SettledFindings(NamedTuple):
    """The findings that count, with their levels, and the number of those that the workspace accepts.

    `judgements` are those of the first diagnostics, in their order; the others are about mallgen.toml.
    """

    diagnostics: tuple[Diagnostic, ...]
    accepted: int
    judgements: tuple[Judgement, ...] = ()


def settle(judged: Sequence[Judgement], policy: Policy, today: str) -> SettledFindings:
    """Give each finding its level, and leave out what is off or accepted."""
    entries = {entry.fingerprint: entry for entry in policy.accepted if entry.reason}
    used: set[str] = set()
    left: list[Judgement] = []
    accepted = 0
    for one in judged:
        level = _level(one, policy)
        entry = entries.get(one.fingerprint)
        if level == OFF:
            continue
        if entry is not None:
            used.add(entry.fingerprint)
            if today <= (entry.expires or today):
                accepted += level != INFO
                continue
        facts = (*one.found.diagnostic.facts, ("fingerprint", one.fingerprint)) if level != INFO else ()
        shown = replace(one.found.diagnostic, severity=level, facts=facts or one.found.diagnostic.facts)
        left.append(one._replace(found=one.found._replace(diagnostic=shown)))
    counted = tuple(with_cause(left))
    said = (one.found.diagnostic for one in counted)
    return SettledFindings((*said, *_entries(policy, used, today)), accepted, counted)


def _level(one: Judgement, policy: Policy) -> str:
    """Return the level of a finding: of its part of the workspace, of its rule there, else of the preset."""
    code, span = one.found.diagnostic.code, one.found.diagnostic.span
    for part in policy.parts:
        is_path = not part.path or (span is not None and fnmatchcase(span.file.replace("\\", "/"), part.path))
        is_package = not part.package or f"{one.package}.".startswith(f"{part.package}.")
        if is_path and is_package and code in part.rules:
            return part.rules[code]
    return policy.rules.get(code) or _of_preset(one, policy.preset)


def _of_preset(one: Judgement, preset: str) -> str:
    found = one.found.diagnostic
    level = one.found.level
    if preset == "wire":
        return OFF if level in (SOURCE, BEHAVIOUR) else found.severity
    if preset == "google":
        return _GOOGLE.get(found.code, found.severity)
    if preset == "strict" and found.severity == WARNING:
        return ERROR
    return WARNING if preset == "strict" and level == SOURCE and found.severity == INFO else found.severity


def _entries(policy: Policy, used: set[str], today: str) -> Iterator[Diagnostic]:
    """Yield findings about entries without a reason, past their day, or about nothing."""
    for entry in policy.accepted:
        if not entry.reason:
            message = f"the finding {entry.fingerprint} is accepted without a reason"
            yield Diagnostic("suppression-expired", message, entry.span, 'write reason = "…"')
        elif entry.fingerprint not in used:
            message = f"there is no finding {entry.fingerprint}"
            yield Diagnostic("suppression-unused", message, entry.span, "delete the entry", severity=WARNING)
        elif today > (entry.expires or today):
            message = f"the finding {entry.fingerprint} was accepted until {entry.expires}"
            yield Diagnostic("suppression-expired", message, entry.span, "mend the contract, or set another day")
