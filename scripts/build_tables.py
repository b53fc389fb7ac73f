"""Compile grammar/, templates/ and the runtime's settings into mallgen/_built/, which mallgen imports when it runs.

`--check` writes nothing and fails when the committed files are not current.
"""

import argparse
import ast
import pprint
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from build_templates import compiled
from lark import Lark
from lark.grammar import Rule, Terminal
from lark.lexer import Lexer
from lark.parsers.lalr_analysis import Shift

from mallgen_runtime.cache import conf as cache_conf
from mallgen_runtime.http import conf as http_conf
from mallgen_runtime.process import known_keys
from mallgen_runtime.process.yaml_values import spelled
from mallgen_runtime.queue import conf as queue_conf
from mallgen_runtime.rpc import conf as rpc_conf
from mallgen_runtime.schema import reflection
from mallgen_runtime.sql import conf as sql_conf

ROOT = Path(__file__).resolve().parent.parent
BUILT = ROOT / "mallgen" / "_built"
HEADER = '"""Built by scripts/build_tables.py from {source}. Do not edit."""\n\n'


STARTS = ("syntax", "info", "import", "type", "service", "declaration", "item", "fields", "server", "setting", "pair")


class NoLexer(Lexer):
    """A placeholder: lark asks for a lexer class, but tokens come from mallgen/syntax/scan.py."""

    def __init__(self, conf: Any = None) -> None:
        self.conf = conf

    def lex(self, tokens: Any) -> Iterator[Any]:  # type: ignore[override]
        """Return the tokens; never called."""
        return iter(tokens)


def tables() -> str:
    """Return the parse tables of grammar/api.lark as a module of plain data, states numbered by first visit.

    A row maps the name of a terminal or a rule to the next state, or to -1 minus the number of the rule to reduce. A
    rule is its name, its callback (a method of the builder, `one` or `several`), the number of values it takes, and the
    arguments of the callback: n for the n-th value, -1-n for each item of the n-th value, None for an absent part.
    """
    grammar = (ROOT / "grammar" / "api.lark").read_text(encoding="utf-8")
    lark: Any = Lark(grammar, parser="lalr", lexer=NoLexer, start=list(STARTS))
    table = lark.parser.parser._parse_table
    number = _numbered(table)
    reduced = {target for row in table.states.values() for action, target in row.values() if action is not Shift}
    rules = sorted(reduced, key=_order)
    position = {rule: index for index, rule in enumerate(rules)}
    rows = [
        {
            str(name): number[target] if action is Shift else -1 - position[target]
            for name, (action, target) in sorted(table.states[state].items())
        }
        for state in number
    ]
    starts = {name: number[state] for name, state in table.start_states.items()}
    ends = {name: number[state] for name, state in table.end_states.items()}
    return (
        HEADER.format(source="grammar/api.lark")
        + f"STARTS: dict[str, int] = {_plain(starts)}\n"
        + f"ENDS: dict[str, int] = {_plain(ends)}\n"
        + f"RULES: list[tuple[str, str, int, tuple[int | None, ...]]] = {_plain([_rule(rule) for rule in rules])}\n"
        + f"STATES: list[dict[str, int]] = {_plain(rows)}\n"
    )


def _numbered(table: Any) -> dict[Any, int]:
    """Number the states by first visit from the starts, as lark's own numbers depend on the order of its sets."""
    number: dict[Any, int] = {}
    waiting = [state for _, state in sorted(table.start_states.items())]
    while waiting:
        state = waiting.pop(0)
        if state not in number:
            number[state] = len(number)
            waiting += [target for _, (action, target) in sorted(table.states[state].items()) if action is Shift]
    return number


def _order(rule: Rule) -> tuple[str, int, str]:
    return str(rule.origin.name), rule.order, " ".join(symbol.name for symbol in rule.expansion)


def _rule(rule: Rule) -> tuple[str, str, int, tuple[int | None, ...]]:
    name = str(rule.origin.name)
    callback = "several" if name.startswith("_") else str(rule.alias or name)
    picks = tuple(_picks(rule))
    if rule.options.expand1:
        assert len(picks) == 1, f"{name} must have one value"
        callback = "one"
    return name, callback, len(rule.expansion), picks


def _picks(rule: Rule) -> Iterator[int | None]:
    """Yield the values that a rule's callback is given, by lark's rules for filtered tokens, `_rules` and `[…]`."""
    flags = "".join(str(int(empty)) for empty in rule.options.empty_indices) or "0" * len(rule.expansion)
    absent = [len(ones) for ones in flags.split("0")]
    for index, symbol in enumerate(rule.expansion):
        yield from [None] * absent[index]
        if not (isinstance(symbol, Terminal) and symbol.filter_out):
            yield -1 - index if not symbol.is_term and symbol.name.startswith("_") else index
    yield from [None] * absent[len(rule.expansion)]


def _plain(value: Any) -> str:
    return pprint.pformat(value, width=160, compact=True, sort_dicts=True)


def templates() -> dict[str, str]:
    """Return the source of a module for each template in templates/, by module name."""
    sources: dict[str, str] = {}
    for path in sorted((ROOT / "templates").rglob("*.j2")):
        name = path.relative_to(ROOT / "templates").as_posix()
        source = path.read_text(encoding="utf-8")
        module = name.removesuffix(".j2").replace("/", "_").replace(".", "_")
        sources[module] = HEADER.format(source=f"templates/{name}") + compiled(source, name)
    return sources


def remarks() -> str:
    """Return a copy of the runtime's module of remarks on settings, as the generator does not import the runtime."""
    name = "runtime/mallgen_runtime/process/known_keys.py"
    body = ast.parse(text := (ROOT / name).read_text(encoding="utf-8")).body
    lines = text.splitlines(keepends=True)[body[0].end_lineno :]
    return HEADER.format(source=name) + "".join(lines).lstrip("\n")


def settings() -> str:
    """Return a module with the runtime's settings classes: their keys, the classes of their blocks, their remarks."""
    classes: dict[str, dict[str, str]] = {}
    tables: dict[str, str] = {}
    names = {id(table): name for name, table in vars(known_keys).items() if isinstance(table, dict)}

    def visit(cls: Any) -> str:
        keys = classes.setdefault(cls.__name__, {})
        tables[cls.__name__] = names.get(id(getattr(cls, "remarks", None)), "")
        for field in reflection.fields(cls):
            inner = reflection.describe(field.kind.args[0]) if field.kind.origin is list else field.kind
            block = visit(inner.origin) if reflection.is_struct(inner.origin) else ""
            keys[spelled(field.wire)] = f"[]{block}" if block and field.kind.origin is list else block
        return str(cls.__name__)

    blocks = (http_conf.RestConf, http_conf.JwtConf, http_conf.JwtTransitionConf)
    stores = (sql_conf.DataSourceConf, cache_conf.CacheRedisConf, cache_conf.CacheConf)
    queues = (queue_conf.QueueServerConf, queue_conf.TopicConf, queue_conf.ProducerConf)
    for cls in (*blocks, rpc_conf.RpcServerConf, rpc_conf.RpcClientConf, *queues, *stores):
        visit(cls)
    return (
        HEADER.format(source="the settings of mallgen_runtime")
        + f"CLASSES: dict[str, dict[str, str]] = {_plain(classes)}\n"
        + f"REMARKS: dict[str, str] = {_plain(tables)}\n"
    )


def everything() -> dict[Path, str]:
    """Return the text of every built file by path."""
    files = {BUILT / "__init__.py": '"""What scripts/build_tables.py compiled."""\n'}
    files[BUILT / "api_tables.py"] = tables()
    files[BUILT / "known_keys.py"] = remarks()
    files[BUILT / "settings.py"] = settings()
    for module, text in templates().items():
        files[BUILT / f"t_{module}.py"] = text
    return files


def main() -> int:
    """Write the files, or with `--check` compare them; return 1 when one is out of date."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true")
    check = parser.parse_args().check
    expected = everything()
    stale = [path for path, text in expected.items() if not path.exists() or path.read_text(encoding="utf-8") != text]
    extra = [path for path in BUILT.glob("*.py") if path not in expected]
    if check:
        for path in stale + extra:
            print(f"{path.relative_to(ROOT)} is out of date: run `make built`", file=sys.stderr)
        return 1 if stale or extra else 0
    BUILT.mkdir(exist_ok=True)
    for path in extra:
        path.unlink()
    for path in stale:
        path.write_text(expected[path], encoding="utf-8")
    print(f"built {len(expected)} files, {len(stale)} changed")
    return 0


if __name__ == "__main__":
    sys.exit(main())
