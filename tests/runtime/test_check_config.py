"""`--check-config`, `Strict`, and that what a service prints of its settings shows no secret."""

import logging
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import pytest
import yaml
from msgspec import Struct, field

from mallgen_runtime.cache.conf import CacheConf, CacheRedisConf
from mallgen_runtime.discovery import EtcdConf
from mallgen_runtime.http.conf import JwtConf, RestConf
from mallgen_runtime.process import run as running
from mallgen_runtime.process.conf import parse
from mallgen_runtime.process.errors import ConfigError
from mallgen_runtime.process.masking import as_file
from mallgen_runtime.rpc import RpcClientConf, RpcServerConf
from mallgen_runtime.sql.conf import DataSourceConf
from tests.conftest import ROOT

SECRET = "s3cret value"


class Own(Struct, kw_only=True):
    """A block of the user's own."""

    api_key: str = ""
    hosts: list[str] = field(default_factory=list)
    more: dict[str, str] = field(default_factory=dict)


class Bff(RestConf, kw_only=True):
    """A BFF's settings with all kinds of blocks."""

    auth: JwtConf = field(default_factory=lambda: JwtConf(access_secret="from the environment"))
    order_rpc: RpcClientConf = field(default_factory=RpcClientConf)
    data_source: DataSourceConf = field(default_factory=DataSourceConf)
    cache_redis: list[CacheRedisConf] = field(default_factory=list)
    cache_options: CacheConf = field(default_factory=CacheConf)
    own: Own = field(default_factory=Own)


FULL = f"""
Name: mall
Port: 80
Auth: {{AccessSecret: "{SECRET}", PrevSecret: "{SECRET}"}}
OrderRPC:
  Token: "{SECRET}"
  Etcd: {{Hosts: [a:1], User: u, Pass: "{SECRET}"}}
DataSource: {{Url: "mysql://root:{SECRET}@db/mall?loc=UTC", Replicas: ["mysql://root:{SECRET}@other/mall"]}}
CacheRedis: [{{Host: "r:1", Pass: "{SECRET}"}}]
Own:
  ApiKey: "{SECRET}"
  Hosts: ["redis://:{SECRET.replace(' ', '')}@h"]
  More: {{db_password: "{SECRET}", name: é}}
"""


class Ended(NamedTuple):
    """The end of a run."""

    code: object
    out: str
    err: str


Run = Callable[..., Ended]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    """Return a function that checks the text of a settings file in this process."""

    def checked(text: str, kind: Any = Bff, create: Callable[[Any], object] = repr) -> Ended:
        (tmp_path / "a.yaml").write_text(text, encoding="utf-8")
        monkeypatch.chdir(tmp_path)
        monkeypatch.setattr(sys, "argv", ["a", "-f", "a.yaml", "--check-config"])
        monkeypatch.setattr(signal, "signal", lambda *words: None)
        with pytest.raises(SystemExit) as ended:
            running.run(lambda config: pytest.fail("the service ran"), create, kind, "etc/a.yaml", "a")
        return Ended(ended.value.code, *capsys.readouterr())

    return checked


def test_services_print_their_settings() -> None:
    """Both kinds of services do, with the code 0, and the text is a file that they read again."""
    for service, package in (("mall", "mall_api"), ("order", "order_rpc")):
        ran = subprocess.run(
            [sys.executable, "-m", package, "--check-config"],
            cwd=ROOT / "generated" / service,
            env={**os.environ, "PYTHONPATH": str(ROOT / "runtime"), "AUTH_ACCESS_SECRET": "0123456789" * 4},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert (ran.returncode, ran.stderr) == (0, "")
        found = yaml.safe_load(ran.stdout)
        assert found["Mode"] == "pro"
        assert found["Shutdown"] == {"WrapUpTime": "1s", "WaitTime": "5.5s"}


def test_all_is_printed_and_no_secret(run: Run) -> None:
    """Defaults are there, and what is no secret of an address."""
    ended = run(FULL)
    assert ended.code == 0
    assert ended.err.startswith("warning[config] a.yaml:6: OrderRPC.Token: it goes along in the clear")
    assert ended.err.count("\n") == 1
    assert SECRET not in ended.out
    assert SECRET.replace(" ", "") not in ended.out
    found = yaml.safe_load(ended.out)
    auth = found["Auth"]
    assert (auth["AccessSecret"], auth["AccessExpire"], auth["PrevSecret"]) == ("***", 86400, "***")
    assert found["DataSource"]["URL"] == "mysql://root@db:3306/mall?loc=UTC"
    assert found["DataSource"]["Replicas"] == ["mysql://root@other:3306/mall"]
    assert found["OrderRPC"]["Etcd"]["User"] == "u"
    assert found["Own"] == {"ApiKey": "***", "Hosts": ["redis://:***@h"], "More": {"db_password": "***", "name": "é"}}


def test_what_is_printed_is_read_as_the_same(run: Run) -> None:
    """A file with all defaults written out means what the short one means."""
    short = "Name: mall\nPort: 80\nDataSource: sqlite:///a.db\nOrderRPC: {Endpoints: [a:1]}\nAuth: {AccessSecret: ''}\n"
    assert parse(Bff, run(short).out, "a.yaml") == parse(Bff, short, "a.yaml")


def test_all_that_is_wrong_is_told_at_once(run: Run) -> None:
    """Each line has its place; nothing is printed as if it were right."""
    ended = run("Name: mall\nPort: x\nMode: prod\nZebra: 1\nTimout: 5\nMaxBytes: -1\n")
    assert ended.code == 3
    assert ended.out == ""
    assert [line.split(":")[1] for line in ended.err.splitlines()] == ["2", "3", "5", "6", "4"]
    assert ended.err.splitlines()[-1].startswith("warning[config] a.yaml:4: Zebra is no setting")


def test_what_the_service_logs_of_its_settings_is_a_warning(run: Run) -> None:
    def create(config: Any) -> None:
        logging.getLogger("mallgen.service").error("the keys are empty")

    ended = run("Name: mall\nPort: 80\n", create=create)
    assert (ended.code, ended.err) == (0, "warning[config] the keys are empty\n")


@pytest.mark.parametrize(
    ("problem", "line"),
    [
        (ConfigError("one", f"two {SECRET}"), "error[config] one\nerror[config] two ***\n"),
        (KeyError(SECRET), "error[config] the service cannot be made: KeyError: '***'\n"),
    ],
)
def test_a_service_that_cannot_be_made_is_an_error(run: Run, problem: Exception, line: str) -> None:
    """A setting that its contract or context does not accept ends with the code 3, and shows no secret."""

    def create(config: Any) -> object:
        raise problem

    ended = run(f'Name: mall\nPort: 80\nAuth: {{AccessSecret: "{SECRET}"}}\n', create=create)
    assert (ended.code, ended.out, ended.err) == (3, "", line)


@pytest.mark.parametrize(("kind", "head"), [(Bff, "Name: a\nPort: 1\n"), (RpcServerConf, "Name: a\nListenOn: ':1'\n")])
def test_strict_refuses_unknown_keys(kind: Any, head: str) -> None:
    """Each with its line and guess; go-zero's keys that only observe are warned of as ever."""
    text = f"{head}Zebra: 1\nLog: {{Levl: info}}\nMetricsUrl: x\n"
    warned = parse(kind, f"{text}Strict: false\n", "a.yaml").warnings
    assert [line.split(":")[1] for line in warned] == ["3", "4", "5"]
    with pytest.raises(ConfigError) as found:
        parse(kind, f"{text}Strict: true\n", "a.yaml")
    assert found.value.problems == tuple(line for line in warned if "MetricsUrl" not in line)
    assert len(found.value.problems) == 2
    assert "did you mean Level?" in found.value.problems[0] + found.value.problems[1]
    assert [line for line in found.value.warnings if "MetricsUrl" in line] == list(found.value.warnings)


def test_a_slip_in_strict_itself_is_refused() -> None:
    """The author of `Strct: true` believes that unknown keys are refused."""
    with pytest.raises(ConfigError, match=r"Strct is no setting; did you mean Strict\?"):
        parse(Bff, "Name: a\nPort: 1\nStrct: true\n", "a.yaml")


ETCD = EtcdConf(hosts=["h:1"])
BLOCKS: list[Any] = [RestConf(name="a", port=1), RpcServerConf(name="a"), RpcClientConf(), JwtConf(access_secret="")]
BLOCKS += [DataSourceConf(), CacheRedisConf(host="h:1"), CacheConf(), ETCD]


@pytest.mark.parametrize("conf", BLOCKS, ids=lambda conf: type(conf).__name__)
def test_a_login_in_any_text_is_hidden(conf: Any) -> None:
    """Addresses with a password are hidden wherever one may be written."""
    for one in msgspec.structs.fields(type(conf)):
        login = f"redis://user:{SECRET.replace(' ', '')}@host:1"
        value: Any = login if one.type is str else [login] if one.type == list[str] else None
        if value is not None:
            made = msgspec.structs.replace(conf, **{one.name: value})
            assert SECRET.replace(" ", "") not in repr(made)
            assert SECRET.replace(" ", "") not in str(as_file(made))


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("mysql://root@db/mall", "mysql://root@db/mall"),
        ("mysql://root:pw@db/mall", "mysql://root:***@db/mall"),
        ("root:pw@tcp(db)/mall", "root:***@tcp(db)/mall"),
        ("root://pw@tcp(db)/mall", "root:***@tcp(db)/mall"),
        ("redis://:pw@h:1", "redis://:***@h:1"),
        ("http://h:1/a", "http://h:1/a"),
        ("someone@example.org", "someone@example.org"),
    ],
)
def test_what_counts_as_a_login(text: str, shown: str) -> None:
    """A user without a password is shown."""
    assert as_file(text) == shown


BAD_BFF = """Name: mall
Port: 80
Shutdown: {WaitTime: 5 sec, WrapUpTime: "1"}
TrustedProxies: [10.0.0.0/8, nobody, 1.2.3.4/99]
OrderRPC:
  KeepaliveTime: 5
  Target: etcd://root:s3cretvalue@x
DataSource:
  Url: foo://root:s3cretvalue@db
  Replicas: ["mysql://root:s3cretvalue@h:x/y"]
  WaitTimeout: 0
CacheRedis: [{Host: "a:1"}, {Host: "root:s3cretvalue@h:1"}]
CacheOptions: {Expiry: "", AgainAfter: 1y}
"""
BAD_RPC = """Name: order
ListenOn: 0.0.0.0:99999
MaxConnectionIdle: soon
MethodTimeouts: [{FullMethod: /a, Timeout: 5}]
"""


@pytest.mark.parametrize(
    ("kind", "text", "keys"),
    [
        (
            Bff,
            BAD_BFF,
            "3:Shutdown.WaitTime 3:Shutdown.WrapUpTime 4:TrustedProxies 4:TrustedProxies 6:OrderRPC.KeepaliveTime "
            "7:Target 9:DataSource 10:DataSource.Replicas 11:DataSource.WaitTimeout 12:CacheRedis.Host "
            "13:CacheOptions.AgainAfter 13:CacheOptions.Expiry",
        ),
        (RpcServerConf, BAD_RPC, "2:ListenOn 3:MaxConnectionIdle 4:MethodTimeouts[0].Timeout"),
    ],
)
def test_values_that_cannot_be_used_are_told_at_once(kind: Any, text: str, keys: str) -> None:
    """Each has the line of its key, and none shows a password."""
    with pytest.raises(ConfigError) as found:
        parse(kind, text, "a.yaml")
    heads = [line.removeprefix("a.yaml:").split(" is ")[0].split(": ") for line in found.value.problems]
    told = [f"{line}:{key.partition(' ')[0]}" for line, key, *_ in heads]
    assert told == keys.split()
    assert SECRET.replace(" ", "") not in str(found.value)


WRONG_TYPES = """Name: mall
Mode: prod
Port: many
TrustedProxies: [nobody]
OrderRPC: {Timeout: abc, KeepaliveTime: 5}
CacheRedis: [{Host: "a:b", Weight: x}, {Weight: 5}, 7]
Shutdown: [1]
DataSource: {Url: "foo://x", MaxOpen: 0}
Timout: 1
Zebra: 1
"""


class FromEnvironment(Bff, kw_only=True):
    """Settings of which two blocks need a variable where the file has none."""

    auth: JwtConf = field(default_factory=JwtConf.from_env("Auth", "NO_SUCH_VARIABLE"))
    admin: JwtConf = field(default_factory=JwtConf.from_env("Admin", "NO_SUCH_VARIABLE_TOO"))


def test_one_kind_of_mistake_does_not_hide_another() -> None:
    """Wrong types, values of no use, unknown keys and missing blocks have their lines in one run."""
    with pytest.raises(ConfigError) as found:
        parse(FromEnvironment, WRONG_TYPES, "a.yaml")
    lines = [line.removeprefix("a.yaml:").partition(": ") for line in found.value.problems]
    assert [f"{line}:{text.partition(' ')[0]}" for line, _, text in lines] == (
        "1:the 1:the 2:Mode 3:Port 4:TrustedProxies: 5:OrderRPC.KeepaliveTime 5:OrderRPC.Timeout 6:CacheRedis.Host "
        "6:CacheRedis[0].Weight 6:CacheRedis[1].Host 6:CacheRedis[2] 7:Shutdown 8:DataSource.MaxOpen 8:DataSource: "
        "9:Timout"
    ).split()
    assert [line for line in found.value.warnings if line.startswith("a.yaml:10: Zebra ")] == list(found.value.warnings)


class Named(RestConf, kw_only=True):
    """Settings with fields that one might call a method."""

    check: bool = False
    public: str = ""


def test_a_field_of_the_users_may_have_any_common_name(run: Run) -> None:
    """The methods of settings have names that nobody gives to a setting."""
    ended = run("Name: a\nPort: 1\nCheck: true\nPublic: www\n", Named)
    assert ended.code == 0
    assert yaml.safe_load(ended.out)["Public"] == "www"
    assert "check=True, public='www'" in repr(Named(name="a", port=1, check=True, public="www"))
