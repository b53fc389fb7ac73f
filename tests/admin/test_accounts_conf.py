"""Settings of accounts that could not mean what they say are refused."""

import pytest

from mallgen_runtime.admin import Accounts, AccountsConf
from mallgen_runtime.http.conf import JwtConf, RestConf
from mallgen_runtime.process.conf import parse_config
from mallgen_runtime.process.errors import ConfigError
from mallgen_runtime.schema import field
from mallgen_runtime.sql import Database, DataSourceConf

SECRET = "0123456789abcdef0123456789abcdef"


class Config(RestConf, kw_only=True):
    """Settings of a service with accounts."""

    accounts: AccountsConf = field(default_factory=AccountsConf)


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("SessionIdle: 500ms", "Accounts: SessionIdle is 500ms, less than a second"),
        ("LockTime: 0s", "more than 0"),
        ("Attempts: 0", "Attempts"),
        ('Origins: ["*"]', "browsers refuse"),
        ("Origins: [admin.example]", "is no origin"),
        ("MinLength: 4", "MinLength"),
        ("Tries: 4", "Tries"),
    ],
)
def test_a_setting_that_cannot_be_meant_is_refused(line: str, told: str) -> None:
    text = f"Name: a\nPort: 1\nStrict: true\nAccounts:\n  {line}\n"
    with pytest.raises(ConfigError, match=told):
        parse_config(Config, text, "a.yaml")


@pytest.mark.parametrize("auth", [JwtConf(), JwtConf(access_secret=SECRET, access_expire=0)])
def test_logins_without_tokens_are_refused_at_the_start(auth: JwtConf) -> None:
    config = parse_config(Config, "Name: a\nPort: 1\n", "a.yaml")
    with pytest.raises(ConfigError, match=r"signed|AccessExpire"):
        Accounts(Database(DataSourceConf(url="sqlite:///:memory:")), config, auth, config.accounts)
