"""Expected paths of the user's files, and current names of the generated code that they use. Pure."""

from collections.abc import Collection, Mapping

from mallgen.drift.symbols import Symbols
from mallgen.drift.user_file import module_of
from mallgen.output.files import MODULES, ExpectedFiles
from mallgen.output.manifest import Lock
from mallgen.output.moves import Moves, SignedFile, carried, moves
from mallgen.output.plan import astray, orphans, signed_files
from mallgen.output.recognise import Survey, is_known, recorded, title
from mallgen.output.records import Owner, Record
from mallgen.output.renames import remembered


class Placement:
    """Moves of one contract's user files, and the renames that their code has to follow.

    `origins` has for an expected path the file that moves there, `doubts` the one that may; `left` are the paths that
    such moves make free. `known` are the records by path. `packages` and `renamed` lead from old names to new ones;
    `fresh` are the old names of fields whose rename mallgen.lock does not have yet.
    """

    def __init__(self, expected: ExpectedFiles, disk: Survey, lock: Lock) -> None:
        self._expected = expected
        self._disk = disk
        self._lock = lock
        self.known = recorded(lock, disk)
        _, lines = remembered(expected.contract, expected.classes, lock)
        fresh = {line.old for line in lines} - {line.old for line in lock.renamed}
        self.fresh = {name for _, sign, name in (old.partition(":") for old in fresh) if sign}
        self.renamed = {line.old: line.new for line in lines if not line.is_package}
        self.packages = {line.old: line.new for line in lines if line.is_package and not self._is_there(line.old)}
        self._roles = {file.path: file.role for file in expected.files}
        away = (*orphans(expected, disk, self.known), *astray(expected, disk, self.known))
        found = moves(away, signed_files(expected), self.known, lines, disk.present)
        self._carried = carried(expected.contract, signed_files(expected), self.known, lines, disk.present)
        self._asked = {*found.lost, *found.origins.values(), *found.doubts.values()}
        self.doubts: dict[str, str] = {}
        self.origins = self._confirmed(found)
        self.left = {*self.origins.values()} - {*self.origins}

    def qualnames(self, source: str) -> list[str]:
        """Return the qualified names that the function of a file had, the latest first."""
        record = self.known.get(self._carried.get(source, source))
        before = self.known.get(record.was.path) if record and record.was else None
        return [known.qualname for known in (record, before) if known and known.qualname]

    def lock(self) -> Lock:
        """Return the lock with new records for files that stay at their path and are for another route now."""
        away = {*self.origins.values(), *self.doubts.values()}
        stay = {
            record
            for record in astray(self._expected, self._disk, self.known)
            if record.path not in away and (record.path not in self._asked or self._is_decided(record.path))
        }
        if not stay:
            return self._lock
        here = {file.path: file for file in signed_files(self._expected)}
        return self._lock._replace(files=tuple(_now(r, here[r.path]) if r in stay else r for r in self._lock.files))

    def symbols(self) -> Symbols:
        """Return the names of the generated code and of the modules beside it, as they are after the moves."""
        texts = {file.path: file.text for file in self._expected.files if file.owner is Owner.ALWAYS}
        modules = self._moved_protos({module_of(path) for path in texts})
        names = dict(self.renamed)
        for file in self._expected.files:
            source = self.origins.get(file.path) or self._carried.get(file.path, file.path)
            record = self.known.get(source)
            if file.signature is None or record is None:
                continue
            before, after = top(record.qualname), top(file.signature.qualname)
            if source == file.path and before in ("", after):
                continue
            old, new = module_of(source), module_of(file.path)
            if old != new:
                modules[old] = new
            if before and before != after:
                names[f"{old}.{before}"] = f"{new}.{after}"
        gone = {r.path for r in orphans(self._expected, self._disk, self.known) if r.owner is Owner.ALWAYS}
        paths = (self._disk.present - gone - self.left) | {file.path for file in self._expected.files}
        present = [path for path in paths if path.endswith(MODULES)]
        return Symbols(texts, self._expected.classes, names, modules, self.packages, present, self._own(texts))

    def _own(self, generated: Collection[str]) -> dict[str, tuple[str, bytes]]:
        """Return path and content of the user's modules, by their names and by those that they will have."""
        paths = {path: path for path in self._disk.contents if path.endswith(".py") and path not in generated}
        paths |= {new: old for new, old in self.origins.items() if new.endswith(".py")}
        found = {path: self._disk.contents.get(old) for path, old in paths.items()}
        return {module_of(path): (path, data) for path, data in found.items() if data is not None}

    def _moved_protos(self, generated: Collection[str]) -> dict[str, str]:
        """Return the modules whose classes are all in one other module now, as their proto was renamed; old to new."""
        now: dict[str, set[str]] = {}
        for old, new in self.renamed.items():
            now.setdefault(old.rpartition(".")[0], set()).add(new.rpartition(".")[0])
        return {old: new for old, (new, *more) in now.items() if not more and old not in generated}

    def _confirmed(self, found: Moves) -> dict[str, str]:
        """Return the moves, new to old path, into paths that are empty, hold an untouched stub or become free.

        Where the new path stays taken, the move becomes a doubt.
        """
        doubts, worth = (self._worth(pairs) for pairs in (found.doubts, found.origins))
        asked = {new: old for new, old in doubts.items() if not self._is_free(old)}
        self.doubts = {path: path for path in found.lost if not self._is_decided(path)}
        self.doubts |= {new: old for new, old in asked.items() if old in self._roles or self._is_free(new)}
        while blocked := [new for new in worth if not self._is_free(new) and new not in worth.values()]:
            self.doubts |= {new: worth.pop(new) for new in blocked if not self._has_own(new) and not self._stays(new)}
            worth = {new: old for new, old in worth.items() if new not in blocked}
        return worth

    def _worth(self, pairs: Mapping[str, str]) -> dict[str, str]:
        """Return the moves of readable files; an untouched stub whose new path exists is an orphan instead."""
        return {new: old for new, old in pairs.items() if self._is_worth(old, new) and not self._stays(old)}

    def _is_worth(self, old: str, new: str) -> bool:
        content = self._disk.contents.get(old)
        if old in self._disk.links:
            return False
        return content is not None and not (new in self._disk.present and is_known(self.known.get(old), content))

    def _has_own(self, path: str) -> bool:
        """Return whether the file at a path was written for the route of this path."""
        record = self.known.get(path)
        return record is not None and record.role == self._roles[path]

    def _stays(self, path: str) -> bool:
        """Return whether the file at a path says in its first line that it is for the route of this path."""
        role = self._roles.get(path)
        return role is not None and role.title != "" and title(self._disk.contents.get(path, b"")) == role.title

    def _is_decided(self, path: str) -> bool:
        """Return whether a file that stays may be for its path's route: it is untouched, or its first line says so."""
        return self._is_free(path) or self._stays(path)

    def _is_free(self, path: str) -> bool:
        content = self._disk.contents.get(path)
        return path not in self._disk.present or is_known(self.known.get(path), content)

    def _is_there(self, folder: str) -> bool:
        return any(path.startswith(f"{folder}/") for path in self._disk.present)


def top(qualname: str) -> str:
    """Return the class of a method, or the function itself."""
    return qualname.partition(".")[0]


def _now(record: Record, file: SignedFile) -> Record:
    """Return the record of a file that stays and is for another route now; its function keeps its name."""
    return record._replace(role=file.role, shape=file.shape._replace(qualname=record.qualname))
