"""The words of a contract for the page of its back office: `adminPage` of info, and the tags `page:"…"`."""

from collections.abc import Iterator, Sequence

from mallgen.contract.tags import value_of
from mallgen.diagnostics import Diagnostic
from mallgen.model import PAGE_KEY, Contract, Group, Member
from mallgen.text.suggest import nearest

LOOKS = ("date", "datetime", "decimal", "image", "password", "time")
REFERS = "refers="
_LEAVE = f'write `{PAGE_KEY}: "true"`, or leave it out'


def wrong(contract: Contract) -> Iterator[Diagnostic]:
    """Yield what the page could not follow."""
    for pair in contract.info:
        if pair.key == PAGE_KEY and pair.value not in ("true", "false"):
            text = f"`{pair.value}` is neither `true` nor `false`"
            yield Diagnostic("bad-page", text, pair.span, _LEAVE)
    tables = [*_tables(contract.groups)]
    for struct in contract.types:
        keys = [binding.key for field in struct.fields for binding in field.bindings]
        for member in struct.members:
            if words := value_of(member.tag, "page"):
                key, *rules = value_of(member.tag, "form").split(",")
                yield from _orders(member, words, rules, keys) if key == "sort" else _words(member, words, tables)


def _tables(groups: Sequence[Group]) -> Iterator[str]:
    """Yield the names that a field can refer to: those of lists, and the last parts of their paths."""
    for group in groups:
        for route in group.routes:
            pair = route.doc_pair("table")
            if route.method == "get":
                yield pair.value if pair is not None else route.full_path.rpartition("/")[2]


def _words(member: Member, words: str, tables: Sequence[str]) -> Iterator[Diagnostic]:
    for word in words.split(","):
        if word.startswith(REFERS):
            name = word.removeprefix(REFERS)
            if name not in tables:
                yield _unfit(member, f"there is no list of `{name}`", name, tables)
        elif word not in LOOKS:
            yield _unfit(member, f"`{word}` is no word of `page`", word, LOOKS)


def _orders(member: Member, words: str, rules: Sequence[str], keys: Sequence[str]) -> Iterator[Diagnostic]:
    """Yield what the orders that a list serves name and the request does not have."""
    options = next((rule.removeprefix("options=").split("|") for rule in rules if rule.startswith("options=")), [])
    for part in words.split(";"):
        sort, _, needed = part.partition(":")
        if sort not in options:
            yield _unfit(member, f"`{sort}` is none of the options of `sort`", sort, options)
        for name in filter(None, needed.split("+")):
            if name not in keys:
                yield _unfit(member, f"the request has no `{name}` to be filtered by", name, keys)


def _unfit(member: Member, text: str, word: str, known: Sequence[str]) -> Diagnostic:
    guess = nearest(word, known)
    hint = f"did you mean `{guess}`?" if guess else f"write one of {', '.join(known[:8])}"
    return Diagnostic("bad-page", text, member.tag_span or member.span, hint)
