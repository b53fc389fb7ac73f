"""Changes of one field that break old clients: each is shown by generated code that runs, and has its finding."""

from pathlib import Path

import pytest

from mallgen.breaking.api import ApiChange
from tests.breaking.judged import diagnostics
from tests.witness.pairs import Versions, contract

TYPES = """type In {
    A int64 `json:"a"`
}
type Loose {
    X int64 `json:"x,default=3"`
    Y string `json:"y,optional"`
}
type Deep {
    L Loose `json:"l"`
    I *In `json:"i,optional"`
}
"""
REQUEST = """type Req {{
    K {field}
}}
service a-api {{
    @handler Find
    {method} /find (Req)
}}
"""
AROUND = """type Req {{
    V Inner `json:"v,optional"`
}}
type Inner {{
    K {field}
}}
service a-api {{
    @handler Find
    post /find (Req)
}}
"""
ANSWER = """type Answer {{
    K {field}
}}
service a-api {{
    @handler Find
    get /find returns (Answer)
}}
"""
BODIES = [
    (
        '*uint8 `json:"k,default=7"`',
        'uint8 `json:"k,default=7"`',
        "warning request-field-became-not-nullable",
        'POST /find {"k":null}: `k` was read as null, now as 7',
    ),
    (
        '*uint8 `json:"k,default=0"`',
        'uint8 `json:"k,optional"`',
        "warning request-field-became-not-nullable",
        'POST /find {"k":null}: `k` was read as null, now as 0',
    ),
    (
        'uint8 `json:"k,optional"`',
        '*uint8 `json:"k,default=0"`',
        "info request-field-became-nullable",
        'POST /find {"k":null}: `k` was read as 0, now as null',
    ),
    (
        'Deep `json:"k"`',
        '*Deep `json:"k"`',
        "error request-field-became-required",
        "POST /find {}: accepted before, 400 now: `k` is required",
    ),
    (
        'Deep `json:"k"`',
        'interface{} `json:"k"`',
        "error request-field-became-required",
        "POST /find {}: accepted before, 400 now: `k` is required",
    ),
    (
        'Deep `json:"k"`',
        'Deep `form:"k" json:"k"`',
        "error request-field-became-required",
        "POST /find {}: accepted before, 400 now: `k` is required",
    ),
    (
        '[]bool `json:"k,optional"`',
        '[]bool `form:"k,optional" json:"k"`',
        "error request-field-became-required",
        "POST /find {}: accepted before, 400 now: `k` is required",
    ),
    (
        '[]bool `json:"k,optional"`',
        '[]bool `form:"k" json:"k"`',
        "error request-field-became-required",
        "POST /find {}: accepted before, 400 now: `k` is required",
    ),
    (
        'int64 `json:"k"`',
        'float64 `json:"k"`',
        "warning request-field-type-widened",
        'POST /find {"k":9223372036854775807}: `k` was read as 9223372036854775807, now as 9.223372036854776e+18',
    ),
    (
        '[]In `json:"k" validate:"required"`',
        '[]In `json:"k,optional" validate:"required"`',
        "error request-field-validation-tightened",
        'POST /find {"k":[]}: accepted before, 400 now: `k` must not be empty',
    ),
    (
        '[2]int64 `json:"k,optional" validate:"required"`',
        'interface{} `json:"k,optional" validate:"required"`',
        "error request-field-validation-tightened",
        "POST /find {}: accepted before, 400 now: `k` is required",
    ),
    (
        'int64 `json:"k,optional" validate:"max=5"`',
        '*int64 `json:"k,optional" validate:"max=5"`',
        "error request-field-validation-tightened",
        "POST /find {}: accepted before, 400 now: `k` is required",
    ),
    (
        'int64 `json:"k,default=7" validate:"min=2"`',
        '*int64 `json:"k,default=7" validate:"min=2"`',
        "error request-field-validation-tightened",
        'POST /find {"k":null}: accepted before, 400 now: `k` is required',
    ),
    (
        'int64 `json:"k,range=[1:9],optional"`',
        'int64 `json:"k,range=[1:9],optional" validate:"required"`',
        "error request-field-validation-tightened",
        "POST /find {}: accepted before, 400 now: `k` must not be 0",
    ),
    (
        '*int64 `json:"k" validate:"required"`',
        'int64 `json:"k" validate:"required"`',
        "error request-field-validation-tightened",
        'POST /find {"k":0}: accepted before, 400 now: `k` must not be 0',
    ),
    (
        'string `json:"k,optional"`',
        'string `form:"k,default=x" json:"k,optional"`',
        "warning request-field-source-added",
        'POST /find {"k":null}: `k` was read as "", now as "x"',
    ),
]
ADDED = [
    (
        'N Strict `json:"n,optional"`',
        "POST /find {}: accepted before, 400 now: `n.d` must not be empty",
    ),
    (
        'N int64 `json:"n,optional" validate:"min=1"`',
        "POST /find {}: accepted before, 400 now: `n` must be at least 1",
    ),
    (
        'N *int64 `json:"n,optional" validate:"min=1"`',
        "POST /find {}: accepted before, 400 now: `n` is required",
    ),
    (
        'N string `json:"n,optional" validate:"email"`',
        "POST /find {}: accepted before, 400 now: `n` must be an e-mail address",
    ),
]
TOGETHER = """type Group {{
    {group}
}}
type Req {{
    {own}
    Group `json:",optional"`
}}
service a-api {{
    @handler Find
    post /find (Req)
}}
"""
INNER = [
    (
        'int64 `json:"k,range=[1:9]"`',
        'int64 `json:"k,range=[1:9],optional" validate:"required"`',
        "error request-field-validation-tightened",
        "POST /find {}: accepted before, 400 now: `v.k` must not be 0",
    ),
    (
        'int64 `json:"k"`',
        'int64 `json:"k,default=3"`',
        "warning request-field-default-added",
        'POST /find {"v":null}: `v` was read as {"k": 0}, now as {"k": 3}',
    ),
    (
        'int64 `json:"k"`',
        '*int64 `json:"k"`',
        "info request-field-became-nullable",
        'POST /find {"v":null}: `v` was read as {"k": 0}, now as {"k": null}',
    ),
    (
        '*int64 `json:"k"`',
        'int64 `json:"k"`',
        "warning request-field-became-not-nullable",
        'POST /find {"v":null}: `v` was read as {"k": null}, now as {"k": 0}',
    ),
]
QUERIES = [
    (
        'int64 `form:"k" validate:"min=2"`',
        'string `form:"k" validate:"min=2"`',
        "error request-field-validation-tightened",
        "GET /find?k=2: accepted before, 400 now: `k` must have at least 2 characters",
    ),
    (
        'int64 `form:"k,optional"`',
        '[]int64 `form:"k,options=5|6,optional"`',
        "error request-field-options-added",
        "GET /find?k=1: accepted before, 400 now: `k` must be one of 5, 6",
    ),
]
ANSWERS = [
    (
        'interface{} `json:"k"`',
        'uint64 `json:"k,omitempty"`',
        "error response-field-became-optional",
        "GET /find answers {} now, which old clients cannot read: `k` is required",
    ),
    (
        'map[string]string `json:"k"`',
        'map[int64]string `json:"k,omitempty"`',
        "error response-field-became-optional",
        "GET /find answers {} now, which old clients cannot read: `k` is required",
    ),
    (
        'int64 `json:"k,options=2|7,omitempty"`',
        'int64 `json:"k,options=2|7,optional"`',
        "error response-field-became-required",
        'GET /find answers {"k":0} now, which old clients cannot read: `k` must be one of 2, 7',
    ),
    (
        '*int64 `json:"k,range=[1:9],optional"`',
        'int64 `json:"k,range=[1:9],optional"`',
        "error response-field-became-not-nullable",
        'GET /find answers {"k":0} now, which old clients cannot read: `k` must be from 1 to 9',
    ),
    (
        'int64 `json:"k"`',
        'uint8 `json:"k,string"`',
        "error string-flag-changed",
        'GET /find answers {"k":"1"} now, which old clients cannot read: `k` must be a whole number',
    ),
    (
        '*int64 `json:"k,optional"`',
        '*int64 `json:"k,string,optional"`',
        "error string-flag-changed",
        'GET /find answers {"k":"1"} now, which old clients cannot read: `k` must be a whole number',
    ),
]
QUIET = [
    ('*uint8 `json:"k,default=7"`', '*uint8 `json:"k,default=7,optional"`'),
    ('Deep `json:"k"`', 'Deep `json:"k,optional"`'),
    ('uint8 `json:"k" validate:"oneof=1 2"`', 'float32 `json:"k" validate:"oneof=1 2"`'),
    ('int64 `json:"k,range=[0:1000]"`', 'float64 `json:"k,range=[0:1000]"`'),
    ('*int64 `json:"k,optional" validate:"max=5"`', '*int64 `json:"k,optional" validate:"omitempty,max=5"`'),
    ('string `json:"k,default=a"`', 'string `form:"k,default=x" json:"k,default=a"`'),
]


def _change(folder: Path, texts: list[str]) -> ApiChange:
    return ApiChange(contract(folder, "old", texts[0]), contract(folder, "new", texts[1]), "main")


def _codes(change: ApiChange) -> list[str]:
    return [f"{one.severity or 'error'} {one.code}" for one in diagnostics(change)]


def _shows(versions: Versions, folder: Path, texts: list[str], code: str, line: str) -> None:
    change = _change(folder, texts)
    assert code in _codes(change)
    assert line in versions.search(change).everything()


@pytest.mark.parametrize("old, new, code, line", BODIES)
def test_a_field_of_a_body(versions: Versions, tmp_path: Path, old: str, new: str, code: str, line: str) -> None:
    _shows(versions, tmp_path, [TYPES + REQUEST.format(field=one, method="post") for one in (old, new)], code, line)


@pytest.mark.parametrize("field, line", ADDED)
def test_a_new_field_whose_absence_is_refused(versions: Versions, tmp_path: Path, field: str, line: str) -> None:
    strict = 'type Strict {\n    D string `json:"d,optional" validate:"required"`\n}\n'
    own = 'int64 `json:"k,optional"`'
    texts = [strict + REQUEST.format(field=one, method="post") for one in (own, f"{own}\n    {field}")]
    _shows(versions, tmp_path, texts, "error request-field-validation-tightened", line)


@pytest.mark.parametrize("field, line", ADDED)
def test_a_new_request_whose_absence_is_refused(versions: Versions, tmp_path: Path, field: str, line: str) -> None:
    strict = 'type Strict {\n    D string `json:"d,optional" validate:"required"`\n}\n'
    new = strict + REQUEST.format(field='int64 `json:"k,optional"`\n    ' + field, method="post")
    _shows(
        versions,
        tmp_path,
        [new.replace(" (Req)", ""), new],
        "error request-body-added-required",
        line.replace(" {}", ""),
    )


def test_a_field_that_moves_to_others_which_must_come_with_it(versions: Versions, tmp_path: Path) -> None:
    one, other = 'A []int64 `json:"a"`', 'C int64 `json:"c"`'
    texts = [TOGETHER.format(own=one, group=other), TOGETHER.format(own="", group=f"{one}\n    {other}")]
    line = 'POST /find {"a":[]}: accepted before, 400 now: `c` is required with a'
    _shows(versions, tmp_path, texts, "error request-field-dependency-added", line)


def test_null_for_a_field_of_an_optional_embedded_struct(versions: Versions, tmp_path: Path) -> None:
    texts = [TOGETHER.format(own="", group=f'A {kind} `json:"a,optional"`') for kind in ("*int64", "int64")]
    texts[0] = texts[0].replace(",optional", "", 1)
    line = 'POST /find {"a":null}: `a` was read as null, now as 0'
    _shows(versions, tmp_path, texts, "warning request-field-became-not-nullable", line)


@pytest.mark.parametrize("old, new, code, line", INNER)
def test_a_field_of_an_optional_struct(
    versions: Versions, tmp_path: Path, old: str, new: str, code: str, line: str
) -> None:
    _shows(versions, tmp_path, [AROUND.format(field=one) for one in (old, new)], code, line)


@pytest.mark.parametrize("old, new, code, line", QUERIES)
def test_a_parameter(versions: Versions, tmp_path: Path, old: str, new: str, code: str, line: str) -> None:
    _shows(versions, tmp_path, [REQUEST.format(field=one, method="get") for one in (old, new)], code, line)


@pytest.mark.parametrize("old, new, code, line", ANSWERS)
def test_a_field_of_an_answer(versions: Versions, tmp_path: Path, old: str, new: str, code: str, line: str) -> None:
    _shows(versions, tmp_path, [ANSWER.format(field=one) for one in (old, new)], code, line)


@pytest.mark.parametrize("old, new", QUIET)
def test_what_breaks_nobody_has_no_finding(versions: Versions, tmp_path: Path, old: str, new: str) -> None:
    texts = [TYPES + REQUEST.format(field=one, method="post") for one in (old, new)]
    change = _change(tmp_path, texts)
    assert [code for code in _codes(change) if not code.startswith("info ")] == []
    assert versions.search(change).everything() == []
