"""The seven clauses of the article about compatible and incompatible changes, each as a test; docs/compatibility.md."""

from pathlib import Path

import pytest

from tests.conftest import mallgen

CONTRACT = """syntax = "v1"

type Product {
	Id    int64  `json:"id"`
	Name  string `json:"name"`
	Price int64  `json:"price"`
}

type ProductRequest {
	Id int64 `path:"id"`
}

type ListRequest {
	Ps int64 `form:"ps,default=20"`
}

type ListResponse {
	Products []Product `json:"products"`
}

@server (
	prefix: /v1
)
service shop-api {
	@handler List
	get /products (ListRequest) returns (ListResponse)

	@handler Get
	get /products/:id (ProductRequest) returns (Product)
}
"""
PROTO = """syntax = "proto3";
package shop.v1;

message Product { int64 id = 1; string name = 2; }
message GetRequest { int64 id = 1; }

service Shop {
  rpc Get(GetRequest) returns (Product);
}
"""


def judged(here: Path, old: str, new: str, suffix: str = "api") -> dict[str, str]:
    """Return the severities of all findings by their codes."""
    assert old != new
    for name, text in (("old", old), ("new", new)):
        (here / f"{name}.{suffix}").write_text(text, encoding="utf-8")
    words = (f"new.{suffix}", "--against", f"old.{suffix}", "--all", "--format", "concise", "--no-witness")
    lines = mallgen("breaking", *words).out.splitlines()
    found = (line.split(": ", 1)[1].partition("[") for line in lines)
    return {rest.partition("]")[0]: severity for severity, _, rest in found}


def test_c1_adding_an_api_is_compatible(here: Path) -> None:
    more = CONTRACT.replace("\t@handler Get", "\t@handler Ping\n\tget /ping\n\n\t@handler Get")
    assert judged(here, CONTRACT, more) == {"endpoint-added": "info"}
    rpc = PROTO.replace("  rpc Get", "  rpc Find(GetRequest) returns (Product);\n  rpc Get")
    assert judged(here, PROTO, rpc, "proto") == {"proto-rpc-added": "info"}


def test_c2_adding_a_field_that_requests_may_have_is_compatible(here: Path) -> None:
    more = CONTRACT.replace('default=20"`\n', 'default=20"`\n\tWord string `form:"word,optional"`\n')
    assert judged(here, CONTRACT, more) == {"request-field-added-optional": "info"}
    required = more.replace(",optional", "")
    assert judged(here, CONTRACT, required) == {
        "request-field-added-required": "error",
        "major-version-not-bumped": "error",
    }


def test_c3_adding_a_field_of_a_response_is_compatible(here: Path) -> None:
    more = CONTRACT.replace('"price"`\n', '"price"`\n\tStock int64 `json:"stock"`\n')
    assert judged(here, CONTRACT, more) == {"response-field-added": "info"}
    assert judged(here, PROTO, PROTO.replace("name = 2;", "name = 2; int64 stock = 3;"), "proto") == {
        "proto-field-added": "info"
    }


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("\t@handler List\n\tget /products (ListRequest) returns (ListResponse)\n\n", "", "endpoint-removed"),
        ("service shop-api", "service mall-api", "service-renamed"),
        ("@handler List", "@handler All", "handler-renamed"),
        ("get /products ", "get /goods ", "endpoint-path-changed"),
        ('\tName  string `json:"name"`\n', "", "response-field-removed"),
        ('json:"name"', 'json:"title"', "response-field-renamed"),
        ('form:"ps,', 'form:"size,', "request-field-renamed"),
        ('\tPs int64 `form:"ps,default=20"`\n', '\tAll bool `form:"all,optional"`\n', "request-field-removed"),
    ],
)
def test_i1_deleting_or_renaming_is_incompatible(here: Path, old: str, new: str, code: str) -> None:
    found = judged(here, CONTRACT, CONTRACT.replace(old, new))
    assert found[code] == "error"
    assert found["major-version-not-bumped"] == "error"


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("Price int64  `", "Price string `", "response-field-type-changed"),
        ("Ps int64 `", "Ps bool `", "request-field-type-changed"),
        ("Products []Product", "Products map[string]Product", "response-field-type-changed"),
    ],
)
def test_i2_changing_the_type_of_a_field_is_incompatible(here: Path, old: str, new: str, code: str) -> None:
    assert judged(here, CONTRACT, CONTRACT.replace(old, new))[code] == "error"


def test_i2_changing_the_type_of_a_field_of_a_proto_is_incompatible(here: Path) -> None:
    found = judged(here, PROTO, PROTO.replace("string name = 2", "int64 name = 2"), "proto")
    assert found["proto-field-type-wire-incompatible"] == "error"


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("default=20", "default=50", "request-field-default-changed"),
        ("default=20", "default=20,range=[1:30]", "request-field-range-added"),
        ("prefix: /v1\n", "prefix: /v1\n\tjwt: Auth\n", "auth-added"),
        ("prefix: /v1\n", "prefix: /v1\n\tsignature: true\n", "signature-added"),
    ],
)
def test_i3_changing_what_requests_visibly_do_is_incompatible(here: Path, old: str, new: str, code: str) -> None:
    assert judged(here, CONTRACT, CONTRACT.replace(old, new))[code] == "error"


def test_i4_adding_a_field_to_a_resource_that_is_read_and_written_is_told(here: Path) -> None:
    written = CONTRACT.replace("\t@handler Get", "\t@handler Put\n\tput /products/:id (Product)\n\n\t@handler Get")
    more = written.replace('"price"`\n', '"price"`\n\tStock int64 `json:"stock,optional"`\n')
    found = judged(here, written, more)
    assert found["resource-field-added-read-write"] in ("warning", "error")
    only_read = CONTRACT.replace('"price"`\n', '"price"`\n\tStock int64 `json:"stock,optional"`\n')
    assert "resource-field-added-read-write" not in judged(here, CONTRACT, only_read)
