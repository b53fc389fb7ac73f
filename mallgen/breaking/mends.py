"""Which findings have a compatible form, and what writes it. Pure."""

from collections.abc import Iterable, Iterator, Mapping

from mallgen.breaking.api_pairs import RoutePair
from mallgen.breaking.mend import Mend, VersionTexts
from mallgen.breaking.mend_api import FIELD_MENDS, ApiMender
from mallgen.breaking.mend_routes import MOVE_MENDS, ROUTE_MENDS
from mallgen.breaking.mend_types import TYPE_MENDS
from mallgen.breaking.policy import Judgement
from mallgen.breaking.struct_pairs import FieldPair
from mallgen.text.span import Span

_FIELD_MENDS = {**FIELD_MENDS, **TYPE_MENDS}


def mends(
    judged: Iterable[Judgement], old: Mapping[str, str], new: Mapping[str, str]
) -> Iterator[tuple[Judgement, Mend]]:
    """Yield the findings that can be mended; the texts are those of both versions by path."""
    before, after = VersionTexts(old), VersionTexts(new)
    ordered = sorted(judged, key=lambda one: _order(one.found.diagnostic.code))
    back: dict[Span | None, Mend] = {}  # what puts declarations back, by their old places
    for one in ordered:  # what is put back for requests is optional, and fine in responses
        try:
            mend = _mend(one, before, after)
        except LookupError:  # its text is not where the finding points
            continue
        if mend is not None and one.found.diagnostic.code.endswith("-not-reserved"):
            known = back.get(_old_place(one))
            mend = known._replace(otherwise=mend) if known is not None else mend
        elif mend is not None:
            back[_old_place(one)] = mend
        if mend is not None and mend.files <= new.keys():
            yield one, mend


def _order(code: str) -> int:
    return 0 if code.startswith("request-") else 2 if code.endswith("-not-reserved") else 1


def _old_place(one: Judgement) -> Span | None:
    """Return the old place of what a finding is about."""
    return next((note.span for note in one.found.diagnostic.notes), None)


def _mend(one: Judgement, old: VersionTexts, new: VersionTexts) -> Mend | None:
    code, about, change = one.found.diagnostic.code, one.found.about, one.change
    if change.proto is not None:
        from mallgen.breaking.mend_numbers import RENUMBERED, RETYPED, numbers_mend
        from mallgen.breaking.mend_proto import ProtoMender, proto_mend  # imported only where there are protos

        mender = ProtoMender(change.proto, old, new)
        if code in RENUMBERED | RETYPED:
            return numbers_mend(code, about, mender)
        return proto_mend(one.found, mender)
    if change.api is not None and isinstance(about, tuple) and code in MOVE_MENDS:
        return MOVE_MENDS[code](ApiMender(change.api, old, new), about)
    if isinstance(about, tuple) and not isinstance(about, RoutePair) and len(about) == 1:
        about = about[0]
    if change.api is not None and isinstance(about, FieldPair) and code in _FIELD_MENDS:
        return _FIELD_MENDS[code](ApiMender(change.api, old, new), about)
    if change.api is not None and isinstance(about, RoutePair) and code in ROUTE_MENDS:
        return ROUTE_MENDS[code](ApiMender(change.api, old, new), about)
    return None
