"""Random pairs of one field, before and after a change, as contracts with a route for each pair."""

from collections.abc import Sequence
from random import Random
from typing import NamedTuple

NUMBERS = ("int8", "int32", "int64", "uint8", "uint64", "float32", "float64")
NAMED = ("In", "Loose", "Deep")
POINTERS = ("*int64", "*string", "*bool", "*float64", "*uint8", "*In", "*Loose", "*Deep", "interface{}")
MANY = (
    *("[]int64", "[]string", "[]bool", "[]float64", "[2]int64", "[3]string", "[]byte", "[][]int64", "[]interface{}"),
    *("[]In", "[]Loose", "[]*In", "map[string]int64", "map[int64]string", "map[string]In", "map[string]*Loose"),
)
KINDS = (*NUMBERS, "string", "string", "bool", *POINTERS, *MANY, *NAMED)
TYPES = """syntax = "v1"
type In {
    A int64 `json:"a"`
    B *string `json:"b,optional"`
}
type Loose {
    X int64 `json:"x,default=3"`
    Y string `json:"y,optional"`
    Z *int32 `json:"z,default=4"`
}
type Deep {
    L Loose `json:"l"`
    I *In `json:"i,optional"`
}
"""
RULES = {
    "number": (
        *("", "default=7", "default=0", "range=[1:9]", "range=[0:99]", "range=(0:9)", "range=[:9)", "options=1|2|3"),
        *("options=2|7", "default=2,options=1|2|3", "default=3,range=[1:]", "default=2,limit=[1:9]"),
    ),
    "string": ("", "default=x", "default=1", "options=a|b", "options=a|b|c", "options=1|2", "default=a,options=a|b"),
    "bool": ("", "default=true", "default=false"),
    "[]string": ("", "options=a|b", "default=[a,b]"),
    "[]int64": ("", "options=1|2", "default=[1,2]"),
}
PRESENCE = ("", "optional", "omitempty", "optional,omitempty")
VALIDATE = (
    *("", "", "", "required", "min=2", "max=5", "gt=0", "omitempty", "omitempty,min=2", "omitnil,max=5", "oneof=1 2"),
    *("len=1", "ne=1", "required,dive,min=2"),
)
OUTER = {  # what is around the struct of a request's field, and of an answer's
    "json": "",
    "required": '    V T{n} `json:"v"`',
    "optional": '    V T{n} `json:"v,optional"`',
    "list": '    V []T{n} `json:"v,optional"`',
    "array": '    V [2]T{n} `json:"v,optional"`',
    "map": '    V map[string]*T{n} `json:"v,optional"`',
}
PLACES = (*("path", "form", "header", "both") * 2, *OUTER, "answer", "answer", "answers", "part")
SOURCES = {"path": ("path",), "form": ("form", "header", "both", "json"), "header": ("header", "form", "both")}


class Written(NamedTuple):
    """A field as it is written."""

    kind: str
    source: str
    options: tuple[str, ...]
    validate: str = ""

    @property
    def line(self) -> str:
        """Return the line of a struct."""
        sources = ("form", "json") if self.source == "both" else (self.source,)
        value = ",".join(("k", *filter(None, self.options)))
        tags = [f'{source}:"{value}"' for source in sources]
        tags += [f'validate:"{self.validate}"'] if self.validate else []
        return f"    K {self.kind} `{' '.join(tags)}`"


class Pair(NamedTuple):
    """A field of one place before and after a change."""

    place: str
    method: str
    old: Written
    new: Written


def pair(chance: Random) -> Pair:
    """Return a pair that differs in one thing or two."""
    place = chance.choice(PLACES)
    source = place if place in ("path", "form", "header", "both") else "json"
    method = "post" if source == "json" else chance.choice(("get", "post"))
    old = _field(chance, source, place)
    new = _changed(chance, old, place)
    return Pair(place, method, old, _changed(chance, new, place) if chance.random() < 0.3 else new)


def contract(pairs: Sequence[Pair], side: int) -> str:
    """Return the contract that has one version of all pairs, each at a route `/r0`, `/r1` and so on."""
    types, routes = [TYPES], []
    for number, one in enumerate(pairs):
        field = (one.old, one.new)[side]
        types.append(f"type T{number} {{\n{field.line}\n}}\n")
        path = f"/r{number}/:k" if one.place == "path" else f"/r{number}"
        given, answered = _carried(one.place, number, types)
        routes.append(f"    @handler H{number}\n    {one.method} {path}{given}{answered}\n")
    return "".join(types) + "service a-api {\n" + "\n".join(routes) + "}\n"


def _carried(place: str, number: int, types: list[str]) -> tuple[str, str]:
    """Return the request and the response of a route, and add the type that is around the field's."""
    if place == "answer":
        return "", f" returns (T{number})"
    if place == "answers":
        return "", f" returns ([]T{number})"
    around = '    V *T{n} `json:"v,optional"`' if place == "part" else OUTER.get(place, "")
    if not around:
        return f" (T{number})", ""
    types.append(f"type Q{number} {{\n{around.format(n=number)}\n}}\n")
    return ("", f" returns (Q{number})") if place == "part" else (f" (Q{number})", "")


def _field(chance: Random, source: str, place: str, kind: str = "") -> Written:
    kind = kind or chance.choice((*NUMBERS, "string", "bool") if source == "path" else KINDS)
    base = kind.removeprefix("*")
    options = [chance.choice(("", *RULES.get("number" if base in NUMBERS else base, ())))]
    if source != "path":
        options += [chance.choice(PRESENCE), chance.choice(("", "", "", "string")) if source == "json" else ""]
    is_request = place not in ("answer", "answers", "part")
    return Written(kind, source, tuple(options), chance.choice(VALIDATE) if is_request else "")


def _changed(chance: Random, field: Written, place: str) -> Written:
    """Return a field that differs in its tag, its source, or its type."""
    how = chance.randrange(6)
    is_pointed = field.kind.startswith("*")
    if how == 0:
        return _field(chance, field.source, place)
    if how == 1 and field.source != "path" and (is_pointed or field.kind in (*NUMBERS, *NAMED, "string", "bool")):
        return field._replace(kind=field.kind[1:] if is_pointed else f"*{field.kind}")
    if how == 2 and field.source != "path":
        word = chance.choice(("optional", "omitempty", "string"))
        rest = tuple(one for one in field.options if one != word)
        return field._replace(options=rest if len(rest) < len(field.options) else (*rest, word))
    if how == 3:
        kind = chance.choice((*NUMBERS, "string", "bool", "interface{}" if field.source != "path" else "string"))
        return field._replace(kind=f"*{kind}" if is_pointed and kind != "interface{}" else kind)
    source = chance.choice(SOURCES.get(place, ("both", "json", "json", "json") if place == "json" else (field.source,)))
    return _field(chance, source, place, field.kind)
