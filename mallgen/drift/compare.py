"""Comparison of all user files with the contract: verdicts, and the contents that would fit. Pure."""

from collections.abc import Mapping
from typing import NamedTuple

from mallgen.drift import project
from mallgen.drift.judge import Judge, Judged
from mallgen.drift.placement import Placement
from mallgen.drift.settings import appended, is_flow, missing
from mallgen.drift.verdict import Remark, State, Unsure, Verdict
from mallgen.output.files import ExpectedFiles, File
from mallgen.output.manifest import Lock
from mallgen.output.plan import Change
from mallgen.output.recognise import Survey, is_known
from mallgen.output.records import FIRST_TEST, Owner
from mallgen.text.span import Span


class Followed(NamedTuple):
    """All verdicts, and the changes that would make the files fit, by expected path.

    `doubts` are moves that only the user can confirm, as new and old path. `texts` are the files with remarks, for code
    frames, by path on disk. `lock` has new records of files that stay and are for another route now, as their first
    line says. `unsure` has possible uses of fields by expected path; each rename of a field is reported in one run.
    """

    verdicts: tuple[Verdict, ...]
    changes: Mapping[str, Change]
    doubts: tuple[tuple[str, str], ...]
    texts: Mapping[str, str]
    lock: Lock
    unsure: Mapping[str, tuple[Unsure, ...]]


def follow(expected: ExpectedFiles, disk: Survey, lock: Lock, respells: bool = False) -> Followed:
    """Compare every user file in `disk.contents` with what the contract asks for.

    `respells`: write a renamed class's new name at each use of it, instead of importing `New as Old`.
    """
    placement = Placement(expected, disk, lock)
    return _Report(expected, disk, placement, Judge(placement, respells)).followed()


class _Report:
    """Verdicts and changes of all user files, collected file by file."""

    def __init__(self, expected: ExpectedFiles, disk: Survey, placement: Placement, judge: Judge) -> None:
        self._expected = expected
        self._disk = disk
        self._placement = placement
        self._judge = judge
        self._paths = {file.path for file in expected.files}
        self._changes: dict[str, Change] = {}
        self._texts: dict[str, str] = {}
        self._unsure: dict[str, tuple[Unsure, ...]] = {}

    def followed(self) -> Followed:
        """Return the result; handlers are judged first, as their calls decide how a logic class may name its method."""
        once = [file for file in self._expected.files if file.owner is Owner.ONCE]
        verdicts = [self._file(file) for file in once if file.layer == "handler"]
        verdicts += [self._file(file) for file in once if file.layer != "handler"]
        verdicts += filter(None, map(self._other, sorted(self._disk.contents)))
        verdicts = list(map(self._unlinked, verdicts))
        order = {file.path: number for number, file in enumerate(self._expected.files)}
        verdicts.sort(key=lambda verdict: order.get(verdict.path, len(order)))
        doubts = tuple(self._placement.doubts.items())
        return Followed(tuple(verdicts), self._changes, doubts, self._texts, self._placement.lock(), self._unsure)

    def _unlinked(self, verdict: Verdict) -> Verdict:
        """Leave to the user the changes of a file that is a link: sync does not write through links."""
        target = self._disk.links.get(verdict.source)
        if target is None or self._changes.pop(verdict.path, None) is None:
            return verdict
        place = Span(verdict.source, 1, 1, 1, 2)
        remark = Remark("signature-drift", f"sync does not write through this link to `{target}`", place)
        remarks = tuple(found._replace(is_yours=True, stops=True) for found in (*verdict.remarks, remark))
        return verdict._replace(state=State.STUCK, remarks=remarks)

    def _file(self, file: File) -> Verdict:
        source = self._placement.origins.get(file.path, file.path)
        content = self._disk.contents.get(source)
        found = Verdict(file.path, source, State.ABSENT, role=file.role)
        if source in self._placement.left and source == file.path:
            return found
        if content is None:
            return found if file.path not in self._disk.present else found._replace(state=State.FITS)
        if file.blocks:
            return self._settings(file, content, found)
        if not file.path.endswith(".py"):
            return self._project(file, content, found)
        if content.replace(b"\r\n", b"\n") == file.text.encode():
            if source != file.path:
                self._changes[file.path] = Change(content, source)
            return found._replace(state=_plain(file))
        if file.signature and is_known(self._placement.known.get(source), content):
            return self._untouched(file, content, found)
        return self._edited(file, content, found)

    def _untouched(self, file: File, content: bytes, found: Verdict) -> Verdict:
        text = file.text.replace("\n", "\r\n") if b"\r\n" in content else file.text
        self._changes[file.path] = Change(text.encode(), found.source if found.source != file.path else "")
        remarks = self._judged(file, content, found.source).remarks[:1] if found.source == file.path else ()
        return found._replace(state=State.DRIFTED if remarks else _plain(file), remarks=remarks)

    def _edited(self, file: File, content: bytes, found: Verdict) -> Verdict:
        judged = self._judged(file, content, found.source)
        is_moved = found.source != file.path
        data = content if judged.data is None else judged.data
        if data != content or is_moved:
            self._changes[file.path] = Change(data, found.source if is_moved else "", judged.name)
        return found._replace(state=judged.state, remarks=judged.remarks)

    def _other(self, path: str) -> Verdict | None:
        """Judge a module that mallgen did not generate: only its references to generated code are compared."""
        record = self._placement.known.get(path)
        if path in self._paths or (record and record.role != FIRST_TEST) or not path.endswith(".py"):
            return None
        content = self._disk.contents[path]
        judged = self._judged(File(path, "", Owner.ONCE, None), content, path)
        if judged.data is not None and judged.data != content:
            self._changes[path] = Change(judged.data)
        return Verdict(path, path, judged.state, judged.remarks) if judged.remarks else None

    def _judged(self, file: File, content: bytes, source: str) -> Judged:
        found = self._judge.judged(file, content, source)
        if found.text is not None:
            self._texts[source] = found.text
        if found.unsure:
            self._unsure[file.path] = found.unsure
        return found

    def _settings(self, file: File, content: bytes, found: Verdict) -> Verdict:
        named = self._project(file, content, found)
        blocks = missing(content, file.blocks)
        if blocks and not is_flow(content):
            change = self._changes.get(file.path)
            self._changes[file.path] = Change(appended(content if change is None else change.data, blocks))
        return named._replace(blocks=blocks)

    def _project(self, file: File, content: bytes, found: Verdict) -> Verdict:
        state, remarks, data = project.judged(file, content, self._placement.packages, self._expected)
        if remarks:
            self._texts[file.path] = content.decode("utf-8", "replace").replace("\r\n", "\n")
        if data != content:
            self._changes[file.path] = Change(data)
        return found._replace(state=state, remarks=tuple(remarks))


def _plain(file: File) -> State:
    """Return the state of a file that is as mallgen wrote it: logic is a stub, a handler works as it is."""
    return State.STUB if file.layer == "logic" else State.FITS
