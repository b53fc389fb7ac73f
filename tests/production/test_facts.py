"""The facts that files are made from: ports, probes, times, variables, servers."""

import math

import pytest

from mallgen.emit.production.facts import Callee, Probe, Variable, is_label, label
from mallgen.emit.production.kube import drain
from mallgen.emit.production.reach import Need, Opening, needs, opening, unreachable
from mallgen.emit.production.trees import BadYaml
from tests.production.services import service


@pytest.mark.parametrize(
    ("kind", "settings", "probe"),
    [
        ("http", "Port: 80", Probe("http", 80)),
        ("http", "PORT: ${PORT:-8080}", Probe("http", 8080)),
        ("http", "Port: 80\nCertFile: a\nKeyFile: b", Probe("http", 80, is_tls=True)),
        ("http", "Port: 80\nCertFile: a\nClientCAFile: b", Probe("tcp", 80)),
        ("http", "Port: 80\nCertFile: a\nClientCAFile: b\nDevServer: {Port: 90}", Probe("http", 90)),
        ("http", "Port: 80\nClientCAFile: b\nDevServer: {Host: 127.0.0.1}", Probe("tcp", 80)),
        ("grpc", "ListenOn: :9000", Probe("grpc", 9000)),
        ("grpc", "Name: x", Probe("grpc", 8080)),
        ("grpc", "ListenOn: '[::]:9000'\nHealth: false", Probe("tcp", 9000)),
        ("grpc", "ListenOn: :9000\nCertFile: a\nDevServer: {HealthPath: /ok}", Probe("http", 6060, "/ok")),
        ("dev", "Name: x", None),
        ("dev", "Name: x\nDevServer:\n  Port: 6061", Probe("http", 6061)),
        ("dev", "Name: x\nDevServer: {Enabled: false}", None),
        ("http", "Host: 127.0.0.1\nPort: 80", Probe("http", 80, is_inside=True)),
        ("http", "Host: '${H:-127.0.1.1}'\nPort: 80", Probe("http", 80, host="127.0.1.1", is_inside=True)),
        ("http", "Host: '::1'\nPort: 80", Probe("http", 80, host="[::1]", is_inside=True)),
        ("http", "Host: 127.0.0.1\nPort: 80\nClientCAFile: a\nDevServer: {Port: 90}", Probe("http", 90)),
        ("grpc", "ListenOn: '[::1]:9000'", Probe("grpc", 9000, host="[::1]", is_inside=True)),
        ("http", "a: &a {Port: 81}\n<<: *a", Probe("http", 81)),
        ("http", "Port: 80000", None),
        ("http", "Port: [1]", None),
    ],
)
def test_probes(kind: str, settings: str, probe: Probe | None) -> None:
    assert service(settings, kind).probe == probe


@pytest.mark.parametrize(
    ("settings", "seconds", "times"),
    [
        ("Name: x", 5.5, (4, 12)),
        ("Shutdown: {WrapUpTime: 6s, WaitTime: 1m30s}", 90, (1, 93)),
        ("Shutdown: {WrapUpTime: 6s, WaitTime: 2s}", 6, (1, 9)),
        ("Shutdown: {WaitTime: '0'}", math.inf, (4, 66)),
        ("Shutdown: {WaitTime: '${WAIT:-500ms}', WrapUpTime: 100ms}", 0.5, (5, 8)),
        ("Shutdown: {WaitTime: soon}", 5.5, (4, 12)),
    ],
)
def test_the_time_for_stopping(settings: str, seconds: float, times: tuple[int, int]) -> None:
    one = service(settings)
    assert one.wait == seconds
    assert drain(one) == times


def test_variables_are_those_of_values() -> None:
    text = "A: ${B}\n# ${C}\nD: [x, '${E:-1} ${F-2} ${G:?why}', '$${H}']\nI: ${E}\nJ: ${F:-}"
    found = [Variable("B", True), Variable("E", True), Variable("F", False), Variable("G", True)]
    assert service(text).variables == tuple(found)


def test_aliases_and_themselves() -> None:
    """Values that an alias repeats a thousand times, or that hold themselves, are read once."""
    lines = ["a0: &a0 [x, x]", *(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 30))]
    assert service("\n".join([*lines, "b: &b {c: *b, d: '${V}'}"])).variables == (Variable("V", True),)


@pytest.mark.parametrize("text", ["a: [", "- 1", "x", "a: 1\n---\nb: 2", "[" * 100_000, "a: *b"])
def test_what_is_no_settings(text: str) -> None:
    with pytest.raises(BadYaml):
        service(text)


@pytest.mark.parametrize(
    ("settings", "found"),
    [
        ("Etcd: {Hosts: [a:1, '${B:-c:2}']}", [("etcd", "a", 1, "", ""), ("etcd", "c", 2, "B", "")]),
        ("X: {Y: {Etcd: {Hosts: [a]}}}", [("etcd", "a", 2379, "", "")]),
        ("Brokers: ['${K:-h}:9']", [("kafka", "h", 9, "K", "")]),
        ("CacheRedis: [{Host: 'a:1,b:2', Type: cluster}, {Host: c}]", [("redis", "c", 6379, "", "")]),
        ("DataSource: sqlite:///data/x.db", []),
        ("DataSource: ${URL}", []),
        ("DataSource: {Url: 'mysql://u:p@h/d'}", [("mariadb", "h", 3306, "", "d")]),
        ("DataSource: '${URL:-postgresql://u:p@h:1/d}'", [("postgres", "h", 1, "URL", "d")]),
        ("DataSource: 'u:p@x:y@tcp(${H:-h}:3307)/d?loc=UTC'", [("mariadb", "h", 3307, "H", "d")]),
    ],
)
def test_servers(settings: str, found: list[tuple[str, str, int, str, str]]) -> None:
    assert [(one.what, one.host, one.port, one.variable, one.database) for one in needs(service(settings))] == found


def test_a_login_with_variables() -> None:
    (found,) = needs(service("DataSource: 'mysql://${U:-a}:${P:?why}@h/${D}'"))
    assert isinstance(found, Need)
    assert (found.user, found.password, found.database) == ("${U:-a}", "${P:?why}", "${D}")


@pytest.mark.parametrize(
    ("settings", "uses", "found"),
    [
        (
            "ListenOn: 127.0.0.1:80",
            (),
            "`kubectl port-forward` reaches it, and no Service does; write 0.0.0.0 where others have to",
        ),
        (
            "Etcd: {Hosts: ['127.0.0.1:2379']}",
            (),
            "write etcd:2379, or ${ETCD:-127.0.0.1:2379} in the place of 127.0.0.1:2379",
        ),
        ("Etcd: {Hosts: ['${ETCD:-127.0.0.1:2379}']}", (), ""),
        (
            "DataSource: mysql://u:p@localhost:3306/d",
            (),
            "write mariadb:3306, or ${MARIADB_HOST:-localhost} in the place of localhost",
        ),
        (
            "Name: x",
            (Callee("stock-rpc", "rpc", 9),),
            "write `Target: dns:///stock-rpc:9` below StockRPC, or an Etcd block",
        ),
        ("StockRPC: {Target: 'dns:///stock:9'}", (Callee("stock", "rpc", 9),), ""),
        (
            "StockRPC: {Endpoints: []}",
            (Callee("stock", "rpc", 0),),
            "write `Target: dns:///stock:8080` below StockRPC, or an Etcd block",
        ),
        ("MailsQueue: {Brokers: ['k:9092']}", (Callee("mails", "rmq", 0),), ""),
    ],
)
def test_what_leads_nowhere(settings: str, uses: tuple[Callee, ...], found: str) -> None:
    assert [one.hint for one in unreachable(service(settings, uses=uses), in_pods=True)] == ([found] if found else [])


@pytest.mark.parametrize(
    ("kind", "settings", "found"),
    [
        ("http", "Port: 80\nHost: ${H:-127.0.0.1}", Opening("H", "0.0.0.0")),
        ("http", "Port: 80\nHost: ${H-::1}", Opening("H", "::")),
        ("grpc", "ListenOn: ${H:-localhost}:80", Opening("H", "0.0.0.0")),
        ("grpc", "ListenOn: ${H:-127.0.0.1:80}", Opening("H", "0.0.0.0:80")),
        ("grpc", "ListenOn: '${H:-[::1]}:80'", Opening("H", "[::]")),
        ("http", "Port: 80\nHost: ${H:-0.0.0.0}", None),
        ("http", "Port: 80\nHost: 127.0.0.1", None),
        ("http", "Port: 80\nHost: 127.0.0.${H:-1}", None),
        ("http", "Port: 80\nHost: ${H:-127.0.0.1}\nStore: ${H}:90", None),
        ("http", "Host: ${H:-127.0.0.1}", None),
    ],
)
def test_variables_that_open_a_shut_service(kind: str, settings: str, found: Opening | None) -> None:
    assert opening(service(settings, kind)) == found


def test_folders_that_are_written() -> None:
    databases = "A: {Url: 'sqlite:///data/a.db'}\nB: sqlite:////var/b.db\nC: sqlite:///../c.db"
    text = f"{databases}\nLog: {{Mode: volume, Path: '${{L:-a/b}}'}}"
    assert service(text).folders == ("a/b", "data")


@pytest.mark.parametrize(
    ("name", "made"),
    [("Mall_API", "mall-api"), ("9lives", "svc-9lives"), ("a" * 80, "a" * 63), ("__", "svc"), ("a.b", "a-b")],
)
def test_labels(name: str, made: str) -> None:
    assert label(name) == made
    assert is_label(made)
