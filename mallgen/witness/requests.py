"""Requests of a route as values, from the smallest that it accepts to those that may show a change. Pure."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple
from urllib.parse import quote, urlencode

from mallgen.breaking.struct_pairs import FieldPair
from mallgen.contract.wire import FORM_BODY, WireField, WireValue, request
from mallgen.lint.scope import Operation
from mallgen.witness.values import ABSENT, Json, Samples

_PARAMETER = re.compile(r":([^/]+)")
_SOURCES = ("path", "form", "header", "json")
_LARGEST = 4 << 20
_FORM = "application/x-www-form-urlencoded"


class Sample(NamedTuple):
    """A request to a route, `title`; `token` names the one that it needs: "", `present` or `previous`.

    `given`: the field that is looked at is sent. `roles` are those of the token.
    """

    title: str
    method: str
    path: str
    headers: tuple[tuple[str, str], ...] = ()
    body: str = ""
    token: str = ""
    given: bool = False
    roles: tuple[str, ...] = ()

    @property
    def asked(self) -> dict[str, object]:
        """Return the request as the child process takes it."""
        found = self._asdict() | {"route": self.title, "headers": [list(pair) for pair in self.headers]}
        return {key: found[key] for key in ("route", "method", "path", "headers", "body", "token", "roles")}

    @property
    def size(self) -> int:
        """Return the number of characters, by which requests are compared."""
        return len(self.path) + len(self.body) + sum(len(name) + len(value) for name, value in self.headers)

    @property
    def words(self) -> str:
        """Return the request in one line: `POST /v1/orders {"id":1}`."""
        sent = [f"{name}: {value}" for name, value in self.headers if not name.startswith("content-")]
        role = f" of the role `{self.roles[0]}`" if len(self.roles) == 1 else ""
        sent += [f"with a token{role}"] if self.token else []
        return " ".join([self.method, self.path, *sent, *([shortened(self.body)] if self.body else [])])


def shortened(text: str, most: int = 120) -> str:
    """Return a text, without its middle where it is too long to be shown."""
    if len(text) <= most:
        return text
    if not text[most:].strip():
        return f"{text.strip()} and spaces, {len(text)} bytes".removeprefix(" and ")
    return f"{text[: most - 40].rstrip()} … {text[-30:].lstrip()} ({len(text)} characters)"


class RouteSamples:
    """Makes requests of one route."""

    def __init__(self, operation: Operation, samples: Samples) -> None:
        self._operation, self._samples = operation, samples
        self._route = operation.route
        struct = samples.struct(self._route.request) if self._route.request is not None else None
        self._fields: tuple[WireField, ...] = struct.fields if struct is not None else ()
        self._plan = request(self._fields, self._route.method)
        self._values = {source: tuple(self._of(source)) for source in _SOURCES}

    def smallest(self, full: bool = False) -> Sample:
        """Return the smallest request, or the fullest one."""
        return self._sample({}, full)

    def larger(self, limit: int) -> list[Sample]:
        """Return a request whose body has more than `limit` bytes, none where that would be very large."""
        sample = self.smallest()
        body = sample.body + " " * (limit + 1 - len(sample.body.encode()))
        headers = (*sample.headers, ("content-length", str(len(body.encode()))))
        return [sample._replace(body=body, headers=headers)] if limit <= _LARGEST else []

    def of_field(self, pair: FieldPair, new: Samples) -> Iterator[Sample]:
        """Yield requests in which a field has all values that may show how it has changed."""
        steps = self._samples.steps(self._route.request, pair.struct.old.span)
        if steps is None:
            return
        for old, other in pair.values.values():
            known = old or other
            assert known is not None
            # an old client sends nothing in a source that its contract has no field for
            for value in self._samples.borders(old, other, new) if old is not None else [ABSENT]:
                yield from self._with(steps, known, value)

    def _with(self, steps: Sequence[str], known: WireValue, value: Json) -> Iterator[Sample]:
        if not steps:
            key = (known.source, known.key)
            yield self._sample({key: value}, False)._replace(given=value not in (ABSENT, []))
            return
        first = next(field for field in self._fields if field.field.name == steps[0])
        inner = self._samples.around(first.field.type, steps[1:], {known.key: value})
        for outer in first.values:
            if outer.source != "json" or first.in_body(self._route.method):
                yield self._sample({(outer.source, outer.key): inner}, False)._replace(given=value != ABSENT)

    def _sample(self, given: Mapping[tuple[str, str], Json], full: bool) -> Sample:
        made = {source: self._source(source, given, full) for source in _SOURCES}
        path = _PARAMETER.sub(lambda found: _segment(made["path"].get(found[1], 1)), self._route.full_path)
        form = [(key, text) for key, value in made["form"].items() for text in _texts(value)]
        sent = {key: text for key, value in made["header"].items() for text in _texts(value)[:1]}
        body = ""
        if self._plan.body:
            body = json.dumps(made["json"], ensure_ascii=False, separators=(",", ":"))
            sent["content-type"] = "application/json"
        elif form and self._route.method in FORM_BODY:
            body, form = urlencode(form), []
            sent["content-type"] = _FORM
        query = f"?{urlencode(form)}" if form else ""
        token = "present" if self._operation.group.jwt or self._operation.group.jwt_transition else ""
        title, roles = self._operation.title, self._operation.group.roles
        return Sample(
            title, self._route.method.upper(), f"{path}{query}", tuple(sent.items()), body, token, roles=roles
        )

    def _source(self, source: str, given: Mapping[tuple[str, str], Json], full: bool) -> dict[str, Json]:
        values = self._values[source]
        own = {key: value for (where, key), value in given.items() if where == source}
        made = self._samples.fields(values, own, full)
        if source == "form":  # an empty value counts as absent
            made |= {value.key: self._one(value) for value in values if made.get(value.key) == [] and value.required}
        return made

    def _of(self, source: str) -> Iterator[WireValue]:
        return (value for field in self._fields if (value := self._value(field, source)) is not None)

    def _one(self, value: WireValue) -> Json:
        return self._samples.of(value.field.type, value, True)

    def _value(self, field: WireField, source: str) -> WireValue | None:
        """Return a field's value in a source that a request is read from; one that is in two is sent in the body."""
        in_body = field.in_body(self._route.method)
        if source == "json":
            return field.of("json") if in_body else None
        return None if source == "form" and in_body and field.is_either else field.of(source)


def _segment(value: Json) -> str:
    return quote("".join(_texts(value)[:1]), safe="") or "a"


def _texts(value: Json) -> list[str]:
    """Return the texts of a value in a query, a path or a header: several for a list."""
    if isinstance(value, list):
        return [text for item in value for text in _texts(item)]
    if isinstance(value, str):
        return [value]
    return [json.dumps(value, separators=(",", ":"))]
