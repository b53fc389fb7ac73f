"""The rule about lists that are cut into pages."""

from collections.abc import Iterator
from typing import NamedTuple

from mallgen.breaking import BEHAVIOUR, ERROR, api_rule
from mallgen.breaking.api import ApiChange
from mallgen.breaking.api_pairs import RoutePair
from mallgen.breaking.field_values import default_words, fallback
from mallgen.breaking.resources import is_read
from mallgen.breaking.struct_pairs import FieldPair
from mallgen.contract.wire import WireValue
from mallgen.python.names import snake
from mallgen.rules import Finding

PAGE_WORDS = frozenset(
    "page_size pagesize per_page perpage ps limit size count page_limit rows num take top first max_results".split()
)


class PageSize(NamedTuple):
    """A new field of a request that says how many elements a page has, with the value that has a default."""

    field: FieldPair
    size: WireValue


@api_rule("pagination-added", ERROR, BEHAVIOUR)
def pagination_added(change: ApiChange) -> Iterator[Finding]:
    """A list is cut into pages now: clients that do not know of pages get the first one and take it for all.

    The new field is optional, so that nothing is refused; its default is what makes the answer shorter. Without the
    field answer with everything, or offer the pages under another path.
    """
    for pair, size in page_sizes(change):
        message = f"without `{pair.key}` the answer has only {default_words(size)} elements now"
        yield change.finding(pair, message, "answer with all elements where the field is absent")


def page_sizes(change: ApiChange) -> Iterator[PageSize]:
    """Yield the new fields of requests that cut a list into pages."""
    for pair in change.fields("request"):
        if pair.old is None and _words(pair) & PAGE_WORDS and not any(_words(one) & PAGE_WORDS for one in _kept(pair)):
            size = next((value for _, value in pair.values.values() if value is not None and fallback(value)), None)
            if size is not None and any(_answers_list(change, route) for route in pair.struct.routes):
                yield PageSize(pair, size)


def _answers_list(change: ApiChange, route: RoutePair) -> bool:
    """Return whether both versions of a route read a list, alone or in a struct."""
    return route.both is not None and all(
        is_read(one) and one.route.response is not None and versions.has_list(one.route.response)
        for one, versions in zip(route.both, change.versions, strict=True)
    )


def _words(pair: FieldPair) -> set[str]:
    return {snake(pair.key)}


def _kept(pair: FieldPair) -> Iterator[FieldPair]:
    return (one for one in pair.struct.fields if one.old is not None)
