"""No text of a contract and no file name reaches a terminal as a control sequence, or GitHub as a workflow command."""

import json
from pathlib import Path

import pytest

from mallgen.text.visible import visible
from tests.conftest import mallgen

ODD = "\x1b]0;t\x07\x1b[31m\x9b2J\u202e\u2066\u2028\x85\ud800\U000e0001"
EVIL = "a\x1b[31m\x9b\u202e%0A::error::x,y:z.api"
CONTRACT = f"""syntax = "v1"

type A {{
	X strin `json:"b{ODD[:-2]}"` // {ODD[:-2]}
	Y foo   `form:"::warning file=a::%0Ab"`
}}
// {ODD[:-2]}
service a-api {{
	@doc "{ODD[:-2]}"
	@handler H
	get /a{ODD[:-2]} (A)
}}
"""
COMMANDS = [
    "api validate -api {}",
    "api lint -api {} --select all",
    "api routes -api {}",
    "api inspect -api {}",
    "api format --check {}",
    "api format {}",
    "api fix -api {}",
    "api py -api {} -dir out",
    "check -api {}",
    "api validate -api {}x",
    "rpc protoc {}x --zrpc_out out",
]


def test_visible() -> None:
    assert visible(ODD).isprintable()
    assert json.loads(f'"{visible("".join(c for c in ODD if c != chr(0xD800)))}"') == ODD.replace("\ud800", "")
    assert visible("a\tb\n", "\n\t") == "a\tb\n"
    assert visible("商品 é") == "商品 é"


@pytest.mark.parametrize("form", ["text", "concise", "json", "github", "gitlab", "junit", "sarif"])
@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("good", [True, False])
def test_nothing_odd_is_printed(here: Path, command: str, form: str, good: bool) -> None:
    clean = 'syntax = "v1"\n\nservice a-api {\n\t@handler H\n\tget /a\n}\n'
    (here / EVIL).write_text(clean if good else CONTRACT, encoding="utf-8")
    words = [word.format(EVIL) for word in command.split(" ")]
    ran = mallgen(*words, *([] if form == "text" else ["--format", form]))
    shown = (ran.out + ran.err).replace("\n", "").replace("\t", "")
    assert shown.isprintable(), repr(shown)
    if form == "github":
        lines = [line for line in (ran.out + ran.err).splitlines() if line.lstrip().startswith("::")]
        assert all(line.startswith(("::error ", "::warning ")) for line in lines), lines
        assert not any("::warning file=a::" in line for line in lines)
