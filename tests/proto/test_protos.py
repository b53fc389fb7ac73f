"""Protos of every kind become packages that agree with protobuf, work in one process, and are the same everywhere."""

import base64
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from google.protobuf.descriptor_pb2 import FileDescriptorProto, FileDescriptorSet
from grpc_tools import protoc

from tests.conftest import ROOT, mallgen, tree, working_in
from tests.protos import ALL, PROTOS, Proto, digest, fill, generate


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Generate every proto, side by side."""
    out = tmp_path_factory.mktemp("protos")
    generate(out)
    return out


def python(*words: str, **surroundings: str) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, **surroundings}
    return subprocess.run([sys.executable, *words], cwd=ROOT, env=env, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def reflected(made: Path) -> dict[str, FileDescriptorProto]:
    """Import all packages in one process, compare them with their stubs, and return the files of all pb2 modules."""
    ran = python("-m", "tests.run.reflect", *(str(made / proto.folder) for proto in ALL))
    assert ran.returncode == 0, ran.stderr + "\n".join(line for line in ran.stdout.splitlines() if "_pb2 " not in line)
    lines = [line.split(" ") for line in ran.stdout.splitlines()]
    return {name: FileDescriptorProto.FromString(base64.b64decode(data)) for name, data in lines}


def test_one_process_holds_them_all_and_their_types_agree(reflected: dict[str, FileDescriptorProto]) -> None:
    assert len(reflected) > 25


@pytest.mark.parametrize("proto", ALL, ids=lambda proto: proto.folder)
def test_descriptors_are_those_of_protoc(proto: Proto, reflected: dict[str, FileDescriptorProto]) -> None:
    ours = [bare(file) for name, file in reflected.items() if name.startswith(f"{proto.package}.")]
    theirs = [bare(file) for file in compiled(proto) if file.package != "google.protobuf"]
    assert ours
    assert sorted(ours) == sorted(theirs)


def compiled(proto: Proto) -> list[FileDescriptorProto]:
    """Return the descriptors that protoc makes of a proto and its imports."""
    protos = [word for word in proto.words if word.endswith(".proto")]
    with working_in(PROTOS / proto.folder), tempfile.TemporaryDirectory() as work:
        known = Path(protoc.__file__).parent / "_proto"
        words = ["protoc", "-I.", f"-I{known}", f"--descriptor_set_out={work}/set", "--include_imports", *protos]
        assert protoc.main(words) == 0
        return list(FileDescriptorSet.FromString((Path(work) / "set").read_bytes()).file)


def bare(file: FileDescriptorProto) -> bytes:
    """Return a file without the names that mallgen changes: its own and its imports'."""
    copy = FileDescriptorProto()
    copy.CopyFrom(file)
    copy.ClearField("name")
    copy.dependency[:] = ["" for _ in copy.dependency]
    return copy.SerializeToString(deterministic=True)


@pytest.mark.parametrize("seed", ["0", "1"])
def test_same_bytes_everywhere(made: Path, tmp_path: Path, seed: str) -> None:
    ran = python("-m", "tests.protos", str(tmp_path), PYTHONHASHSEED=seed, LANG="tr_TR.UTF-8", TZ="Asia/Shanghai")
    assert (ran.returncode, ran.stdout.strip()) == (0, digest(made)), ran.stderr


DIAMOND = PROTOS / "diamond"
SPELLINGS = [
    (DIAMOND, ["top.proto"]),
    (DIAMOND, ["top.proto", "-I", "."]),
    (DIAMOND, ["-I.", "top.proto"]),
    (DIAMOND, ["--proto_path=.", "./top.proto"]),
    (DIAMOND, ["--proto_path", ".", "-I", "parts", "top.proto"]),
    (DIAMOND, ["-proto_path=.", "-m", "top.proto"]),
    (DIAMOND, [str(DIAMOND / "top.proto")]),
    (DIAMOND, ["-I", str(DIAMOND), "top.proto"]),
    (DIAMOND / "parts", ["../top.proto"]),
    (DIAMOND / "parts", ["-I..", str(DIAMOND / "top.proto")]),
    (PROTOS, ["diamond/top.proto", "-I=diamond"]),
    (PROTOS, ["-I", "diamond/parts/..", "diamond/./parts/../top.proto", "--multiple"]),
]


@pytest.mark.parametrize(("cwd", "words"), SPELLINGS, ids=lambda value: " ".join(value) if type(value) is list else "")
def test_same_bytes_however_it_is_called(made: Path, tmp_path: Path, cwd: Path, words: list[str]) -> None:
    with working_in(cwd):
        ran = mallgen("rpc", "protoc", *words, "-dir", str(tmp_path / "out"))
    assert ran.code == 0, ran.err
    found, first = tree(tmp_path / "out"), tree(made / "diamond")
    assert {name: text for name, text in found.items() if name != "mallgen.lock"} == {
        name: text for name, text in first.items() if name != "mallgen.lock"
    }


def test_nothing_of_a_hostile_proto_runs(made: Path) -> None:
    """A proto with print("EXECUTED") in its comments is generated and imported, and prints nothing."""
    ran = python("-m", "tests.run.reflect", str(made / "hostile"))
    assert (ran.returncode, ran.stderr) == (0, "")
    assert "EXECUTED" not in "".join(line for line in ran.stdout.splitlines() if "_pb2 " not in line)
    text = (made / "hostile" / "hostile_rpc" / "client.py").read_text(encoding="utf-8")
    assert 'str(print("EXECUTED"))' in text
    assert "{{ 7 * 7 }} {% raw %} {# #} %s {0} $(id) `id`" in text
    assert "中文注释，“引号”。" in text


def test_every_rpc_answers_over_a_socket(tmp_path: Path) -> None:
    """All services run in one process, and each is called by its generated client."""
    generate(tmp_path)
    fill(tmp_path)
    ran = python("-m", "tests.run.answer", *(str(tmp_path / proto.folder) for proto in ALL))
    declared = sum(path.read_text(encoding="utf-8").count("\n  rpc ") for path in PROTOS.rglob("*.proto"))
    assert (ran.returncode, ran.stdout.strip()) == (0, str(declared)), ran.stderr


WORKSPACE = """
[service.shop-api]
contract = "shop.api"
dir = "shop"
uses = ["a", "b", "c"]

[service.a]
contract = "a/a.proto"
dir = "a-rpc"

[service.b]
contract = "b/b.proto"
dir = "b-rpc"

[service.c]
contract = "c/c.proto"
dir = "c-rpc"
"""
SHARED = 'syntax = "proto3"; package shared; message Money { int64 units = 1; }'
CHECK = """
from shop_api.rpc import a, b, c
from shop_api.rpc.pb import common_pb2
from shop_api.rpc.pb.c import common_pb2 as other
from shop_api.rpc.pb.deep import money_pb2 as deep
from shop_api.rpc.pb import money_pb2

assert common_pb2.Common is a.Common is b.Common is not c.Common is other.Common
assert deep.Money is money_pb2.Money is a.Money is c.Money
assert c.Reply(money=a.Money(units=3), common=c.Common(y="y")).money.units == 3
import a_rpc.client, b_rpc.client, c_rpc.client
assert a_rpc.client.Common is a.Common
print("fine")
"""


def test_one_process_has_unrelated_files_of_one_name_and_equal_files_under_two(here: Path) -> None:
    common = 'syntax = "proto3"; package {}; message Common {{ string {} = 1; }}'
    service = (
        'syntax = "proto3"; package {0}; import "common.proto"; import "{1}"; '
        "service S {{ rpc Get({2}.Common) returns (Reply); }} "
        "message Reply {{ shared.Money money = 1; {2}.Common common = 2; }}"
    )
    contract = 'type A {\n\tX int64 `json:"x"`\n}\nservice shop-api {\n\t@handler X\n\tget /x returns (A)\n}\n'
    files = {
        "mallgen.toml": WORKSPACE,
        "shop.api": f'syntax = "v1"\n{contract}',
        "a/a.proto": service.format("a", "deep/money.proto", "ours"),
        "a/common.proto": common.format("ours", "x"),
        "a/deep/money.proto": SHARED,
        "b/b.proto": service.format("b", "money.proto", "ours"),
        "b/common.proto": common.format("ours", "x").replace("message", "// with a comment\nmessage"),
        "b/money.proto": SHARED,
        "c/c.proto": service.format("c", "money.proto", "theirs"),
        "c/common.proto": common.format("theirs", "y"),
        "c/money.proto": f"/* {SHARED} */ {SHARED}",
    }
    for name, text in files.items():
        (here / name).parent.mkdir(parents=True, exist_ok=True)
        (here / name).write_text(text, encoding="utf-8")
    ran = mallgen("gen", "-q")
    assert ran.code == 0, ran.err
    path = os.pathsep.join(str(here / name) for name in ("shop", "a-rpc", "b-rpc", "c-rpc"))
    done = python("-c", CHECK, PYTHONPATH=path)
    assert (done.returncode, done.stdout) == (0, "fine\n"), done.stderr


@pytest.mark.parametrize("first", ["google.api.annotations_pb2", "annotated_rpc.client"])
def test_files_of_google_that_another_library_brings(made: Path, tmp_path: Path, first: str) -> None:
    """OpenTelemetry's exporter has its own versions of google/api and google/rpc; protobuf accepts one version only."""
    for name in ("http", "annotations"):
        path = tmp_path / "protos" / "google" / "api" / f"{name}.proto"
        path.parent.mkdir(parents=True, exist_ok=True)
        text = (PROTOS / "options" / "google" / "api" / f"{name}.proto").read_text(encoding="utf-8")
        path.write_text(f"{text}\nmessage Of{name} {{}}\n", encoding="utf-8")
    known = Path(protoc.__file__).parent / "_proto"
    words = [f"-I{tmp_path / 'protos'}", f"-I{known}", f"--python_out={tmp_path}"]
    assert protoc.main(["protoc", *words, "google/api/http.proto", "google/api/annotations.proto"]) == 0
    code = f"import {first}, annotated_rpc.client, google.api.annotations_pb2 as other\nprint(other.Ofannotations())"
    ran = python("-c", code, PYTHONPATH=os.pathsep.join([str(tmp_path), str(made / "options")]))
    assert ran.returncode == 0, ran.stderr
