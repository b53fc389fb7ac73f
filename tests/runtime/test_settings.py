"""Settings: each key of go-zero's is honoured, warned of or refused; misspelt keys are reported; `${X:-default}`."""

import time
from typing import Any

import pytest
from msgspec import Struct, field

from mallgen_runtime.http.conf import JwtConf, RestConf
from mallgen_runtime.process.conf import parse
from mallgen_runtime.process.errors import ConfigError
from mallgen_runtime.process.known_keys import PROTECTS, Remark, folded
from mallgen_runtime.process.variables import BadVariable, expand
from mallgen_runtime.process.yaml_values import spelled
from mallgen_runtime.rpc import RpcClientConf, RpcServerConf
from mallgen_runtime.schema.reflection import fields, is_struct


class Inner(Struct, kw_only=True):
    """A settings class of the user's own."""

    data_source: str = ""
    pool_size: int = 4


class Bff(RestConf, kw_only=True):
    """The settings of a BFF: generated blocks and the user's."""

    auth: JwtConf = field(default_factory=lambda: JwtConf(access_secret="x" * 32))
    order_rpc: RpcClientConf = field(default_factory=RpcClientConf)
    mysql: Inner = field(default_factory=Inner)
    caches: list[Inner] = field(default_factory=list)
    labels: dict[str, str] = field(default_factory=dict)


class Rpc(RpcServerConf, kw_only=True):
    """The settings of an RPC service."""


BFF, RPC = "Name: a\nPort: 1\n", "Name: a\n"


def problems_of(kind: Any, text: str) -> tuple[list[str], list[str]]:
    """Return the refusals and the warnings for a settings file."""
    try:
        return [], list(parse(kind, text, "a.yaml").warnings)
    except ConfigError as problem:
        return list(problem.problems), list(problem.warnings)


# Each key that go-zero 1.10 reads (rest.RestConf, zrpc.RpcServerConf, zrpc.RpcClientConf and the blocks below them).
SERVICE = "Name Log Mode MetricsUrl Prometheus Telemetry DevServer Shutdown Profiling"
GO_ZERO = {
    "rest": f"{SERVICE} Host Port CertFile KeyFile Verbose MaxConns MaxBytes Timeout CpuThreshold Signature "
    "Middlewares TraceIgnorePaths",
    "rest.Middlewares": "Trace Log Prometheus MaxConns Breaker Shedding Timeout Recover Metrics MaxBytes Gunzip",
    "rest.Log": "ServiceName Mode Encoding TimeFormat Path Level MaxContentLength Compress Stat KeepDays "
    "StackCooldownMillis MaxBackups MaxSize Rotation FileTimeFormat FieldKeys",
    "rest.Shutdown": "WrapUpTime WaitTime",
    "rpc": f"{SERVICE} ListenOn Etcd Auth Redis StrictControl Timeout CpuThreshold Health Middlewares MethodTimeouts",
    "rpc.Middlewares": "Trace Recover Stat StatConf Prometheus Breaker",
    "rpc.DevServer": "Enabled Host Port MetricsPath HealthPath EnableMetrics EnablePprof HealthResponse",
    "rpc.Etcd": "Hosts Key ID User Pass CertFile CertKeyFile CACertFile InsecureSkipVerify",
    "rpc.MethodTimeouts": "FullMethod Timeout",
    "client": "Etcd Endpoints Target App Token NonBlock Timeout KeepaliveTime Middlewares BalancerName",
    "client.Middlewares": "Trace Duration Prometheus Breaker Timeout",
}
CLASSES: dict[str, Any] = {"rest": Bff, "rpc": Rpc, "client": RpcClientConf}


def settings_class(block: str) -> Any:
    """Return the class of a block."""
    cls = CLASSES[block.partition(".")[0]]
    below = block.partition(".")[2]
    for found in fields(cls):
        if below and spelled(found.wire) == below:
            return found.kind.args[0] if found.kind.origin is list else found.kind.origin
    assert not below
    return cls


@pytest.mark.parametrize(("block", "key"), [(block, key) for block, keys in GO_ZERO.items() for key in keys.split()])
def test_each_key_of_go_zero_is_known(block: str, key: str) -> None:
    cls = settings_class(block)
    honoured = {folded(found.wire) for found in fields(cls)}
    remarks: dict[str, Remark] = getattr(cls, "remarks", {})
    remarked = {folded(name) for name, remark in remarks.items() if not remark.honoured}
    assert (folded(key) in honoured) != (folded(key) in remarked)


REMARKS = [
    (block, key, remark)
    for block in GO_ZERO
    for key, remark in getattr(settings_class(block), "remarks", {}).items()
    if block != "rpc.MethodTimeouts"
]
SET = {"Breaker": "true", "Trace": "false", "Recover": "false", "Mode": "file", "Rotation": "size", "MaxSize": "10"}


def _file(block: str, key: str, value: str) -> tuple[Any, str]:
    kind, _, below = block.partition(".")
    line = f"{key}: {value}\n"
    if below:
        line = f"{below}:\n  {'Hosts: [a:1]' if below == 'Etcd' else ''}\n  {line}"
    if kind == "client":
        return Bff, f"{BFF}OrderRPC:\n" + "".join(f"  {row}\n" for row in line.split("\n"))
    return (Bff, BFF + line) if kind == "rest" else (Rpc, RPC + line)


@pytest.mark.parametrize(("block", "key", "remark"), REMARKS)
def test_a_key_that_does_nothing_is_refused_or_warned_of(block: str, key: str, remark: Remark) -> None:
    value = SET.get(key, "{Strict: true, Host: a, Endpoint: b, ServerAddr: c}" if remark.needs else "900")
    refused, warned = problems_of(*_file(block, key, value))
    lines = refused if remark.refused else warned
    assert len(lines) == 1
    assert f"{key}: {remark.why}" in lines[0]
    assert not (warned if remark.refused else refused)


@pytest.mark.parametrize(("block", "key", "remark"), REMARKS)
@pytest.mark.parametrize("value", ["false", "''", "0", "{Enabled: false}", "{}", "[]"])
def test_a_key_that_is_off_is_no_finding(block: str, key: str, remark: Remark, value: str) -> None:
    if remark.honoured and value[0] in "[{":
        return  # a mapping or list is refused where a word is expected
    if value.strip("'") in remark.quiet or (value == "[]") or "Enabled" in value or (value == "{}" and remark.needs):
        assert problems_of(*_file(block, key, value)) == ([], [])


@pytest.mark.parametrize(
    ("kind", "text", "line"),
    [
        (Bff, "Timout: 1\n", "3: Timout is no setting; did you mean Timeout?"),
        (Bff, "timeuot: 1\n", "3: timeuot is no setting; did you mean Timeout?"),
        (Bff, "MaxByte: 1\n", "3: MaxByte is no setting; did you mean MaxBytes?"),
        (Bff, "Max_Conn: 1\n", "3: Max_Conn is no setting; did you mean MaxConns?"),
        (Bff, "Middleware: {Timeout: false}\n", "3: Middleware is no setting; did you mean Middlewares?"),
        (Bff, "Middlewares:\n  Timout: false\n", "4: Middlewares.Timout is no setting; did you mean Timeout?"),
        (Bff, "CertFiles: a.pem\n", "3: CertFiles is no setting; did you mean CertFile?"),
        (Bff, "Signatur:\n  Strict: true\n", "3: Signatur is no setting; did you mean Signature?"),
        (Bff, "Signatur:\n  Strict: false\n", "3: Signatur is no setting; did you mean Signature?"),
        (Bff, "Auht:\n  AccessSecret: a\n", "3: Auht is no setting; did you mean Auth?"),
        (
            Bff,
            "Auth:\n  AccessSecret: a\n  PrvSecret: b\n",
            "5: Auth.PrvSecret is no setting; did you mean PrevSecret?",
        ),
        (Bff, "OrderRPC:\n  Timeot: 5\n", "4: OrderRPC.Timeot is no setting; did you mean Timeout?"),
        (Bff, "TrustedProxys: [10.0.0.1]\n", "3: TrustedProxys is no setting; did you mean TrustedProxies?"),
        (Rpc, "StrictControll: true\n", "2: StrictControll is no setting; did you mean StrictControl?"),
        (Rpc, "MethodTimouts: []\n", "2: MethodTimouts is no setting; did you mean MethodTimeouts?"),
        (Rpc, "MethodTimeouts:\n- FullMethod: /a\n  Timeout: 1s\n  Timout: 2s\n", "5: MethodTimeouts[0].Timout is no"),
    ],
)
def test_nearly_a_limit_is_refused(kind: Any, text: str, line: str) -> None:
    refused, _ = problems_of(kind, (BFF if kind is Bff else RPC) + text)
    assert [one for one in refused if one.startswith(f"a.yaml:{line}")]


@pytest.mark.parametrize(
    ("kind", "text", "line"),
    [
        (
            Bff,
            "OrderRPC:\n  Endpoint: [a:1]\n",
            "4: OrderRPC.Endpoint is no setting and has no effect; did you mean End",
        ),
        (Bff, "OrderRPX: {}\n", "3: OrderRPX is no setting and has no effect; did you mean OrderRPC?"),
        (Bff, "Log:\n  Levl: debug\n", "4: Log.Levl is no setting and has no effect; did you mean Level?"),
        (
            Bff,
            "Mysql:\n  DataSorce: x\n",
            "4: Mysql.DataSorce is no setting and has no effect; did you mean DataSource?",
        ),
        (
            Bff,
            "Caches:\n- PoolSize: 1\n- PolSize: 1\n",
            "5: Caches[1].PolSize is no setting and has no effect; did you",
        ),
        (
            Bff,
            "Zebra: 1\n",
            "3: Zebra is no setting and has no effect; a setting of your own needs a field in config.py",
        ),
        (Bff, "MaxCount: 1\n", "3: MaxCount is no setting and has no effect; did you mean MaxConns?"),
        (Rpc, "StrictControll: false\n", "2: StrictControll is no setting and has no effect"),
        (Rpc, "Etcd:\n  Hosts: [a:1]\n  Kye: b\n", "4: Etcd.Kye is no setting and has no effect; did you mean Key?"),
        (Bff, "OrderRPC:\n  Token: t\n", "4: OrderRPC.Token: it goes along in the clear"),
        (Bff, f"? {'x' * 9999}\n: 1\n", f"3: {'x' * 64} is no setting"),
    ],
)
def test_another_unknown_key_is_warned_of(kind: Any, text: str, line: str) -> None:
    refused, warned = problems_of(kind, (BFF if kind is Bff else RPC) + text)
    assert refused == []
    assert [one[: len(line) + 7] for one in warned] == [f"a.yaml:{line}"]


def test_keys_of_a_mapping_are_the_users() -> None:
    assert problems_of(Bff, BFF + "Labels:\n  Timout: a\n  anything: b\n") == ([], [])


def test_all_of_a_file_is_told_at_once() -> None:
    text = (
        "Name: a\nPort: many\nMode: prod\nSignature: {Strict: many}\nZebra: 1\nTls: true\nMaxBytes: ${NOT_SET_HERE}\n"
    )
    refused, warned = problems_of(Bff, text)
    assert [line.split(":")[1] for line in refused] == ["2", "3", "4", "6", "7"]
    assert [line.split(":")[1] for line in warned] == ["5"]


def test_merged_keys_are_read() -> None:
    text = "x: &base\n  Timeout: 5\n  Endpoints: [a:1]\nName: a\nPort: 1\nOrderRPC:\n  <<: *base\n  Timeout: 7\n"
    config, _ = parse(Bff, text, "a.yaml")
    assert (config.order_rpc.timeout, config.order_rpc.endpoints) == (7, ["a:1"])


def test_a_merged_key_is_checked_as_any_other() -> None:
    refused, _ = problems_of(Bff, f"x: &b {{Timout: 5}}\n{BFF}OrderRPC:\n  <<: *b\n")
    assert [line.split(";")[0] for line in refused] == ["a.yaml:1: OrderRPC.Timout is no setting"]


BOMB = "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9) if n else '1'}]\n" for n in range(9))


@pytest.mark.parametrize("text", [f"{BFF}{BOMB}", f"{BFF}Labels:\n  <<: &l\n    <<: *l\n", f"{BFF}x: {'[' * 900}"])
def test_aliases_cannot_make_a_file_large(text: str) -> None:
    started = time.monotonic()
    with pytest.raises(ConfigError) as problem:
        parse(Bff, text, "a.yaml")
    assert time.monotonic() - started < 5
    assert str(problem.value).startswith("a.yaml:")


SHELL = {"A": "a", "EMPTY": "", "BRACE": "}", "DOLLAR": "${A}", "BACK": r"\}"}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("${A}", "a"),
        ("x${A}y${A}", "xaya"),
        ("${EMPTY}", ""),
        ("${A:-b}", "a"),
        ("${NO:-b}", "b"),
        ("${NO-b}", "b"),
        ("${EMPTY:-b}", "b"),
        ("${EMPTY-b}", ""),
        ("${NO:-}", ""),
        ("${NO:-a:-b}", "a:-b"),
        ("${NO:-http://h:80/?q={x}", "http://h:80/?q={x"),
        ("${NO:-${A}}", "a"),
        ("${NO:-${NEITHER:-c}d}e", "cde"),
        ("${A:-${NEITHER}}", "a"),
        ("${NO:-x${EMPTY:-${NEITHER:-y}}z}", "xyz"),
        (r"${NO:-{a\}}", "{a}"),
        (r"${NO:-C:\dir}", r"C:\dir"),
        ("${NO:-${BACK}}", r"\}"),
        ("$${A}", "${A}"),
        ("$$${A}", "$${A}"),
        ("${NO:-$${A}", "${A"),
        ("${DOLLAR}", "${A}"),
        ("${BRACE}", "}"),
        ("$A $$ pa$$word $(x) {A} }", "$A $$ pa$$word $(x) {A} }"),
        ("${A:?needed}", "a"),
    ],
)
def test_variables(text: str, value: str) -> None:
    assert expand(text, SHELL) == value


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("${NO}", "the environment variable NO is not set"),
        ("${NO:-${NEITHER}}", "the environment variable NEITHER is not set"),
        ("${NO:?ask ops}", "the environment variable NO is not set: ask ops"),
        ("${EMPTY:?ask ops}", "the environment variable EMPTY is empty: ask ops"),
        ("${NO:-b", "`${NO` has no closing brace"),
        ("${", "`${` without a name"),
        ("${}", "`${` without a name"),
        ("${1}", "`${` without a name"),
        ("${A:+b}", "`${` without a name"),
        ("${A B}", "`${` without a name"),
        ("${NO:-" * 20 + "}" * 20, "defaults are nested more than 8 deep"),
        ("${NO:-" * 100_000, "`${NO` has no closing brace"),
    ],
)
def test_bad_variables(text: str, reason: str) -> None:
    with pytest.raises(BadVariable) as problem:
        expand(text, SHELL)
    assert str(problem.value).startswith(reason)


def test_a_variable_is_a_number_a_word_of_a_list_and_a_part(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("THE_PORT", "81")
    text = "Name: a-${WHO:-b}\nPort: ${THE_PORT}\nMode: ${MODE:-dev}\nMaxBytes: ${MOST:-2048}\n"
    text += 'Log: {Access: "${ON:-no}"}\n'
    config, warnings = parse(Bff, text, "a.yaml")
    assert (config.name, config.port, config.mode, config.max_bytes) == ("a-b", 81, "dev", 2048)
    assert not config.log.access
    assert warnings == ()
    refused, _ = problems_of(Rpc, "Name: a\nAuth: ${AUTH:-true}\n")
    assert refused and refused[0].startswith("a.yaml:2: Auth:")
    assert problems_of(Rpc, "Name: a\nAuth: ${AUTH:-false}\n") == ([], [])


def test_protecting_keys_exist() -> None:
    """Every name in the list is a key of some class, since another name would protect nothing."""
    names: set[str] = set()

    def walk(cls: Any) -> None:
        names.update(folded(name) for name in getattr(cls, "remarks", {}))
        for found in fields(cls):
            names.add(folded(found.wire))
            inner = found.kind.args[0] if found.kind.origin is list and found.kind.args else found.kind.origin
            if is_struct(inner):
                walk(inner)

    walk(Bff)
    walk(Rpc)
    assert PROTECTS - names == {"secret"}  # of a jwtTransition


class Account(Struct, kw_only=True):
    id: int


class WithMaps(RestConf, kw_only=True):
    accounts: dict[str, Account] = field(default_factory=dict)


def test_a_key_of_a_map_is_named_as_it_is_written() -> None:
    text = "Name: a\nPort: 1\nAccounts:\n  a_b:\n    Id: x\n  c:\n    Ids: 1\n    id: 2\n  D: {}\n"
    with pytest.raises(ConfigError) as found:
        parse(WithMaps, text, "a.yaml")
    assert found.value.problems == (
        "a.yaml:5: Accounts.a_b.ID must be a whole number",
        "a.yaml:9: Accounts.D.ID is required",
    )
    assert found.value.warnings == ("a.yaml:7: Accounts.c.Ids is no setting and has no effect; did you mean ID?",)
