"""The HTTP methods and paths that `google.api.http` gives an RPC."""

import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

_RULE = "(google.api.http)"
_VERBS = ("get", "put", "post", "delete", "patch", "custom.kind")
_PLAIN_VARIABLE = re.compile(r"\{[\w.]+\}")
_TEXT = re.compile(r'^(\w+): "((?:[^"\\]|\\.)*)"$', re.M)


class HttpBinding(NamedTuple):
    """A method and a path, in which variables have no names, with the fields that bodies carry."""

    title: str
    body: str
    response_body: str


def bindings(options: Mapping[str, object]) -> tuple[HttpBinding, ...]:
    """Return the bindings of an RPC by its custom options; the first is the main one."""
    own = {path.removeprefix(f"{_RULE}."): str(value) for path, value in options.items() if path.startswith(_RULE)}
    more = options.get(f"{_RULE}.additional_bindings", ())
    texts = [dict(_TEXT.findall(str(one))) for one in more] if isinstance(more, tuple) else []
    return tuple(found for values in (own, *texts) for found in _binding(values))


def _binding(values: Mapping[str, str]) -> Iterator[HttpBinding]:
    for verb in _VERBS:
        if verb in values:
            path = values.get("custom.path", "") if verb == "custom.kind" else values[verb]
            method = values[verb] if verb == "custom.kind" else verb.upper()
            title = f"{method} {_PLAIN_VARIABLE.sub('{}', path)}"
            yield HttpBinding(title, values.get("body", ""), values.get("response_body", ""))
