"""The metrics of several processes as those of one: counters and histograms added, gauges by worker."""

import re
from collections.abc import Iterable, Mapping

_SAMPLE = re.compile(r"([A-Za-z_:][\w:]*)(?:\{(.*)\})? (\S+)", re.DOTALL)
_ADDED = ("counter", "histogram", "summary")


class Exposition:
    """The metrics of one or several processes: texts, types and samples by family, as first seen."""

    def __init__(self) -> None:
        self.heads: dict[str, tuple[str, str]] = {}
        self.samples: dict[str, dict[tuple[str, str], float]] = {}

    def add(self, text: str, worker: int) -> "Exposition":
        """Add what a worker shows; the samples of its gauges get its number as a label."""
        family, kind, helps = "", "untyped", ""
        for line in text.split("\n"):  # a label may have what else Python takes for the end of a line
            if line.startswith("# HELP "):
                helps = line.split(" ", 3)[3] if line.count(" ") > 2 else ""
            elif line.startswith("# TYPE "):
                family, kind = line.split(" ")[2:4]
                self.heads.setdefault(family, (kind, helps))
            elif found := _SAMPLE.fullmatch(line):
                self._put(family, kind, found[1], found[2] or "", float(found[3]), worker)
        return self

    def counted(self) -> "Exposition":
        """Return the part that only grows: what a process that has ended leaves behind."""
        kept = Exposition()
        for family, (kind, helps) in self.heads.items():
            if kind in _ADDED:
                kept.heads[family] = (kind, helps)
                kept.samples[family] = dict(self.samples.get(family, {}))
        return kept

    def join(self, other: "Exposition") -> "Exposition":
        """Add the samples of another."""
        for family, head in other.heads.items():
            self.heads.setdefault(family, head)
            mine = self.samples.setdefault(family, {})
            for key, value in other.samples.get(family, {}).items():
                mine[key] = mine.get(key, 0.0) + value
        return self

    def text(self) -> str:
        """Return all of it in Prometheus' text format."""
        return "".join(self._lines())

    def _put(self, family: str, kind: str, name: str, labels: str, value: float, worker: int) -> None:
        if name.endswith("_created"):
            return  # the birth of one process' counter says nothing about the sum
        if kind not in _ADDED:
            labels = f'{labels},worker="{worker}"' if labels else f'worker="{worker}"'
        mine = self.samples.setdefault(family, {})
        mine[name, labels] = mine.get((name, labels), 0.0) + value

    def _lines(self) -> Iterable[str]:
        for family, (kind, helps) in self.heads.items():
            found: Mapping[tuple[str, str], float] = self.samples.get(family, {})
            if not found:
                continue
            yield f"# HELP {family} {helps}\n# TYPE {family} {kind}\n"
            for (name, labels), value in found.items():
                yield f"{name}{{{labels}}} {value!r}\n" if labels else f"{name} {value!r}\n"
