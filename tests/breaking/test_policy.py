"""Levels of rules, presets, and accepted findings with their reason and day."""

from datetime import date
from pathlib import Path

import pytest

from tests.conftest import mallgen

OLD = """syntax = "v1"

type User {
	Id    int64  `json:"id"`
	Email string `json:"email"`
}

service user-api {
	@handler GetUser
	get /user returns (User)
}
"""
NEW = OLD.replace('	Email string `json:"email"`\n', "")
WORKSPACE = '[service.user]\ncontract = "user.api"\ndir = "out"\n\n[breaking]\nagainst = "old"\n'


@pytest.fixture
def shop(here: Path) -> Path:
    (here / "old").mkdir()
    for path, text in (("old/user.api", OLD), ("old/mallgen.toml", WORKSPACE), ("user.api", NEW)):
        (here / path).write_text(text, encoding="utf-8")
    return here


def ran(here: Path, more: str = "", *words: str) -> tuple[int, str, str]:
    (here / "mallgen.toml").write_text(WORKSPACE + more, encoding="utf-8")
    found = mallgen("breaking", *words)
    return found.code, found.out, found.err


def fingerprint(here: Path) -> str:
    _, _, said = ran(here)
    return said.partition("= fingerprint: ")[2].split()[0]


def test_against_is_a_setting(shop: Path) -> None:
    code, out, err = ran(shop)
    assert (code, out) == (1, "1 error against old\n")
    assert "error[response-field-removed]" in err


@pytest.mark.parametrize(
    ("level", "code", "out"),
    [
        ("warning", 0, "1 warning against old\n"),
        ("info", 0, "no breaking changes, 1 compatible change against old\n"),
        ("off", 0, "no breaking changes against old\n"),
    ],
)
def test_a_rule_has_another_level(shop: Path, level: str, code: int, out: str) -> None:
    rules = f'rules = {{ response-field-removed = "{level}" }}\n'
    assert ran(shop, rules)[:2] == (code, out)
    assert ran(shop, f'[[breaking.part]]\npath = "user*"\n{rules}')[:2] == (code, out)
    assert ran(shop, f'[[breaking.part]]\npath = "order*"\n{rules}')[0] == 1
    assert ran(shop, f'[[breaking.part]]\npackage = "user"\n{rules}')[0] == 1


def test_warnings_fail_where_it_is_asked_for(shop: Path) -> None:
    assert ran(shop, 'rules = { response-field-removed = "warning" }\n', "--fail-on", "warning")[0] == 1


def test_a_finding_is_accepted_with_a_reason(shop: Path) -> None:
    mark = fingerprint(shop)
    entry = f'[[breaking.accept]]\nfingerprint = "{mark}"\n'
    assert ran(shop, f'{entry}reason = "nobody reads it"\n') == (
        0,
        "no breaking changes against old; 1 finding accepted in mallgen.toml\n",
        "",
    )
    code, _, err = ran(shop, entry)
    assert code == 1
    assert "is accepted without a reason" in err
    assert "error[response-field-removed]" in err


def test_an_accepted_finding_ends_at_its_day(shop: Path) -> None:
    entry = f'[[breaking.accept]]\nfingerprint = "{fingerprint(shop)}"\nreason = "until May"\nexpires = '
    assert ran(shop, f"{entry}2999-01-01\n")[0] == 0
    assert ran(shop, f"{entry}{date.today()}\n")[0] == 0
    code, out, err = ran(shop, f"{entry}2020-05-31\n")
    assert (code, out) == (1, "2 errors against old\n")
    assert "error[suppression-expired]" in err
    assert "accepted until 2020-05-31" in err


def test_an_entry_about_nothing_is_a_warning(shop: Path) -> None:
    (shop / "user.api").write_text(OLD, encoding="utf-8")
    code, out, err = ran(shop, '[[breaking.accept]]\nfingerprint = "00"\nreason = "x"\n')
    assert (code, out) == (0, "1 warning against old\n")
    assert "warning[suppression-unused]" in err
    assert "mallgen.toml:7" in err


def test_all_that_is_wrong_in_the_settings_is_said(shop: Path) -> None:
    wrong = """preset = "articel"
agianst = "x"
[breaking.rules]
response-field-removd = "warning"
endpoint = 3
[[breaking.part]]
rules = {}
[[breaking.accept]]
expires = "tomorrow"
"""
    code, out, err = ran(shop, wrong)
    assert (code, out) == (1, "")
    for text in ("`article`", "`against`", "`response-field-removed`", "needs a path", "its fingerprint", "a day"):
        assert text in err, text


def test_strict_and_wire(shop: Path) -> None:
    assert ran(shop, 'preset = "strict"\n')[0] == 1
    assert ran(shop, 'preset = "wire"\n')[0] == 1
