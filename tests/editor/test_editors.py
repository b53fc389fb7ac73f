"""The folders for editors: the grammar colours as the scanner reads, the extension and the snippets are complete."""

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mallgen.cli.run import all_commands
from mallgen.contract.base_types import BASE_TYPES
from mallgen.contract.resolve import METHODS
from mallgen.syntax.parse import parse
from mallgen.syntax.scan import Statement, Token, scan
from tests import parts
from tests.conftest import CONTRACTS, ROOT

VSCODE = ROOT / "editors" / "vscode"
GRAMMAR = VSCODE / "syntaxes" / "api.tmLanguage.json"
MANIFEST = json.loads((VSCODE / "package.json").read_text(encoding="utf-8"))
HEADS = {"_SYNTAX", "_INFO", "_IMPORT", "_TYPE", "_SERVICE", "RETURNS"}


def contracts() -> dict[str, str]:
    """Return the examples, and every contract of the tests that parses, by path."""
    paths = [
        ROOT / "examples" / "mall.api",
        *sorted(CONTRACTS.rglob("*.api")),
        *sorted((ROOT / "generated").rglob("*.api")),
    ]
    texts = {path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8") for path in paths}
    return {name: text for name, text in texts.items() if not parse(scan(text, name)).diagnostics}


@pytest.fixture(scope="module")
def modules() -> Path:
    """Install the extension's node modules from its lock file, once, and return their folder."""
    parts.program("node", "nodejs")
    npm = parts.program("npm", "npm")
    lock = (VSCODE / "package-lock.json").read_bytes()
    folder = ROOT / ".venv" / f"node-{hashlib.sha256(lock).hexdigest()[:12]}"
    with parts.alone():
        if not (folder / "ready").exists():
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
            for name in ("package.json", "package-lock.json", ".npmrc"):
                shutil.copy(VSCODE / name, folder / name)
            ran = subprocess.run(
                [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"],
                cwd=folder,
                capture_output=True,
                text=True,
                check=False,
            )
            if ran.returncode and not os.environ.get("CI"):
                pytest.skip(f"npm ci fails, is there a network? {ran.stderr.strip()[-200:]}")
            assert ran.returncode == 0, ran.stderr
            (folder / "ready").touch()
    return folder


def tokenized(modules: Path, texts: dict[str, str]) -> Any:
    """Return the tokens that the grammar finds in texts, line by line."""
    ran = subprocess.run(
        ["node", str(Path(__file__).parent / "tokenize.cjs"), str(modules), str(GRAMMAR)],
        input=json.dumps(texts),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert ran.returncode == 0, ran.stderr
    return json.loads(ran.stdout)


def wanted(statement: Statement) -> Iterator[tuple[Token, str]]:
    """Yield the tokens of a statement, each with the scope that the grammar must give it."""
    before, depth = "", 0
    for index, token in enumerate(statement.tokens):
        following = statement.tokens[index + 1].type if index + 1 < len(statement.tokens) else ""
        if token.type in HEADS and not (token.type == "RETURNS" and following != "_LPAR"):
            yield token, "keyword.control"
        elif token.type.startswith("_AT_"):
            yield token, "storage.type.annotation"
        elif token.type == "STRING":
            yield token, "string.quoted.double"
        elif token.type == "RAW":
            yield token, "string.quoted.other"
        elif token.type in {"MAP", "ANY"} and statement.kind == "type":
            yield token, "storage.type"
        elif before == "_AT_HANDLER":
            yield token, "entity.name.function"
        elif statement.kind == "service" and token.value in METHODS and following == "SLASH" and before != "SLASH":
            yield token, "keyword.other.method"
        elif statement.kind == "type" and following == "_LBRACE" and depth == 0:
            yield token, "entity.name.type"
        elif statement.kind == "type" and token.value in BASE_TYPES and before in {"NAME", "_STAR", "_RSQB", "_LSQB"}:
            yield token, "storage.type"
        before = token.type
        depth += (token.type == "_LBRACE") - (token.type == "_RBRACE")


def missed(name: str, text: str, lines: list[list[list[Any]]]) -> Iterator[str]:
    """Yield the tokens to which the grammar gives another scope; it counts UTF-16 units."""
    rows = text.split("\n")
    for statement in scan(text, name).statements:
        for token, scope in wanted(statement):
            at = len(rows[token.line - 1][: token.column - 1].encode("utf-16-le")) // 2
            found = next(scopes for start, end, scopes in lines[token.line - 1] if start <= at < end)
            if scope not in found:
                yield f"{name}:{token.line}:{token.column}: `{token.value}` is {found}, not {scope}"


def test_the_grammar_colours_what_the_scanner_finds(modules: Path) -> None:
    texts = contracts()
    assert len(texts) >= 5
    found = tokenized(modules, texts)
    assert [line for name, text in texts.items() for line in missed(name, text, found[name]["lines"])] == []
    assert {name: one["depth"] for name, one in found.items()} == dict.fromkeys(texts, 1)


def test_the_grammar_on_the_corpus(modules: Path, corpus: Path) -> None:
    """The grammar is right on public contracts too, and leaves nothing open at their end."""
    paths = sorted(corpus.rglob("*.api"))
    texts = {str(path): path.read_text(encoding="utf-8").replace("\r\n", "\n") for path in paths}
    texts = {name: text for name, text in texts.items() if not parse(scan(text, name)).diagnostics}
    assert texts
    found = tokenized(modules, texts)
    assert [line for name, text in texts.items() for line in missed(name, text, found[name]["lines"])] == []
    assert {name for name, one in found.items() if one["depth"] != 1} == set()


@pytest.mark.parametrize(
    ("line", "word", "scope"),
    [
        ("service x { // get /x", "get", "comment.line"),
        ('type X { A int `json:"a,optional"` }', "optional", "keyword.other.option"),
        ('type X { A int `json:"optional"` }', "optional", "string.quoted.other.tag"),
        ('type X { A int `json:"a"` }', "json", "entity.other.attribute-name"),
        ("@server ( prefix: /v1/a-b )", "/v1/a-b", "string.unquoted"),
        ("@server ( jwt: Auth )", "jwt", "variable.other.property"),
        ("service mall-api {", "mall-api", "entity.name.namespace"),
        ("service x { @handler H get /user/:id (A) }", ":id", "variable.parameter.path"),
        ("service x { @handler H get /user (Req) }", "Req", "entity.name.type"),
        ("type X struct {", "struct", "keyword.other.struct"),
    ],
)
def test_the_grammar_tells_apart(modules: Path, line: str, word: str, scope: str) -> None:
    found = tokenized(modules, {"x": line})["x"]["lines"][0]
    at = line.index(word)
    assert scope in next(scopes for start, end, scopes in found if start <= at < end)


def test_the_extension_is_whole(modules: Path) -> None:
    """Every file that the extension names exists and reads, its script is JavaScript, its settings are the server's."""
    contributes = MANIFEST["contributes"]
    named = [MANIFEST["main"], *(one["path"] for one in (*contributes["grammars"], *contributes["snippets"]))]
    named += [one["configuration"] for one in contributes["languages"]]
    for name in named:
        path = VSCODE / name
        if path.suffix == ".json":
            json.loads(path.read_text(encoding="utf-8"))
    assert all((VSCODE / name).exists() for name in (*named, *MANIFEST["files"]))
    subprocess.run(["node", "--check", str(VSCODE / MANIFEST["main"])], check=True)
    program, *words = contributes["configuration"]["properties"]["mallgen.command"]["default"]
    assert (program, tuple(words)) in {("mallgen", one.path) for one in all_commands()}
    client = subprocess.run(
        ["node", "-e", "require.resolve('vscode-languageclient/node')"], cwd=modules, capture_output=True, check=False
    )
    assert client.returncode == 0, client.stderr


def test_versions_are_exact_and_no_registry_is_named() -> None:
    pins = {**MANIFEST["dependencies"], **MANIFEST["devDependencies"]}
    assert all(re.fullmatch(r"\d+\.\d+\.\d+", version) for version in pins.values())
    lock = json.loads((VSCODE / "package-lock.json").read_text(encoding="utf-8"))
    assert lock["packages"][""]["dependencies"] == MANIFEST["dependencies"]
    assert {name: lock["packages"][f"node_modules/{name}"]["version"] for name in pins} == pins
    assert "resolved" not in json.dumps(lock)
    assert lock["packages"][""]["version"] == MANIFEST["version"]


def test_the_server_understands_the_client_of_vs_code(modules: Path) -> None:
    """Microsoft's protocol library, used instead of pygls' client, agrees on framing, encoding and shutdown."""
    talk = Path(__file__).parent / "talk.cjs"
    ran = subprocess.run(
        ["node", str(talk), str(modules), sys.executable, "-m", "mallgen", "lsp"],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (ran.returncode, ran.stderr) == (0, "")
    said = json.loads(ran.stdout)
    assert (said["encoding"], said["version"], said["code"]) == ("utf-16", 3, 0)
    first, *_ = said["diagnostics"]
    assert (first["code"], first["source"]) == ("illegal-character", "mallgen")
    assert first["range"] == {"start": {"line": 0, "character": 5}, "end": {"line": 0, "character": 7}}
    assert isinstance(said["completion"]["items"], list)


def test_the_extension_starts_the_command_of_the_settings() -> None:
    """The extension restarts the command when the settings change, and says what to do when it does not start."""
    node = parts.program("node", "nodejs")
    double = Path(__file__).parent / "extension.cjs"
    ran = subprocess.run(
        [node, str(double), str(VSCODE / MANIFEST["main"])], capture_output=True, text=True, check=False, timeout=60
    )
    assert (ran.returncode, ran.stderr) == (0, "")
    said = json.loads(ran.stdout)
    made, *rest = said["happened"]
    assert made["made"]["server"] == {"command": "/shop/.venv/bin/mallgen", "args": ["lsp"]}
    assert made["made"]["options"] == {"select": ["missing-doc"], "ignore": [], "allowOutside": False}
    assert [one["language"] for one in made["made"]["selector"]] == ["api", "api"]
    assert rest[:-1] == ["started", "stopped", made, "started", "stopped", made]
    assert "`/shop/.venv/bin/mallgen lsp` does not start: spawn mallgen ENOENT. Install it with" in rest[-1]["said"]
    keys = {key.removeprefix("mallgen.") for key in MANIFEST["contributes"]["configuration"]["properties"]}
    assert keys == {"command", "lint.select", "lint.ignore", "allowOutside", "trace.server"}


@pytest.mark.slow
def test_neovim_finds_the_filetype_and_talks_to_the_server(tmp_path: Path) -> None:
    """Positions behind characters that are not ASCII are right, in the position encoding that Neovim chooses."""
    nvim = parts.program("nvim", "neovim")
    (tmp_path / "mall.api").write_text('syntax = "v1"\ntype X {\n\tA /* 😀商 */ Strng\n}\n', encoding="utf-8")
    folder = ROOT / "editors" / "nvim"
    start = "let g:do_filetype_lua = 1 | filetype plugin on | syntax on"
    script = Path(__file__).parent / "neovim.lua"
    ran = subprocess.run(
        [nvim, "--headless", "-u", "NONE", "--cmd", f"set rtp^={folder}", "-c", start, "-c", f"luafile {script}"],
        env={
            **os.environ,
            "EDITORS": str(folder),
            "PYTHON": sys.executable,
            "XDG_CACHE_HOME": str(tmp_path / ".cache"),
        },
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    line = "\tA /* 😀商 */ ".encode()
    assert ran.stdout.splitlines() == [
        "api api // %s apiStatement apiString",
        "api mallgen lsp",
        f"2 {len(line)} {len(line) + 5} unknown-type",
        "stopped true",
    ], ran.stderr
