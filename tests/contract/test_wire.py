"""The fields that travel: from a contract's text to the facts of contract/wire.py."""

import pytest

from mallgen.contract import wire
from mallgen.contract.base_types import BASE_TYPES
from mallgen.contract.wire import Request, WireField, WireValue
from mallgen.loading.load import load_text
from mallgen.model import Bounds, Contract, Type


def contract(types: str, routes: str = "@handler ask\n\tpost /ask (Ask)") -> Contract:
    """Return a contract with some types, and one route whose request is the type `Ask`."""
    text = f'syntax = "v1"\n\n{types}\n\nservice shop-api {{\n\t{routes}\n}}\n'
    found = load_text(text, "shop.api").contract
    assert found is not None
    return found


def declared(found: Contract, name: str = "Ask") -> Type:
    """Return a type of a contract by its name."""
    return next(one for one in found.types if one.name == name)


def fields(lines: str, more: str = "") -> tuple[WireField, ...]:
    """Return the fields of a struct `Ask` that is made of `lines`."""
    return tuple(map(wire.wire_field, declared(contract(f"type Ask {{\n{lines}\n}}\n{more}")).fields))


def value(line: str, more: str = "") -> WireValue:
    """Return the only value of the only field of a struct."""
    (field,) = fields(line, more)
    (only,) = field.values
    return only


def test_a_field_has_a_value_in_each_of_its_sources() -> None:
    (field,) = fields('Id int64 `json:"id" form:"uid" header:"X-Id" path:"i"`')
    assert [(one.source, one.key) for one in field.values] == [
        ("path", "i"),
        ("form", "uid"),
        ("header", "X-Id"),
        ("json", "id"),
    ]
    assert field.main is field.of("json")


def test_the_rules_of_the_type_are_those_of_json_or_of_the_first_source() -> None:
    (field,) = fields('Id int64 `form:"id,optional"`')
    assert field.of("json") is None
    assert field.main.source == "form"


@pytest.mark.parametrize(
    ("line", "required"),
    [
        ('A string `json:"a"`', True),
        ('A string `json:"a,optional"`', False),
        ('A string `json:"a,default=x"`', False),
        ('A string `json:"a,omitempty"`', False),
        ('A *string `json:"a"`', True),
    ],
)
def test_a_value_is_required_unless_its_tag_says_otherwise(line: str, required: bool) -> None:
    assert value(line).required is required


@pytest.mark.parametrize(
    ("line", "not_null"),
    [
        ('A *string `json:"a"`', True),
        ('A *string `json:"a,optional"`', False),
        ('A string `json:"a"`', False),
        ('A *interface{} `json:"a"`', False),
    ],
)
def test_a_pointer_that_must_be_sent_is_not_null(line: str, not_null: bool) -> None:
    assert value(line).not_null is not_null


@pytest.mark.parametrize(
    ("line", "default"),
    [
        ('A int `form:"a"`', None),
        ('A int `form:"a,default=20"`', 20),
        ('A *int `form:"a,default=20"`', 20),
        ('A float64 `form:"a,default=1e3"`', 1000.0),
        ('A bool `form:"a,default=TRUE"`', True),
        ('A string `form:"a,default=20"`', "20"),
        ('A []int `form:"a,default=[1,2]"`', (1, 2)),
        ('A [2]string `form:"a,default=[x,y]"`', ("x", "y")),
    ],
)
def test_a_default_is_a_value_of_the_fields_type(line: str, default: object) -> None:
    found = value(line).default
    assert (found, type(found)) == (default, type(default))


def test_options_are_values_of_the_fields_type_or_of_its_elements() -> None:
    assert value('A int `form:"a,options=1|2"`').options == (1, 2)
    assert value('A []string `form:"a,options=[x,y]"`').options == ("x", "y")


def test_bounds_keep_whether_their_ends_are_open() -> None:
    found = value('A int `form:"a,default=20,range=(0:100],limit=[1:)"`')
    assert found.range == Bounds(0, 100, open_low=True)
    assert found.limit == Bounds(1, None, open_high=True)


@pytest.mark.parametrize(("number", "is_inside"), [(0, False), (1, True), (100, True), (101, False)])
def test_an_open_bound_is_outside(number: int, is_inside: bool) -> None:
    assert wire.inside(number, Bounds(0, 100, open_low=True)) is is_inside


def test_a_side_without_a_bound_is_open() -> None:
    assert wire.inside(-(10**9), Bounds(None, 5))
    assert wire.inside(10**9, Bounds(5, None))


def test_a_number_may_travel_in_quotation_marks() -> None:
    assert value('A int64 `json:"a,string"`').quoted
    assert not value('A []int64 `json:"a,string"`').quoted


@pytest.mark.parametrize(
    ("kind", "omits"),
    [
        ("string", True),
        ("[]int", True),
        ("map[string]int", True),
        ("*Other", True),
        ("Other", False),
        ("[2]int", False),
        ("[0]int", True),
    ],
)
def test_an_empty_value_is_left_out_where_the_type_has_one(kind: str, omits: bool) -> None:
    assert value(f'A {kind} `json:"a,omitempty"`', "type Other {}").omits_empty is omits


def test_a_field_comes_with_another_or_without_it() -> None:
    with_, without = fields('A int `form:"a,optional=b"`\nB int `form:"b,optional=!a"`')
    assert (with_.main.comes_with, with_.main.comes_without) == ("b", "")
    assert (without.main.comes_with, without.main.comes_without) == ("", "a")


def test_the_required_fields_of_an_optional_embedded_struct_come_all_or_not_at_all() -> None:
    page = 'type Page {\nSize int `form:"size"`\nNumber int `form:"number"`\nOrder string `form:"order,optional"`\n}'
    struct = fields('Page `form:",optional"`\nId int `form:"id"`', page)
    assert {field.main.key: field.main.required for field in struct} == {
        "id": True,
        "size": False,
        "number": False,
        "order": False,
    }
    assert wire.together(struct, "form") == {"Page": ("size", "number")}
    assert wire.together(struct, "header") == {}


def ask(lines: str, method: str) -> Request:
    """Return how the parts of a request are read for one method."""
    return wire.request(fields(lines), method)


@pytest.mark.parametrize(
    ("method", "reads_form_body"),
    [("post", True), ("put", True), ("patch", True), ("get", False), ("head", False), ("delete", False)],
)
def test_a_form_is_looked_for_in_the_body_where_go_does(method: str, reads_form_body: bool) -> None:
    assert ask('A int `form:"a"`', method).reads_form_body is reads_form_body


def test_a_request_has_parameters_and_a_json_body() -> None:
    found = ask('A int `path:"a"`\nB int `json:"b"`\nC int `header:"c"`', "post")
    assert [(one.source, one.key) for one in found.parameters] == [("path", "a"), ("header", "c")]
    assert [field.field.name for field in found.body] == ["B"]


def test_a_field_of_the_form_and_of_json_is_in_no_body_of_a_get() -> None:
    lines = 'A int `form:"a" json:"a"`'
    assert ask(lines, "get").body == ()
    assert [field.is_either for field in ask(lines, "post").body] == [True]


def test_a_field_that_may_be_absent_in_one_of_two_sources_is_not_either() -> None:
    (field,) = fields('A int `form:"a,optional" json:"a"`')
    assert not field.is_either


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ('A int8 `form:"a,default=300"`', "300 does not fit int8: -128 to 127"),
        ('A float32 `form:"a,default=1e39"`', "1e39 does not fit float32"),
        ('A int `form:"a,default=x"`', "`x` is not a whole number"),
        ('A bool `form:"a,options=yes"`', "`yes` is not true or false"),
        ('A []int `form:"a,default=1"`', "the default of a list is written `[a,b]`, not `1`"),
        ('A [2]int `form:"a,default=[1]"`', "the default has 1 values, the list 2"),
        (
            'A complex64 `json:"a,default=1"`',
            "only fields of a base type, or lists of one, can have values in their tag",
        ),
        ('A string `form:"a,range=[1:2]"`', "only numbers have bounds"),
        ('A int `form:"a,limit=[1:2]"`', "`limit` needs a `default` to fall back to"),
        ('A int `form:"a,default=3,options=1|2"`', "the default 3 is not one of the options"),
        ('A int `form:"a,default=3,range=[1:2]"`', "the default 3 is out of bounds"),
    ],
)
def test_a_tag_that_does_not_fit_its_field_is_a_problem(line: str, problem: str) -> None:
    struct = fields(line)
    assert struct[0].main.problems == (problem,)
    assert [found.message for found in wire.wrong_tags(struct)] == [f"field `A`: {problem}"]


def test_a_tag_that_fits_has_no_problem() -> None:
    assert value('A int `form:"a,default=2,options=1|2,range=[1:2]"`').problems == ()


def test_json_has_what_is_answered_and_what_is_below_a_request() -> None:
    types = """
type Ask {
    Inner Below `json:"inner"`
}
type Below {
    A int `json:"a"`
}
type Answer {
    Items []*Item `json:"items"`
}
type Item {
    Where {
        At Place `json:"at"`
        By Unused `json:"-"`
    } `json:"where"`
}
type Place {
    X int `json:"x"`
}
type Unused {
    A int `json:"a"`
}
"""
    found = contract(types, "@handler ask\n\tpost /ask (Ask) returns (Answer)")
    assert wire.json_types(found) == {"Below", "Answer", "Item", "Place"}


def test_a_path_field_needs_a_parameter() -> None:
    struct = declared(contract('type Ask {\nA int `path:"a"`\nB int `path:"b"`\nC int `path:"c,optional"`\n}'))
    assert wire.path_parameters("/x/:a/y") == ["a"]
    assert [field.name for field, _ in wire.without_parameter(struct.fields, "/x/:a/y")] == ["B"]


def test_bytes_are_a_list_that_json_has_as_text() -> None:
    data, numbers = fields('A []byte `json:"a"`\nB []int8 `json:"b"`')
    assert wire.is_bytes(data.field.type)
    assert not wire.is_bytes(numbers.field.type)


@pytest.mark.parametrize(
    ("name", "kind", "canonical", "low", "high"),
    [
        ("int", "integer", "int64", -(2**63), 2**63 - 1),
        ("uint", "integer", "uint64", 0, 2**64 - 1),
        ("byte", "integer", "uint8", 0, 255),
        ("rune", "integer", "int32", -(2**31), 2**31 - 1),
        ("float32", "float", "float32", -3.4028234663852886e38, 3.4028234663852886e38),
        ("string", "string", "string", None, None),
        ("complex64", "complex", "complex64", None, None),
    ],
)
def test_a_base_type_says_what_fits(name: str, kind: str, canonical: str, low: object, high: object) -> None:
    base = BASE_TYPES[name]
    assert (base.kind, base.canonical, base.low, base.high) == (kind, canonical, low, high)


def test_a_key_of_a_json_object_is_text_or_a_whole_number() -> None:
    assert {name for name, base in BASE_TYPES.items() if not base.is_map_key} == {
        "bool",
        "float32",
        "float64",
        "complex64",
        "complex128",
    }
