"""The protos of tests/contracts/protos with the options that each needs, generated side by side.

`python -m tests.protos FOLDER` generates them all there and prints a digest of the generated files.
"""

import hashlib
import re
import sys
from pathlib import Path
from typing import NamedTuple

from tests.conftest import CONTRACTS, mallgen, tree, working_in

PROTOS = CONTRACTS / "protos"


class Proto(NamedTuple):
    """A service: its folder below PROTOS, the words of its command line, and the package it becomes."""

    folder: str
    words: tuple[str, ...]
    package: str


ALL = (
    Proto("clashes", ("clashes.proto",), "clashes_rpc"),
    Proto("diamond", ("top.proto",), "diamond_rpc"),
    Proto("dotted", ("shop/v1/orders.proto", "-I", "."), "shop_v1_orders_rpc"),
    Proto("hostile", ("hostile.proto",), "hostile_rpc"),
    Proto("keywords", ("from/lambda.proto", "-I", "."), "import_async_rpc"),
    Proto("legacy", ("legacy.proto",), "legacy_rpc"),
    Proto("modern", ("modern.proto",), "modern_rpc"),
    Proto("nested", ("nested.proto",), "nested_rpc"),
    Proto("nopackage", ("no-package.v1.proto",), "no_package_v1_rpc"),
    Proto("options", ("annotated.proto",), "annotated_rpc"),
    Proto("public", ("front.proto",), "front_rpc"),
    Proto("several", ("several.proto", "more.proto"), "several_rpc"),
    Proto("shapes", ("shapes.proto",), "shapes_rpc"),
    Proto("wellknown", ("known.proto",), "known_rpc"),
)


def generate(out: Path, protos: tuple[Proto, ...] = ALL) -> None:
    """Generate services, each into a folder of its own below `out`."""
    for proto in protos:
        with working_in(PROTOS / proto.folder):
            ran = mallgen("rpc", "protoc", *proto.words, "-dir", str(out / proto.folder), "-q")
        assert ran.code == 0, ran.err


def fill(out: Path, protos: tuple[Proto, ...] = ALL) -> None:
    """Write logic that answers with the request where its type fits, else with an empty reply; one reply per item."""
    for proto in protos:
        for path in (out / proto.folder / proto.package / "logic").rglob("*_logic.py"):
            text, stub, rest = path.read_text(encoding="utf-8").partition("raise NotImplementedError(")
            assert stub, path
            takes = re.findall(r" reqs?: (?:AsyncIterator\[)?([\w.]+)", text)[-1]
            gives = re.findall(r"\) -> (?:AsyncIterator\[)?([\w.]+)", text)[-1]
            many = "reqs:" in text
            reply = "req" if takes == gives and not many else f"{gives}()"
            body = f"return {reply}"
            if "yield" in rest:
                reply = "req" if takes == gives else f"{gives}()"
                body = f"async for req in reqs:\n            yield {reply}" if many else f"yield {reply}"
            path.write_text(f"{text}{body}\n", encoding="utf-8")


def digest(out: Path) -> str:
    """Return one digest of all generated files."""
    parts = [name.encode() + b"\0" + content for name, content in tree(out).items()]
    return hashlib.sha256(b"\0".join(parts)).hexdigest()


if __name__ == "__main__":
    generate(Path(sys.argv[1]))
    print(digest(Path(sys.argv[1])))
