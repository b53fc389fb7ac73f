"""Contracts with their breaking changes mended: each edit is proven on copies before it is offered. An edge."""

import os
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
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
_Keys = dict[tuple[str, str, str], Judgement]


class MendedContracts(NamedTuple):
    """The findings that are gone, and the new texts by path with the number of places that changed in each."""

    gone: tuple[Judgement, ...]
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
        self.root, self.paths = os.path.abspath(root), tuple(os.path.relpath(path, root) for path in paths)
        self.files, self.texts, self._judge, self._before = files, texts, judge, _keyed(before)
        self._top = os.path.commonpath([self.root, *(os.path.dirname(os.path.abspath(path)) for path in files)])

    def proven(self, wanted: Mends) -> MendedContracts:
        """Return the contracts with the mends that hold: all at once, else those of one file, else one by one."""
        left = self._left(wanted) if wanted else self._before
        if left is not None:
            return self._mended(wanted, left)
        kept: list[tuple[Judgement, Mend]] = []
        left = self._before
        by_file: dict[frozenset[str], list[tuple[Judgement, Mend]]] = {}
        for one in wanted:
            by_file.setdefault(one[1].files, []).append(one)
        for group in by_file.values():
            whole = self._left([*kept, *group]) if len(by_file) > 1 else None
            if whole is not None:
                kept, left = [*kept, *group], whole
                continue
            for one in group if len(group) > 1 or len(by_file) == 1 else ():
                for mend in filter(None, (one[1], one[1].otherwise)):
                    now = self._left([*kept, (one[0], mend)])
                    if now is not None:
                        kept, left = [*kept, (one[0], mend)], now
                        break
        return self._mended(kept, left)

    def _left(self, chosen: Mends) -> _Keys | None:
        """Return the findings that are left with some mends; None where these do not hold.

        They hold when the contracts can be read, the findings that they mend are gone, and no error is new.
        """
        found = self._tried(self._edited(chosen)[0])
        if found is None:
            return None
        left = _keyed(found)
        new = (one for key, one in left.items() if key not in self._before)
        if any(one.found.diagnostic.severity == ERROR for one in new) or _keyed(one for one, _ in chosen).keys() & left:
            return None
        return left

    def _tried(self, texts: Mapping[str, str]) -> list[Judgement] | None:
        """Return the findings about copies of all files, some with other texts; None where these have errors."""
        with tempfile.TemporaryDirectory(prefix="mallgen-fix-") as folder:
            for path, file in self.files.items():
                copy = os.path.join(folder, os.path.relpath(os.path.abspath(path), self._top))
                os.makedirs(os.path.dirname(copy), exist_ok=True)
                with open(copy, "w", encoding="utf-8", newline="") as target:
                    target.write(texts.get(path, file.raw))
            root = os.path.normpath(os.path.join(folder, os.path.relpath(self.root, self._top)))
            try:
                version = version_of(root, self.paths)
            except BadWorkspace:
                return None
            return self._judge(version) if not version.diagnostics else None

    def _mended(self, chosen: Mends, left: _Keys) -> MendedContracts:
        gone = tuple(one for key, one in self._before.items() if key not in left)
        return MendedContracts(gone, *self._edited(chosen))

    def _edited(self, chosen: Mends) -> tuple[dict[str, str], dict[str, int]]:
        """Return the texts with some mends, and the number of places in each."""
        texts: dict[str, str] = {}
        places: dict[str, int] = {}
        for path, own in span_edits((mend for _, mend in chosen), self.texts).items():
            file = self.files[path]
            texts[path], places[path] = edited(file.raw, [one._replace(text=file.laid_out(one.text)) for one in own])
        return texts, places


def _keyed(found: Iterable[Judgement]) -> _Keys:
    return {(one.service, one.found.diagnostic.code, one.found.diagnostic.message): one for one in found}
