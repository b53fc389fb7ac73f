"""Addresses of databases: URLs, go-zero's DSN, and settings that never show a password."""

import pytest

from mallgen_runtime import ConfigError, RestConf
from mallgen_runtime.process.conf import parse
from mallgen_runtime.schema import field
from mallgen_runtime.sql import DataSourceConf, Dialect
from mallgen_runtime.sql.conf import limits
from mallgen_runtime.sql.source import source


class _Config(RestConf, kw_only=True):
    data_source: DataSourceConf = field(default_factory=DataSourceConf)


def _read(text: str) -> DataSourceConf:
    return parse(_Config, f"Name: a\nPort: 1\n{text}", "a.yaml").config.data_source


@pytest.mark.parametrize(
    ("text", "label", "password"),
    [
        ("sqlite:///data/a.db", "data/a.db", ""),
        ("sqlite:////data/a%20b.db", "/data/a b.db", ""),
        ("sqlite://:memory:", ":memory:", ""),
        ("sqlite:///:memory:", ":memory:", ""),
        ("mysql://u:p%40w@h/d", "mysql://u@h:3306/d", "p@w"),
        ("mariadb://u:p@h:99/d?loc=Asia%2FShanghai", "mysql://u@h:99/d", "p"),
        ("postgres://u:p@[::1]:5433/d?sslmode=require", "postgres://u@[::1]:5433/d", "p"),
        ("postgresql:///d?host=/run/postgresql", "postgres://postgres@/run/postgresql/d", ""),
        ("mysql://u:p@/w?#:@h:1/d?loc=UTC", "mysql://u@h:1/d", "p@/w?#:"),
        ("postgres://u:50%25@w%@h/d", "postgres://u@h:5432/d", "50%@w%"),
        ("mysql://h/d", "mysql://root@h:3306/d", ""),
        ("postgres://u:p@/d?host=/run", "postgres://u@/run/d", "p"),
        ("u:a:b@c/d@tcp(h:1)/d?charset=utf8mb4&parseTime=true", "mysql://u@h:1/d", "a:b@c/d"),
        ("u@tcp([::1]:1)/d", "mysql://u@[::1]:1/d", ""),
        ("u@unix(/run/my.sock)/d", "mysql://u@/run/my.sock/d", ""),
        ("u@tcp(h)/d?multiStatements=false&maxAllowedPacket=0&tls=preferred", "mysql://u@h:3306/d", ""),
        ("/d", "mysql://root@127.0.0.1:3306/d", ""),
    ],
)
def test_forms(text: str, label: str, password: str) -> None:
    found = source(text, "DataSource")
    assert (found.label, found.password) == (label, password)
    assert "p@w" not in repr(found)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "DataSource is empty"),
        ("oracle://h/d", "no database that is known"),
        ("somewhere", "no address of a database"),
        ("sqlite://data/a.db", "three slashes"),
        ("sqlite:///", "needs a file"),
        ("u:geheim@tcp(h:1)/d?charset=latin1", "only utf8mb4"),
        ("u:geheim@tcp(h:1)/d?loc=Mars", "no time zone"),
        ("u:geheim@tcp(h:1)/d?strange=1", "strange is not known"),
        ("u:geheim@tcp(h:1)/d?readTimeout=5s", "deadline of their request; remove it"),
        ("u:geheim@tcp(h:1)/d?multiStatements=true", "one statement is sent at a time"),
        ("postgres://u:geheim@h/d?sslmode=maybe", "sslmode is maybe"),
        ("postgres://h/d?password=geheim", "before the @"),
        ("mysql://u:geheim@h:x/d", "cannot be read"),
        ("mysql://u:geheim@h/d/e", "cannot be read"),
        ("mysql://u:geheim@h:99999/d", "the port is 99999; ports are from 1 to 65535"),
        ("postgres://u:geheim@h:0/d", "the port is 0; "),
        ("u:geheim@tcp(h:65536)/d", "the port is 65536; "),
    ],
)
def test_mistakes(text: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said) as caught:
        source(text, "DataSource")
    assert "heim" not in str(caught.value)


@pytest.mark.parametrize("key", ["ConnectTimeout", "WaitTimeout"])
@pytest.mark.parametrize("text", ["0", "0s", '""'])
def test_limit_of_nothing_is_refused(key: str, text: str) -> None:
    with pytest.raises(ConfigError, match=f":5: DataSource.{key} .* more than 0, as 2s"):
        _read(f"DataSource:\n  Url: mysql://h/d\n  {key}: {text}")
    short = text.strip('"')
    conf = DataSourceConf(connect_timeout=short) if key == "ConnectTimeout" else DataSourceConf(wait_timeout=short)
    with pytest.raises(ConfigError, match=f"DataSource.{key} .* more than 0, as 2s"):
        limits(conf, "DataSource")


def test_plain_text_or_block() -> None:
    assert _read("DataSource: sqlite:///a.db").url == "sqlite:///a.db"
    block = _read(
        "DataSource:\n  Url: u:p@tcp(h)/d\n  MaxOpen: 5\n  Replicas: [mysql://u:geheim@r/d]\n  Required: true"
    )
    assert (block.max_open, block.required, block.replicas) == (5, True, ["mysql://u:geheim@r/d"])
    assert source(block.url, "").dialect is Dialect.MYSQL


def test_password_is_never_shown() -> None:
    with pytest.raises(ConfigError) as found:
        _read("DataSource:\n  Url: u:geheim@tcp(h)/d\n  Replicas: ['mysql://u:geheim@r/d', 'geheim']")
    assert "geheim" not in str(found.value)
    block = DataSourceConf(url="u:geheim@tcp(h)/d", replicas=["mysql://u:geheim@r/d", "geheim"])
    assert "geheim" not in repr(block)
    assert "geheim" not in str(block.__rich_repr__())
    assert "@h:3306/d" in repr(block)


def test_settings_of_the_wrong_kind() -> None:
    with pytest.raises(ConfigError, match=r"a\.yaml:4: DataSource\.MaxOpen"):
        _read("DataSource:\n  MaxOpen: 0")
    assert _read("DataSource:").url == ""
