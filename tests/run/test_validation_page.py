"""docs/validation.md: its example is generated and called, its table has every word, and both halves know them."""

import asyncio
import sys
from pathlib import Path
from typing import Any

import pytest

from mallgen.contract.cross_words import CROSS_WORDS
from mallgen.contract.validate import WORDS
from mallgen_runtime.schema.cross_words import CROSS_WORDS as RUNTIME_CROSS_WORDS
from mallgen_runtime.schema.cross_words import cross_rule_of
from mallgen_runtime.schema.rule_words import rule_of
from mallgen_runtime.testing import Client
from tests.conftest import ROOT
from tests.run.example import blocks, project

ANSWER = """    async def sign_up(self, req: SignUpRequest) -> SignUpResponse:
        return SignUpResponse(id=1)
"""
GOOD = {"name": "Zoë", "email": "zoe@example.com", "starts": 1, "ends": 2}


def test_the_example(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(tmp_path))
    (tmp_path / "signup_api").mkdir()
    (tmp_path / "signup_api" / "validation.py").write_text(blocks("validation.md", "python")[0], encoding="utf-8")
    app = project(tmp_path, blocks("validation.md", "api")[0], {"sign_up": ANSWER}).create_app()

    async def wrong(**fields: Any) -> list[tuple[str, str]]:
        async with Client(app) as client:
            answer = await client.post("/users", json={**GOOD, **fields})
            if answer.status == 200:
                return []
            assert (answer.status, answer.json()["code"]) == (400, "invalid_request")
            return [(error["name"], error["reason"]) for error in answer.json()["errors"]]

    async def talk() -> None:
        assert await wrong() == []
        assert await wrong(age=18, tags=["a", "b"]) == []
        assert await wrong(name="Z", email="zoe", age=17, tags=["a", "-"], ends=1) == [
            ("name", "must have at least 2 characters"),
            ("email", "must be an e-mail address"),
            ("age", "must be at least 18"),
            ("tags[1]", "must have letters and digits only"),
            ("ends", "must be after starts"),
        ]
        assert await wrong(tags=["a"] * 4) == [("tags", "must have at most 3 values")]

    asyncio.run(talk())
    for name in [name for name in sys.modules if name.partition(".")[0] == "signup_api"]:
        del sys.modules[name]


def test_the_table_has_every_word() -> None:
    text = (ROOT / "docs" / "validation.md").read_text(encoding="utf-8")
    assert [
        word for word in WORDS if f"`{word}`" not in text and f"`{word}=" not in text and f"{word}," not in text
    ] == []


@pytest.mark.parametrize("word", CROSS_WORDS)
def test_the_runtime_knows_every_word_that_names_other_fields(word: str) -> None:
    parameter = "a:A 1" if word in ("required_if", "required_unless") else "a:A"
    assert "`A`" in cross_rule_of(f"{word}={parameter}", str, False, frozenset()).reason
    assert set(CROSS_WORDS) == RUNTIME_CROSS_WORDS


@pytest.mark.parametrize("word", sorted(set(WORDS) - {"dive", "keys", "endkeys", "omitempty", "omitnil", *CROSS_WORDS}))
def test_the_runtime_knows_every_word_of_the_generator(word: str) -> None:
    parameter = "=1" if word in ("min", "max", "len", "gt", "gte", "lt", "lte", "eq", "ne", "oneof") else ""
    assert rule_of(f"{word}{parameter}", str).reason.startswith("must ")
    with pytest.raises(ValueError, match="is no word"):
        rule_of(f"{word}x", str)
