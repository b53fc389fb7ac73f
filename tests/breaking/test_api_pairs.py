"""The structs and fields of two versions: which are one, and what is said of those that are not."""

from tests.breaking.judged import change, codes, diagnostics, judged

SHOP = """
service shop-api {{
	@handler Do
	{route}
}}
"""


def api(route: str, *types: str) -> str:
    """Return a contract with one route."""
    return "\n".join(types) + SHOP.format(route=route)


def post(fields: str, *types: str) -> str:
    """Return a contract whose route takes a struct with these fields."""
    return api("post /orders (OrderRequest)", f"type OrderRequest {{\n{fields}\n}}", *types)


def get(fields: str, *types: str) -> str:
    """Return a contract whose route reads a struct with these fields."""
    return api("get /orders (OrderRequest)", f"type OrderRequest {{\n{fields}\n}}", *types)


def answer(fields: str, *types: str, returned: str = "Order") -> str:
    """Return a contract whose route answers with a struct that has these fields."""
    return api(f"get /orders returns ({returned})", f"type Order {{\n{fields}\n}}", *types)


def test_a_field_of_two_sources_is_judged_in_each() -> None:
    old = post('Shop int64 `form:"shop,optional" json:"shop,default=1"`')
    new = post('Shop int64 `form:"shop,default=5" json:"shop,optional"`')
    assert codes(old, new) == ["warning request-field-default-added", "error request-field-default-removed"]


def test_two_fields_with_the_same_key_in_two_sources_stay_two() -> None:
    old = post('Here string `header:"id"`\nThere string `json:"id"`')
    new = post('There string `json:"id"`\nHere string `header:"id"`')
    assert judged(old, new) == []


def test_the_json_tag_of_a_field_that_a_get_reads_from_the_query_is_nothing() -> None:
    assert codes(get('A int `form:"a"`'), get('A int `form:"a" json:"b,range=[1:2]"`')) == []
    assert codes(get('A int `json:"a"`'), get('A int `form:"a"`')) == ["error request-field-source-changed"]


def test_a_field_of_form_and_body_must_be_in_one_of_them() -> None:
    both = post('A int `form:"a" json:"a"`')
    assert codes(post('A int `json:"a"`'), both) == ["info request-field-source-added"]
    assert codes(both, post('A int `json:"a"`')) == ["error request-field-source-added"]
    loose = post('A int `form:"a,optional" json:"a,optional"`')
    assert codes(loose, both) == ["error request-field-became-required"]
    assert codes(both, loose) == ["info request-field-became-optional"]
    assert codes(both, post('A int `form:"a,optional" json:"a"`')) == ["error request-field-became-required"]


def test_headers_have_no_case_and_keys_have() -> None:
    assert judged(get('A string `header:"X-Name"`'), get('A string `header:"x-NAME"`')) == []
    assert codes(get('A string `form:"name"`'), get('A string `form:"Name"`')) == ["error request-field-renamed"]


def test_a_parameter_is_known_by_its_position_in_the_path() -> None:
    old = api("get /a/:x/:y (R)", 'type R {\nX int `path:"x"`\nY int `path:"y"`\n}')
    other_names = api("get /a/:left/:right (R)", 'type R {\nX int `path:"left"`\nY int `path:"right"`\n}')
    assert [line for line in codes(old, other_names) if "request-field" in line] == []
    swapped = api("get /a/:y/:x (R)", 'type R {\nX int `path:"x"`\nY int `path:"y"`\n}')
    assert "warning field-attribute-renamed" in codes(old, swapped)


def test_a_parameter_that_the_path_has_already_is_no_burden() -> None:
    old = api("get /a/:x (R)", "type R {\n}")
    new = api("get /a/:x (R)", 'type R {\nX int `path:"x"`\n}')
    assert codes(old, new) == ["info request-field-added-optional"]


def test_an_anonymous_struct_has_the_name_of_its_field() -> None:
    old = answer('Id int `json:"id"`\nPlace {\nCity string `json:"city"`\nZip string `json:"zip"`\n} `json:"place"`')
    new = answer('Id int `json:"id"`\nPlace {\nCity string `json:"city"`\n} `json:"place"`')
    assert [one.message for one in judged(old, new)] == ["`Place` has no `zip` any more"]
    named = answer(
        'Id int `json:"id"`\nPlace *Where `json:"place,omitempty"`', 'type Where {\nCity int `json:"city"`\n}'
    )
    assert codes(old, named) == [
        "error response-field-became-optional",
        "error response-field-removed",
        "error response-field-type-changed",
    ]


def test_a_struct_without_fields_is_a_struct() -> None:
    old = post('Place Place `json:"place"`', "type Place {\n}")
    new = post('Place {\nCity string `json:"city"`\n} `json:"place"`')
    assert codes(old, new) == ["error request-field-added-required"]


def test_the_fields_of_an_optional_embedded_struct_come_together() -> None:
    page = 'type Page {\nNumber int `form:"number"`\nSize int `form:"size"`\n}'
    loose = get('Number int `form:"number,optional"`\nSize int `form:"size,optional"`')
    whole = get('Page `form:",optional"`', page)
    strict = get("Page", page)
    assert codes(loose, whole) == ["error request-field-dependency-added"] * 2
    assert codes(whole, loose) == ["info request-field-dependency-removed"] * 2
    assert codes(whole, strict) == ["error request-field-became-required"] * 2
    assert codes(strict, whole) == ["info request-field-became-optional"] * 2


def test_a_type_that_contains_itself_is_compared_once() -> None:
    old = answer('Name string `json:"name"`\nBelow []*Order `json:"below"`\nBy map[string]Order `json:"by"`')
    new = answer('Name int `json:"name"`\nBelow []*Order `json:"below"`\nBy map[string]Order `json:"by"`')
    assert codes(old, new) == ["error response-field-type-changed"]


def test_structs_in_lists_and_maps_are_compared() -> None:
    item = 'type Item {\nName string `json:"name"`\n}', 'type Item {\nName int `json:"name"`\n}'
    for kind in ("Item", "*Item", "[]Item", "[]*Item", "map[string]Item", "map[string][]*Item", "[2]Item"):
        old, new = (answer(f'Items {kind} `json:"items"`', one) for one in item)
        assert codes(old, new) == ["error response-field-type-changed"], kind
    whole = [answer("Name string", one, returned="[]Item") for one in item]
    assert codes(*whole) == ["error response-field-type-changed"]


def test_what_is_in_another_container_is_not_compared_as_well() -> None:
    old = answer('Items []Item `json:"items"`', 'type Item {\nName string `json:"name"`\n}')
    new = answer('Items Page `json:"items"`', 'type Page {\nAll []Item `json:"all"`\n}', "type Item {\n}")
    assert codes(old, new) == ["error repeated-changed"]


USED = """
type User {{
	Name {kind} `json:"name"`
}}
service shop-api {{
	@handler GetUser
	get /users/:id returns (User)
	@handler ListUsers
	get /users returns ([]*User)
	@handler AddUser
	post /users (User)
	@handler PutUser
	put /users/:id (User)
}}
"""


def test_one_type_of_many_routes_is_one_finding_in_each_direction() -> None:
    found = diagnostics(change(USED.format(kind="int32"), USED.format(kind="int64")))
    facts = {one.code: dict(one.facts)["affects"] for one in found}
    assert facts == {
        "request-field-type-widened": "POST /users, PUT /users/:id",
        "response-field-type-widened": "GET /users, GET /users/:id",
    }


EMBEDS = """
type Page {{
{page}
}}
type A {{
	Page
	X int `form:"x"`
}}
type B {{
	{embedded}
	Y int `form:"y"`
}}
service shop-api {{
	@handler A
	get /a (A)
	@handler B
	post /b (B)
}}
"""


def test_what_an_embedded_struct_loses_is_said_of_that_struct_once() -> None:
    both = 'Number int `form:"number"`\nSize int `form:"size"`'
    old = EMBEDS.format(page=both, embedded="Page")
    lost = diagnostics(change(old, EMBEDS.format(page='Number int `form:"number"`', embedded="Page")))
    assert [(one.message, dict(one.facts)["affects"]) for one in lost] == [
        ("`Page` does not take `size` any more: it is ignored", "GET /a, POST /b")
    ]
    gone = judged(old, EMBEDS.format(page=both, embedded=""))
    assert [one.message for one in gone] == [
        "`B` does not take `number` any more: it is ignored",
        "`B` does not take `size` any more: it is ignored",
    ]


def test_a_renamed_field_is_one_finding() -> None:
    old = answer('UserId int64 `json:"user_id"`\nA string `json:"a"`')
    assert codes(old, answer('UserId int64 `json:"userId"`\nA string `json:"a"`')) == ["error response-field-renamed"]
    assert codes(old, answer('UID int64 `json:"userId"`\nA string `json:"a"`')) == ["error response-field-renamed"]
    assert codes(old, answer('UID int64 `json:"user_id"`\nA string `json:"a"`')) == ["warning field-attribute-renamed"]


def test_a_guess_hides_no_deletion() -> None:
    old = answer('UserId int64 `json:"user_id"`')
    other_name = answer('Owner int64 `json:"owner"`')
    assert codes(old, other_name) == ["error response-field-removed", "info response-field-added"]
    other_type = answer('UserId []string `json:"owners"`')
    assert codes(old, other_type) == ["error response-field-removed", "info response-field-added"]
    hints = [one.hint for one in diagnostics(change(old, other_name)) if one.hint]
    assert hints == [
        "keep the field, and mark it deprecated beside what replaces it; if `owner` replaces it,"
        " send both while clients change"
    ]


def test_names_on_one_line_are_fields_of_their_own() -> None:
    old, new = answer("A, B int32"), answer("A, B int64")
    assert [one.message for one in judged(old, new)] == [
        "`Order.A` is `int64` now: clients expect `int32`",
        "`Order.B` is `int64` now: clients expect `int32`",
    ]


def test_a_response_has_the_fields_of_other_sources_under_their_names() -> None:
    old = answer('Name string `json:"name"`')
    new = answer('Name string `header:"X-Name"`')
    assert [one.message for one in judged(old, new)] == ["`Order.name` is `Name` now"]


def test_a_field_that_may_be_at_two_new_places_is_removed() -> None:
    one = 'type In {\nZip int `json:"zip"`\n}'
    two = 'type On {\nZip int `json:"zip"`\n}'
    old = answer('Zip int `json:"zip"`', one, two)
    moved = answer('In In `json:"in"`', one, two)
    assert codes(old, moved) == ["info response-field-added", "error response-field-moved"]
    unclear = answer('In In `json:"in"`\nOn On `json:"on"`', one, two)
    assert codes(old, unclear) == ["error response-field-removed", *["info response-field-added"] * 2]
