"""Diagnostics for machines: SARIF against its schema, JSON and GitHub's annotations as their readers parse them."""

import json
import re
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import fastjsonschema
import pytest

from mallgen.diagnostics import Diagnostic
from mallgen.diagnostics.ci import gitlab
from mallgen.text.span import Span
from tests.conftest import ROOT, mallgen

SCHEMA = json.loads((ROOT / "tests" / "data" / "sarif-2.1.0-rtm.5.json").read_text("utf-8"))
BAD = """syntax = "v1"

type 商品 {}
type A {
	名 string `json:"a"`
	X strin `json:"b, 100%:"`
}
type A {}

service a-api {
	@handler Greet
	got /greet (Helo)
}
"""
TWICE = """service a-api {
	@handler Greet
	get /greet
	@handler Again
	get /greet
}
"""
FINE = "service a-api {\n\t@handler Greet\n\tget /greet\n}\n"


@pytest.fixture
def contracts(here: Path) -> Path:
    (here / "my bad.api").write_text(BAD, encoding="utf-8")
    (here / "twice.api").write_text(TWICE, encoding="utf-8")
    (here / "fine.api").write_text(FINE, encoding="utf-8")
    return here


@pytest.mark.parametrize("name", ["my bad.api", "twice.api", "fine.api", "none.api"])
def test_sarif_is_valid(contracts: Path, name: str) -> None:
    ran = mallgen("api", "validate", "-api", name, "--format", "sarif")
    document: Any = json.loads(ran.out)
    fastjsonschema.compile(SCHEMA)(document)
    assert ran.err == ""
    (run,) = document["runs"]
    for result in run["results"]:
        assert run["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == result["ruleId"]
    assert bool(run["results"]) == bool(ran.code) == (name != "fine.api")


def test_json_has_every_place(contracts: Path) -> None:
    ran = mallgen("api", "validate", "-api", "twice.api", "--format", "json")
    (found,) = json.loads(ran.out)
    assert (found["code"], found["severity"], found["file"]) == ("duplicate-route", "error", "twice.api")
    assert found["start"] == {"line": 5, "column": 6}
    assert found["notes"][0]["start"] == {"line": 3, "column": 6}
    assert mallgen("api", "validate", "-api", "fine.api", "--format", "json").out == "[]\n"


def test_gitlab_knows_a_finding_again(contracts: Path) -> None:
    words = ("api", "validate", "-api", "twice.api", "--format", "gitlab")
    (found,) = json.loads(mallgen(*words).out)
    assert found["location"] == {"path": "twice.api", "lines": {"begin": 5}}
    assert (found["check_name"], found["severity"]) == ("duplicate-route", "major")
    contracts.joinpath("twice.api").write_text("\n" + TWICE)
    (moved,) = json.loads(mallgen(*words).out)
    assert (moved["fingerprint"], moved["location"]["lines"]["begin"]) == (found["fingerprint"], 6)
    assert mallgen("api", "validate", "-api", "fine.api", "--format", "gitlab").out == "[]\n"


def test_gitlab_numbers_equal_findings() -> None:
    found = json.loads(gitlab([Diagnostic("a", "same", Span("x.api", line, 1, line, 2)) for line in (1, 2, 3)]))
    assert len({one["fingerprint"] for one in found}) == 3


def test_junit_is_xml_with_a_case_for_each_finding(contracts: Path) -> None:
    top = ElementTree.fromstring(mallgen("api", "validate", "-api", "my bad.api", "--format", "junit").out)
    cases = top.findall("./testsuite/testcase")
    assert int(top.get("tests", "0")) == len(cases) == len(top.findall(".//failure")) == 3
    assert cases[0].get("classname") == "my bad.api"
    passed = ElementTree.fromstring(mallgen("api", "validate", "-api", "fine.api", "--format", "junit").out)
    assert [(suite.get("tests"), suite.get("failures")) for suite in passed] == [("1", "0")]


def test_github_reads_its_annotations(contracts: Path) -> None:
    ran = mallgen("api", "validate", "-api", "twice.api", "--format", "github")
    assert ran.out.startswith("::error title=duplicate-route,file=twice.api,line=5,endLine=5,col=6,endColumn=12::")
    assert ran.out.count("\n") == 1
    assert "%0Ahelp: " in ran.out


def test_concise_is_one_line_each(contracts: Path) -> None:
    ran = mallgen("api", "validate", "-api", "my bad.api", "--format", "concise")
    assert ran.code == 1
    assert all(re.match(r"my bad\.api:\d+:\d+: error\[[a-z-]+\] \S", line) for line in ran.out.splitlines())


@pytest.mark.parametrize("words", [("py", "-dir", "out"), ("inspect",), ("routes",)])
def test_other_commands_keep_stdout_for_their_result(contracts: Path, words: tuple[str, ...]) -> None:
    ran = mallgen("api", words[0], "-api", "twice.api", *words[1:], "--format=json")
    assert (ran.code, ran.out) == (1, "")
    assert json.loads(ran.err)[0]["code"] == "duplicate-route"


def test_protos_too(here: Path) -> None:
    (here / "a.proto").write_text('syntax = "proto3";\nmessage A { Strin x = 1; }\n')
    ran = mallgen("rpc", "protoc", "a.proto", "-dir", "out", "--format", "json")
    assert ran.code == 1
    assert {found["code"] for found in json.loads(ran.err)} == {"protoc"}
