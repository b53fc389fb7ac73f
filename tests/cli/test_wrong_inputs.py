"""Wrong input: one clear message each, the right exit code, and a tree without changes."""

import errno
import os
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from mallgen.disk.sandbox import Root
from mallgen_runtime.process.conf import parse_config
from mallgen_runtime.process.errors import ConfigError
from mallgen_runtime.rpc import RpcServerConf
from tests.conftest import mallgen, tree
from tests.ports import free_port

GOOD = """syntax = "v1"

type Hello {
	Name string `form:"name"`
}

service a-api {
	@handler Greet
	get /greet (Hello)
}
"""
PY = ("api", "py", "-api", "a.api", "-dir", "out")


def everything(root: Path) -> dict[str, tuple[int, bytes]]:
    """Return modification time and content of everything below a folder, by path; links are not followed."""
    found = {}
    for folder, names, files in os.walk(root):
        for name in [*names, *files]:
            path = Path(folder) / name
            content = path.read_bytes() if path.is_file() and not path.is_symlink() else b""
            found[path.relative_to(root).as_posix()] = (path.lstat().st_mtime_ns if content else 0, content)
    return found


def contract(text: str) -> Callable[[Path], None]:
    def prepare(here: Path) -> None:
        (here / "a.api").write_text(text, encoding="utf-8")

    return prepare


def missing(here: Path) -> None:
    pass


def a_folder(here: Path) -> None:
    (here / "a.api").mkdir()


def a_pipe(here: Path) -> None:
    os.mkfifo(here / "a.api")


def not_utf8(here: Path) -> None:
    (here / "a.api").write_bytes('syntax = "v1" // 商品'.encode("gbk"))


def empty(here: Path) -> None:
    (here / "a.api").write_bytes(b"")


def too_large(here: Path) -> None:
    (here / "a.api").write_bytes(b"// x\n" * 300_000)


def output_is_a_file(here: Path) -> None:
    (here / "a.api").write_text(GOOD)
    (here / "out").write_text("mine")


def read_only_folder(here: Path) -> None:
    (here / "a.api").write_text(GOOD)
    (here / "out").mkdir(mode=0o555)


def read_only_file(here: Path) -> None:
    (here / "a.api").write_text(GOOD)
    (here / "out" / "a_api").mkdir(parents=True)
    (here / "out" / "a_api" / "wiring.py").write_text("mine")
    (here / "out" / "a_api" / "wiring.py").chmod(0o444)


def folder_in_the_way(here: Path) -> None:
    (here / "a.api").write_text(GOOD)
    (here / "out" / "a_api" / "app.py").mkdir(parents=True)


def file_in_the_way(here: Path) -> None:
    (here / "a.api").write_text(GOOD)
    (here / "out").mkdir()
    (here / "out" / "a_api").write_text("mine")


def link_to_elsewhere(here: Path) -> None:
    (here / "a.api").write_text(GOOD)
    (here / "elsewhere").mkdir()
    (here / "out").mkdir()
    (here / "out" / "a_api").symlink_to(here / "elsewhere")


def link_for_a_generated_file(here: Path) -> None:
    (here / "a.api").write_text(GOOD)
    (here / "precious").write_text("mine")
    (here / "out" / "a_api").mkdir(parents=True)
    (here / "out" / "a_api" / "app.py").symlink_to(here / "precious")


CASES: list[tuple[Callable[[Path], None], int, str]] = [
    (missing, 1, "no-such-file"),
    (a_folder, 1, "not-a-file"),
    (a_pipe, 1, "not-a-file"),
    (not_utf8, 1, "not-utf8"),
    (empty, 1, "empty-file"),
    (too_large, 1, "too-large"),
    (contract("syntax = \x00"), 1, "nul-character"),
    (contract(GOOD.replace("(Hello)", "(Helo)")), 1, "unknown-type"),
    (
        contract(
            GOOD.replace("}\n", "\n\t@handler Again\n\tget /greet\n}\n").replace(
                "`\n\n\t@handler Again\n\tget /greet", "`"
            )
        ),
        1,
        "duplicate-route",
    ),
    (contract(GOOD.replace('form:"name"', 'form:"name,range=[2:1]"')), 1, "bad-tag"),
    (contract(GOOD.replace('form:"name"', "form:name")), 1, "bad-tag"),
    (contract(GOOD.replace("get /greet", "got /greet")), 1, "unknown-method"),
    (contract(GOOD.replace("Name string", "Name strin")), 1, "unknown-type"),
    (contract(f'import "x.api"\n{GOOD}'), 1, "no-such-file"),
    (output_is_a_file, 1, "not-a-folder"),
    (read_only_folder, 3, "read-only"),
    (read_only_file, 3, "read-only"),
    (folder_in_the_way, 1, "in-the-way"),
    (file_in_the_way, 1, "in-the-way"),
    (link_to_elsewhere, 1, "leads-outside"),
    (link_for_a_generated_file, 1, "in-the-way"),
]


@pytest.mark.parametrize(("prepare", "code", "error"), CASES, ids=lambda value: getattr(value, "__name__", str(value)))
def test_nothing_is_written(here: Path, prepare: Callable[[Path], None], code: int, error: str) -> None:
    prepare(here)
    before = everything(here)
    ran = mallgen(*PY)
    assert everything(here) == before
    assert (ran.code, ran.out) == (code, "")
    assert f"error[{error}" in ran.err
    assert "= help: " in ran.err
    assert ran.err.splitlines()[-1].endswith("nothing was written")


def config(here: Path, text: str, *words: str) -> "subprocess.CompletedProcess[str]":
    """Run the generated service with a configuration."""
    (here / "a.api").write_text(GOOD)
    assert mallgen("api", "py", "-api", "a.api", "-dir", ".", "-q").code == 0
    if text:
        (here / "etc" / "a-api.yaml").write_text(text, encoding="utf-8")
    command = [sys.executable, "-m", "a_api", *words]
    return subprocess.run(command, cwd=here, capture_output=True, text=True, timeout=20, check=False)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("Name: a\nPort: many\n", "etc/a-api.yaml:2: Port must be a whole number"),
        ("Name: a\n", "etc/a-api.yaml:1: Port is required"),
        ("Name: [a\nPort: 1\n", "etc/a-api.yaml:2: this is not YAML"),
        ("Name: a\nPort: ${NO_SUCH_PORT}\n", "etc/a-api.yaml:2: the environment variable NO_SUCH_PORT is not set"),
        ("- a\n", "etc/a-api.yaml:1: the settings must be keys with values"),
        (
            "Name: a\nPort: 1\nLog:\n  Level: loud\n",
            "etc/a-api.yaml:4: Log.Level must be one of debug, info, warn, error, severe",
        ),
        ("Name: a\nPort: 1\nLog:\n  Encoding: xml\n", "etc/a-api.yaml:4: Log.Encoding must be one of json, plain"),
        ("Name: a\nPort: 99999\n", "etc/a-api.yaml:2: Port must be from 0 to 65535"),
        ("Name: a\nPort: -1\n", "etc/a-api.yaml:2: Port must be from 0 to 65535"),
        ("Name: a\nPort: 1\nMode: prod\n", "etc/a-api.yaml:3: Mode must be one of dev, test, rt, pre, pro"),
        ("Name: a\nPort: 1\nTimeout: -1\n", "etc/a-api.yaml:3: Timeout must be at least 0"),
        ("Name: a\nPort: 1\nMaxBytes: -1\n", "etc/a-api.yaml:3: MaxBytes must be at least 0"),
        ("Name: a\nPort: 1\nMaxConns: -1\n", "etc/a-api.yaml:3: MaxConns must be at least 0"),
        ("Name: a\nPort: 1\nTimeout: 3s\n", "etc/a-api.yaml:3: Timeout must be a whole number"),
        ("Name: a\nPort: 1\nport: 2\n", "etc/a-api.yaml:3: Port is given twice, first in line 2"),
        ("Name: a\nPort: 1\nLog: 5\n", "etc/a-api.yaml:3: Log must be an object"),
        ("Name: a\n\tPort: 1\n", "etc/a-api.yaml:2: this is not YAML"),
        ("Name: a\nPort: 1\n---\nName: b\n", "etc/a-api.yaml:3: this is not YAML"),
        ("Name: a\nPort: 1\nX: *nope\n", "etc/a-api.yaml:3: this is not YAML"),
        ("Name: !!python/object/apply:os.getcwd []\nPort: 1\n", "etc/a-api.yaml:1: Name must be a string"),
        (
            f"Name: a\nPort: 1\n{'# comment' * 200_000}\n",
            "etc/a-api.yaml: the configuration has more than 1048576 bytes",
        ),
        ("Name: a\nPort: 8888\nHost: no.such.host.invalid\n", "cannot listen on no.such.host.invalid:8888"),
    ],
)
def test_a_bad_configuration_is_one_line(here: Path, text: str, message: str) -> None:
    ran = config(here, text)
    assert (ran.returncode, ran.stdout) == (3, "")
    assert ran.stderr.startswith("error[config] ")
    assert message in ran.stderr
    assert ran.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ("MaxMessage: -5", "MaxMessage must be at least -1"),
        ("Timeout: -1", "Timeout must be at least 0"),
        ("Mode: prod", "Mode must be one of dev, test, rt, pre, pro"),
    ],
)
def test_bad_settings_of_an_rpc_service(lines: str, message: str) -> None:
    with pytest.raises(ConfigError, match=f"^a.yaml:2: {message}"):
        parse_config(RpcServerConf, f"Name: a\n{lines}\n", "a.yaml")
    assert parse_config(RpcServerConf, "Name: a\nMaxMessage: -1\n", "a.yaml").max_message == -1


def test_a_missing_configuration_is_one_line(here: Path) -> None:
    ran = config(here, "", "-f", "etc/none.yaml")
    assert (ran.returncode, ran.stderr) == (
        3,
        "error[config] etc/none.yaml: cannot read the configuration: No such file or directory\n",
    )


def test_a_taken_port_is_one_line(here: Path) -> None:
    port = free_port()
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", port))
        taken.listen()
        ran = config(here, f"Name: a\nHost: 127.0.0.1\nPort: {port}\n")
    assert (ran.returncode, ran.stderr) == (
        3,
        f"error[config] cannot listen on 127.0.0.1:{port}: the port is taken\n",
    )


def test_a_secret_that_is_not_set_is_one_line(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AUTH_ACCESS_SECRET", raising=False)
    (here / "a.api").write_text(GOOD.replace("service", "@server (\n\tjwt: Auth\n)\nservice"))
    assert mallgen("api", "py", "-api", "a.api", "-dir", ".", "-q").code == 0
    command = [sys.executable, "-m", "a_api"]
    ran = subprocess.run(command, cwd=here, capture_output=True, text=True, timeout=20, check=False)
    message = "error[config] etc/a-api.yaml:7: the environment variable AUTH_ACCESS_SECRET is not set\n"
    assert (ran.returncode, ran.stderr) == (3, message)


def failing(monkeypatch: pytest.MonkeyPatch, method: str, number: int, code: int) -> None:
    """Let the n-th call of a method of Root fail with an error code of the system."""
    real, count = getattr(Root, method), [0]

    def call(self: Root, *words: object) -> None:
        count[0] += 1
        if count[0] == number:
            raise OSError(code, os.strerror(code), str(words[0]))
        real(self, *words)

    monkeypatch.setattr(Root, method, call)


@pytest.mark.parametrize("number", range(1, 20))
def test_a_full_disk_leaves_the_tree_as_it_was(here: Path, monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    (here / "a.api").write_text(GOOD)
    failing(monkeypatch, "save", number, errno.ENOSPC)
    ran = mallgen(*PY)
    if ran.code == 0:
        assert number > 15
        return
    assert (ran.code, "error[disk-full]" in ran.err) == (3, True)
    assert ran.err.splitlines()[-1].endswith("nothing was written")
    assert list(everything(here)) == ["a.api"]


@pytest.mark.parametrize("method", ["link", "move", "make", "save", "remove", "remove_folder"])
def test_an_error_at_any_call_leaves_the_old_or_leads_to_the_new(
    here: Path, monkeypatch: pytest.MonkeyPatch, method: str
) -> None:
    (here / "a.api").write_text(GOOD)
    assert mallgen(*PY).code == 0
    old = tree(here / "out")
    (here / "a.api").write_text(GOOD.replace("/greet", "/hello").replace("Greet", "Hi"))
    for number in range(1, 40):
        with monkeypatch.context() as patch:
            failing(patch, method, number, errno.EIO)
            ran = mallgen(*PY)
        if ran.code == 0:
            break
        assert (ran.code, "error[cannot-write]" in ran.err) == (3, True)
        if ran.err.splitlines()[-1].endswith("nothing was written"):
            assert tree(here / "out") == old
        else:
            assert "the next mallgen command here completes what was begun" in ran.err
    assert mallgen(*PY).code == 0
    assert (here / "out" / "a_api" / "logic" / "hi_logic.py").is_file()
    assert not (here / "out" / ".mallgen" / "journal").exists()
    assert mallgen("api", "py", "-api", "a.api", "-dir", "out", "--dry-run").out.count("exists, ignored") == 9


def test_an_interrupt_is_130(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(words: object) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr("mallgen.cli.fast._dispatch", interrupted)
    assert mallgen("api", "py").code == 130


def test_a_bug_is_not_a_traceback(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(words: object) -> int:
        raise ValueError("oops")

    monkeypatch.setattr("mallgen.cli.fast._dispatch", broken)
    ran = mallgen("api", "py")
    assert (ran.code, ran.err.splitlines()[0]) == (70, "error[internal] ValueError: oops")


def shell(script: str) -> "subprocess.CompletedProcess[str]":
    """Run a line of sh, in which $M is mallgen."""
    environment = {**os.environ, "M": f"{sys.executable} -m mallgen"}
    return subprocess.run(
        ["/bin/sh", "-c", script], capture_output=True, text=True, timeout=20, check=False, env=environment
    )


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="the full disk is /dev/full")
def test_a_full_disk_behind_stdout(here: Path) -> None:
    (here / "a.api").write_text(GOOD)
    ran = shell("$M api inspect -api a.api > /dev/full")
    assert (ran.returncode, ran.stderr.splitlines()[0]) == (3, "error[environment] No space left on device")


def test_a_working_directory_that_is_gone(here: Path) -> None:
    (here / "gone").mkdir()
    (here / "a.api").write_text(GOOD)
    ran = shell(f"cd gone && rmdir ../gone && $M api py -api {here}/a.api -dir out")
    message = "error[environment] the working directory does not exist any more"
    assert (ran.returncode, ran.stderr.splitlines()[0]) == (3, message)


def test_streams_that_were_closed(here: Path) -> None:
    (here / "a.api").write_text(GOOD)
    assert shell("$M api py -api a.api -dir out >&- 2>&-").returncode == 0
    assert (here / "out" / "a_api" / "app.py").is_file()
    ran = shell("$M api validate -api none.api >&-")
    assert (ran.returncode, ran.stderr.splitlines()[0]) == (1, "error[no-such-file] there is no file `none.api`")


def test_the_next_step_can_be_pasted(here: Path) -> None:
    (here / "a.api").write_text(GOOD)
    ran = mallgen("api", "py", "-api", "a.api", "-dir", "my $(shop)")
    assert "next: cd 'my $(shop)' && pip install -e ." in ran.err


def test_a_closed_pipe_is_quiet(here: Path) -> None:
    (here / "a.api").write_text(GOOD)
    script = f"{sys.executable} -m mallgen api inspect -api a.api | true"
    ran = subprocess.run(["/bin/sh", "-c", script], capture_output=True, text=True, timeout=20, check=False)
    assert ran.stderr == ""
