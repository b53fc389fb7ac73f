"""Random contracts, checked for crashes and incomplete messages: `python -m tests.fuzz [SECONDS [SEED]]`, `make fuzz`.

Half of them follow grammar/api.lark (hypothesis), half are mutated contracts of the corpus and the conformance cases.
An input that breaks a rule becomes a case document in tests/cases/found/: correct mallgen, `make accept`, commit it.
"""

import hashlib
import os
import random
import sys
import time
import traceback
import warnings
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st
from hypothesis.errors import HypothesisWarning
from hypothesis.extra.lark import from_lark
from lark import Lark, Token
from lark.lexer import Lexer

from mallgen.diagnostics import Diagnostic
from mallgen.diagnostics.machine import FORMATS, render
from mallgen.diagnostics.pages import pages
from mallgen.diagnostics.terminal import Reporter
from mallgen.emit.http.files import HttpOptions, emit
from mallgen.loading.load import load_text
from tests.conftest import CORPUS, ROOT
from tests.differential.compare import conformance, originals
from tests.differential.mutate import mutated

GRAMMAR = (ROOT / "grammar" / "api.lark").read_text("utf-8")
FOUND = ROOT / "tests" / "cases" / "found"
SECONDS, PATIENCE, BATCH = 60.0, 5.0, 40
NAMES = ["A", "B", "user", "prefix", "group", "sse", "get", "post", "string", "int64", "any", "x_1", "api", "summary"]
ENDS = st.sampled_from([" ", "\n", " // c\n", "/* c */ "])


def terminals() -> dict[str, st.SearchStrategy[str]]:
    """Return a strategy for each declared terminal of the grammar; most texts end in white space or a comment."""
    one = {"_LPAR": "(", "_RPAR": ")", "_LBRACE": "{", "_RBRACE": "}", "_LSQB": "[", "_RSQB": "]", "_COMMA": ","}
    one |= {"_COLON": ":", "_SEMICOLON": ";", "_EQUAL": "=", "_STAR": "*", "SLASH": "/", "DASH": "-", "DOT": "."}
    one |= {"_SYNTAX": "syntax", "_INFO": "info", "_IMPORT": "import", "_TYPE": "type", "_SERVICE": "service"}
    one |= {"_AT_DOC": "@doc", "_AT_HANDLER": "@handler", "_AT_SERVER": "@server", "RETURNS": "returns", "MAP": "map"}
    one |= {"ELLIPSIS": "...", "ANY": "interface{}", "KEYWORD": "go", "SLASH_END": "/"}
    found = {kind: st.just(f"{value} ") for kind, value in one.items()}
    tags = ['`json:"a,optional"`', '`form:"p,range=[1:2]"`', "``", "`x`"]
    several = {"INT": ["7", "08"], "DURATION": ["3s", "1h30m"], "STRING": ['"v1"', '"x y"', '""'], "RAW": tags}
    found |= {kind: st.tuples(st.sampled_from(values), ENDS).map("".join) for kind, values in several.items()}
    found["NAME"] = st.sampled_from(NAMES).map(lambda name: f"{name} ")
    found["NAME_END"] = st.sampled_from(NAMES).map(lambda name: f"{name}\n")
    return found


def statements() -> st.SearchStrategy[str]:
    """Return a strategy for files that follow the grammar."""
    return st.lists(st.one_of(*map(_following, ("syntax", "info", "type", "service"))), max_size=5).map("\n".join)


def _following(start: str) -> st.SearchStrategy[str]:
    lark = Lark(GRAMMAR, start=start, parser="lalr", lexer=_NoLexer)
    used = {symbol.name for rule in lark.rules for symbol in rule.expansion if symbol.is_term}
    return from_lark(lark, start=start, explicit={kind: made for kind, made in terminals().items() if kind in used})


class _NoLexer(Lexer):
    """A lexer that does nothing: lark needs one, but the terminals come from strategies."""

    def __init__(self, conf: object) -> None: ...

    def lex(self, lexer_state: object, parser_state: object) -> Iterator[Token]:
        """Fail, since lark never calls it here."""
        raise NotImplementedError


def check(text: str) -> str:
    """Return whether a contract is accepted, refused or unfit; raise for a crash, a bad diagnostic or a slow run."""
    began = time.process_time()
    loaded = load_text(text, "x.api")
    known = pages()
    for found in loaded.diagnostics:
        assert found.code in known, found
        assert found.message and found.hint and found.span is not None, found
    _shown(loaded.diagnostics, text)
    errors = [found for found in loaded.diagnostics if found.severity == "error"]
    assert bool(errors) == (loaded.contract is None)
    strict = loaded.strict()
    if strict.contract is not None:
        emitted = emit(strict.contract, HttpOptions())
        assert emitted.files or any(found.severity == "error" for found in emitted.diagnostics)
    assert time.process_time() - began < PATIENCE
    return "refused" if errors else "accepted" if strict.contract is not None else "unfit"


def _shown(diagnostics: tuple[Diagnostic, ...], text: str) -> None:
    Reporter({"x.api": text}, color=False).all(diagnostics)
    for form in FORMATS:
        render(form, diagnostics)


def keep(text: str) -> Path:
    """Write a case document for an input that broke a rule."""
    FOUND.mkdir(parents=True, exist_ok=True)
    path = FOUND / f"{hashlib.sha256(text.encode()).hexdigest()[:12]}.md"
    lines = ["# Found by make fuzz", "", "```api x.api", text.rstrip("\n"), "```", ""]
    path.write_text("\n".join([*lines, "```console", "$ mallgen api validate -api x.api", "```", ""]), "utf-8")
    return path


def main(words: list[str]) -> int:
    """Fuzz until the time is up; return 1 when an input broke a rule."""
    seconds = float(words[0]) if words else SECONDS
    start = int(words[1]) if len(words) > 1 else random.SystemRandom().randrange(1 << 30)
    warnings.simplefilter("ignore", HypothesisWarning)
    texts = [path.read_bytes() for path in originals(CORPUS)] + [t.encode() for t in conformance()[1].values()]
    outcomes: Counter[str] = Counter()
    failed: list[Path] = []
    made = statements()

    def tried(text: str) -> None:
        try:
            outcomes[check(text)] += 1
        except Exception:  # any exception is a bug
            traceback.print_exc()
            failed.append(keep(text))

    end, number = time.monotonic() + seconds, start
    while time.monotonic() < end and len(failed) < 10:
        batch = settings(max_examples=BATCH, deadline=None, database=None, suppress_health_check=list(HealthCheck))
        seed(number)(batch(given(made)(tried)))()
        for _ in range(BATCH):
            number += 1
            text = mutated(texts[number % len(texts)], number).decode("utf-8", "ignore")
            tried(text.replace("\r\n", "\n"))
    total = outcomes.total() + len(failed)
    print(f"fuzz: {total} executions in {seconds:.0f} s from seed {start}: {dict(outcomes)}; broken: {len(failed)}")
    for path in failed:
        print(f"kept: {os.path.relpath(path)}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
