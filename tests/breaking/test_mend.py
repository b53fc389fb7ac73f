"""The compatible form of a change: each mend is written, and `mallgen breaking` has nothing more to say about it."""

from pathlib import Path

import pytest

from tests.conftest import mallgen

HEAD = 'syntax = "v1"\n\n'
KEPT = "// Deprecated: kept until no client uses it."
PUT = "\nservice shop-api {\n\t@handler PutItem\n\tput /items (Item) returns (Done)\n}\n\ntype Done {}\n"
GET = "\nservice shop-api {\n\t@handler GetItem\n\tget /items returns (Item)\n}\n"
FIND = "\nservice shop-api {\n\t@handler Find\n\tget /items (Item)\n}\n"


def mended(here: Path, old: str, new: str, left: int = 0) -> str:
    """Return the new text as `--fix --write` leaves it; `left` is the exit code of that and of what follows."""
    (here / "old.api").write_bytes((HEAD + old).encode())
    (here / "new.api").write_bytes((HEAD + new).encode())
    words = ("breaking", "new.api", "--against", "old.api")
    assert mallgen(*words, "--no-witness").code == 1
    shown = mallgen(*words, "--fix")
    assert shown.code == left, shown.err
    assert (here / "new.api").read_bytes().decode() == HEAD + new
    assert mallgen(*words, "--fix", "--write").code == left
    after = mallgen(*words, "--no-witness")
    assert after.code == left, after.err
    assert mallgen(*words, "--fix").out == ""
    return (here / "new.api").read_bytes().decode().removeprefix(HEAD)


def struct(*lines: str) -> str:
    return "".join(["type Item {\n", *(f"\t{line}\n" for line in lines), "}\n"])


ID = 'Id int64 `json:"id,optional"`'
FIELDS = {
    "response-field-removed": (
        GET,
        (ID, 'Name string `json:"name"` // shown'),
        (ID,),
        (ID, KEPT, 'Name string `json:"name"` // shown'),
    ),
    "request-field-removed": (PUT, (ID, 'Name string `json:"name"`'), (ID,), (ID, KEPT, 'Name string `json:"name"`')),
    "response-field-renamed": (
        GET,
        ('UserId int64 `json:"user_id"`',),
        ('UserId int64 `json:"userId"`',),
        ('UserId int64 `json:"userId"`', "// Deprecated: use userId.", 'UserIdOld int64 `json:"user_id"`'),
    ),
    "request-field-renamed": (
        PUT,
        ('UserId int64 `json:"user_id"`',),
        ('UserId int64 `json:"userId"`',),
        (
            'UserId int64 `json:"userId,optional"`',
            "// Deprecated: use userId.",
            'UserIdOld int64 `json:"user_id,optional"`',
        ),
    ),
    "request-field-added-required": (
        PUT,
        (ID,),
        (ID, 'Size int `json:"size,range=[1:9]"`'),
        (ID, 'Size int `json:"size,range=[1:9],optional"`'),
    ),
    "request-field-became-required": (
        FIND,
        ('Size int `form:"size,optional"`',),
        ('Size int `form:"size"`',),
        ('Size int `form:"size,optional"`',),
    ),
    "request-field-default-changed": (
        FIND,
        ('Size int `form:"size,default=10,range=[1:50]"`',),
        ('Size int `form:"size,default=20,range=[1:50]"`',),
        ('Size int `form:"size,default=10,range=[1:50]"`',),
    ),
    "request-field-default-removed": (
        FIND,
        ('Size int `form:"size,default=10"`',),
        ('Size int `form:"size,optional"`',),
        ('Size int `form:"size,optional,default=10"`',),
    ),
}

PRICE, NOW = 'Price int64 `json:"price"`', 'Price string `json:"price"`'
FIELDS |= {
    "response-field-type-changed": (
        GET,
        (ID, PRICE),
        (ID, NOW),
        (ID, 'PriceNew string `json:"priceNew"`', "// Deprecated: use priceNew.", PRICE),
    ),
    "request-field-type-changed": (
        PUT,
        ('Shop_id int64 `json:"shop_id"`', PRICE),
        ('Shop_id int64 `json:"shop_id"`', NOW),
        (
            'Shop_id int64 `json:"shop_id"`',
            'PriceNew string `json:"price_new,optional"`',
            "// Deprecated: use price_new.",
            'Price int64 `json:"price,optional"`',
        ),
    ),
    "request-field-type-narrowed": (
        FIND,
        ('Token int64 `header:"X-Token,optional"`',),
        ('Token int32 `header:"X-Token,optional"`',),
        (
            'TokenNew int32 `header:"X-Token-New,optional"`',
            "// Deprecated: use X-Token-New.",
            'Token int64 `header:"X-Token,optional"`',
        ),
    ),
    "response-field-type-widened": (
        GET,
        ('Size int32 `json:"size"`',),
        ('Size int64 `json:"size"`',),
        ('SizeNew int64 `json:"sizeNew"`', "// Deprecated: use sizeNew.", 'Size int32 `json:"size"`'),
    ),
    "repeated-changed": (
        GET,
        ('Tag string `json:"tag"`',),
        ('Tag []string `json:"tag"`',),
        ('TagNew []string `json:"tagNew"`', "// Deprecated: use tagNew.", 'Tag string `json:"tag"`'),
    ),
    "map-key-type-changed": (
        GET,
        ('Tags map[int]string `json:"tags"`',),
        ('Tags map[string]string `json:"tags"`',),
        (
            'TagsNew map[string]string `json:"tagsNew"`',
            "// Deprecated: use tagsNew.",
            'Tags map[int]string `json:"tags"`',
        ),
    ),
    "array-length-changed": (
        GET,
        ('Tags [2]string `json:"tags"`',),
        ('Tags [3]string `json:"tags"`',),
        ('TagsNew [3]string `json:"tagsNew"`', "// Deprecated: use tagsNew.", 'Tags [2]string `json:"tags"`'),
    ),
    "response-field-became-nullable": (
        GET,
        (ID, PRICE),
        (ID, 'Price *int64 `json:"price"`'),
        (ID, 'PriceNew *int64 `json:"priceNew"`', "// Deprecated: use priceNew.", PRICE),
    ),
}


@pytest.mark.parametrize("code", FIELDS)
def test_fields(here: Path, code: str) -> None:
    routes, old, new, wanted = FIELDS[code]
    (here / "old.api").write_text(HEAD + struct(*old) + routes, encoding="utf-8")
    (here / "new.api").write_text(HEAD + struct(*new) + routes, encoding="utf-8")
    assert f"error[{code}]" in mallgen("breaking", "new.api", "--against", "old.api", "--no-witness").err
    assert mended(here, struct(*old) + routes, struct(*new) + routes) == struct(*wanted) + routes


def test_a_field_of_requests_and_responses_is_put_back_once(here: Path) -> None:
    routes = GET.replace("}", "\n\t@handler PutItem\n\tput /items (Item)\n}")
    old, new = struct(ID, 'UserId int64 `json:"user_id"`'), struct(ID, 'UserId int64 `json:"userId"`')
    now, kept = 'UserId int64 `json:"userId,optional"`', 'UserIdOld int64 `json:"user_id,optional"`'
    assert mended(here, old + routes, new + routes) == struct(ID, now, "// Deprecated: use userId.", kept) + routes


def test_a_field_of_another_type_in_requests_and_responses(here: Path) -> None:
    routes = GET.replace("}", "\n\t@handler PutItem\n\tput /items (Item)\n}")
    lines = (
        'PriceNew string `json:"priceNew,optional"`',
        "// Deprecated: use priceNew.",
        'Price int64 `json:"price,optional"`',
    )
    assert mended(here, struct(ID, PRICE) + routes, struct(ID, NOW) + routes) == struct(ID, *lines) + routes


def test_a_value_in_a_path_has_no_other_place(here: Path) -> None:
    """A path has room for one value only: the error stays."""
    routes = "\nservice shop-api {\n\t@handler Find\n\tget /items/:id (Item)\n}\n"
    old, new = (struct(f'Id {kind} `path:"id"`') + routes for kind in ("string", "int64"))
    assert mended(here, old, new, left=1) == new


@pytest.mark.parametrize(
    ("old", "new", "wanted"),
    [
        ('type Item { A int `json:"a"` }', "type Item {}", f'type Item {{\n\t{KEPT}\n\tA int `json:"a"`\n}}'),
        (
            'type Item { A int `json:"a"`; B int `json:"b"` }'.replace("; ", "\n"),
            'type Item { A int `json:"a"` }',
            f'type Item {{ A int `json:"a"`\n\t{KEPT}\n\tB int `json:"b"`\n}}',
        ),
        (
            'type (\n\tItem {\n\t\tA int `json:"a"` // } {\n\t\tB int `json:"b"` /* } */\n\t}\n)',
            'type (\n\tItem {\n\t\tA int `json:"a"` // } {\n\t}\n)',
            f'type (\n\tItem {{\n\t\tA int `json:"a"` // }} {{\n\t\t{KEPT}\n\t\tB int `json:"b"` /* }} */\n\t}}\n)',
        ),
        (
            'type Item {\n\tA {\n\t\tB int `json:"b"`\n\t\tC int `json:"c"`\n\t} `json:"a"`\n}',
            'type Item {\n\tA {\n\t\tB int `json:"b"`\n\t} `json:"a"`\n}',
            f'type Item {{\n\tA {{\n\t\tB int `json:"b"`\n\t\t{KEPT}\n\t\tC int `json:"c"`\n\t}} `json:"a"`\n}}',
        ),
        (
            'type Base {\n\tA int `json:"a"`\n}\n\ntype Item {\n\tBase\n\tB int `json:"b"`\n}',
            'type Base {\n}\n\ntype Item {\n\tBase\n\tB int `json:"b"`\n}',
            f'type Base {{\n\t{KEPT}\n\tA int `json:"a"`\n}}\n\ntype Item {{\n\tBase\n\tB int `json:"b"`\n}}',
        ),
    ],
    ids=["one line", "one line with a member", "comments and a group", "a struct in place", "an embedded struct"],
)
def test_layouts(here: Path, old: str, new: str, wanted: str) -> None:
    assert mended(here, old + "\n" + GET, new + "\n" + GET) == wanted + "\n" + GET


def test_line_ends_of_windows_stay(here: Path) -> None:
    old, new = (struct(*lines).replace("\n", "\r\n") for lines in ((ID, 'B int `json:"b"`'), (ID,)))
    text = mended(here, old + GET.replace("\n", "\r\n"), new + GET.replace("\n", "\r\n"))
    assert text == (struct(ID, KEPT, 'B int `json:"b"`') + GET).replace("\n", "\r\n")


def test_a_type_comes_back_with_the_field_that_needs_it(here: Path) -> None:
    old = struct(ID, 'Color []*Color `json:"color"`') + GET + '\ntype Color {\n\tR int `json:"r"`\n}\n'
    text = mended(here, old, struct(ID) + GET)
    assert text == struct(ID, KEPT, 'Color []*Color `json:"color"`') + GET + '\ntype Color {\n\tR int `json:"r"`\n}\n'


V1 = "@server (\n\tprefix: /v1\n\tgroup: items\n)\n"
TWO = V1 + "service shop-api {\n\t@handler ListItems\n\tget /items\n"
DOC = '\t@doc (\n\t\tdeprecated: "true"\n\t)\n'


def test_a_route_comes_back_into_its_block(here: Path) -> None:
    route = "\t@handler CountItems\n\tget /items/count\n"
    assert mended(here, f"{TWO}\n{route}}}\n", TWO + "}\n") == f"{TWO}\n{DOC}{route}}}\n"


@pytest.mark.parametrize(
    ("doc", "wanted"),
    [
        ('\t@doc "Counts."\n', '\t@doc (\n\t\tsummary: "Counts."\n\t\tdeprecated: "true"\n\t)\n'),
        (
            '\t@doc (\n\t\tsummary: "a (b)"\n\t\tstability: "stable"\n\t)\n',
            '\t@doc (\n\t\tsummary: "a (b)"\n\t\tstability: "stable"\n\t\tdeprecated: "true"\n\t)\n',
        ),
    ],
    ids=["a text", "pairs"],
)
def test_a_route_keeps_its_words(here: Path, doc: str, wanted: str) -> None:
    route = "\t@handler CountItems\n\tget /items/count\n"
    assert mended(here, f"{TWO}\n{doc}{route}}}\n", TWO + "}\n") == f"{TWO}\n{wanted}{route}}}\n"


def test_a_block_comes_back_with_its_routes_and_types(here: Path) -> None:
    first = "service shop-api {\n\t@handler Ping\n\tget /ping\n}\n"
    routes = ("\t@handler Add\n\tpost /items (New)\n", "\t@handler Drop\n\tdelete /items\n")
    old = f'{first}\n{V1}service shop-api {{\n{routes[0]}\n{routes[1]}}}\n\ntype New {{\n\tA int `json:"a"`\n}}\n'
    block = f"\n{V1}service shop-api {{\n{DOC}{routes[0]}\n{DOC}{routes[1]}}}\n"
    assert mended(here, old, first) == f'{first}{block}\ntype New {{\n\tA int `json:"a"`\n}}\n'


@pytest.mark.parametrize("line", ["get /items/all", "post /items"])
def test_an_old_route_stays_beside_the_new_one(here: Path, line: str) -> None:
    new = TWO.replace("get /items", line)
    text = mended(here, TWO + "}\n", new + "}\n")
    assert text == f"{new.replace('ListItems', 'ListItemsNew')}\n{DOC}\t@handler ListItems\n\tget /items\n}}\n"


@pytest.mark.parametrize(("prefix", "end"), [("/store", "New"), ("/v2", "V2"), ("/v1/store", "New")])
def test_an_old_prefix_stays_beside_the_new_one(here: Path, prefix: str, end: str) -> None:
    routes = "\t@handler ListItems\n\tget /items\n", "\t@handler AddHandler\n\tpost /items (Item)\n"
    block = f"{V1}service shop-api {{\n{routes[0]}\n{routes[1]}}}\n"
    new = block.replace("/v1", prefix)
    text = mended(here, struct(ID) + block, struct(ID) + new)
    now = new.replace("ListItems", f"ListItems{end}").replace("AddHandler", f"Add{end}Handler")
    assert text == f"{struct(ID)}{now}\n{V1}service shop-api {{\n{DOC}{routes[0]}\n{DOC}{routes[1]}}}\n"


def test_a_handler_keeps_its_ending(here: Path) -> None:
    old = "service shop-api {\n\t@handler ListHandler\n\tget /items\n}\n"
    assert "@handler ListNewHandler\n\tget /all\n" in mended(here, old, old.replace("/items", "/all"))


def test_what_has_no_compatible_form_stays(here: Path) -> None:
    routes = GET
    old = struct(ID, 'A int `json:"a"`', 'B int `json:"b"`') + routes
    text = mended(here, old, struct(ID, 'A int `json:"a,omitempty"`') + routes, left=1)
    assert text == struct(ID, 'A int `json:"a,omitempty"`', KEPT, 'B int `json:"b"`') + routes


def test_write_belongs_to_fix(here: Path) -> None:
    assert mallgen("breaking", "x.api", "--write").code == 2
