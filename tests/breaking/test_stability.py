"""Routes and RPCs that are not stable yet: what breaks them weighs less."""

from pathlib import Path

import pytest

from tests.conftest import mallgen

API = """syntax = "v1"

type User {
	Id    int64  `json:"id"`
	Email string `json:"email"`
}

service user-api {
	@doc (
		stability: "STABILITY"
	)
	@handler GetUser
	get /user returns (User)

	@handler ListUsers
	get /users MORE
}
"""
PROTO = """syntax = "proto3";
package user.v1;

message User { int64 id = 1; string email = 2; }

service Users {
  // The user who calls.
  // mallgen:stability STABILITY
  rpc Get(User) returns (User);
}
"""


def severity(here: Path, text: str, gone: str, code: str, suffix: str) -> str:
    (here / f"old.{suffix}").write_text(text, encoding="utf-8")
    (here / f"new.{suffix}").write_text(text.replace(gone, ""), encoding="utf-8")
    words = (f"new.{suffix}", "--against", f"old.{suffix}", "--all", "--no-witness", "--format", "concise")
    lines = [line for line in mallgen("breaking", *words).out.splitlines() if f"[{code}]" in line]
    assert len(lines) == 1
    return lines[0].partition(f"[{code}]")[0].rpartition(" ")[2]


@pytest.mark.parametrize(
    ("word", "expected"), [("stable", "error"), ("beta", "warning"), ("alpha", "info"), ("draft", "info")]
)
def test_what_is_not_stable_weighs_less(here: Path, word: str, expected: str) -> None:
    api = API.replace("STABILITY", word).replace("MORE", "")
    assert severity(here, api, '	Email string `json:"email"`\n', "response-field-removed", "api") == expected
    proto = PROTO.replace("STABILITY", word)
    assert severity(here, proto, " string email = 2;", "proto-field-removed", "proto") == expected


OWN_API = """syntax = "v1"

TYPE
type User {
	Id    int64  `json:"id"`
FIELD
	Email string `json:"email"`
}

service user-api {
	@handler GetUser
	get /user returns (User)
}
"""
OWN_PROTO = """syntax = "proto3";
package user.v1;

TYPE
message User {
  int64 id = 1;
FIELD
  string email = 2;
}

service Users {
  SERVICE
  rpc Get(User) returns (User);
}
"""


@pytest.mark.parametrize(
    ("of_type", "of_field", "of_rpc", "expected"),
    [
        ("", "", "", "error"),
        ("", "beta", "", "warning"),
        ("alpha", "", "", "info"),
        ("alpha", "stable", "", "error"),
        ("", "stable", "beta", "error"),
        ("unheard", "", "", "error"),
    ],
)
def test_a_field_and_its_type_speak_for_themselves(
    here: Path, of_type: str, of_field: str, of_rpc: str, expected: str
) -> None:
    said = {"TYPE": of_type, "FIELD": of_field, "SERVICE": of_rpc}
    api, proto = OWN_API, OWN_PROTO
    for place, word in said.items():
        comment = f"// mallgen:stability {word}" if word else ""
        api, proto = api.replace(place, comment), proto.replace(place, comment)
    assert severity(here, proto, "  string email = 2;\n", "proto-field-removed", "proto") == expected
    if not of_rpc:
        assert severity(here, api, '	Email string `json:"email"`\n', "response-field-removed", "api") == expected


def test_one_stable_route_is_enough(here: Path) -> None:
    api = API.replace("STABILITY", "beta").replace("MORE", "returns ([]User)")
    assert severity(here, api, '	Email string `json:"email"`\n', "response-field-removed", "api") == "error"
