"""The search for the witnesses of an `.api` contract's changes, through the readers of both versions."""

import json
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from msgspec.structs import replace

from mallgen.breaking.api import ApiChange
from mallgen.breaking.api_pairs import RoutePair
from mallgen.breaking.struct_pairs import FieldPair, StructPair
from mallgen.contract.wire import WireField
from mallgen.emit.http.files import HttpOptions, emit
from mallgen.lint.scope import Operation
from mallgen.model import Contract, TypeRef, spell
from mallgen.witness.child import Child, NotExecuted
from mallgen.witness.requests import RouteSamples, Sample, shortened
from mallgen.witness.values import Json, Samples, in_json, is_text_of

_REFUSED: Collection[int] = range(400, 500)
_STATUSES: dict[str, Collection[int]] = {
    "auth-": (401,),
    "endpoint-": (404, 405),
    "max-bytes-": (413,),
    "roles-": (403,),
}
_EMPTY: tuple[Json, ...] = (None, 0, "", False, [], {})
_MOST_ROUTES = 5  # that carry one field
Plain = dict[str, Any]


class Witness(NamedTuple):
    """A request or an answer that shows a change: its line, its size, the request, and an answer's body.

    `status` is that of a refusal, 0 for other changes; `types` are the old and the new type of an answer that is not
    read at all. `at` is its place among all that is tried for a field.
    """

    line: str
    size: int
    sample: Sample
    body: str = ""
    status: int = 0
    types: tuple[TypeRef, TypeRef] | None = None
    at: int = 0


class HttpWitnesses:
    """Finds witnesses for one service, whose two versions run in two children."""

    def __init__(self, change: ApiChange, old: Child, new: Child, service: str) -> None:
        self._change = change
        self._old, self._new, self._service = old, new, service
        self._samples = Samples(change.old), Samples(change.new)
        self._shown_at: dict[object, int] = {}
        self._makers: dict[str, RouteSamples] = {}
        self._known_errors: dict[str, list[Plain]] = {}
        self._titles = {pair.old.title: pair.new.title for pair in change.routes if pair.old and pair.new}
        for child, contract in ((old, change.old), (new, change.new)):
            _load(child, contract, service)

    def find(self, about: object, code: str) -> Witness | None:
        """Return the smallest witness of a change of a field, a struct or routes, which `code` says more about.

        Raises NotExecuted.
        """
        if isinstance(about, FieldPair):
            routes = about.struct.routes[:_MOST_ROUTES]
            found = [w for route in routes for w in self._of_field(route, about)]
        elif isinstance(about, StructPair):
            found = [w for route in about.routes[:_MOST_ROUTES] for w in self._route(route, _REFUSED)]
        elif isinstance(about, RoutePair):
            statuses = next((known for start, known in _STATUSES.items() if code.startswith(start)), _REFUSED)
            found = list(self._route(about, statuses))
        else:
            parts = about if isinstance(about, tuple) else ()
            found = [w for part in parts[:_MOST_ROUTES] if (w := self.find(part, code)) is not None]
        if not found and any(_is_socket(pair) for pair in _routes_of(about)):
            raise NotExecuted("messages of WebSockets are not tried out")
        return min(found, key=lambda one: one.size, default=None)

    def everything(self) -> list[str]:
        """Return the line of each witness of anything: of whole routes, and of each field that is in both versions."""
        routes = [pair for pair in self._change.routes if pair.is_compared]
        found = [one for pair in routes for one in self._route(pair, _REFUSED)]
        for direction in ("request", "response"):
            for struct in self._change.structs(direction):
                for field in struct.fields:
                    search = self._requests if direction == "request" else self._answers
                    found += [one for pair in struct.routes[:_MOST_ROUTES] for one in search(pair, field)]
        return list(dict.fromkeys(one.line for one in found))

    def _of_field(self, pair: RoutePair, field: FieldPair) -> list[Witness]:
        """Return the witnesses of a field: the one that shows a field of the same rules, if it shows this one too."""
        search = self._requests if field.struct.direction == "request" else self._answers
        key = pair.title, field.struct.new.span, _rules(field.old), _rules(field.new)
        known = self._shown_at.get(key)
        found = list(search(pair, field, known)) if known is not None else []
        found = found or list(search(pair, field))
        if found:
            self._shown_at[key] = min(found, key=lambda one: one.size).at
        return found

    def _requests(self, pair: RoutePair, field: FieldPair, only: int | None = None) -> Iterator[Witness]:
        """Yield requests that the old version accepts, and the new one refuses or reads in another way.

        `only`: the one at this place is tried, and no other one.
        """
        if pair.old is None:
            return
        samples = self._of_route(pair.old)
        several = (samples.smallest(), samples.smallest(True), *samples.of_field(field, self._samples[1]))
        tried = list(dict.fromkeys(several))
        for sample, old, new in self._both(tried if only is None else tried[only : only + 1]):
            refused = self._refused(new, field)
            line = refused or self._read_otherwise(pair, field, sample, old, new)
            if line:
                status = new["status"] if refused else 0
                yield Witness(f"{sample.words}: {line}", sample.size, sample, status=status, at=tried.index(sample))

    def _of_route(self, old: Operation) -> RouteSamples:
        if old.title not in self._makers:
            self._makers[old.title] = RouteSamples(old, self._samples[0])
        return self._makers[old.title]

    def _both(self, samples: Sequence[Sample]) -> Iterator[tuple[Sample, Plain, Plain]]:
        """Yield the requests that the old version accepts, with the answers of both."""
        answers = self._old.ask("read", self._service, [sample.asked for sample in samples])
        accepted = [(sample, old) for sample, old in zip(samples, answers, strict=True) if "route" in old]
        asked = [{**sample.asked, "token": "", "headers": old["headers"]} for sample, old in accepted]
        for (sample, old), new in zip(accepted, self._new.ask("read", self._service, asked), strict=True):
            yield sample, old, new

    def _refused(self, new: Plain, field: FieldPair | None) -> str:
        """Return the refusal of a request by the new version; "" where it is accepted, or another field is wrong."""
        if new.get("status") not in _REFUSED:
            return ""
        errors = [error for error in new["errors"] if field is None or _is_about(error, field)]
        if field is not None and not errors:
            return ""
        return f"accepted before, {new['status']} now: {_reasons(errors)}"

    def _read_otherwise(self, pair: RoutePair, field: FieldPair, sample: Sample, old: Plain, new: Plain) -> str:
        if "route" not in new or not sample.given or field.old is None or field.new is None or pair.new is None:
            return ""
        before = _picked(old["values"], self._way(0, pair.old, field))
        now = _picked(new["values"], self._way(1, pair.new, field))
        if _same(before, now) or not before:
            return ""
        return f"`{field.old.main.key}` was read as {_shown(before)}, now as {_shown(now)}"

    def _way(self, side: int, operation: Operation | None, field: FieldPair) -> list[str] | None:
        """Return the keys that lead from a route's request or response to a field."""
        struct = field.struct.new if side else field.struct.old
        wire = field.new if side else field.old
        if operation is None or wire is None:
            return None
        route = operation.route
        ref = route.request if field.struct.direction == "request" else route.response
        steps = self._samples[side].steps(ref, struct.span)
        if ref is None or steps is None:
            return None
        keys = []
        for step in steps:
            found = self._samples[side].struct(ref)
            assert found is not None
            inner = next(one for one in found.fields if one.field.name == step)
            keys.append(inner.main.key)
            ref = inner.field.type
        return [*keys, wire.main.key]

    def _answers(self, pair: RoutePair, field: FieldPair | None = None, only: int | None = None) -> Iterator[Witness]:
        """Yield answers of the new version that the type of the old one cannot read; `only`: the one at this place."""
        if pair.old is None or pair.new is None or pair.old.route.response is None:
            return
        if pair.old.route.method == "head":  # its answers have no body
            return
        values = list(self._values(pair.new, field))
        sent = self._sent(1, pair.new, values if only is None else values[only : only + 1])
        read = self._decoded(pair.old, [body for body, _ in sent])
        request = RouteSamples(pair.new, self._samples[1]).smallest()
        shown = False
        for (body, value), old in zip(sent, read, strict=True):
            errors = [error for error in old.get("errors", ()) if field is None or _is_about(error, field)]
            errors = self._of_change(pair.old, (body, value), errors) if errors else []
            if errors and (field is None or not field.is_changed):
                errors = self._refused_by_old_alone(pair.new, body, errors)
            if errors:
                answer = shortened(body) or "nothing"
                line = f"{pair.title} answers {answer} now, which old clients cannot read: {_reasons(errors)}"
                shown = True
                old_type, new_type = pair.old.route.response, pair.new.route.response
                types = (old_type, new_type) if new_type is not None else None
                at = next(place for place, one in enumerate(values) if one is value)
                yield Witness(line, len(body), request, body, types=types, at=at)
        if only is None and field is not None and field.old is not None and not shown:
            yield from self._lost(pair, field, sent, read, request)

    def _values(self, operation: Operation, field: FieldPair | None) -> Iterator[Json]:
        """Yield values of the new response: the smallest, the fullest, and those around a field."""
        ref, samples = operation.route.response, self._samples[1]
        if ref is None:
            yield None
            return
        yield from self._usual(1, operation)
        steps = samples.steps(ref, field.struct.new.span) if field is not None else None
        if field is None or field.new is None or steps is None:
            return
        new = in_json(field.new)
        old = in_json(field.old) if field.old is not None else None
        for border in samples.borders(new, old, self._samples[0]):
            yield samples.around(ref, steps, {new.key: border})

    def _usual(self, side: int, operation: Operation) -> Iterator[Json]:
        """Yield the smallest and the fullest response of a version, and one with the smallest struct in its list."""
        ref, samples = operation.route.response, self._samples[side]
        if ref is not None:
            yield from (samples.of(ref, None, full) for full in (False, True))
            if samples.struct(ref) is not None:
                yield samples.around(ref, (), {})

    def _sent(self, side: int, operation: Operation, values: Sequence[Json]) -> list[tuple[str, Json]]:
        """Return the bodies that one version sends for values, each with its value; without those it cannot send."""
        request = RouteSamples(operation, self._samples[side]).smallest().asked
        child = (self._old, self._new)[side]
        answers = child.ask("answer", self._service, [{**request, "value": value} for value in values])
        found = {answer["body"]: value for answer, value in zip(answers, values, strict=True) if "body" in answer}
        return list(found.items())

    def _of_change(self, old: Operation, answer: tuple[str, Json], errors: list[Plain]) -> list[Plain]:
        """Return the errors in a new answer without those that the old version could cause by the same answer."""
        body, value = answer
        if not body:
            return errors
        sent = json.loads(body)
        nulled = [_nulled(one, sent) for one in self._usual(0, old)]
        known = [*self._usual_errors(old), *self._own_errors(old, [sent, value, _with_nulls(value, sent), *nulled])]
        return [error for error in errors if error not in known]

    def _usual_errors(self, old: Operation) -> list[Plain]:
        """Return the errors in the usual answers of the old version, asked for once."""
        if old.title not in self._known_errors:
            self._known_errors[old.title] = self._own_errors(old, list(self._usual(0, old)))
        return self._known_errors[old.title]

    def _own_errors(self, old: Operation, values: list[Json]) -> list[Plain]:
        """Return the errors that old clients find in what the old version sends for values."""
        read = self._decoded(old, [text for text, _ in self._sent(0, old, values)])
        return [error for one in read for error in one.get("errors", ())]

    def _refused_by_old_alone(self, new: Operation, body: str, errors: list[Plain]) -> list[Plain]:
        """Return the errors in an answer without those that new clients have as well: its service breaks its word."""
        (own,) = self._new.ask("decode", self._service, [{"route": new.title, "body": body}])
        return [error for error in errors if error not in own.get("errors", ())]

    def _decoded(self, operation: Operation, bodies: Sequence[str]) -> list[Plain]:
        items = [{"route": operation.title, "body": body} for body in bodies]
        return self._old.ask("decode", self._service, items)

    def _lost(
        self, pair: RoutePair, field: FieldPair, sent: list[tuple[str, Json]], read: list[Plain], request: Sample
    ) -> Iterator[Witness]:
        """Yield the fullest new answer where old clients can find no value of an old field in any."""
        assert pair.old is not None and pair.old.route.response is not None and field.old is not None
        made = self._way(1, pair.new, field)
        if made is not None and all(one in _EMPTY for _, value in sent for one in _picked(value, made)):
            return  # no answer could be made that has it, for instance because nothing fits its new rules
        way = self._way(0, pair.old, field)
        found = [value for old in read if "values" in old for value in _picked(old["values"], way)]
        if not any("values" in old for old in read) or any(value not in _EMPTY for value in found):
            return
        before = self._sent(0, pair.old, [self._samples[0].of(pair.old.route.response, None, True)])
        was = [v for old in self._decoded(pair.old, [body for body, _ in before]) for v in _picked(old["values"], way)]
        if any(value not in _EMPTY for value in was):
            body = max((body for (body, _), old in zip(sent, read, strict=True) if "values" in old), key=len)
            line = f"{pair.title} answers {shortened(body)} now: old clients find no `{field.old.main.key}` in it"
            yield Witness(line, len(body), request, body)

    def _route(self, pair: RoutePair, statuses: Collection[int]) -> Iterator[Witness]:
        """Yield what shows that a route has changed as a whole: refusals of these statuses, and other answers."""
        if pair.old is None:
            return
        samples = RouteSamples(pair.old, self._samples[0])
        tried = [samples.smallest(), samples.smallest(True)]
        if pair.new is not None and pair.new.group.max_bytes:
            tried += samples.larger(pair.new.group.max_bytes)
        if pair.new is not None:
            gone = set(pair.old.group.roles) - set(pair.new.group.roles)
            tried += [tried[0]._replace(roles=(role,)) for role in sorted(gone)]
        for sample, _, new in self._both(tried):
            line = self._elsewhere(pair, new)
            if new.get("status") in statuses:
                line = self._refused(new, None)
            if line:
                yield Witness(f"{sample.words}: {line}", sample.size, sample, status=new.get("status", 0))
        if statuses is _REFUSED:
            yield from self._answers(pair)

    def _elsewhere(self, pair: RoutePair, new: Plain) -> str:
        assert pair.old is not None
        if "route" not in new or new["route"] == self._titles.get(pair.old.title):
            return ""
        return f"reached {pair.old.title} before, reaches {new['route']} now"


def _rules(field: WireField | None) -> object:
    """Return what two fields have in common whose values are read by the same rules, whatever their names."""
    if field is None:
        return None
    bindings = tuple(replace(one, key="") for one in field.field.bindings)
    return spell(field.field.type), bindings, field.field.together


def _load(child: Child, contract: Contract, service: str) -> None:
    """Make the code of a contract and give it to a child. Raises NotExecuted."""
    emitted = emit(contract, HttpOptions(package=f"witness_{service}", prove=False, pretty=False))
    if not emitted.files:
        problem = next(one.message for one in emitted.diagnostics if one.severity == "error")
        raise NotExecuted(f"no code can be made of {contract.file}: {problem}")
    files = {file.path: file.text for file in emitted.files}
    names = {shape.name: dict(zip(shape.fields, shape.keys, strict=True)) for shape in emitted.classes}
    child.load(service, "routes", files, f"witness_{service}", names)


def _routes_of(about: object) -> Sequence[RoutePair]:
    if isinstance(about, FieldPair):
        return about.struct.routes
    if isinstance(about, StructPair):
        return about.routes
    return [about] if isinstance(about, RoutePair) else []


def _is_socket(pair: RoutePair) -> bool:
    return pair.both is not None and all(one.route.websocket for one in pair.both)


def _is_about(error: Plain, field: FieldPair) -> bool:
    """Return whether a reader's error names a field."""
    parts = {part.partition("[")[0].lower() for part in error["name"].split(".")}
    keys = {value.key.lower() for side in (field.old, field.new) if side is not None for value in side.values}
    return bool(parts & keys) or error["name"].lower() in keys


def _reasons(errors: Iterable[Plain]) -> str:
    return "; ".join(f"`{error['name']}` {error['reason']}" if error["name"] else error["reason"] for error in errors)


def _picked(values: Json, way: list[str] | None) -> list[Json]:
    """Return the values behind keys, one for each element of the lists and maps on the way."""
    if way is None:
        return []
    if isinstance(values, list):
        return [found for item in values for found in _picked(item, way)]
    if not way:
        return [values]
    if not isinstance(values, dict):
        return []
    if way[0] in values:
        inner = values[way[0]]
        return [inner] if len(way) == 1 else _picked(inner, way[1:])
    return [found for item in values.values() if isinstance(item, dict) for found in _picked(item, way)]


def _same(old: Json, new: Json) -> bool:
    """Return whether all that the old version has read is in what the new one has; true is not 1, as in JSON.

    A text that is now kept as it is sent is the bool or number that was read from it.
    """
    if isinstance(old, dict) and isinstance(new, dict):
        return all(_same(value, new[key]) if key in new else value in _EMPTY for key, value in old.items())
    if isinstance(old, list) and isinstance(new, list):
        return len(old) == len(new) and all(map(_same, old, new))
    if isinstance(new, str) and isinstance(old, bool | int | float):
        return is_text_of(new, old)
    return old == new and isinstance(old, bool) == isinstance(new, bool)


def _with_nulls(value: Json, sent: Json) -> Json:
    """Return a value with the fields that are null where it was sent: each version may send null for a pointer."""
    if isinstance(value, dict) and isinstance(sent, dict):
        nulls = {key: None for key, one in sent.items() if one is None and key not in value}
        return {**{key: _with_nulls(one, sent.get(key)) for key, one in value.items()}, **nulls}
    if isinstance(value, list) and isinstance(sent, list) and len(value) == len(sent):
        return [_with_nulls(one, other) for one, other in zip(value, sent, strict=True)]
    return value


def _nulled(value: Json, sent: Json) -> Json:
    """Return a value in which a field is null where it is null in what was sent."""
    if isinstance(value, dict) and isinstance(sent, dict):
        return {key: None if sent.get(key, "") is None else _nulled(one, sent.get(key)) for key, one in value.items()}
    if isinstance(value, list) and isinstance(sent, list):
        return [_nulled(one, other) for one, other in zip(value, sent, strict=False)] or value
    return value


def _shown(values: list[Json]) -> str:
    return shortened(", ".join(json.dumps(value, ensure_ascii=False) for value in values) or "nothing", 60)
