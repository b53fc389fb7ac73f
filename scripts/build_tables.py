"""Compile grammar/ and templates/ into mallgen/_built/, so that a run of mallgen only imports.

`--check` writes nothing and fails when what is committed is not what would be written.
"""

import argparse
import pprint
import sys
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader
from lark import Lark
from lark.grammar import Rule
from lark.lexer import TerminalDef

ROOT = Path(__file__).resolve().parent.parent
BUILT = ROOT / "mallgen" / "_built"
HEADER = '"""Built by scripts/build_tables.py from {source}. Do not edit."""\n\n'


def tables() -> str:
    """The parse tables of grammar/api.lark as a module of plain data."""
    sys.path.insert(0, str(ROOT))
    from mallgen.syntax.lexer import STARTS, TokenLexer

    grammar = (ROOT / "grammar" / "api.lark").read_text(encoding="utf-8")
    lark = Lark(grammar, parser="lalr", lexer=TokenLexer, start=list(STARTS))
    data, memo = lark.memo_serialize([TerminalDef, Rule])
    data["parser"]["parser"] = _numbered(data["parser"]["parser"])
    return (
        HEADER.format(source="grammar/api.lark")
        + "from typing import Any\n\nfrom mallgen.syntax.lexer import TokenLexer\n\n"
        + f"DATA: dict[str, Any] = {_plain(data)}\n"
        + f"MEMO: dict[int, Any] = {_plain(memo)}\n"
    )


def _numbered(table: dict[str, Any]) -> dict[str, Any]:
    """The same parse table, states and tokens numbered by first visit: lark numbers them in the order of its sets."""
    names = {index: str(name) for index, name in table["tokens"].items()}
    tokens = {name: index for index, name in enumerate(sorted(names.values()))}
    rows = {
        state: sorted(((tokens[names[index]], action) for index, action in row.items()), key=lambda pair: pair[0])
        for state, row in table["states"].items()
    }
    number: dict[int, int] = {}
    waiting = [state for _, state in sorted(table["start_states"].items())]
    while waiting:
        state = waiting.pop(0)
        if state not in number:
            number[state] = len(number)
            waiting += [argument for _, (reduces, argument) in rows[state] if not reduces]
    return {
        "tokens": {index: name for name, index in tokens.items()},
        "states": {
            number[state]: {token: (kind, argument if kind else number[argument]) for token, (kind, argument) in row}
            for state, row in rows.items()
        },
        "start_states": {start: number[state] for start, state in table["start_states"].items()},
        "end_states": {start: number[state] for start, state in table["end_states"].items()},
    }


def _plain(value: Any) -> str:
    text = pprint.pformat(value, width=160, compact=True, sort_dicts=True)
    return text.replace("<class 'mallgen.syntax.lexer.TokenLexer'>", "TokenLexer")


def environment() -> Environment:
    """The environment whose settings are baked into the compiled templates."""
    from mallgen.render import environment as make

    env = make()
    env.loader = FileSystemLoader(ROOT / "templates")
    return env


def templates() -> dict[str, str]:
    """Each template of templates/ as the source of a module, by module name."""
    env = environment()
    found: dict[str, str] = {}
    for path in sorted((ROOT / "templates").rglob("*.j2")):
        name = path.relative_to(ROOT / "templates").as_posix()
        source = path.read_text(encoding="utf-8")
        code = env.compile(source, name=name, filename=None, raw=True, defer_init=True)
        module = name.removesuffix(".j2").replace("/", "_").replace(".", "_")
        found[module] = HEADER.format(source=f"templates/{name}") + code + "\n"
    return found


def everything() -> dict[Path, str]:
    """Every built file and what belongs in it."""
    files = {BUILT / "__init__.py": '"""What scripts/build_tables.py compiled."""\n'}
    files[BUILT / "api_tables.py"] = tables()
    for module, text in templates().items():
        files[BUILT / f"t_{module}.py"] = text
    return files


def main() -> int:
    """Write, or with `--check` compare; 1 when something is out of date."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true")
    check = parser.parse_args().check
    due = everything()
    stale = [path for path, text in due.items() if not path.exists() or path.read_text(encoding="utf-8") != text]
    extra = [path for path in BUILT.glob("*.py") if path not in due]
    if check:
        for path in stale + extra:
            print(f"{path.relative_to(ROOT)} is out of date: run `make built`", file=sys.stderr)
        return 1 if stale or extra else 0
    BUILT.mkdir(exist_ok=True)
    for path in extra:
        path.unlink()
    for path in stale:
        path.write_text(due[path], encoding="utf-8")
    print(f"built {len(due)} files, {len(stale)} changed")
    return 0


if __name__ == "__main__":
    sys.exit(main())
