"""Keys of YAML settings that no settings class reads. Pure: no module of the service is imported.

A class with a base from elsewhere than this service and the runtime is not judged, nor are the blocks below it.
"""

import ast
import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from msgspec.structs import replace

from mallgen._built import known_keys
from mallgen._built.settings import CLASSES, REMARKS
from mallgen.diagnostics import Diagnostic
from mallgen.text.span import Span

_LOOKED_AT = 64
_MERGE = "tag:yaml.org,2002:merge"
_VALUE = r"(?:[\w./:$~-][^#]*|\"[^\"\\]*\"|'[^']*'|\[[\w., :-]*\])"
_PLAIN = re.compile(rf"(?P<indent> *)(?:(?P<key>[A-Za-z_][A-Za-z0-9_]*):(?: +{_VALUE})?|- +[\w./:-]+) *(?:#.*)?")
_EMPTY = re.compile(r"\s*(?:#.*)?")


class SettingsClass(NamedTuple):
    """A settings class: its keys as files spell them, each with the class of the block below it, or ""."""

    keys: Mapping[str, str]
    remarks: Mapping[str, known_keys.Remark] = {}
    own: frozenset[str] = frozenset()


def blocks(*modules: ast.Module) -> dict[str, SettingsClass]:
    """Return the settings classes of the runtime and of these modules; a class may build on any before it."""
    found = {
        name: SettingsClass(keys, getattr(known_keys, REMARKS[name], {}) if REMARKS[name] else {})
        for name, keys in CLASSES.items()
    }
    found["Struct"] = found["Conf"] = SettingsClass({})
    for module in modules:
        for node in module.body:
            if isinstance(node, ast.ClassDef):
                found.pop(node.name, None)
                made = _block(node, found)
                if made is not None:
                    found[node.name] = made
    return found


def _block(node: ast.ClassDef, known: Mapping[str, SettingsClass]) -> SettingsClass | None:
    bases = [base.id if isinstance(base, ast.Name) else "" for base in node.bases]
    renamed = any(word.arg in ("rename", None) for word in node.keywords)
    if not bases or renamed or any(base not in known for base in bases):
        return None
    keys: dict[str, str] = {}
    remarks: dict[str, known_keys.Remark] = {}
    own: set[str] = set()
    for base in bases:
        keys |= known[base].keys
        remarks |= known[base].remarks
        own |= known[base].own
    for line in node.body:
        if isinstance(line, ast.AnnAssign) and isinstance(line.target, ast.Name):
            key = _spelled(_wire(line.value) or line.target.id)
            keys[key] = _type(line.annotation)
            own.add(key)
    return SettingsClass(keys, remarks, frozenset(own))


def _wire(value: ast.expr | None) -> str:
    """Return the name in `field(name=…)`, "" without one."""
    words = value.keywords if isinstance(value, ast.Call) else []
    found = next((word.value for word in words if word.arg == "name"), None)
    return found.value if isinstance(found, ast.Constant) and isinstance(found.value, str) else ""


def _type(node: ast.expr) -> str:
    """Return the class that an annotation names, with `[]` before it for a list; "" where it names none."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        try:
            return _type(ast.parse(node.value, mode="eval").body)
        except SyntaxError:
            return ""
    if isinstance(node, ast.BinOp):
        return _type(node.left) if isinstance(node.right, ast.Constant) else _type(node.right)
    if isinstance(node, ast.Subscript) and isinstance(node.value, ast.Name):
        inner = node.slice.elts[0] if isinstance(node.slice, ast.Tuple) else node.slice
        if node.value.id in ("Annotated", "Optional"):
            return _type(inner)
        if node.value.id in ("list", "List"):
            return f"[]{_type(inner)}"
    return ""


def _spelled(name: str) -> str:
    words = {"id": "ID", "rpc": "RPC", "url": "URL", "http": "HTTP"}
    return "".join(words.get(word) or word[:1].upper() + word[1:] for word in name.split("_"))


def judged(text: str, path: str, name: str, known: Mapping[str, SettingsClass]) -> Iterator[Diagnostic]:
    """Yield diagnostics about the keys of a YAML text that is read into the class `name`."""
    if name not in known or _is_plain(text, name, known):
        return
    import yaml  # slow to import, and most files need no YAML reader

    from mallgen.drift.yaml_depth import DEEPEST, too_deep

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        deep = too_deep(text, loader)
        if deep is not None:
            message, hint = f"this is nested more than {DEEPEST} deep", "write it in fewer levels"
            yield Diagnostic("bad-settings", message, Span(path, *deep, deep[0], deep[1] + 1), hint)
            return
        root = yaml.compose(text, Loader=loader)
    except yaml.MarkedYAMLError as problem:
        mark = problem.problem_mark
        line, col = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        message = f"this is not YAML: {problem.problem}"
        yield Diagnostic("bad-settings", message, Span(path, line, col, line, col + 1), "correct it: https://yaml.org")
    except (yaml.YAMLError, RecursionError):
        yield Diagnostic("bad-settings", "this is not YAML", Span(path, 1, 1, 1, 2), "correct it: https://yaml.org")
    else:
        strict = "Strict" in known[name].keys and _is_strict(root)
        for found in _NodeWalk(path, known, set()).node(root, name, ""):
            yield replace(found, severity="error") if strict and found.code == "unknown-setting" else found


def _is_strict(root: Any) -> bool:
    """Return whether a file asks for `Strict`, as plain text."""
    pairs = root.value if getattr(root, "id", "") == "mapping" else []
    values = (_leaf(item) for key, item in pairs if known_keys.folded(_key(key)) == "strict")
    return any(isinstance(value, str) and value.strip().lower() in ("true", "yes", "on", "1") for value in values)


class _NodeWalk(NamedTuple):
    """Walk over YAML nodes and their classes, each pair once, as aliases may repeat a node a thousand times."""

    path: str
    known: Mapping[str, SettingsClass]
    seen: set[tuple[int, str]]

    def node(self, node: Any, name: str, above: str) -> Iterator[Diagnostic]:
        kind = getattr(node, "id", "")
        if kind == "sequence" and name.startswith("[]"):
            for index, item in enumerate(node.value):
                yield from self.node(item, name[2:], f"{above}[{index}]")
        if kind != "mapping" or name not in self.known or (id(node), name) in self.seen:
            return
        self.seen.add((id(node), name))
        block = self.known[name]
        by_name = {known_keys.folded(key): key for key in block.keys}
        for key, item in node.value:
            text = _key(key)
            below = f"{above}.{text}" if above else text
            if key.tag == _MERGE:
                for merged in item.value if item.id == "sequence" else [item]:
                    yield from self.node(merged, name, above)
                continue
            spelled = by_name.get(known_keys.folded(text), "")
            told = _told(block, text, spelled, _value(item))
            if told is not None:
                yield _diagnostic(told, below, _span(self.path, key))
            if spelled:
                yield from self.node(item, block.keys[spelled], below)


def _key(node: Any) -> str:
    """Return a key's text; `?` for a list or a block, which is no setting's key and may be endless by its aliases."""
    return node.value if node.id == "scalar" else "?"


def _told(block: SettingsClass, key: str, spelled: str, value: object) -> known_keys.Told | None:
    if not spelled:
        return known_keys.remark_on(key, value, block.keys, block.remarks)
    remark = next(
        (found for name, found in block.remarks.items() if known_keys.folded(name) == known_keys.folded(key)), None
    )
    here = remark is not None and remark.honoured and spelled not in block.own
    return known_keys.remarked(remark) if remark is not None and here and known_keys.asks(remark, value) else None


def _value(node: Any) -> object:
    """Return a value for remarks: a scalar's text, or the first 64 keys of a block, as aliases may make it endless."""
    if node.id != "mapping":
        return _leaf(node)
    return {known_keys.folded(_key(key)): _leaf(item) for key, item in node.value[:_LOOKED_AT]}


def _leaf(node: Any) -> object:
    """Return a scalar's text, "" if it is read from the environment; for a list or a block a list, empty if that is."""
    if node.id != "scalar":
        return ["…"] if node.value else []
    return "" if "${" in node.value else node.value


def _diagnostic(told: known_keys.Told, name: str, span: Span) -> Diagnostic:
    code = "unused-setting" if told.known else "unknown-setting"
    message = f"`{name[:200]}`{':' if told.known else ''} {told.text}"
    return Diagnostic(code, message, span, told.hint, severity="error" if told.refused else "warning")


def _span(path: str, key: Any) -> Span:
    start, end = key.start_mark, key.end_mark
    return Span(path, start.line + 1, start.column + 1, end.line + 1, end.column + 1)


def _is_plain(text: str, name: str, known: Mapping[str, SettingsClass]) -> bool:
    """Return whether all lines have known keys and simple values: such a file is correct without a YAML reader."""
    levels: list[tuple[int, str]] = [(0, name)]
    below: str | None = ""
    for line in text.split("\n"):
        if _EMPTY.fullmatch(line):
            continue
        found = _PLAIN.fullmatch(line)
        if found is None:
            return False
        if found["key"] is None:
            continue
        column = len(found["indent"])
        while levels[-1][0] > column:
            levels.pop()
        if levels[-1][0] < column:
            levels.append((column, below or ""))
        block = known.get(levels[-1][1])
        below = "" if block is None else _below(block, known_keys.folded(found["key"]), known)
        if below is None:
            return False
    return True


def _below(block: SettingsClass, key: str, known: Mapping[str, SettingsClass]) -> str | None:
    """Return the class of the block below a key, or ""; None for a key that a diagnostic may be needed for.

    That is also a list of blocks, as the indentation does not say which keys are those of one block.
    """
    if any(known_keys.folded(name) == key for name in block.remarks):
        return None
    kind = next((kind for name, kind in block.keys.items() if known_keys.folded(name) == key), None)
    return None if kind is not None and kind.startswith("[]") and kind[2:] in known else kind
