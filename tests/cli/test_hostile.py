"""Hostile and unlucky input: a message or success within 5 seconds and 512 MiB, never a traceback."""

import os
import re
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from mallgen.text.limits import MEANING, Limits

GOOD = "service a-api {\n\t@handler Greet\n\tget /greet\n}\n"
SECONDS, MEMORY = 5, 512 << 20
Make = Callable[[Path], None]


def text(content: str | bytes) -> Make:
    def make(here: Path) -> None:
        (here / "x.api").write_bytes(content if isinstance(content, bytes) else content.encode())

    return make


def routes(count: int) -> str:
    items = "".join(f"\t@handler H{n}\n\tget /r/{n} (T) returns (T)\n" for n in range(count))
    types = 'type T {\n\tA int `form:"a"`\n}\n'
    fields = "".join(f"\tF{n} int\n" for n in range(count))
    return f"{types}type Wide {{\n{fields}}}\nservice a-api {{\n{items}}}\n"


def many_files(here: Path) -> None:
    for number in range(300):
        (here / f"f{number}.api").write_text(f"type T{number} {{}}\n")
    (here / "x.api").write_text("".join(f'import "f{n}.api"\n' for n in range(300)) + GOOD)


def diamonds(here: Path) -> None:
    for level in range(25):
        twice = f'import (\n"a{level + 1}.api"\n"b{level + 1}.api"\n)\n' if level < 24 else ""
        for side in "ab":
            (here / f"{side}{level}.api").write_text(f"{twice}type {side.upper()}{level} {{}}\n")
    (here / "x.api").write_text(f'import "a0.api"\nimport "b0.api"\n{GOOD}')


def long_chain(here: Path) -> None:
    for number in range(100):
        (here / f"c{number}.api").write_text(f'import "c{number + 1}.api"\n')
    (here / "x.api").write_text(f'import "c0.api"\n{GOOD}')


def circle(here: Path) -> None:
    (here / "y.api").write_text('import "x.api"\n')
    (here / "x.api").write_text(f'import "y.api"\n{GOOD}')


def itself(here: Path) -> None:
    (here / "x.api").write_text(f'import "x.api"\n{GOOD}')


def link_loop(here: Path) -> None:
    (here / "x.api").symlink_to(here / "y.api")
    (here / "y.api").symlink_to(here / "x.api")


def imported_pipe(here: Path) -> None:
    os.mkfifo(here / "p.api")
    (here / "x.api").write_text(f'import "p.api"\n{GOOD}')


def endless(here: Path) -> None:
    (here / "x.api").write_text(f'import "/dev/zero"\nimport "../x.api"\n{GOOD}')


def unreadable(here: Path) -> None:
    (here / "x.api").write_text(GOOD)
    (here / "x.api").chmod(0)


BOMB = "".join(f"type T{n} {{\n\tA T{n - 1}\n\tB T{n - 1}\n}}\n" for n in range(1, 60)) + "type T0 {\n\tX int\n}\n"
EMBED = "".join(f"type E{n} {{\n\tE{n - 1}\n\tF{n} int\n}}\n" for n in range(1, 1500)) + "type E0 {\n\tX int\n}\n"
CASES: list[tuple[str, Make, int, str]] = [
    ("empty", text(""), 1, "empty-file"),
    ("blank", text(" \n\t\r\n"), 1, "empty-file"),
    ("mark", text(b"\xef\xbb\xbf" + GOOD.encode()), 1, "byte-order-mark"),
    ("nul", text(GOOD + "\0"), 1, "nul-character"),
    ("crlf", text(GOOD.replace("\n", "\r\n")), 0, ""),
    ("cr", text(GOOD.replace("\n", "\r")), 0, ""),
    ("latin1", text("// é\n".encode("latin-1") + GOOD.encode()), 1, "not-utf8"),
    ("utf16", text(GOOD.encode("utf-16")), 1, "not-utf8"),
    ("surrogate", text(b"// \xed\xa0\x80\n" + GOOD.encode()), 1, "not-utf8"),
    ("ten-megabytes", text(b"x" * 10_000_000), 1, "too-large"),
    ("one-long-line", text("type A { X " + "a" * 1_000_000 + " }"), 1, "too-long-name"),
    ("a-line-of-tokens", text("type A { " + "x " * 199_000 + "}"), 1, "unknown-type"),
    ("braces", text("{" * 1_000_000), 1, "too-many-tokens"),
    ("brackets", text("type A { X " + "[]" * 90_000 + "int }"), 1, "too-deep"),
    ("maps", text("type A { X " + "map[string]" * 40_000 + "int }"), 1, "too-deep"),
    ("keys", text("type A { X " + "map[" * 40_000), 1, "too-deep"),
    ("stars", text("type A { X " + "*" * 150_000 + "int }"), 1, "too-deep"),
    ("structs", text("type A " + "{ X " * 40_000), 1, "too-deep"),
    ("parentheses", text("type " + "(" * 150_000), 1, "too-deep"),
    ("open-comments", text("/*" * 500_000), 1, "unfinished-comment"),
    ("open-text", text('syntax = "' + "x" * 1_000_000), 1, "unfinished-string"),
    ("open-tag", text("type A { X int `" + "x" * 1_000_000), 1, "unfinished-tag"),
    ("odd-characters", text("é§" * 200_000), 1, "illegal-character"),
    ("digits", text("9" * 1_000_000), 1, "syntax"),
    ("long-tag", text('type A { X int `json:"' + "a," * 400_000 + f'"` }}\n{GOOD}'), 0, ""),
    ("bad-tag", text("type A { X int `" + "a" * 900_000 + f"!` }}\n{GOOD}"), 0, "bad-tag"),
    ("range", text('type A { X int `form:"x,range=[' + "1" * 900_000 + f':]"` }}\n{GOOD}'), 0, ""),
    ("array-length", text("type A { X [" + "9" * 5000 + f'] int `json:"x"` }}\n{GOOD}'), 0, ""),
    ("long-timeout", text("@server (\n timeout: " + "9" * 5000 + "s\n)\nservice s { @handler H\n get /a }"), 0, ""),
    ("10000-routes", text(routes(10_000)), 0, ""),
    ("10000-errors", text(routes(10_000).replace("(T", "(U")), 1, "unknown-type"),
    ("10000-syntax-errors", text(routes(10_000).replace("int", "=")), 1, "syntax"),
    ("10000-items", text(routes(10_000).replace("get /", "get ")), 1, "syntax"),
    ("bomb", text(BOMB + GOOD), 0, ""),
    ("embedding", text(EMBED + GOOD), 1, "too-many-fields"),
    ("many-files", many_files, 1, "too-many-files"),
    ("diamonds", diamonds, 0, ""),
    ("long-chain", long_chain, 1, "too-many-files"),
    ("circle", circle, 1, "import-cycle"),
    ("itself", itself, 1, "import-cycle"),
    ("link-loop", link_loop, 1, "unreadable"),
    ("imported-pipe", imported_pipe, 1, "not-a-file"),
    ("endless", endless, 1, "bad-import"),
    ("folder", lambda here: (here / "x.api").mkdir(), 1, "not-a-file"),
    ("pipe", lambda here: os.mkfifo(here / "x.api"), 1, "not-a-file"),
]


# the child limits its own memory and processor time: gRPC's threads do not survive a fork that runs Python
BOUNDED = f"""
import resource, sys
resource.setrlimit(resource.RLIMIT_AS, ({MEMORY}, {MEMORY}))
resource.setrlimit(resource.RLIMIT_CPU, ({SECONDS}, {SECONDS}))
from mallgen.cli.fast import main
sys.exit(main(sys.argv[1:]))
"""


VALIDATE = ("api", "validate", "-api", "x.api")


def judged(here: Path, words: Sequence[str] = VALIDATE, **settings: str) -> "subprocess.CompletedProcess[str]":
    ran = subprocess.run(
        [sys.executable, "-c", BOUNDED, *words],
        cwd=here,
        capture_output=True,
        text=True,
        errors="replace",
        env={**os.environ, **settings},
        timeout=120,
        check=False,
    )
    assert ran.returncode >= 0, "more than five seconds"
    assert "Traceback" not in ran.stderr
    assert "error[internal]" not in ran.stderr
    return ran


@pytest.mark.parametrize(("make", "code", "error"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
@pytest.mark.slow
def test_five_seconds_and_half_a_gigabyte(here: Path, make: Make, code: int, error: str) -> None:
    make(here)
    ran = judged(here)
    assert ran.returncode == code, ran.stderr[:2000]
    assert f"[{error}]" in ran.stderr if error else "error[" not in ran.stderr
    assert not code or "= help: " in ran.stderr


LONG = "9" * 5000  # more digits than Python turns into a number


@pytest.mark.parametrize(
    ("contract", "error"),
    [
        (f'type A {{ X [{LONG}]int `json:"x"` }}\nservice s {{ @handler H\n get /a (A) }}', "array-length"),
        (f"@server (\n timeout: {LONG}s\n)\nservice s {{ @handler H\n get /a }}", "bad-timeout"),
    ],
    ids=["array", "timeout"],
)
def test_a_number_without_end_is_no_bug_of_ours(here: Path, contract: str, error: str) -> None:
    (here / "x.api").write_text(contract)
    ran = judged(here, ("api", "py", "-api", "x.api", "-dir", "."))
    assert ran.returncode == 1 and f"error[{error}]" in ran.stderr


def test_nor_is_one_in_a_lock_in_settings_and_in_the_workspace(here: Path) -> None:
    (here / "x.api").write_text(GOOD)
    (here / "mallgen.toml").write_text('[service.s]\ncontract = "x.api"\ndir = "."\n')
    assert judged(here, ("gen",)).returncode == 0
    (settings,) = here.glob("etc/*.yaml")
    settings.write_text(re.sub("(?m)^Port: .*", f"Port: {LONG}", settings.read_text()))
    lock = here / "mallgen.lock"
    lock.write_text(re.sub(r"\t\d+;", f"\t{LONG};", lock.read_text()))
    assert judged(here, ("check",)).returncode == 0
    (here / "mallgen.toml").write_text(f"port = {LONG}\n")
    ran = judged(here, ("check",))
    assert ran.returncode != 0 and "a number is too long" in ran.stderr


def test_an_unreadable_file(here: Path) -> None:
    unreadable(here)
    if os.access(here / "x.api", os.R_OK):
        pytest.skip("this user may read every file")
    assert "error[unreadable]" in judged(here).stderr


DEEP = "type A { X " + "[]" * 150 + f'int `json:"x"` }}\n{GOOD}'


GENERATE = ("api", "py", "-api", "x.api", "-dir", "out")
LINT_TABLES = ("model", "lint", "x.sql")
TABLES = "CREATE TABLE a (x int PRIMARY KEY, y int);\nCREATE TABLE b (x int PRIMARY KEY);\n"
SMALL = [
    ("BYTES", "20", GOOD, "too-large"),
    ("TOKENS", "5", GOOD, "too-many-tokens"),
    ("NAME", "3", GOOD, "too-long-name"),
    ("NESTING", "1", "type A { X [][]int }", "too-deep"),
    ("FIELDS", "1", f"type A {{\nX int\nY int\n}}\n{GOOD}", "too-many-fields"),
    ("FILES", "1", f'import "y.api"\n{GOOD}', "too-many-files"),
    ("DEPTH", "1", f'import "y.api"\n{GOOD}', "too-many-files"),
    ("OUTPUT", "2000", GOOD, "too-much-output"),
    ("SQL", "20", TABLES, "too-large"),
    ("TABLES", "1", TABLES, "too-many-tables"),
    ("COLUMNS", "1", TABLES, "too-many-columns"),
    ("NESTING", "many", GOOD, "bad-limit"),
    ("NESTING", "100000", GOOD, "bad-limit"),
]


def test_every_limit_has_a_case_and_a_meaning() -> None:
    assert {name.lower() for name, *_ in SMALL} == set(Limits._fields) == set(MEANING)
    assert {error for *_, error in SMALL} == {code for code, _ in MEANING.values()} | {"bad-limit"}


@pytest.mark.parametrize(("name", "value", "content", "error"), SMALL)
def test_every_limit_is_named_and_can_be_set(here: Path, name: str, value: str, content: str, error: str) -> None:
    text(content)(here)
    (here / "y.api").write_text("type Y {}\n")
    (here / "x.sql").write_text(content)
    words = GENERATE if name == "OUTPUT" else LINT_TABLES if content == TABLES else VALIDATE
    ran = judged(here, words, **{f"MALLGEN_MAX_{name}": value})
    assert (ran.returncode, f"error[{error}]" in ran.stderr) == (1, True), ran.stderr
    assert f"MALLGEN_MAX_{name}" in ran.stderr
    assert not (here / "out").exists()


@pytest.mark.parametrize(
    "words", [("api", "format", "x.api"), ("api", "fix", "x.api"), ("api", "lint", "-api", "x.api")]
)
def test_every_command_knows_the_limits(here: Path, words: tuple[str, ...]) -> None:
    text(f"// {'x' * (1 << 20)}\n{GOOD}")(here)
    assert "error[too-large]" in judged(here, words).stderr
    assert judged(here, words, MALLGEN_MAX_BYTES=str(1 << 21)).returncode == 0
    assert "error[bad-limit]" in judged(here, words, MALLGEN_MAX_BYTES="0").stderr


def findings(count: int) -> str:
    fields = '\tUid int64 `json:"uid"`\n\tPs int64 `form:"ps,optional,default=1"`\n\tPrice float64 `json:"price"`\n'
    types = "".join(f"type Q{n} {{\n{fields}}}\n" for n in range(count // 2))
    items = "".join(
        f"\t@handler getX{n}\n\tget /user_{n}/:id/x-y/ (Q{n // 2}) returns (Q{n // 2})\n" for n in range(count)
    )
    return f"{types}service a-api {{\n{items}}}\n"


def aged(content: str) -> str:
    return re.sub(r"@handler (\w+)", r"@server(\n\t\thandler: \1\n\t)", content).replace("\tF1 int", "\tF1 struct {}")


LARGE = {
    "routes": text(routes(10_000)),
    "errors": text(routes(10_000).replace("(T", "(U")),
    "syntax": text(routes(10_000).replace("int", "=")),
    "findings": text(findings(6_000)),
    "older": text(aged(routes(10_000))),
    "older-wrong": text(aged(routes(10_000)).replace("(T)", "(U)")),
}
COMMANDS = {
    "lint": ("api", "lint", "-api", "x.api"),
    "lint-all": ("api", "lint", "-api", "x.api", "--select", "all"),
    "sarif": ("api", "lint", "-api", "x.api", "--select", "all", "--format", "sarif"),
    "format": ("api", "format", "--diff", "x.api"),
    "fix": ("api", "fix", "-api", "x.api"),
    "write": ("api", "fix", "-api", "x.api", "--write"),
    "inspect": ("api", "inspect", "-api", "x.api"),
}
QUICK = {("findings", "lint-all"), ("older", "fix"), ("older-wrong", "fix"), ("routes", "format")}


@pytest.mark.parametrize(
    ("content", "command"),
    [
        pytest.param(content, command, marks=[] if (content, command) in QUICK else [pytest.mark.slow])
        for content in LARGE
        for command in COMMANDS
    ],
)
@pytest.mark.slow
def test_ten_thousand_of_anything(here: Path, content: str, command: str) -> None:
    LARGE[content](here)
    ran = judged(here, COMMANDS[command])
    assert ran.returncode in (0, 1), ran.stderr[-2000:]


def test_what_many_routes_read_is_not_written_out_without_end(here: Path) -> None:
    fields = "".join(f'F{n} int `form:"f{n},optional"`\n' for n in range(3_000))
    items = "".join(f"@handler H{n}\nget /r/{n} (T)\n" for n in range(6_000))
    text(f"type T {{\n{fields}}}\nservice a-api {{\n{items}}}\n")(here)
    assert "error[too-much-output]" in judged(here, GENERATE).stderr


def test_a_raised_limit_holds(here: Path) -> None:
    text(DEEP)(here)
    assert "error[too-deep]" in judged(here).stderr
    assert judged(here, MALLGEN_MAX_NESTING="200").returncode == 0
