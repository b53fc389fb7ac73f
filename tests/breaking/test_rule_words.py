"""A new field that may be absent is refused by its `validate` tag as the words of the runtime refuse its zero value."""

from typing import Any

import pytest

from mallgen.contract.cross_words import CROSS_WORDS
from mallgen.contract.validate import WORDS
from mallgen_runtime.schema.rule_words import rule_of
from tests.breaking.judged import codes

CONTRACT = """type Req {{
    A int64 `json:"a"`{field}
}}
service a-api {{
    @handler Find
    post /find (Req)
}}
"""
TIGHTENED = "error request-field-validation-tightened"
KINDS: dict[str, tuple[type[Any], Any]] = {
    "string": (str, ""),
    "int64": (int, 0),
    "float64": (float, 0.0),
    "bool": (bool, False),
    "[]int64": (list, []),
}
VALUES = {"oneof": "oneof=1 2", "oneofci": "oneofci=1 2", "datetime": "datetime=2006-01-02"}
SILENT = ("omitempty", "omitnil", "dive", "keys", "endkeys")
NUMBERS = "required min=1 min=0 max=5 len=0 len=2 gt=0 gt=-1 gte=0 lt=3 lte=0 eq=0 eq=2 ne=0 ne=2 isdefault min=1|eq=0"
RULES = {
    "string": [VALUES.get(word, word) for word in WORDS if word not in SILENT and word not in CROSS_WORDS],
    "int64": [*NUMBERS.split(), "oneof=0 2", "oneof=1 2", "number"],
    "float64": [*NUMBERS.split(), "oneof=0 2", "oneof=1 2", "numeric"],
    "bool": ["required", "eq=true", "eq=false", "ne=false", "isdefault"],
    "[]int64": ["required", "min=1", "min=0", "max=2", "len=1", "unique", "eq=1", "ne=0"],
}
COMPARED = ("min", "max", "len", "gt", "gte", "lt", "lte", "eq", "ne")
PARTS = ("contains", "excludes", "startswith", "endswith", "containsany", "excludesall")
CASES = [
    (kind, f"{rule}=1" if rule in (*COMPARED, *PARTS) else rule) for kind, rules in RULES.items() for rule in rules
]


@pytest.mark.parametrize("kind, rule", CASES)
def test_a_new_field_is_refused_as_its_zero_value_is(kind: str, rule: str) -> None:
    of, empty = KINDS[kind]
    if kind == "string" and rule == "unique":  # not for a text, and not checked
        assert TIGHTENED not in _found(kind, rule)
        return
    assert (TIGHTENED in _found(kind, rule)) is not rule_of(rule, of).holds(empty)


@pytest.mark.parametrize("kind", KINDS)
def test_an_empty_value_that_is_omitted_is_not_refused(kind: str) -> None:
    assert TIGHTENED not in _found(kind, "omitempty,required")


@pytest.mark.parametrize("word", sorted(CROSS_WORDS))
def test_a_word_that_names_another_field_refuses_some_requests(word: str) -> None:
    value = "A 1" if word in ("required_if", "required_unless") else "A"
    assert TIGHTENED in _found("int64", f"{word}={value}")
    assert TIGHTENED not in _found("int64", f"omitempty,{word}={value}")


@pytest.mark.parametrize("tag, is_refused", [("ne=1", True), ("omitempty,ne=1", False), ("required", False)])
@pytest.mark.parametrize("outer, may_be_absent", [("v,optional", True), ("v", False)])
def test_null_in_a_struct_that_is_absent_is_refused_where_zero_was_not(
    tag: str, is_refused: bool, outer: str, may_be_absent: bool
) -> None:
    text = CONTRACT.format(field=f'\n    V In `json:"{outer}"`')
    old, new = (f'type In {{\n    K {kind} `json:"k" validate:"{tag}"`\n}}\n{text}' for kind in ("int64", "*int64"))
    assert (TIGHTENED in codes(old, new)) is (is_refused and may_be_absent)


@pytest.mark.parametrize(
    "old, new, validate, is_tighter",
    [
        ("[1:9]", "", "min=2", True),
        ("[1:9]", "", "omitempty", False),
        ("[1:9]", "[1:9]", "min=2", False),
        ("[1:9]", "[2:8]", "min=2", False),
        ("[1:9]", "[1:20]", "max=10", True),
        ("[1:9]", "[1:20]", "max=30", False),
        ("", "", "min=2", False),
    ],
)
def test_a_limit_that_is_gone_shows_its_numbers_to_the_tag(old: str, new: str, validate: str, is_tighter: bool) -> None:
    tags = (f"n,default=2,limit={one}" if one else "n,default=2" for one in (old, new))
    texts = (CONTRACT.format(field=f'\n    N int64 `json:"{tag}" validate:"{validate}"`') for tag in tags)
    assert (TIGHTENED in codes(*texts)) is is_tighter


@pytest.mark.parametrize("bounds", ["range=(0:9)", "range=[1:9]"])
@pytest.mark.parametrize("kind, refused", [("*int64", True), ("int64", False)])
def test_a_range_of_a_pointer_does_not_say_that_it_is_required(bounds: str, kind: str, refused: bool) -> None:
    presence = "optional" if kind == "*int64" else "default=1"
    field = f'\n    N {kind} `json:"n,{presence},{bounds}"'
    old, new = (CONTRACT.format(field=f"{field}{rest}`") for rest in ("", ' validate:"required"'))
    assert (TIGHTENED in codes(old, new)) is refused


def _found(kind: str, rule: str) -> list[str]:
    field = f'\n    N {kind} `json:"n,optional" validate:"{rule}"`'
    return codes(CONTRACT.format(field=""), CONTRACT.format(field=field))
