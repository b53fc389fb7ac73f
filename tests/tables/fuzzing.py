"""Random DDL, checked for crashes, slow reads and bad messages: `python -m tests.tables.fuzzing [SECONDS [SEED]]`.

Most of it is mutated from files of tests/data/sql, the examples and the corpus, a third is made of the words of DDL.
Tables that are read without an error become modules, which have to compile.
"""

import random
import re
import sys
import time
import traceback
from collections import Counter
from functools import cache

from mallgen.diagnostics.machine import FORMATS, render
from mallgen.diagnostics.pages import pages
from mallgen.diagnostics.terminal import Reporter
from mallgen.emit.model.files import model_files, table_set
from mallgen.python.code import PyIdent
from mallgen.python.render import Renderer
from mallgen.tables.ddl import script
from mallgen.tables.detect import detect
from mallgen.tables.model import Dialect
from mallgen.tables.read import DdlSource, read
from tests.conftest import CORPUS, ROOT

PATIENCE, LONGEST = 5.0, 20_000
FOUND = ROOT / "tests" / "data" / "sql" / "found"
_PIECE = re.compile(r"\w+|'[^'\n]*'|\"[^\"\n]*\"|`[^`\n]*`|--[^\n]*|\s+|.", re.S)
WORDS = (
    """CREATE TABLE ALTER DROP RENAME COLUMN INDEX VIEW TYPE DOMAIN SCHEMA DATABASE USE SET COMMENT ON IS AS SELECT FROM
WHERE JOIN LEFT UNION WITH LIKE IF NOT EXISTS NULL DEFAULT PRIMARY KEY UNIQUE FOREIGN REFERENCES CONSTRAINT CHECK ADD
MODIFY CHANGE TO FIRST AFTER AUTO_INCREMENT AUTOINCREMENT GENERATED ALWAYS IDENTITY STORED VIRTUAL COLLATE CHARACTER
ENGINE = InnoDB int bigint unsigned varchar(20) varchar decimal(10,2) enum('a','b') set('x') text json timestamp
datetime(3) date time boolean tinyint(1) serial uuid text[] bytea numeric INTEGER REAL BLOB blob bit(3) point
CURRENT_TIMESTAMP now() nextval('s') '0000-00-00' '2020-01-01' 'it''s' '' "q" `b` [c] 0 1 -5 1.5 x'00' b'1' 0x10 TRUE
NULL ( ) ( ) , , ; ; . :: || + - * / < > = != $$ $a$ ' " ` \\ /* */ /*!40101 -- # ， （ ） @ ? a b c id orders t1 t2 好
order group user value a.b ON UPDATE CASCADE SET PARTITION BY RANGE INHERITS USING btree gin DESC ASC NULLS
COALESCE(a,1) count(*) max(a) sum(b) CAST(a AS char) CASE WHEN THEN ELSE END BEGIN TRIGGER PROCEDURE FUNCTION
TEMPORARY DELIMITER //
mallgen:list mallgen:bools mallgen:version IN ENUM ONLY OWNER STRICT WITHOUT ROWID CONVERT CHARSET
INSERT INTO VALUES COPY stdin \\. E'\\n' N'x' _utf8'x' \x00 \u200b GRANT DO CALL""".split()
)


@cache
def texts() -> tuple[str, ...]:
    """Return the files that are mutated, without rows of data."""
    paths = [*sorted((ROOT / "tests" / "data" / "sql").glob("*.sql")), *sorted((ROOT / "examples").rglob("*.sql"))]
    paths += sorted(CORPUS.rglob("*.sql")) if CORPUS.is_dir() else []
    found = []
    for path in paths:
        text = path.read_text(encoding="utf-8-sig")
        if path.name.endswith("_cases.sql"):
            found += re.split(r"^-- (?:ok|bad)[^\n]*\n", text, flags=re.M)[1:]
            continue
        statements = re.split(r"(?<=;)\n", re.sub(r"^INSERT[^\n]*\n?|^VALUES[^\n]*\n?", "", text, flags=re.M))
        found += ["\n".join(statements[at : at + 12])[:LONGEST] for at in range(0, len(statements), 12)]
    return tuple(found)


def mutated(text: str, dice: random.Random) -> str:
    """Change a text in one to four places: words, lines or characters."""
    for _ in range(dice.choice((1, 1, 2, 4))):
        how = dice.random()
        pieces = _PIECE.findall(text) if how < 0.75 else text.splitlines(keepends=True) if how < 0.9 else list(text)
        if not pieces:
            return text
        at, other = dice.randrange(len(pieces)), dice.randrange(len(pieces))
        change = dice.randrange(6)
        if change == 0:
            del pieces[at]
        elif change == 1:
            pieces.insert(at, pieces[other])
        elif change == 2:
            pieces[at], pieces[other] = pieces[other], pieces[at]
        elif change == 3:
            pieces[at] = dice.choice(WORDS)
        elif change == 4:
            pieces.insert(at, f" {dice.choice(WORDS)} ")
        elif dice.random() < 0.3:
            del pieces[at:]
        text = "".join(pieces)
    return text


def made(dice: random.Random) -> str:
    """Return words of DDL, beginning as statements do."""
    parts = ["CREATE TABLE t1 (id int PRIMARY KEY, a varchar(9), b decimal(5,2));"] if dice.random() < 0.7 else []
    return "\n".join([*parts, *(_statement(dice) for _ in range(dice.randrange(1, 4)))])


def _statement(dice: random.Random) -> str:
    heads = ("CREATE TABLE t1 (", "ALTER TABLE t1 ", "CREATE VIEW v AS SELECT ", "CREATE INDEX i ON t1 (", "")
    words = " ".join(dice.choices(WORDS, k=dice.randrange(1, 25)))
    return dice.choice(heads) + words + dice.choice((";", ")", ""))


def check(text: str, dialect: Dialect) -> str:
    """Return whether a text has errors; raise for a crash, a bad finding, a slow run or a module that is no Python."""
    began = time.process_time()
    result = read([DdlSource("x.sql", text)], dialect)
    known = pages()
    ends = text.count("\n") + 1
    for found in result.diagnostics:
        assert found.code in known, found
        assert found.message and found.hint and found.span is not None, found
        assert 1 <= found.span.line <= found.span.end_line <= ends, found
        assert found.span.col >= 1 and found.span.end_col >= 1, found
    Reporter({"x.sql": text}, color=False).all(result.diagnostics)
    for form in FORMATS:
        render(form, result.diagnostics)
    failed = any(one.severity != "warning" for one in result.diagnostics)
    if not failed:
        _generate(result.schema.tables)
    took = time.process_time() - began
    assert took < PATIENCE, f"{took:.1f} s"
    return "refused" if failed else "read" if result.schema.tables else "empty"


def _generate(tables: tuple[object, ...]) -> None:
    from mallgen.tables.model import Table

    found = tuple(table for table in tables if isinstance(table, Table))
    named = table_set("", found)
    if not named.problems:
        for file in model_files(named, PyIdent("made"), Renderer()):
            compile(file.text, file.path, "exec")
    for dialect in Dialect:
        script(found, dialect)


def campaign(start: int, count: int, seconds: float = 1e9) -> tuple[Counter[str], list[str]]:
    """Try `count` texts or `seconds`; return what became of them, and those that broke a rule."""
    outcomes: Counter[str] = Counter()
    broken: list[str] = []
    end = time.monotonic() + seconds
    for number in range(start, start + count):
        dice = random.Random(number)
        text = made(dice) if number % 3 == 0 else mutated(dice.choice(texts()), dice)
        dialect = detect(text) if dice.random() < 0.7 else dice.choice(tuple(Dialect))
        try:
            outcomes[check(text, dialect)] += 1
        except Exception:  # any exception is a bug
            traceback.print_exc()
            broken.append(f"-- mallgen:dialect {dialect.value}\n{text}")
        if len(broken) == 10 or time.monotonic() > end:
            break
    return outcomes, broken


def main(words: list[str]) -> int:
    """Fuzz until the time is up; return 1 when an input broke a rule."""
    seconds = float(words[0]) if words else 60.0
    start = int(words[1]) if len(words) > 1 else random.SystemRandom().randrange(1 << 30)
    outcomes, broken = campaign(start, 1 << 40, seconds)
    total = outcomes.total() + len(broken)
    print(f"fuzz of DDL: {total} texts from seed {start}: {dict(outcomes)}; broken: {len(broken)}")
    for text in broken:
        print(f"--- one that is broken, for tests/data/sql/found once it is small and mended:\n{text}")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
