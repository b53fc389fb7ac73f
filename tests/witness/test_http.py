"""A witness is the smallest request or answer that shows a change, as the generated code of both versions runs it."""

from pathlib import Path

import pytest

from tests.witness.pairs import Versions

GET = """type Req {{
    {fields}
}}
service a-api {{
    @handler Find
    {method} /find (Req)
}}
"""
ANSWER = """type Answer {{
    {fields}
}}
service a-api {{
    @handler Find
    get /find returns ({type})
}}
"""
REQUESTS = [
    (
        'Ps int64 `form:"ps,optional"`',
        'Ps int64 `form:"ps,range=[10:]"`',
        "GET /find: accepted before, 400 now: `ps` is required",
    ),
    (
        'Ps int64 `form:"ps,range=[1:50]"`',
        'Ps int64 `form:"ps,range=[1:20]"`',
        "GET /find?ps=21: accepted before, 400 now: `ps` must be from 1 to 20",
    ),
    (
        'Ps int64 `form:"ps"`',
        'Ps int32 `form:"ps"`',
        "GET /find?ps=2147483648: accepted before, 400 now: `ps` must be from -2147483648 to 2147483647",
    ),
    (
        'Sort string `form:"sort"`',
        'Sort string `form:"sort,options=asc|desc"`',
        "GET /find?sort=a: accepted before, 400 now: `sort` must be one of asc, desc",
    ),
    (
        'Sort string `form:"sort,optional"`',
        'Sort string `form:"order,optional"`',
        'GET /find?sort=a: `sort` was read as "a", now as ""',
    ),
    ('Ps int64 `form:"ps"`', 'Ps int64 `form:"ps,optional"`', ""),
    ('Ps int32 `form:"ps"`', 'Ps int64 `form:"ps"`', ""),
    ('Ps int64 `form:"ps,range=[1:20]"`', 'Ps int64 `form:"ps,range=[1:50]"`', ""),
]
BODIES = [
    (
        'Name string `json:"name,optional"`',
        'Name string `json:"name"`',
        "POST /find {}: accepted before, 400 now: `name` is required",
    ),
    (
        'Name *string `json:"name,optional"`',
        'Name string `json:"name"`',
        "POST /find {}: accepted before, 400 now: `name` is required",
    ),
    (
        'Ids []int64 `json:"ids"`',
        'Ids int64 `json:"ids"`',
        'POST /find {"ids":[]}: accepted before, 400 now: `ids` must be a whole number',
    ),
    (
        'Id int64 `json:"id"`',
        'Id float64 `json:"id"`',
        'POST /find {"id":9223372036854775807}: `id` was read as 9223372036854775807, now as 9.223372036854776e+18',
    ),
    (
        'Id int64 `json:"id"`',
        'Id int64 `json:"id,string"`',
        "",  # a number is read with and without quotation marks
    ),
    (
        'Id int64 `json:"id,string"`',
        'Id int64 `json:"id"`',
        'POST /find {"id":"1"}: accepted before, 400 now: `id` must be a whole number',
    ),
]
ANSWERS = [
    (
        'Id int64 `json:"id"`',
        'Id string `json:"id"`',
        'GET /find answers {"id":""} now, which old clients cannot read: `id` must be a whole number',
    ),
    (
        'Id int32 `json:"id"`',
        'Id int64 `json:"id"`',
        'GET /find answers {"id":2147483648} now, which old clients cannot read:'
        " `id` must be from -2147483648 to 2147483647",
    ),
    (
        'Id int32 `json:"id"`',
        'Id int32 `json:"id,omitempty"`',
        "GET /find answers {} now, which old clients cannot read: `id` is required",
    ),
    (
        'Id int32 `json:"id,optional"`',
        'Key int32 `json:"key"`',
        'GET /find answers {"key":1} now: old clients find no `id` in it',
    ),
    ('Id int64 `json:"id"`', 'Id int32 `json:"id"`', ""),
    ('Id int64 `json:"id,omitempty"`', 'Id int64 `json:"id"`', ""),
]


def _key(field: str) -> str:
    return field.partition(':"')[2].partition('"')[0].partition(",")[0]


@pytest.mark.parametrize("old, new, line", REQUESTS)
def test_a_parameter_has_the_smallest_request(
    versions: Versions, tmp_path: Path, old: str, new: str, line: str
) -> None:
    texts = (GET.format(fields=fields, method="get") for fields in (old, new))
    assert versions.of(tmp_path, *texts).field(_key(old)) == line


@pytest.mark.parametrize("old, new, line", BODIES)
def test_a_field_of_a_body_has_the_smallest_request(
    versions: Versions, tmp_path: Path, old: str, new: str, line: str
) -> None:
    texts = (GET.format(fields=fields, method="post") for fields in (old, new))
    assert versions.of(tmp_path, *texts).field(_key(old)) == line


@pytest.mark.parametrize("old, new, line", ANSWERS)
def test_a_field_of_an_answer_has_the_smallest_answer(
    versions: Versions, tmp_path: Path, old: str, new: str, line: str
) -> None:
    texts = (ANSWER.format(fields=fields, type="Answer") for fields in (old, new))
    assert versions.of(tmp_path, *texts).field(_key(old)) == line
