"""A changelog for people, in English and Chinese, and the part of the version number that a change asks for."""

from pathlib import Path

import pytest

from mallgen.breaking import RULES
from mallgen.breaking.chinese import title
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
MORE = OLD.replace("}\n\nservice", '	Nick string `json:"nick"`\n}\n\nservice')
LESS = MORE.replace('	Email string `json:"email"`\n', "")


@pytest.fixture
def shop(here: Path) -> Path:
    for name, text in (("old.api", OLD), ("more.api", MORE), ("less.api", LESS)):
        (here / name).write_text(text, encoding="utf-8")
    return here


@pytest.mark.parametrize("code", RULES.rules())
def test_a_rule_has_a_chinese_title(code: str) -> None:
    assert title(code)


def test_a_changelog(shop: Path) -> None:
    ran = mallgen("changelog", "old.api", "less.api")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out == (
        "# Changes from old.api to less.api\n\n"
        "## less.api\n\n"
        "### Added\n\n"
        "- `User.nick` is new (GET /user)\n\n"
        "### Removed\n\n"
        "- **Breaking:** `User` has no `email` any more (GET /user)\n"
    )


def test_in_chinese(shop: Path) -> None:
    ran = mallgen("changelog", "old.api", "less.api", "--lang", "zh")
    assert "# old.api 到 less.api 的变更\n" in ran.out
    assert "### 删除\n\n- **不兼容：** 响应字段删除：`User`、`email`（GET /user）\n" in ran.out


def test_nothing(shop: Path) -> None:
    assert mallgen("changelog", "old.api", "old.api").out == (
        "# Changes from old.api to old.api\n\nNothing that clients or services see has changed.\n"
    )
    assert mallgen("changelog", "old.api", "none.api").code == 3


@pytest.mark.parametrize(
    ("new", "out"),
    [
        ("less.api", "less.api: major (response-field-removed)\n"),
        ("more.api", "more.api: minor (response-field-added)\n"),
        ("old.api", "patch: nothing that callers see has changed\n"),
    ],
)
def test_the_version_that_a_change_asks_for(shop: Path, new: str, out: str) -> None:
    ran = mallgen("breaking", new, "--against", "old.api", "--explain-version")
    assert (ran.code, ran.out) == (0, out)
