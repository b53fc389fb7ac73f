"""Pairs of contracts as texts, and the search for the witnesses of what differs between them."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mallgen.breaking.api import ApiChange
from mallgen.breaking.api_pairs import RoutePair
from mallgen.breaking.proto import ProtoChange
from mallgen.breaking.struct_pairs import FieldPair
from mallgen.loading.load import load
from mallgen.model import Contract
from mallgen.proto.load import load_protos
from mallgen.witness.child import Child, interpreter
from mallgen.witness.http import HttpWitnesses
from mallgen.witness.rpc import RpcWitnesses

HEAD = 'syntax = "v1"\n\n'


def contract(folder: Path, name: str, text: str) -> Contract:
    """Write a contract and read it; its text has no head."""
    path = folder / f"{name}.api"
    path.write_text(HEAD + text, encoding="utf-8")
    found = load(str(path), False)
    assert found.contract is not None, found.diagnostics
    return found.contract


class Searched:
    """Differences between two contracts, and the search for witnesses of it."""

    def __init__(self, change: ApiChange, search: HttpWitnesses) -> None:
        self.change, self._search = change, search

    def field(self, key: str) -> str:
        """Return the line of the witness about a field by its name on the wire; "" without one."""
        fields = [*self.change.fields("request"), *self.change.fields("response")]
        return self._line(next(pair for pair in fields if key in _keys(pair)))

    def route(self, title: str) -> str:
        """Return the line of the witness about an old route; "" without one."""
        return self._line(next(pair for pair in self.change.routes if pair.old and pair.old.title == title))

    def _line(self, about: FieldPair | RoutePair, code: str = "") -> str:
        found = self._search.find(about, code)
        return found.line if found is not None else ""


class SearchedProtos:
    """Differences between two protos, and the search for witnesses of them."""

    def __init__(self, change: ProtoChange, search: RpcWitnesses) -> None:
        self._change, self._search = change, search

    def field(self, name: str, level: str) -> str:
        """Return the line of the witness about an old field; "" without one."""
        found = self._search.find(next(p for p in self._change.fields if p.old and p.old.name == name), level)
        return found.line if found is not None else ""

    def call(self, name: str) -> str:
        """Return the line of the witness about an old RPC; "" without one."""
        rpc = next(pair for pair in self._change.rpcs if pair.old and pair.old.name == name)
        found = self._search.find(rpc, "wire")
        return found.line if found is not None else ""


def _keys(pair: FieldPair) -> set[str]:
    return {value.key for side in (pair.old, pair.new) if side is not None for value in side.values}


class Versions:
    """The two children that all tests share; each pair of contracts is a service of its own."""

    def __init__(self, old: Child, new: Child) -> None:
        self._children = old, new
        self._count = 0

    def of(self, folder: Path, old: str, new: str) -> Searched:
        """Load both versions of a contract."""
        change = ApiChange(contract(folder, "old", old), contract(folder, "new", new), "old.api")
        self._count += 1
        return Searched(change, HttpWitnesses(change, *self._children, str(self._count)))

    def search(self, change: ApiChange) -> HttpWitnesses:
        """Load both versions of a change."""
        self._count += 1
        return HttpWitnesses(change, *self._children, str(self._count))

    def of_protos(self, folder: Path, old: str, new: str) -> SearchedProtos:
        """Load both versions of a proto."""
        contracts = []
        for name, text in (("old", old), ("new", new)):
            path = folder / name / "shop.proto"
            path.parent.mkdir(exist_ok=True)
            path.write_text(text, encoding="utf-8")
            loaded = load_protos((str(path),), ())
            assert loaded.contract is not None, loaded.diagnostics
            contracts.append(loaded.contract)
        change = ProtoChange(contracts[0], contracts[1], "old")
        self._count += 1
        return SearchedProtos(change, RpcWitnesses(change, *self._children, str(self._count)))


@contextmanager
def both_versions() -> Iterator[Versions]:
    """Start the children."""
    python = interpreter(".")
    with Child(python, 3600) as old, Child(python, 3600) as new:
        yield Versions(old, new)
