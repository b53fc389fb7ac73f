"""Contracts with their breaking changes mended: each edit is proven on copies before it is offered. An edge."""

import os
import tempfile
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from mallgen.breaking import ERROR
from mallgen.breaking.mend import Mend, span_edits
from mallgen.breaking.policy import Judgement
from mallgen.loading.rewrite import TextFile
from mallgen.syntax.edits import edited
from mallgen.workspace.config import BadWorkspace
from mallgen.workspace.versions import Version, version_of

Judge = Callable[[Version], list[Judgement]]
Mends = Sequence[tuple[Judgement, Mend]]


class MendedContracts(NamedTuple):
    """The findings that are mended, and the new texts by path with the number of places that changed in each."""

    mended: tuple[Judgement, ...]
    texts: dict[str, str]
    places: dict[str, int]


class MendProof:
    """Contracts as they are, to try mends on copies of them.

    `root` is the folder of the version, `paths` the contracts that were named, `files` all files that it is read from,
    `texts` the same as they were read; `judge` judges a version as the one of today was, with the findings `before`.
    """

    def __init__(
        self,
        root: str,
        paths: Sequence[str],
        files: Mapping[str, TextFile],
        texts: Mapping[str, str],
        judge: Judge,
        before: Sequence[Judgement],
    ) -> None:
        self.root, self.paths = os.path.abspath(root), tuple(os.path.relpath(path) for path in paths)
        self.files, self.texts, self._judge = files, texts, judge
        self._errors = {_key(one) for one in before if one.found.diagnostic.severity == ERROR}
        self._top = os.path.commonpath([self.root, *(os.path.dirname(os.path.abspath(path)) for path in files)])

    def proven(self, wanted: Mends) -> MendedContracts:
        """Return the contracts with the mends that hold: all at once, else those of one file, else one by one."""
        if not wanted or self._holds(wanted):
            return self._mended(wanted)
        kept: list[tuple[Judgement, Mend]] = []
        by_file: dict[frozenset[str], list[tuple[Judgement, Mend]]] = {}
        for one in wanted:
            by_file.setdefault(one[1].files, []).append(one)
        for group in by_file.values():
            if len(by_file) > 1 and self._holds([*kept, *group]):
                kept += group
                continue
            for one in group:
                if self._holds([*kept, one]):
                    kept.append(one)
        return self._mended(kept)

    def _holds(self, chosen: Mends) -> bool:
        """Return whether the contracts can be read with some mends, the findings are gone, and no error is new."""
        made = self._mended(chosen)
        with tempfile.TemporaryDirectory(prefix="mallgen-fix-") as folder:
            for path, file in self.files.items():
                copy = os.path.join(folder, os.path.relpath(os.path.abspath(path), self._top))
                os.makedirs(os.path.dirname(copy), exist_ok=True)
                with open(copy, "w", encoding="utf-8", newline="") as target:
                    target.write(made.texts.get(path, file.raw))
            root = os.path.normpath(os.path.join(folder, os.path.relpath(self.root, self._top)))
            try:
                version = version_of(root, self.paths)
            except BadWorkspace:
                return False
            if version.diagnostics:
                return False
            left = self._judge(version)
        errors = {_key(one) for one in left if one.found.diagnostic.severity == ERROR}
        return errors <= self._errors and not {_key(one) for one in left} & {_key(one) for one, _ in chosen}

    def _mended(self, chosen: Mends) -> MendedContracts:
        edits = span_edits((mend for _, mend in chosen), self.texts)
        texts: dict[str, str] = {}
        places: dict[str, int] = {}
        for path, own in edits.items():
            file = self.files[path]
            texts[path], places[path] = edited(file.raw, [one._replace(text=file.laid_out(one.text)) for one in own])
        return MendedContracts(tuple(one for one, _ in chosen), texts, places)


def _key(one: Judgement) -> tuple[str, str, str]:
    return one.service, one.found.diagnostic.code, one.found.diagnostic.message
