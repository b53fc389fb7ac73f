"""The compatible form of changes of protos: old declarations marked deprecated, else what is reserved."""

from pathlib import Path

import pytest

from tests.conftest import mallgen

HEAD = 'syntax = "proto3";\n\npackage shop;\n\n'
SERVICE = "\nmessage Done {}\n\nservice Shop {\n  rpc Get(Item) returns (Done);\n}\n"
WORDS = ("breaking", "new.proto", "--against", "old.proto")


def mended(here: Path, old: str, new: str, left: int = 0, head: str = HEAD) -> str:
    """Return the new text as `--fix --write` leaves it; `left` is the exit code of that and of what follows."""
    (here / "old.proto").write_bytes((head + old).encode())
    (here / "new.proto").write_bytes((head + new).encode())
    assert mallgen(*WORDS).code == 1
    shown = mallgen(*WORDS, "--fix")
    assert shown.code == left, shown.err
    assert (here / "new.proto").read_bytes().decode() == head + new
    assert mallgen(*WORDS, "--fix", "--write").code == left
    after = mallgen(*WORDS)
    assert after.code == left, after.err
    return (here / "new.proto").read_bytes().decode().removeprefix(head)


def message(*lines: str, kind: str = "message") -> str:
    return "".join([f"{kind} Item {{\n", *(f"  {line}\n" for line in lines), "}\n"])


ID = "int64 id = 1;"


@pytest.mark.parametrize(
    ("gone", "back"),
    [
        ("string name = 2;", "string name = 2 [deprecated = true];"),
        (
            "// Its } name;\n  string name = 2; // tail ;",
            "// Its } name;\n  string name = 2 [deprecated = true]; // tail ;",
        ),
        ('string name = 2 [json_name = "]n;"];', 'string name = 2 [json_name = "]n;", deprecated = true];'),
        ("string name = 2 [deprecated = true];", "string name = 2 [deprecated = true];"),
        ("map<string, int32> many = 2;", "map<string, int32> many = 2 [deprecated = true];"),
        ("repeated /* { */ int32 many = 2;", "repeated /* { */ int32 many = 2 [deprecated = true];"),
    ],
)
def test_a_field_comes_back(here: Path, gone: str, back: str) -> None:
    assert mended(here, message(ID, gone) + SERVICE, message(ID) + SERVICE) == message(ID, back) + SERVICE


def test_a_field_comes_back_into_its_oneof(here: Path) -> None:
    old = message("oneof which {", "  int64 id = 1;", "  string name = 2;", "}")
    new = message("oneof which {", "  int64 id = 1;", "}")
    wanted = message("oneof which {", "  int64 id = 1;", "  string name = 2 [deprecated = true];", "}")
    assert mended(here, old + SERVICE, new + SERVICE) == wanted + SERVICE


def test_a_field_comes_back_with_its_type(here: Path) -> None:
    color = "\nenum Color {\n  NONE = 0;\n  RED = 1;\n}\n"
    text = mended(here, message(ID, "Color color = 2;") + SERVICE + color, message(ID) + SERVICE)
    assert text == message(ID, "Color color = 2 [deprecated = true];") + SERVICE + color


def test_one_line_and_line_ends_of_windows(here: Path) -> None:
    service = SERVICE.replace("\n", "\r\n")
    text = mended(
        here, "message Item { int64 id = 1; string name = 2; }\r\n" + service, "message Item {}\r\n" + service
    )
    lines = ("message Item {", "  int64 id = 1 [deprecated = true];", "  string name = 2 [deprecated = true];", "}", "")
    assert text == "\r\n".join(lines) + service


def test_a_value_comes_back(here: Path) -> None:
    values = ("NONE = 0;", "RED = 1;")
    user = "\nmessage Ask { Item item = 1; }\n" + SERVICE.replace("Item", "Ask")
    old, new = message(*values, "BLUE = 2; // sea", kind="enum"), message(*values, kind="enum")
    wanted = message(*values, "BLUE = 2 [deprecated = true]; // sea", kind="enum")
    assert mended(here, old + user, new + user) == wanted + user


@pytest.mark.parametrize(
    ("gone", "back"),
    [
        ("rpc Drop(Item) returns (Done);", "rpc Drop(Item) returns (Done) {\n    option deprecated = true;\n  }"),
        ("rpc Drop(Item) returns (Done) {}", "rpc Drop(Item) returns (Done) {\n    option deprecated = true;\n  }"),
        (
            "// All of it.\n  rpc Drop(Item) returns (stream Done) {\n    option idempotency_level = IDEMPOTENT;\n  }",
            "// All of it.\n  rpc Drop(Item) returns (stream Done) {\n    option idempotency_level = IDEMPOTENT;\n"
            "    option deprecated = true;\n  }",
        ),
    ],
    ids=["no body", "an empty body", "a body"],
)
def test_an_rpc_comes_back(here: Path, gone: str, back: str) -> None:
    first = "  rpc Get(Item) returns (Done);\n"
    old, wanted = (SERVICE.replace(first, f"{first}  {one}\n") for one in (gone, back))
    assert mended(here, message(ID) + old, message(ID) + SERVICE) == message(ID) + wanted


def test_an_rpc_comes_back_with_its_messages(here: Path) -> None:
    more = "\nmessage Ask {\n  Part part = 1;\n}\n\nmessage Part {\n  int32 n = 1;\n}\n"
    old = SERVICE.replace("  rpc Get", "  rpc Drop(Ask) returns (Done);\n  rpc Get")
    text = mended(here, message(ID) + old + more, message(ID) + SERVICE)
    assert text.endswith("  rpc Drop(Ask) returns (Done) {\n    option deprecated = true;\n  }\n}\n" + more)


WIRE = '[service.shop]\ncontract = "new.proto"\ndir = "shop"\n\n[breaking]\npreset = "wire"\n'


@pytest.mark.parametrize(
    ("head", "name"), [(HEAD, '"name"'), (HEAD.replace('syntax = "proto3"', 'edition = "2023"'), "name")]
)
def test_where_only_the_wire_counts_the_number_is_reserved(here: Path, head: str, name: str) -> None:
    (here / "mallgen.toml").write_text(WIRE, encoding="utf-8")
    text = mended(here, message(ID, "string name = 2;") + SERVICE, message(ID) + SERVICE, head=head)
    assert text == message(ID, "reserved 2;", f"reserved {name};") + SERVICE


def test_a_field_that_cannot_come_back_is_reserved(here: Path) -> None:
    """The name of its type means something else now: that the field is gone stays an error."""
    old = message(ID, "Color color = 2;") + SERVICE + "\nenum Color {\n  NONE = 0;\n}\n"
    new = message(ID) + SERVICE + "\nmessage Color {}\n"
    wanted = message(ID, "reserved 2;", 'reserved "color";') + SERVICE + "\nmessage Color {}\n"
    assert mended(here, old, new, left=1) == wanted
    assert "error[proto-field-removed]" in mallgen(*WORDS).err


OLD = "[deprecated = true];"
KEPT = (ID, "string email = 2;", "string name = 3;")


@pytest.mark.parametrize(
    ("old", "new", "wanted"),
    [
        (KEPT, (ID, "string mail = 2;", KEPT[2]), (ID, "string mail = 4;", KEPT[2], f"string email = 2 {OLD}")),
        (
            (*KEPT, "reserved 4 to 6;"),
            (ID, "int32 age = 0x2;", KEPT[2], "reserved 4 to 6;"),
            (ID, "int32 age = 7;", KEPT[2], "reserved 4 to 6;", f"string email = 2 {OLD}"),
        ),
        (KEPT, (ID, "string email = 3; // two", "string name = 2;"), (ID, "string email = 2; // two", KEPT[2])),
        (
            KEPT,
            (ID, "bool first = 2;", "string email = 3;", "string name = 4;"),
            (ID, "bool first = 5;", *KEPT[1:]),
        ),
        (KEPT, (ID, "string name = 2;"), (ID, "string name = 3;", f"string email = 2 {OLD}")),
        (
            KEPT,
            (ID, "bool email = 2;", "string label = 3;"),
            (ID, "bool email_new = 5;", "string label = 4;", f"string email = 2 {OLD}", f"string name = 3 {OLD}"),
        ),
        (
            KEPT,
            (ID, "repeated int32 email = 2;", KEPT[2]),
            (ID, "repeated int32 email_new = 4;", KEPT[2], f"string email = 2 {OLD}"),
        ),
    ],
    ids=[
        "renamed",
        "reused",
        "swapped",
        "one before all others",
        "a number of one that is gone",
        "a type and a name",
        "a list",
    ],
)
def test_old_fields_stay_beside_new_ones(
    here: Path, old: tuple[str, ...], new: tuple[str, ...], wanted: tuple[str, ...]
) -> None:
    assert mended(here, message(*old) + SERVICE, message(*new) + SERVICE) == message(*wanted) + SERVICE


@pytest.mark.parametrize(
    ("line", "now"),
    [
        ("rpc Get(Done) returns (Done);", "rpc GetNew(Done) returns (Done);"),
        ("rpc Get(Item) returns (Item);", "rpc GetNew(Item) returns (Item);"),
        ("rpc Get(Item) returns (stream Done);", "rpc GetNew(Item) returns (stream Done);"),
        ("rpc Fetch(Item) returns (Done);", "rpc Fetch(Item) returns (Done);"),
    ],
    ids=["request", "response", "server streaming", "renamed"],
)
def test_an_old_rpc_stays_beside_the_new_one(here: Path, line: str, now: str) -> None:
    first = "rpc Get(Item) returns (Done);"
    new, wanted = (message(ID) + SERVICE.replace(first, one) for one in (line, now))
    back = "  rpc Get(Item) returns (Done) {\n    option deprecated = true;\n  }\n}\n"
    assert mended(here, message(ID) + SERVICE, new) == wanted.removesuffix("}\n") + back
