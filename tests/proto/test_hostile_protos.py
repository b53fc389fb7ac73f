"""Hostile protos: no text of theirs becomes code, no file outside the folders is read, and none takes long."""

import ast
import os
import time
from pathlib import Path

import pytest

from tests.conftest import mallgen, tree

PLAIN = "a plain remark"
PAYLOADS = [
    '""" + str(print("EXECUTED")) + """',
    "''' + str(print('EXECUTED')) + '''",
    '\\""" + str(print("EXECUTED")) + \\"""',
    'ends with a quotation mark"',
    "ends with a backslash \\",
    '""""""',
    "{{ 7 * 7 }} {% raw %} {# x #}",
    "%s %d {0} {x!r} $(id) `id` ${HOME}",
    "type: ignore # noqa # fmt: off",
    "a\x0cprint('EXECUTED')",
    "a\x0bprint('EXECUTED')",
    "a\x1cprint('EXECUTED')\x1d\x1e",
    "a\x85print('EXECUTED')",
    "a\u2028print('EXECUTED')\u2029",
    "\u202eprint\u2066 \u200b\ufeff",
    "中文，“引号” éé",
    "\\N{DASH} \\x00 \\u0041 \\",
]
PROTO = """syntax = "proto2";
package hostile;
import "google/protobuf/descriptor.proto";
// {comment}
extend google.protobuf.FileOptions {{ optional string note = 50001; }}
option (note) = "{text}";
// {comment}

// {comment}
service Hostile {{ // {comment}
  // {comment}
  rpc Do(Evil) returns (Evil); // {comment}
  /* {comment} */
  rpc Many(Evil) returns (stream Evil);
}}
// {comment}
message Evil {{
  // {comment}
  optional string text = 1 [default = "{text}", json_name = "{text}"];
  // {comment}
  optional bytes data = 2 [default = "{text}"];
  // {comment}
  enum Kind {{ // {comment}
    KIND = 0; // {comment}
  }}
  optional Kind kind = 3;
}}
"""


def generated(folder: Path, payload: str) -> dict[str, str]:
    """Return the Python files made of a proto that has the payload in every comment and string."""
    text = "".join(f"\\x{byte:02x}" for byte in payload.encode())
    folder.mkdir()
    source = PROTO.format(comment=payload, text=text)
    (folder / "hostile.proto").write_text(source, encoding="utf-8", newline="")
    ran = mallgen("rpc", "protoc", str(folder / "hostile.proto"), "-dir", str(folder / "out"), "-q")
    assert ran.code == 0, ran.err
    return {name: data.decode() for name, data in tree(folder / "out").items() if name.endswith((".py", ".pyi"))}


def structure(text: str) -> str:
    """Return the structure of a module: its tree without the values of texts."""
    found = ast.parse(text)
    for node in ast.walk(found):
        if isinstance(node, ast.Constant) and isinstance(node.value, str | bytes):
            node.value = type(node.value)()
    return ast.dump(found)


@pytest.mark.parametrize("payload", PAYLOADS, ids=ascii)
def test_text_changes_no_structure(tmp_path: Path, payload: str) -> None:
    benign, hostile = generated(tmp_path / "benign", PLAIN), generated(tmp_path / "hostile", payload)
    assert benign.keys() == hostile.keys()
    for name, text in hostile.items():
        assert structure(text) == structure(benign[name]), name
        assert not {char for char in text if not char.isprintable()} - {"\n"}, name


NAMES = [
    'a"+str(1)+".proto',
    "os;print(1);import json.proto",
    "a\nb.proto",
    "a b.proto",
    "-I.proto",
    "..proto",
    "a.txt",
]


@pytest.mark.parametrize("name", NAMES, ids=ascii)
def test_names_of_files_are_refused_before_protoc_runs(here: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    (here / name).write_text('syntax = "proto3"; package a; service A { rpc G(M) returns (M); } message M {}')
    monkeypatch.setattr("grpc_tools.protoc.main", lambda words: pytest.fail("protoc ran"))
    ran = mallgen("rpc", "protoc", f"./{name}")
    assert ran.code == 1
    assert ran.err.startswith("error[bad-file-name] "), ran.err
    assert os.listdir(here) == [name]


@pytest.mark.parametrize(
    "name", ["a;touch PWNED", "$(id)", "a b", "a:b", "a=b", "a'b\"c", "a\nb", "目录🙂", "-x"], ids=ascii
)
def test_folders_may_have_any_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    folder = tmp_path / name
    (folder / "sub").mkdir(parents=True)
    text = 'syntax = "proto3"; package a; import "b.proto"; service A { rpc G(b.M) returns (b.M); }'
    (folder / "sub" / "a.proto").write_text(text)
    (folder / "sub" / "b.proto").write_text('syntax = "proto3"; package b; message M {}')
    (folder / "a.proto").write_text("not the one that is meant")
    monkeypatch.chdir(folder)
    for words in (["sub/a.proto"], [str(folder / "sub" / "a.proto"), f"--proto_path={folder / 'sub'}"]):
        ran = mallgen("rpc", "protoc", *words, "-dir", str(tmp_path / "out"), "-q")
        assert ran.code == 0, ran.err
    assert sorted(os.listdir(folder)) == ["a.proto", "sub"]


SECRET = "root:x:0:0"


def service(imported: str) -> str:
    return f'syntax = "proto3"; package a; import "{imported}"; service A {{ rpc G(M) returns (M); }} message M {{}}'


@pytest.mark.parametrize("how", ["file", "folder", "dangling", "fifo", "root"])
def test_links_lead_nowhere(here: Path, tmp_path_factory: pytest.TempPathFactory, how: str) -> None:
    outside = tmp_path_factory.mktemp("outside")
    (outside / "secret.proto").write_text(SECRET)
    named = "linked/secret.proto" if how == "folder" else "secret.proto"
    (here / "a.proto").write_text(service(named))
    if how == "folder":
        (here / "linked").symlink_to(outside)
    elif how == "fifo":
        os.mkfifo(here / "secret.proto")
    elif how == "root":
        (here / "a.proto").rename(outside / "a.proto")
        (here / "a.proto").symlink_to(outside / "a.proto")
    else:
        (here / "secret.proto").symlink_to(outside / ("secret.proto" if how == "file" else "gone.proto"))
    ran = mallgen("rpc", "protoc", "a.proto", "-dir", "out")
    assert ran.code == 1
    assert ran.err.startswith("error[not-a-file] " if how == "fifo" else "error[outside-include] "), ran.err
    assert SECRET not in ran.err
    assert not (here / "out").exists()


def test_links_inside_are_followed(here: Path) -> None:
    (here / "real").mkdir()
    (here / "real" / "b.proto").write_text('syntax = "proto3"; package b; message B {}')
    (here / "b.proto").symlink_to("real/b.proto")
    (here / "a.proto").write_text(service("b.proto"))
    assert mallgen("rpc", "protoc", "a.proto", "-dir", "out", "-q").code == 0


def deep(opened: str, closed: str, count: int) -> str:
    head = 'syntax = "proto3"; package a; service A { rpc G(M) returns (M); } message M {} '
    return f"{head}{opened * count}{closed * count}"


OPTION = 'import "google/protobuf/descriptor.proto"; extend google.protobuf.FileOptions { M o = 50000; } option (o) = '
LARGE = [
    deep("message M {", "}", 40),
    deep("message M {", "}", 50_000),
    deep("{", "}", 400_000),
    deep("/*", "", 300_000),
    deep(";", "", 900_000),
    deep("[(<", ">)]", 100_000),
    deep(OPTION + "{m:" * 100_000, "}" * 100_000, 1),
    deep('"', "", 900_000),
    deep("'\\", "", 400_000),
    deep("import ", "", 140_000),
    "syntax" * 2_000_000,
    "\x00" * 100_000,
    "\u202e" * 100_000,
    "import" + '"a.proto"' * 100_000,
]


@pytest.mark.parametrize("number", range(len(LARGE)))
def test_large_input_is_told_within_seconds(here: Path, number: int) -> None:
    (here / "a.proto").write_text(LARGE[number], encoding="utf-8")
    begun = time.process_time()
    ran = mallgen("rpc", "protoc", "a.proto", "-dir", "out")
    assert time.process_time() - begun < 5
    assert ran.err.startswith("error[") or ran.code == 0, ran.err[:300]
    assert len(ran.err) < 100_000
    assert (here / "out").exists() == (ran.code == 0)


def test_imports_are_counted(here: Path) -> None:
    for number in range(40):
        (here / f"f{number}.proto").write_text(f'syntax = "proto3"; package f{number}; import "f{number + 1}.proto";')
    (here / "f40.proto").write_text('syntax = "proto3"; package f40; message M {}')
    (here / "a.proto").write_text(service("f0.proto"))
    ran = mallgen("rpc", "protoc", "a.proto")
    assert ran.err.startswith(
        "error[too-many-files] more than 256 files or 32 levels of imports\n --> f30.proto:1:"
    ), ran.err
