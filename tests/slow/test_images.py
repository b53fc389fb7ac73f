"""The Dockerfiles, carried out step by step: the image's service runs as its user and is healthy."""

import json
import os
import shutil
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import ROOT, mallgen
from tests.parts import wait_for
from tests.ports import free_port
from tests.slow.image import build
from tests.slow.test_wheels import wheel

pytestmark = pytest.mark.slow


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """Return a folder that the image's user can read, as pytest's own cannot be."""
    folder = Path(tempfile.mkdtemp(prefix="mallgen-image-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="session")
def runtime(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the wheel of the runtime."""
    return wheel(ROOT / "runtime", tmp_path_factory.mktemp("dist"))


def order(folder: Path) -> Path:
    """Generate the service of the examples that has tables in SQLite, and return its folder."""
    shutil.copy(ROOT / "examples" / "protos" / "order.proto", folder)
    shutil.copy(ROOT / "examples" / "sql" / "data.sql", folder)
    values = {"contract": "order.proto", "dir": "order", "tables": ["data.sql"], "database": "order"}
    lines = [f"{name} = {json.dumps(value)}" for name, value in values.items()]
    (folder / "mallgen.toml").write_text("\n".join(["[service.order]", *lines]), encoding="utf-8")
    assert mallgen("gen", "-q").code == 0
    return folder / "order"


def new(*words: str) -> Path:
    """Return the folder of a new project."""
    assert mallgen(*words, "-q").code == 0
    return Path(words[-1])


@pytest.mark.parametrize("kind", ["api", "rpc", "rmq", "tables"])
def test_the_image_of_a_service(kind: str, open_folder: Path, here: Path, runtime: Path) -> None:
    service = order(here) if kind == "tables" else new(kind, "new", "greet")
    (settings,) = (service / "etc").iterdir()
    port = free_port()
    text = settings.read_text(encoding="utf-8")
    text = text.replace("8888", str(port)).replace("8080", str(port))
    if kind == "rmq":
        text += f"\nDevServer:\n  Port: {port}\n"
    settings.write_text(text, encoding="utf-8")
    assert mallgen("docker", "-dir", str(service), "-q") == (0, "", "")
    (service / "wheels").mkdir()
    shutil.copy(runtime, service / "wheels")

    image = build(service, open_folder)
    assert image.ports == [port]
    assert not (open_folder / "build" / "src" / "tests").exists()
    assert (open_folder / "build" / "src" / "pyproject.toml").is_file()
    installed = {
        path.name.partition("-")[0] for path in open_folder.glob("last/python/lib/*/site-packages/*.dist-info")
    }
    assert {"mallgen_runtime"} < installed
    assert not {"hatchling", "mallgen"} & installed

    down = image.healthy()
    assert (down.returncode, down.stdout) == (1, "")
    assert f"127.0.0.1:{port}" in down.stderr
    home = {"MALLGEN_DISCOVERY": f"file:{shared(open_folder)}", "MALLGEN_DEV": "1"}
    process = image.start(home)
    try:
        wait_for(lambda: image.healthy().returncode == 0 or process.poll() is not None, "the image is healthy", 30)
        assert process.poll() is None, (image.folder / "log").read_text()
        if kind == "tables":
            assert (image.work / "data" / "order.db").is_file()
    finally:
        process.send_signal(signal.SIGTERM)
        code = process.wait(20)
    assert code == 0


def shared(folder: Path) -> Path:
    """Return a folder that the image's user may write into."""
    path = folder / "services"
    path.mkdir()
    if os.getuid() == 0:
        os.chown(path, 10001, 10001)
    return path
