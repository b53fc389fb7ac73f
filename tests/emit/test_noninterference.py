"""Whatever the texts of a contract say, the generated code has the structure that harmless texts give it."""

import ast
import itertools
import tomllib
from pathlib import Path
from typing import Any

import msgspec
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from mallgen.emit import rpc
from mallgen.emit.http.files import HttpOptions, emit
from mallgen.loading.load import load_text
from mallgen.model import Contract
from mallgen.proto.load import load_protos
from mallgen.proto.model import ProtoContract
from mallgen.python import layout
from mallgen.python.code import PyIdent, code
from mallgen.python.render import Renderer
from mallgen.text.span import Span
from tests.blanked import Interfered, compare
from tests.cli.test_wrong_inputs import GOOD
from tests.hostile_texts import PAYLOADS

# Each zq…z is a string position of the language; the model is filled, so no payload has to survive the parser first.
API = """syntax = "v1"

// says zq0z here
type Inner { // and zq1z there
	// above zq2z a field
	Name string `json:"zq3z"` // beside zq4z it
	Kind string `json:"kind,default=zq5z"`
	Mode string `json:"mode,options=one|zq6z"`
	Size int64 `json:"zq7z,string"`
	Maybe *string `json:"zq8z,optional"`
}

type Ask {
	Word string `form:"zq9z"`
	Fall string `form:"fall,default=zq10z"`
	Pick string `form:"pick,options=one|zq11z,optional"`
	Head string `header:"zq12z"`
	Deep Inner `json:"zq13z"`
	Both string `json:"both,optional=kzq14z"`
}

@server (
	prefix: /zq15z
	group: user
)
service a-api {
	@doc "tells zq16z what"
	@handler Greet
	post /zq17z/:id (Ask) returns (Inner)

	@doc (
		summary: "zq18z"
	)
	@handler Leave
	post /leave/zq19z (Ask) returns ([]Inner)
}
"""
MARKERS = tuple(f"zq{number}z" for number in range(20))
ROUNDS = 105  # times 20 positions: 2 100 cases


def contract() -> Contract:
    """Return the contract above, in a file whose name is a text as well."""
    found = load_text(API, "zqfilez.api").contract
    assert found is not None
    return found


def filled(value: Any, texts: dict[str, str]) -> Any:
    """Return a model whose markers are replaced by other texts."""
    if isinstance(value, str):
        for marker, text in texts.items():
            value = value.replace(marker, text)
        return value
    if isinstance(value, Span):
        return Span(*(filled(cell, texts) for cell in value))
    if isinstance(value, tuple):
        return tuple(filled(item, texts) for item in value)
    if isinstance(value, msgspec.Struct):
        return type(value)(**{name: filled(getattr(value, name), texts) for name in value.__struct_fields__})
    return value


MODEL = contract()
BENIGN = emit(MODEL, HttpOptions()).files


def judge(texts: dict[str, str]) -> int:
    """Generate with these texts and compare; return the number of texts that were read back exactly."""
    made = emit(filled(MODEL, texts), HttpOptions())
    assert made.files, made.diagnostics
    return compare(BENIGN, made.files, texts)


@pytest.mark.parametrize("start", range(0, len(PAYLOADS), 4))
def test_payloads_in_every_position(start: int) -> None:
    for turn in range(start, min(start + 4, len(PAYLOADS))):
        rotated = itertools.islice(itertools.cycle(PAYLOADS), turn, turn + len(MARKERS))
        assert judge(dict(zip(MARKERS, rotated, strict=True))) > 20


TEXT = st.text(
    st.sampled_from("ab \"'\\\n\r\t#{}%$`();:=[]<>,|/*-\x00\x0b\x0c\x1c\x85\u2028\u2029\u202e\ufeffé商\ud800")
)


@settings(max_examples=ROUNDS - len(PAYLOADS) // 2)
@given(st.lists(TEXT, min_size=len(MARKERS), max_size=len(MARKERS), unique=True))
def test_random_texts_in_every_position(texts: list[str]) -> None:
    judge({marker: f"{number}{text}" for number, (marker, text) in enumerate(zip(MARKERS, texts, strict=True))})


@pytest.mark.parametrize("payload", PAYLOADS, ids=range(len(PAYLOADS)))
def test_the_name_of_a_file(payload: str) -> None:
    judge({"zqfilez": payload.replace("/", "_").replace("\\", "_")})


def test_the_oracle_sees_an_injection() -> None:
    """An emitter of literals that is broken in one of two ways is noticed."""
    texts = dict.fromkeys(MARKERS, 'x" + str(1) + "')
    for broken in (lambda value: f'"{value}"', lambda value: repr("other")):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("mallgen.emit.http.routes.literal", broken)
            with pytest.raises(Interfered):
                judge(texts)


IDENTIFIERS = ("Inner", "Name", "user", "a-api", "Greet", "string", "post")


@pytest.mark.parametrize("name", IDENTIFIERS)
def test_identifiers_are_refused_not_quoted(name: str) -> None:
    """A payload used as a name is an error, or another contract's plain text, but never code that runs."""
    for payload in PAYLOADS:
        loaded = load_text(API.replace(name, payload, 1), "a.api").strict()
        if loaded.contract is None:
            assert loaded.diagnostics
            continue
        for file in emit(loaded.contract, HttpOptions()).files:
            if file.path.endswith(".py"):
                calls = [node for node in ast.walk(ast.parse(file.text)) if isinstance(node, ast.Name)]
                assert not {node.id for node in calls} & {"__import__", "SystemExit", "os"}, (name, payload)


@pytest.mark.parametrize(
    "key", ["middleware", "jwt", "timeout", "group", "prefix", "maxBytes", "maxParts", "maxPartBytes"]
)
def test_settings_of_a_group(key: str) -> None:
    """A payload as the value of a setting is an error or plain text, but never code or a path."""
    for value in (*PAYLOADS, "A;B", "x) or (1", "3s;import os", "\"/v1'+exec(1)+'\"", '"../../evil"', "a/../../evil"):
        text = GOOD.replace("service", f"@server (\n\t{key}: {value}\n)\nservice", 1)
        loaded = load_text(text, "a.api").strict()
        made = emit(loaded.contract, HttpOptions()) if loaded.contract else None
        for file in made.files if made else ():
            assert ".." not in file.path.split("/") and not file.path.startswith("/")
            if file.path.endswith(".py"):
                names = {node.id for node in ast.walk(ast.parse(file.text)) if isinstance(node, ast.Name)}
                assert not names & {"__import__", "exec", "os", "SystemExit"}, value


@pytest.mark.parametrize("payload", PAYLOADS, ids=range(len(PAYLOADS)))
def test_yaml_and_toml_read_the_text_back(payload: str) -> None:
    if "\ud800" in payload:
        payload = payload.replace("\ud800", "")  # no file of UTF-8 can hold it
    assert tomllib.loads(f"name = {layout.toml_text(payload)}\n") == {"name": payload}
    assert yaml.safe_load(f"Name: {layout.yaml_text(payload)}\nPort: 1\n") == {"Name": payload, "Port": 1}


PROTO = """syntax = "proto3";
package shop;
// says zq0z here
message Ask {
  // above zq1z a field
  string word = 1 [json_name = "zq2z"];  // beside zq3z it
  oneof pick { string a = 2 [json_name = "zq4z"]; string b = 3; }
}
/* a block zq5z comment */
enum Kind { NONE = 0; /* zq6z */ }
// detached zq7z

// the service zq8z
service Shop {
  // the method zq9z
  rpc Find(Ask) returns (Ask);
  /* and
   * zq10z
   */
  rpc Watch(Ask) returns (stream Ask);  // trailing zq11z
}
"""


def proto(text: str, here: Path, name: str = "shop.proto") -> ProtoContract | None:
    (here / name).write_text(text, encoding="utf-8", errors="surrogatepass")
    loaded = load_protos([name], [])
    assert loaded.contract is not None or all(problem.span or problem.hint for problem in loaded.diagnostics)
    return loaded.contract


def in_comment(payload: str) -> str:
    return payload.replace("*/", "* /").replace("\n", " ").replace("\x00", "").replace("\ud800", "")


def in_string(payload: str) -> str:
    return "".join(f"\\{byte:03o}" for byte in payload.replace("\ud800", "").encode())


def test_protos(here: Path) -> None:
    """Payloads in the comments and strings of a proto change no structure; protoc refuses some of them, with a span."""
    found = proto(PROTO, here)
    assert found is not None
    benign = rpc.emit(found, rpc.RpcOptions()).files
    judged = 0
    for turn in range(len(PAYLOADS)):
        text = PROTO
        for number in range(12):
            payload = PAYLOADS[(turn + number) % len(PAYLOADS)]
            escaped = in_string(f"{number}{payload}") if number in (2, 4) else in_comment(payload)
            text = text.replace(f"zq{number}z", escaped)
        hostile = proto(text, here)
        if hostile is not None:
            judged += 12
            structures(benign, rpc.emit(hostile, rpc.RpcOptions()).files)
    assert judged > 300


def structures(benign: Any, hostile: Any) -> None:
    """Check that two trees have the same structure; a proto's texts are in docstrings and in the descriptor's bytes."""
    from tests.blanked import Blanked

    assert [file.path for file in benign] == [file.path for file in hostile]
    for one, other in zip(benign, hostile, strict=True):
        if one.path.endswith((".py", ".pyi")):
            assert Blanked(one.text).structure == Blanked(other.text).structure, other.text
            assert Blanked(one.text).pragmas == Blanked(other.text).pragmas
        else:
            assert one.text == other.text


def test_a_plain_string_does_not_reach_a_template() -> None:
    """Code that passes a contract's text to a template fails the tests, whether the text is hostile or not."""
    with pytest.raises(TypeError, match="not code"):
        Renderer().render("service/init.py", docstring="a text")
    assert Renderer().render("service/init.py", docstring=layout.docstring(["a text"], 0)).endswith('"""a text"""\n')


@pytest.mark.parametrize("text", ["a b", "", "a;b", "1a", "a.b", "a-b", "a\n"])
def test_what_is_no_identifier_is_never_one(text: str) -> None:
    with pytest.raises(ValueError, match="not an identifier"):
        PyIdent(text)


def test_code_is_joined_of_code_only() -> None:
    assert code("x = {}", layout.literal('"')) == "x = '\"'"
    with pytest.raises(TypeError, match="not code"):
        code("x = {}", "text")  # type: ignore[arg-type]
