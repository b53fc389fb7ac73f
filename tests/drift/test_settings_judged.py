"""check and the service report the same about a yaml, and the fast path of check hides nothing."""

import ast
from typing import Any

import pytest
import yaml
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from mallgen.drift import unused_settings as judge
from mallgen_runtime.process.conf import parse
from mallgen_runtime.process.errors import ConfigError

pytestmark = pytest.mark.slow

SOURCE = """
from typing import Annotated, Optional
from mallgen_runtime import JwtConf, JwtTransitionConf, RestConf
from mallgen_runtime.rpc import RpcClientConf
from mallgen_runtime.schema import Options, Struct, field

class Database(Struct, kw_only=True):
    data_source: str = ""
    pool: int = field(name="pool_size", default=4)

class BaseConfig(RestConf, kw_only=True):
    auth: JwtConf = field(default_factory=lambda: JwtConf(access_secret="a"))
    moved: JwtTransitionConf = field(default_factory=lambda: JwtTransitionConf(secret="a"))
    order_rpc: RpcClientConf = field(default_factory=RpcClientConf)

class Config(BaseConfig, kw_only=True):
    database: Database | None = None
    other: Optional[Database] = None
    replicas: list[Database] = field(default_factory=list)
    colour: Annotated[str, Options("red", "blue")] = "red"
    labels: dict[str, str] = field(default_factory=dict)
    cert_file: str = ""
"""
KNOWN = judge.blocks(ast.parse(SOURCE))
SPACE: dict[str, Any] = {}
exec(compile(SOURCE, "config.py", "exec"), SPACE)
HEAD = "Name: a\nPort: 1\n"

KEYS = (
    "Timeout Timout timeout MaxBytes MaxByte Log Level Levl Auth AccessSecret PrvSecret Moved Secret OrderRPC "
    "order_rpc Endpoints Endpoint Etcd Hosts Middlewares Breaker Recover Database DataSource PoolSize Pool Other "
    "Replicas Colour "
    "Labels CertFile KeyFile Signature Strict Prometheus Host Zebra Token Shutdown WaitTime DevServer"
).split()
words = st.sampled_from(["", "true", "false", "1", "a:1", "x y", "500ms"])
trees = st.recursive(
    words | st.lists(words, max_size=2),
    lambda inner: st.dictionaries(st.sampled_from(KEYS), inner, max_size=4)
    | st.lists(st.dictionaries(st.sampled_from(KEYS), inner, max_size=3), max_size=2),
    max_leaves=12,
)
files = st.dictionaries(st.sampled_from(KEYS), trees, max_size=6)


def of_check(text: str) -> set[tuple[int, bool]]:
    """Return the lines that check reports, each with whether it is an error."""
    return {(d.span.line, d.severity == "error") for d in judge.judged(text, "a.yaml", "Config", KNOWN) if d.span}


def of_service(text: str) -> set[tuple[int, bool]]:
    """Return the lines that the service reports, without mistakes in values."""
    problems: tuple[str, ...] = ()
    try:
        warnings = parse(SPACE["Config"], text, "a.yaml").warnings
    except ConfigError as problem:
        problems, warnings = problem.problems, problem.warnings
    mistakes = (
        " must ",
        " is given twice",
        " is required",
        " is not set, and TLS needs ",
        "; a duration is written as ",
    )
    wrong = {(int(line.split(":")[1]), True) for line in problems if not any(word in line for word in mistakes)}
    return wrong | {(int(line.split(":")[1]), False) for line in warnings}


def is_twice(text: str) -> bool:
    """Return whether a key is given twice, in two spellings."""
    try:
        parse(SPACE["Config"], text, "a.yaml")
    except ConfigError as problem:
        return any(" is given twice" in line for line in problem.problems)
    return False


@settings(max_examples=600, deadline=None)
@given(files, st.booleans())
def test_check_says_what_the_service_says(tree: dict[str, Any], flow: bool) -> None:
    text = HEAD + yaml.safe_dump(tree, default_flow_style=None if flow else False, sort_keys=False) if tree else HEAD
    assume(not is_twice(text))  # no rule says which of the two counts
    assert of_check(text) == of_service(text)


@settings(max_examples=600, deadline=None)
@given(files, st.booleans())
def test_the_quick_look_hides_nothing(tree: dict[str, Any], flow: bool) -> None:
    text = HEAD + yaml.safe_dump(tree, default_flow_style=None if flow else False, sort_keys=False) if tree else HEAD
    if judge._is_plain(text, "Config", KNOWN):
        root = yaml.compose(text, Loader=yaml.SafeLoader)
        assert list(judge._NodeWalk("a.yaml", KNOWN, set()).node(root, "Config", "")) == []


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        (HEAD, True),
        (f"{HEAD}Replicas:\n- Timeout:\n    Timeout: ''\n", False),
        (f"{HEAD}Replicas: []\n", False),
        (f"{HEAD}# Timout: 1\n\nTimeout: 5 # Timout\n", True),
        (f"{HEAD}OrderRPC:\n  Timeout: 5\n  Etcd:\n    Hosts:\n    - a:1\n    - b:2\nLog:\n  Level: info\n", True),
        (f"{HEAD}Auth:\n  AccessSecret: ${{AUTH_ACCESS_SECRET}}\n", True),
        (f"{HEAD}Labels:\n  Timout: a\n", True),
        (f"{HEAD}OrderRPC:\n  MaxBytes: 5\n", False),
        (f"{HEAD}Endpoints: [a:1]\n", False),
        (f"{HEAD}Tls: true\n", False),
        (f"{HEAD}OrderRPC:\n  Token: a\n", False),
        (f"{HEAD}Replicas:\n- DataSorce: a\n", False),
        (f"{HEAD}Log: {{Levl: a}}\n", False),
        (f'{HEAD}"Timout": 1\n', False),
        (f"{HEAD}? Timout\n: 1\n", False),
        (f"{HEAD}Timeout: |\n  Timout: 1\n", False),
        (f"x: &a\n  b: 1\n{HEAD}<<: *a\n", False),
    ],
)
def test_plain_files_need_no_yaml(text: str, plain: bool) -> None:
    assert judge._is_plain(text, "Config", KNOWN) is plain


@pytest.mark.parametrize(
    "source",
    [
        "class Config(Elsewhere):\n    a: int = 1\n",
        "class Config(RestConf, rename='camel'):\n    a: int = 1\n",
        "class Config(make()):\n    a: int = 1\n",
        "class Config:\n    a: int = 1\n",
        "Config = RestConf\n",
    ],
)
def test_what_cannot_be_known_is_not_judged(source: str) -> None:
    known = judge.blocks(ast.parse(source))
    assert list(judge.judged(f"{HEAD}Timout: 1\n", "a.yaml", "Config", known)) == []


@pytest.mark.parametrize(
    "annotation", ["Elsewhere", "dict[str, Database]", "'Elsewhere | None'", "tuple[Database, ...]"]
)
def test_a_block_of_another_class_is_not_judged(annotation: str) -> None:
    source = f"{SOURCE}\nclass More(Config):\n    block: {annotation}\n"
    known = judge.blocks(ast.parse(source))
    assert list(judge.judged(f"{HEAD}Block:\n  Timout: 1\n", "a.yaml", "More", known)) == []


def test_aliases_are_walked_once() -> None:
    bomb = "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9) if n else '{b: 1}'}]\n" for n in range(30))
    assert [d.code for d in judge.judged(HEAD + bomb, "a.yaml", "Config", KNOWN)] == ["unknown-setting"] * 30


def test_a_key_that_is_no_word_is_not_written_out() -> None:
    bomb = "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9) if n else '{b: 1}'}]\n" for n in range(30))
    text = f"Labels: {{}}\n{HEAD}x: [&l [1, 2], &m [*l, *l]]\n? *m\n: 1\n"
    assert [d.message for d in judge.judged(text, "a.yaml", "Config", KNOWN)][-1].startswith("`?` is no setting")
    assert of_service(text) == of_check(text) == {(4, False)}  # an alias has the span of its anchor
    judged = list(judge.judged(f"{HEAD}{bomb}? *a29\n: 1\n", "a.yaml", "Config", KNOWN))
    assert len(judged) == 31
