"""Columns beside the fields of contracts: what disagrees is found, and what is meant to differ is not."""

import sys

import pytest

from mallgen.rules.chain_codes import CHAIN_CODES
from mallgen.tablerules.chain import CHAIN
from tests.conftest import ROOT

sys.path.insert(0, str(ROOT / "scripts"))

from table_checks_page import chain_examples, disagreements

PROTO = """syntax = "proto3";
package shop;

service Shop {{
  rpc {method}({message}) returns (Done);
  rpc Read(Key) returns ({answer});
}}

message Key {{
  int64 key = 1;
}}

message Done {{}}

message {message} {{
{fields}
}}
{more}"""
API = """type {name} {{
{fields}
}}

type Key {{
	Key int64 `form:"key"`
}}

service shop-api {{
	@handler {handler}
	post /x ({name}) returns (Key)

	@handler Read
	get /x (Key) returns ({answer})
}}
"""


def proto(message: str, fields: str, method: str = "List", answer: str = "Done", more: str = "") -> str:
    """Return a proto whose `method` takes `message`."""
    return PROTO.format(message=message, fields=fields, method=method, answer=answer, more=more)


def api(name: str, fields: str, handler: str = "List", answer: str = "Key") -> str:
    """Return a contract whose `handler` takes the type `name`."""
    return API.format(name=name, fields=fields, handler=handler, answer=answer)


def table(columns: str, name: str = "orders", more: str = "") -> str:
    """Return a table with a numbered key and some columns."""
    return f"CREATE TABLE {name} (\n  id bigint NOT NULL AUTO_INCREMENT PRIMARY KEY,\n  {columns}\n);\n{more}"


def codes(tables: str, contract: str) -> list[str]:
    """Return the codes of the findings, in their order."""
    return [one.code for one in disagreements(tables, contract)]


def test_every_rule_has_an_example_and_a_code_that_the_linters_know() -> None:
    assert chain_examples().keys() == CHAIN.rules().keys() == set(CHAIN_CODES)


@pytest.mark.parametrize("code", CHAIN.rules())
def test_a_rule_fires_on_its_example_and_not_on_the_other(code: str) -> None:
    example = chain_examples()[code]
    (one,) = disagreements(example.tables, example.wrong)
    assert (one.code, one.severity, [note.text for note in one.notes]) == (code, "error", ["the column"])
    assert disagreements(example.tables, example.right) == []


@pytest.mark.parametrize(
    ("column", "field", "found"),
    [
        ("bigint unsigned", "int64", True),
        ("bigint unsigned", "uint64", False),
        ("bigint unsigned", "uint32", True),
        ("bigint", "int64", False),
        ("bigint", "uint64", False),
        ("bigint", "int32", True),
        ("int unsigned", "int32", True),
        ("int unsigned", "int64", False),
        ("int unsigned", "fixed32", False),
        ("int", "sint32", False),
        ("mediumint unsigned", "int32", False),
        ("smallint", "int32", False),
        ("tinyint unsigned", "int32", False),
        ("bigint", "string", False),
        ("varchar(20)", "int32", False),
    ],
)
def test_numbers_have_the_width_and_the_sign_of_their_columns(column: str, field: str, found: bool) -> None:
    contract = proto("Order", f"  {field} total = 1;")
    assert codes(table(f"total {column} NOT NULL"), contract) == ["number-too-narrow"] * found


@pytest.mark.parametrize(
    ("column", "field", "found"),
    [
        ("decimal(20,2)", "float32", True),
        ("numeric(9,4)", "*float64", True),
        ("decimal(20,2)", "string", False),
        ("decimal(20,2)", "int64", False),
        ("double", "float64", False),
        ("decimal(20,2)", "[]float64", False),
    ],
)
def test_decimals_travel_as_texts(column: str, field: str, found: bool) -> None:
    contract = api("Order", f'\tTotal {field} `json:"total"`')
    assert codes(table(f"total {column} NOT NULL"), contract) == ["decimal-as-float"] * found


@pytest.mark.parametrize(
    ("column", "method", "found"),
    [
        ("varchar(20) NOT NULL", "CreateOrder", True),
        ("varchar(20) NOT NULL DEFAULT ''", "CreateOrder", False),
        ("varchar(20)", "CreateOrder", False),
        ("varchar(20) NOT NULL", "UpdateOrder", False),
        ("varchar(20) NOT NULL", "ListOrders", False),
        ("varchar(20) AS (lower(id)) NOT NULL", "CreateOrder", False),
    ],
)
def test_what_a_new_row_needs_is_not_optional(column: str, method: str, found: bool) -> None:
    contract = proto("Order", "  optional string note = 1; // at most 20 characters", method)
    assert codes(table(f"note {column}"), contract) == ["optional-not-null"] * found


def test_what_is_always_there_is_not_optional_in_answers() -> None:
    tables = table("note varchar(20) NOT NULL")
    more = "message Order {\n  optional string note = 1;\n}\n"
    assert codes(tables, proto("Filter", "  int64 a = 1;", answer="Order", more=more)) == ["optional-not-null"]
    assert codes(tables, proto("Order", "  optional string note = 1;", answer="Order")) == []
    assert codes(tables, api("Order", '\tNote string `json:"note,optional"`', answer="Order")) == []


@pytest.mark.parametrize(
    ("field", "found"),
    [
        ("string note = 1;", True),
        ("string note = 1; // 备注", True),
        ("string note = 1; // 备注, 最多 20 个字符", False),
        ("string note = 1; // at most 20 characters", False),
        ("// max length 20\n  string note = 1;", False),
        ("string note = 1; // see RFC 2616", True),
        ("repeated string note = 1;", False),
        ("bytes note = 1;", False),
    ],
)
def test_texts_say_how_long_they_may_be(field: str, found: bool) -> None:
    tables = table("note varchar(20) NOT NULL DEFAULT ''")
    assert codes(tables, proto("Order", f"  {field}", "UpdateOrder")) == ["text-unbounded"] * found
    assert codes(tables, proto("Order", f"  {field}", "GetOrder")) == []
    assert codes(table("note text"), proto("Order", f"  {field}", "UpdateOrder")) == []


@pytest.mark.parametrize(
    ("tag", "found"),
    [
        ('json:"note"', True),
        ('json:"note,options=a|b"', False),
        ('json:"note" validate:"required,max=20"', False),
        ('json:"note" validate:"required"', True),
        ('json:"-"', False),
    ],
)
def test_tags_bound_texts(tag: str, found: bool) -> None:
    tables = table("note varchar(20) NOT NULL DEFAULT ''")
    assert codes(tables, api("OrderReq", f"\tNote string `{tag}`", "AddOrder")) == ["text-unbounded"] * found


@pytest.mark.parametrize(
    ("column", "field", "found"),
    [
        ("tinyint(1) NOT NULL", "int32", True),
        ("boolean NOT NULL", "int64", True),
        ("tinyint(1) NOT NULL", "bool", False),
        ("tinyint NOT NULL", "int32", False),
        ("tinyint(1) NOT NULL COMMENT '0-关,1-开'", "int32", True),
        ("tinyint(1) NOT NULL COMMENT '1-在售,2-下架,3-删除'", "int32", False),
    ],
)
def test_flags_are_no_numbers(column: str, field: str, found: bool) -> None:
    assert codes(table(f"paid {column}"), proto("Order", f"  {field} paid = 1;")) == ["flag-as-number"] * found


@pytest.mark.parametrize("comment", ["", "0:房间 1:人次", "1 to 5"])
def test_a_count_in_tinyint_1_is_no_flag(comment: str) -> None:
    tables = table(f"row_type tinyint(1) NOT NULL COMMENT '{comment}'")
    assert codes(tables, proto("Order", "  int64 row_type = 1;")) == []


def test_secrets_are_asked_and_not_answered() -> None:
    tables = table("password varchar(128) NOT NULL,\n  salt binary(16) NOT NULL", "account")
    field = "  string password = 1; // 8 to 64 characters"
    assert codes(tables, proto("Login", field)) == []
    more = "message Whole {\n  Inner inner = 1;\n}\nmessage Inner {\n  bytes salt = 1;\n}\n"
    assert codes(tables, proto("Login", field, answer="Whole", more=more)) == ["secret-answered"]
    assert codes(table("name varchar(9)", "account"), proto("Login", field, answer="Login")) == []


@pytest.mark.parametrize(
    ("name", "message", "meant"),
    [
        ("orders", "Order", True),
        ("orders", "OrderItem", True),
        ("orders", "OrdersResponse", True),
        ("t_order", "CreateOrderRequest", True),
        ("order_item", "OrderItem", True),
        ("categories", "CategoryInfo", True),
        ("orders", "Border", False),
        ("orders", "OrderLog", False),
        ("order_log", "Order", False),
        ("item", "OrderItem", False),
    ],
)
def test_a_message_belongs_to_the_table_of_its_name(name: str, message: str, meant: bool) -> None:
    contract = proto(message, "  float total = 1;")
    assert codes(table("total decimal(9,2) NOT NULL", name), contract) == ["decimal-as-float"] * meant


@pytest.mark.parametrize(
    ("fields", "meant"),
    [
        ('\tPayment float64 `json:"payment"`\n\tPostage int64 `json:"postage"`\n\tUserID int64 `json:"userId"`', True),
        ('\tPayment float64 `json:"payment"`\n\tPostage int64 `json:"postage"`', False),
        ('\tPayment float64 `json:"payment"`\n\tStatus int64 `json:"status"`\n\tID int64 `json:"id"`', False),
    ],
)
def test_a_message_of_another_name_shares_telling_fields(fields: str, meant: bool) -> None:
    tables = table("payment decimal(9,2) NOT NULL,\n  postage int,\n  status int,\n  user_id bigint")
    assert codes(tables, api("Receipt", fields)) == ["decimal-as-float"] * meant


def test_a_field_that_fits_one_of_its_tables_fits() -> None:
    tables = table("total decimal(9,2) NOT NULL", "orders", table("total double NOT NULL", "order_item"))
    assert codes(tables, proto("OrderItem", "  double total = 1;")) == []
    assert codes(tables, proto("Order", "  double total = 1;")) == ["decimal-as-float"]


@pytest.mark.parametrize("field", ["id", "order_id", "product_id", "category_id"])
def test_ids_go_by_several_names(field: str) -> None:
    tables = table("proid bigint NOT NULL,\n  cateid bigint NOT NULL", "orders")
    assert codes(tables, proto("Order", f"  int32 {field} = 1;")) == ["number-too-narrow"]
