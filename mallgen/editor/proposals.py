"""The proposals that completion offers, each with the text that it writes and one line about it."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Literal, NamedTuple

from mallgen.contract.base_types import BASE_TYPES
from mallgen.editor import words as meanings
from mallgen.model import Type
from mallgen.python.names import snake

ProposalKind = Literal["keyword", "type", "base", "method", "setting", "option", "source", "value", "file"]


class Proposal(NamedTuple):
    """A proposal; `snippet`, in the protocol's syntax, is empty where the label is written; low `rank` comes first."""

    label: str
    kind: ProposalKind
    detail: str = ""
    snippet: str = ""
    rank: int = 1


_STATEMENTS = {
    "syntax": 'syntax = "v1"',
    "info": 'info (\n\ttitle: "$1"\n)',
    "import": 'import "$1.api"',
    "type": "type ${1:Name} {\n\t$0\n}",
    "service": "service ${1:name}-api {\n\t@handler ${2:Name}\n\t${3:get} /$4\n}",
    "@server": "@server (\n\t${1:prefix}: $2\n)",
    "@doc": '@doc "$1"',
    "@handler": "@handler ${1:Name}",
    "returns": "returns (${1:Name})",
}
_OPTIONS = {
    "default": "default=$1",
    "options": "options=[$1]",
    "range": "range=[${1:1}:${2:100}]",
    "limit": "limit=[${1:1}:${2:50}]",
}
_REQUESTS, _ANSWERS = ("req", "request"), ("resp", "response", "reply", "answer")


def statements(with_syntax: bool) -> Iterator[Proposal]:
    """Yield the statements that a file is made of."""
    for word, meaning in meanings.STATEMENTS.items():
        if word != "syntax" or with_syntax:
            yield Proposal(word, "keyword", meaning, _STATEMENTS[word])


def words(*names: str) -> Iterator[Proposal]:
    """Yield keywords, in the order of `names`."""
    known = {**meanings.STATEMENTS, **meanings.INSIDE}
    for rank, name in enumerate(names):
        yield Proposal(name, "keyword", known[name], _STATEMENTS.get(name, ""), rank)


def methods() -> Iterator[Proposal]:
    """Yield the HTTP methods, as a route writes them."""
    for rank, (name, meaning) in enumerate(meanings.METHOD.items()):
        yield Proposal(name, "method", meaning, rank=rank)


def setting_keys() -> Iterator[Proposal]:
    """Yield the keys of `@server`."""
    for key, meaning in meanings.SETTINGS.items():
        yield Proposal(key, "setting", meaning, f"{key}: $0")


def info_keys() -> Iterator[Proposal]:
    """Yield the keys of `info`."""
    for key, meaning in meanings.INFO.items():
        yield Proposal(key, "setting", meaning, f'{key}: "$1"')


def doc_keys() -> Iterator[Proposal]:
    """Yield the keys of `@doc (…)`."""
    for key, meaning in meanings.DOC.items():
        yield Proposal(key, "setting", meaning, f'{key}: "$1"')


def setting_values(key: str, used: Iterable[str]) -> Iterator[Proposal]:
    """Yield the values that a setting has elsewhere in the contract (`used`), and its usual ones."""
    fixed = {"sse": ["true"], "signature": ["true"], "jwt": ["Auth"], "timeout": ["3s"]}.get(key, [])
    separate = {
        name.strip() for value in used for name in (value.split(",") if key in ("middleware", "roles") else [value])
    }
    for value in sorted({*fixed, *separate} - {""}):
        yield Proposal(value, "value", meanings.SETTINGS.get(key, ""))


def field_types(types: Sequence[Type]) -> Iterator[Proposal]:
    """Yield the types that a field can have."""
    yield from _declared(types)
    for name, meaning in meanings.BASE.items():
        if BASE_TYPES[name].kind != "complex" and name != "uintptr":
            yield Proposal(name, "base", meaning, rank=2)
    yield Proposal("interface{}", "base", meanings.INSIDE["interface{}"], rank=2)
    yield Proposal("map", "base", meanings.INSIDE["map"], "map[${1:string}]$0", rank=2)


def embedded(types: Sequence[Type]) -> Iterator[Proposal]:
    """Yield the types that a struct can embed."""
    for one in _declared(types):
        yield one._replace(detail=f"embeds {one.detail}" if one.detail else "embeds its fields")


def bodies(types: Sequence[Type], answers: bool, brackets: bool) -> Iterator[Proposal]:
    """Yield the types that a route can take or answer; those named like a request or a response come first."""
    endings = _ANSWERS if answers else _REQUESTS
    for one in _declared(types):
        yield one._replace(rank=0 if one.label.lower().endswith(endings) else 1)
    if answers and brackets:
        yield Proposal("[]", "keyword", "a list", "[]$0", rank=2)


def tags(name: str) -> Iterator[Proposal]:
    """Yield whole tags for the field `name`."""
    for rank, (source, meaning) in enumerate(meanings.SOURCES.items()):
        yield Proposal(
            f'`{source}:"{_wire_name(name)}"`', "source", meaning, f'`{source}:"${{1:{_wire_name(name)}}}$2"`', rank
        )


def sources(name: str, used: Sequence[str]) -> Iterator[Proposal]:
    """Yield the sources that a tag does not have yet."""
    for rank, (source, meaning) in enumerate(meanings.SOURCES.items()):
        if source not in used:
            yield Proposal(source, "source", meaning, f'{source}:"${{1:{_wire_name(name)}}}$2"', rank)


def keys(name: str) -> Iterator[Proposal]:
    """Yield the wire name that a field usually has."""
    if name:
        yield Proposal(_wire_name(name), "value", "the field's name in snake case")


def options(used: Sequence[str]) -> Iterator[Proposal]:
    """Yield the options that a tag does not have yet."""
    for rank, (option, meaning) in enumerate(meanings.OPTIONS.items()):
        if option not in used and option != "inherit":
            yield Proposal(option, "option", meaning, _OPTIONS.get(option, ""), rank)


def files(paths: Iterable[str]) -> Iterator[Proposal]:
    """Yield the contracts that can be imported."""
    for path in paths:
        yield Proposal(path, "file")


def _declared(types: Sequence[Type]) -> Iterator[Proposal]:
    for declared in types:
        comments = " ".join(line.strip("/* ") for line in (*declared.docs, declared.comment))
        yield Proposal(declared.name, "type", comments.strip())


def _wire_name(name: str) -> str:
    return snake(name) if name else "name"
