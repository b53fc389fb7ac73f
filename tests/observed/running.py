"""The services of service.py as processes, with what they show."""

import contextlib
import re
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from tests.parts import Process, wait_for
from tests.ports import free_port

STOP = "Shutdown: {WrapUpTime: 20ms}\n"


class Answered(NamedTuple):
    """The status, the headers by lower-case name and the body of an answer."""

    status: int
    headers: dict[str, str]
    body: str


class Observed(Process):
    """A service with its port and that of its dev server."""

    def __init__(self, folder: Path, kind: str, settings: str) -> None:
        self.port, self.admin = free_port(), free_port()
        conf = folder / f"{kind}.yaml"
        conf.write_text(settings.format(port=self.port, admin=self.admin) + STOP, encoding="utf-8")
        script = str(Path(__file__).with_name("service.py"))
        super().__init__([sys.executable, script, kind, "-f", str(conf)], folder / f"{kind}.log")

    def lines(self) -> str:
        """Return the log."""
        return self.log.read_text(encoding="utf-8")

    def get(self, path: str, *, admin: bool = False, **headers: str) -> Answered:
        """GET from the service, or from its dev server."""
        address = f"http://127.0.0.1:{self.admin if admin else self.port}{path}"
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        try:
            with urllib.request.urlopen(urllib.request.Request(address, headers=sent), timeout=5) as found:
                return Answered(found.status, _lower(found.headers), found.read().decode())
        except urllib.error.HTTPError as found:
            return Answered(found.code, _lower(found.headers), found.read().decode())

    def metrics(self) -> str:
        """Return the metrics."""
        return self.get("/metrics", admin=True).body

    def value(self, name: str, **labels: str) -> float:
        """Return the sum of a metric's values with some labels."""
        found = 0.0
        for line in re.findall(rf"^{name}(?:\{{.*\}})? .*$", self.metrics(), re.MULTILINE):
            if all(f'{label}="{value}"' in line for label, value in labels.items()):
                found += float(line.rpartition(" ")[2])
        return found

    def serves(self) -> bool:
        """Return whether the dev server answers. Raises AssertionError when the service has ended."""
        assert self.running, self.lines()
        with contextlib.suppress(OSError):
            return self.get("/healthz", admin=True).status == 200
        return False


def _lower(headers: object) -> dict[str, str]:
    return {str(name).lower(): str(value) for name, value in headers.items()}  # type: ignore[attr-defined]


@contextlib.contextmanager
def running(folder: Path, kind: str, settings: str) -> Iterator[Observed]:
    """Run a service; `{port}` and `{admin}` in its settings are free ports."""
    made = Observed(folder, kind, settings)
    made.launch()
    try:
        wait_for(made.serves, f"the {kind} serves", 20)
        yield made
    finally:
        made.stop()
