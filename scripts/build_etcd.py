"""Compile runtime/protos/etcd.proto into the module of messages that discovery by etcd imports.

protoc's own Python output is not used: it refuses to run on a protobuf older than the protoc that made it. The messages
go into a pool of their own, so that they cannot collide with those of another library.
`--check` writes nothing and fails when the committed files are not current.
"""

import argparse
import os
import sys
import tempfile
from pathlib import Path

import black
import grpc_tools
from google.protobuf.descriptor_pb2 import FileDescriptorSet
from grpc_tools import protoc

ROOT = Path(__file__).resolve().parent.parent
PROTO = ROOT / "runtime" / "protos" / "etcd.proto"
OUT = ROOT / "runtime" / "mallgen_runtime" / "discovery" / "etcd"
HEADER = "Built by scripts/build_etcd.py from runtime/protos/etcd.proto. Do not edit."
MODULE = '''"""{header}"""

from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message_factory import GetMessageClassesForFiles

_POOL = DescriptorPool()
_POOL.AddSerializedFile({data!r})
globals().update({{
    name.rpartition(".")[2]: message for name, message in GetMessageClassesForFiles(["etcd.proto"], _POOL).items()
}})
'''


def built() -> dict[Path, str]:
    """Return the texts of the module and of its `.pyi`, by path."""
    with tempfile.TemporaryDirectory() as work:
        known = os.path.join(os.path.dirname(grpc_tools.__file__), "_proto")
        words = [f"-I{PROTO.parent}", f"-I{known}", f"--pyi_out={work}", f"--descriptor_set_out={work}/set", PROTO.name]
        if protoc.main(["protoc", *words]):
            raise SystemExit(1)
        file = FileDescriptorSet.FromString(Path(work, "set").read_bytes()).file[0]
        stub = Path(work, "etcd_pb2.pyi").read_text(encoding="utf-8")
    module = MODULE.format(header=HEADER, data=file.SerializeToString(deterministic=True))
    stub = stub.replace("_Mapping]", "_Mapping[str, object]]")  # for mypy --strict
    return {
        OUT / "etcd_pb2.py": black.format_str(module, mode=black.Mode(line_length=120)),
        OUT / "etcd_pb2.pyi": f"# {HEADER}\n{stub}",
    }


def main() -> int:
    """Write the files, or with `--check` compare them; return 1 when one is out of date."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true")
    check = parser.parse_args().check
    stale = {p: text for p, text in built().items() if not p.exists() or p.read_text(encoding="utf-8") != text}
    for path, text in stale.items():
        if check:
            print(f"{path.relative_to(ROOT)} is out of date: run `make built`", file=sys.stderr)
        else:
            path.write_text(text, encoding="utf-8")
    return 1 if stale and check else 0


if __name__ == "__main__":
    sys.exit(main())
