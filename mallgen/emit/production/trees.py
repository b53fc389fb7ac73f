"""YAML as values with their spans, for settings and for manifests. Pure."""

from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

import yaml

from mallgen.drift.yaml_depth import DEEPEST, too_deep
from mallgen.text.span import Span

_NOTHING: Mapping[str, "Tree"] = MappingProxyType({})
_MERGE = "<<"


class BadYaml(Exception):
    """A text that is no YAML: the reason and its span."""

    def __init__(self, message: str, span: Span) -> None:
        super().__init__(message)
        self.message = message
        self.span = span


class Tree(NamedTuple):
    """A value of YAML: the text of a scalar, the entries of a mapping in `block`, those of a sequence in `items`."""

    span: Span
    text: str = ""
    block: Mapping[str, "Tree"] = _NOTHING
    items: tuple["Tree", ...] = ()

    def at(self, path: str) -> "Tree":
        """Return the value at a dotted path, an empty one where there is none; numbers are places in sequences."""
        here = self
        for key in path.split("."):
            if key.isdecimal() and int(key) < len(here.items):
                here = here.items[int(key)]
            else:
                here = here.block.get(key, Tree(self.span))
        return here

    def at_key(self, key: str) -> "Tree":
        """Return the value of a key that may have dots, an empty one where there is none."""
        return self.block.get(key, Tree(self.span))

    @property
    def is_empty(self) -> bool:
        """Return whether nothing stands here."""
        return not (self.text or self.block or self.items)


def documents(text: str, file: str, spelled: Callable[[str], str] = str) -> tuple[Tree, ...]:
    """Return the documents of a YAML text; `spelled` changes the keys of mappings. Raises BadYaml."""
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        deep = too_deep(text, loader)
        if deep is not None:
            line, col = deep
            raise BadYaml(f"this is nested more than {DEEPEST} deep", Span(file, line, col, line, col + 1))
        nodes = list(yaml.compose_all(text, Loader=loader))
        return tuple(_Reader(file, spelled).tree(node) for node in nodes if node is not None)
    except yaml.MarkedYAMLError as problem:
        mark = problem.problem_mark
        line, col = (mark.line + 1, mark.column + 1) if mark is not None else (1, 1)
        raise BadYaml(f"this is not YAML: {problem.problem}", Span(file, line, col, line, col + 1)) from None
    except (yaml.YAMLError, RecursionError):
        raise BadYaml("this is not YAML", Span(file, 1, 1, 1, 2)) from None


class _Reader:
    """Makes trees of nodes, each node once: an alias may repeat one a thousand times, or hold itself."""

    def __init__(self, file: str, spelled: Callable[[str], str]) -> None:
        self._file = file
        self._spelled = spelled
        self._made: dict[int, Tree] = {}

    def tree(self, node: Any) -> Tree:
        """Return the tree of a node."""
        if id(node) not in self._made:
            span = self._span(node)
            self._made[id(node)] = Tree(span)
            self._made[id(node)] = self._whole(node, span)
        return self._made[id(node)]

    def _whole(self, node: Any, span: Span) -> Tree:
        if isinstance(node, yaml.MappingNode):
            return Tree(span, block=MappingProxyType(self._block(node)))
        if isinstance(node, yaml.SequenceNode):
            return Tree(span, items=tuple(self.tree(item) for item in node.value))
        is_null = node.tag == "tag:yaml.org,2002:null"
        return Tree(span, "" if is_null else str(node.value))

    def _block(self, node: yaml.MappingNode) -> dict[str, Tree]:
        merged: dict[str, Tree] = {}
        own: dict[str, Tree] = {}
        for key, value in node.value:
            name = str(key.value) if isinstance(key, yaml.ScalarNode) else ""
            if name == _MERGE:
                found = self.tree(value)
                for source in found.items or (found,):
                    merged = {**source.block, **merged}
            elif name:
                own.setdefault(self._spelled(name), self.tree(value))
        return {**merged, **own}

    def _span(self, node: Any) -> Span:
        start, end = node.start_mark, node.end_mark
        line, col = start.line + 1, start.column + 1
        if end.line != start.line:  # a block: its beginning is enough to find it
            return Span(self._file, line, col, line, col + 1)
        return Span(self._file, line, col, line, max(end.column + 1, col + 1))


def leaves(tree: Tree) -> Iterator[Tree]:
    """Yield each scalar below a tree once."""
    seen: set[int] = set()
    waiting = [tree]
    while waiting:
        here = waiting.pop()
        if id(here) in seen:
            continue
        seen.add(id(here))
        if here.text:
            yield here
        waiting += [*here.items, *here.block.values()]
