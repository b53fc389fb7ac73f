"""Mends of findings about routes of `.api` contracts: the old route beside the new one, marked deprecated. Pure."""

from collections.abc import Callable, Iterable, Mapping

from mallgen.breaking.api_pairs import RoutePair, major
from mallgen.breaking.api_text import ApiText
from mallgen.breaking.lifecycle import is_deprecated
from mallgen.breaking.mend import Insertion, Mend
from mallgen.breaking.mend_api import ApiMender
from mallgen.lint.scope import Operation
from mallgen.model import Group
from mallgen.text.span import SpanEdit

_SUFFIX = "Handler"


def restored(mender: ApiMender, pair: RoutePair) -> Mend | None:
    """Put a route back that is gone, into a block like its own."""
    return Mend(_insertions(mender, pair.old)) if pair.old is not None else None


def both_routes(mender: ApiMender, pair: RoutePair) -> Mend | None:
    """Put a route back beside the one that follows it, which gets another handler: the old one keeps its name."""
    if pair.old is None or pair.new is None:
        return None
    edits: tuple[SpanEdit, ...] = ()
    old, new = pair.old.route, pair.new.route
    if old.handler == new.handler:
        stem = new.handler.removesuffix(_SUFFIX)
        end = _SUFFIX if stem != new.handler else ""
        version = major(new.full_path) if pair.is_migrated else None
        added = f"V{version[0]}" if version is not None else "New"
        edits = (SpanEdit(new.handler_span, f"{stem}{added}{end}"),)
    return Mend(_insertions(mender, pair.old), edits)


def both_prefixes(mender: ApiMender, pairs: Iterable[RoutePair]) -> Mend | None:
    """Put all routes of a block back that has another prefix, each beside the one that follows it."""
    found = [mend for pair in pairs if (mend := both_routes(mender, pair)) is not None]
    insertions = tuple(one for mend in found for one in mend.insertions)
    return Mend(insertions, tuple(edit for mend in found for edit in mend.edits))


ROUTE_MENDS: Mapping[str, Callable[[ApiMender, RoutePair], Mend | None]] = {
    "endpoint-removed": restored,
    "endpoint-removed-before-sunset": restored,
    "endpoint-method-changed": both_routes,
    "endpoint-path-changed": both_routes,
}
MOVE_MENDS: Mapping[str, Callable[[ApiMender, Iterable[RoutePair]], Mend | None]] = {
    "endpoint-prefix-changed": both_prefixes,
    "endpoint-version-migrated": both_prefixes,
}


def _insertions(mender: ApiMender, old: Operation) -> tuple[Insertion, ...]:
    """Return what puts a route back, with the types that it needs."""
    text = mender.old.api(old.route.handler_span.file)
    lines = (_deprecated(mender, old, text),)
    block = _block(mender, old.group)
    if block is not None:
        into = mender.new.api(block.span.file)
        file, offset, around = into.file, into.tokens[into.braces(block.span)[1]].start_pos, ("", "")
    else:
        file = mender.change.new.file
        offset = len(mender.new.texts[file])
        server = text.server(old.group.span)
        head = f"service {mender.change.new.service} {{"
        around = (f"{server}\n{head}" if server else head), "}"
    one = Insertion(file, offset, old.route.span, lines, around, gap=True)
    return (one, *mender.types((old.route.request, old.route.message, old.route.response), file))


def _block(mender: ApiMender, old: Group) -> Group | None:
    """Return the new block with the settings of an old one, else one that has its prefix, group and jwt."""
    alike = [one for one in mender.change.new.groups if _address(one) == _address(old)]
    exact = [one for one in alike if _settings(one) == _settings(old)]
    return next(iter(exact or alike), None)


def _address(group: Group) -> tuple[str, str, str]:
    return group.prefix, group.group, group.jwt


def _settings(group: Group) -> dict[str, str]:
    return {pair.key: pair.value for pair in group.server}


def _deprecated(mender: ApiMender, old: Operation, text: ApiText) -> str:
    """Return the lines of a route with `deprecated` in its @doc, and with a sunset where the team asks for one."""
    first, middle, last = text.route(old.route.handler_span)
    if is_deprecated(old):
        return text.slice(first, last)
    terms = mender.change.terms
    added = ['deprecated: "true"', *([f'sunset: "{terms.soonest}"'] if terms.deprecation_days else [])]
    doc = text.slice(first, middle - 1) if first < middle else ""
    if doc.endswith(")"):
        pairs = doc[doc.index("(") + 1 : -1].strip("\n").rstrip()
        inner = pairs.split("\n") if "\n" in doc else [f"\t{pairs.strip()}"]
    else:
        inner = [f"\tsummary: {doc.removeprefix('@doc').strip()}"] if doc else []
    lines = ["@doc (", *inner, *(f"\t{one}" for one in added), ")", text.slice(middle, last)]
    return "\n".join(lines)
