"""Check the project's own rules, which no linter knows: sizes, purity, words, templates without quotes, no hosts."""

import ast
import io
import re
import subprocess
import sys
import tokenize
import tomllib
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FILE_LINES, FUNCTION_LINES, MAP_LINES = 400, 50, 80
EDGES = "mallgen/{"  # the start of the line in pyproject.toml that lists the folders with access to files and clocks
IMPURE = {"open", "print", "input", "exec", "eval", "__import__", "breakpoint"}
OPENINGS = re.compile(r"(?:What|Who|Whose|Whether|How|Where|When|Why|It|Its|Those|These|That|The same|Such)\b")
CRYPTIC = re.compile(
    r"\b(?:what stands|(?:is|are|was|were) (?:told|due)|no longer due|for (?:who|whom)|who asks|nobody's|somebody's"
    r"|comes? of|that there (?:is|are) not|in hand)\b",
    re.IGNORECASE,
)
MODULE = re.compile(r"`[\w/.]*?(\w+\.(?:py|lark|sh|tsv))\b")
QUOTED = re.compile(r"""["'`]\s*\{\{|\}\}\s*["'`]|#[^\n{]*\{\{""")
HOSTS = re.compile(r"https?://[^\s\"']*(?:pypi|npmjs|pythonhosted|mirror|registry)|^--?(?:index|extra-index)", re.M)


def main() -> int:
    """Print every violation; return 1 when there is one."""
    violations = [*sizes(), *purity(), *words(), *class_names(), *templates(), *maps(), *registry_hosts()]
    for line in violations:
        print(line, file=sys.stderr)
    print(f"house rules: {len(violations)} broken")
    return 1 if violations else 0


def sources() -> Iterator[Path]:
    """Yield the paths of the project's Python files, without built ones."""
    for folder in ("mallgen", "runtime", "scripts", "benchmarks", "tests"):
        yield from (path for path in sorted((ROOT / folder).rglob("*.py")) if "_built" not in path.parts)


def sizes() -> Iterator[str]:
    """Yield files and functions that are too large, ARCHITECTURE.md included."""
    lines = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8").count("\n")
    if lines > MAP_LINES:
        yield f"ARCHITECTURE.md: {lines} lines, at most {MAP_LINES}"
    for path in sources():
        text = path.read_text(encoding="utf-8")
        name = path.relative_to(ROOT)
        if text.count("\n") > FILE_LINES:
            yield f"{name}: {text.count(chr(10))} lines, at most {FILE_LINES}"
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.end_lineno is not None:
                size = node.end_lineno - node.lineno + 1
                if size > FUNCTION_LINES:
                    yield f"{name}:{node.lineno}: {node.name} has {size} lines, at most {FUNCTION_LINES}"


def edges() -> set[str]:
    """Return the folders of mallgen/ that may touch files, processes and clocks."""
    tool = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]
    (line,) = (key for key in tool["ruff"]["lint"]["per-file-ignores"] if key.startswith(EDGES))
    return set(line.removeprefix(EDGES).partition("}")[0].split(","))


def purity() -> Iterator[str]:
    """Yield impure calls outside of the edges; also when ARCHITECTURE.md and pyproject.toml name different edges."""
    rooms = edges()
    listed = re.search(r"The edges are (.*?):", (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8"), re.S)
    if listed is None or set(re.findall(r"`(\w+)/`", listed[1])) != rooms:
        yield f"ARCHITECTURE.md: `The edges are …:` names others than pyproject.toml: {', '.join(sorted(rooms))}"
    for path in sorted((ROOT / "mallgen").rglob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        if "_built" in path.parts:
            continue
        if rooms & set(path.relative_to(ROOT).parts):
            if "Pure." not in (ast.get_docstring(tree) or ""):
                continue
            yield from impure_imports(tree, path.relative_to(ROOT))
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in IMPURE:
                yield f"{path.relative_to(ROOT)}:{node.lineno}: {node.func.id}() in the pure core"


def impure_imports(tree: ast.Module, name: Path) -> Iterator[str]:
    """Yield imports that ruff refuses in pure rooms, for a module of an edge that says it is pure."""
    ruff = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["ruff"]
    banned = ruff["lint"]["flake8-tidy-imports"]["banned-api"]
    for node in ast.walk(tree):
        modules = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        modules += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
        for module in modules:
            if module.partition(".")[0] in banned:
                yield f"{name}:{getattr(node, 'lineno', 1)}: imports {module}, and its docstring says that it is pure"


def words() -> Iterator[str]:
    """Yield docstrings, comments and messages that a newcomer has to decode: see CONTRIBUTING.md, Words."""
    for path in sources():
        if path.is_relative_to(ROOT / "tests" / "golden") or path.is_relative_to(ROOT / "tests" / "compat"):
            continue
        text, name = path.read_text(encoding="utf-8"), path.relative_to(ROOT)
        if name.parts[0] in ("mallgen", "runtime"):
            yield from messages(ast.parse(text), name)
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
                docstring = ast.get_docstring(node) or ""
                line = getattr(node, "lineno", 1)
                if match := OPENINGS.match(docstring):
                    yield f"{name}:{line}: a docstring that opens with `{match[0]}`"
                if match := CRYPTIC.search(docstring):
                    yield f"{name}:{line}: a docstring with `{match[0]}`"
        for token in tokenize.generate_tokens(io.StringIO(text).readline):
            if token.type == tokenize.COMMENT and (match := CRYPTIC.search(token.string)):
                yield f"{name}:{token.start[0]}: a comment with `{match[0]}`"


def class_names() -> Iterator[str]:
    """Yield classes whose name another class of the same distribution has, an underscore apart."""
    homes: dict[tuple[str, str], Path] = {}
    for path in sources():
        top = path.relative_to(ROOT).parts[0]
        if top not in ("mallgen", "runtime"):
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ClassDef):
                other = homes.setdefault((top, node.name.lstrip("_")), path)
                if other != path:
                    yield f"{path.relative_to(ROOT)}:{node.lineno}: {node.name} is also in {other.relative_to(ROOT)}"


def messages(tree: ast.Module, name: Path) -> Iterator[str]:
    """Yield texts that a user may see, with a word that is refused; docstrings are looked at apart from them."""
    for node in ast.walk(tree):
        text = node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""
        if " " in text and (match := CRYPTIC.search(text)):
            yield f"{name}:{getattr(node, 'lineno', 1)}: a text with `{match[0]}`"


def templates() -> Iterator[str]:
    """Yield values in templates between quotation marks or after a comment sign: they must be literals instead."""
    for path in sorted((ROOT / "templates").rglob("*.j2")):
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            if QUOTED.search(line):
                yield f"{path.relative_to(ROOT)}:{number}: a value in quotation marks or a comment: {line.strip()}"


def committed() -> list[str]:
    """Return the paths of all files that git tracks."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout.decode()
    return list(filter(None, listed.split("\0")))


def maps() -> Iterator[str]:
    """Yield modules that the map, the rules for contributors or a decision name, and that are nowhere."""
    tracked = committed()
    known = {name.rpartition("/")[2] for name in tracked}
    for name in tracked:
        if name in ("ARCHITECTURE.md", "CONTRIBUTING.md") or name.startswith("docs/decisions/"):
            for module in MODULE.findall((ROOT / name).read_text(encoding="utf-8")):
                if module not in known:
                    yield f"{name}: names `{module}`, which is nowhere"


def registry_hosts() -> Iterator[str]:
    """Yield package registries that committed files name."""
    for name in committed():
        path = ROOT / name
        if path.suffix in {".txt", ".toml", ".lock", ".cfg", ".yaml", ".yml"} and path.is_file():
            for match in HOSTS.finditer(path.read_text(encoding="utf-8")):
                yield f"{name}: names a registry: {match.group()}"


if __name__ == "__main__":
    sys.exit(main())
