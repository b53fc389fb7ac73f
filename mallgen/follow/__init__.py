"""User code follows the contract: what of it no longer fits, and what its files would have to be. Pure."""

import ast
from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

from mallgen.follow import project
from mallgen.follow.body import Body
from mallgen.follow.imports import ImportEdits
from mallgen.follow.match import Match, is_stub
from mallgen.follow.settings import appended, is_flow, missing
from mallgen.follow.source import Function, NotPython, UserFile, edited, module_of, shifted
from mallgen.follow.verdict import Remark, State, Unsure, Verdict
from mallgen.follow.world import VANISHED, Site, World
from mallgen.lock import Lock
from mallgen.model import Span
from mallgen.moves import Expected, Moves, carried, moves
from mallgen.records import FIRST_TEST, Owner, Record
from mallgen.renames import remembered
from mallgen.signature import Signature
from mallgen.tree import (
    MODULES,
    Change,
    Disk,
    Due,
    File,
    astray,
    expected,
    is_known,
    orphans,
    recorded,
    title,
)


class Followed(NamedTuple):
    """All verdicts, the changes that would make the files fit, and what may be a move: new and old path.

    `texts` are the files that something is said of, for code frames; `lock` has new records of files that stay where
    another route is due now, as their content tells. `unsure` is told once, when a field has another name, by due path.
    """

    verdicts: tuple[Verdict, ...]
    changes: Mapping[str, Change]
    doubts: tuple[tuple[str, str], ...]
    texts: Mapping[str, str]
    lock: Lock
    unsure: Mapping[str, tuple[Unsure, ...]]


def follow(due: Due, disk: Disk, lock: Lock, respells: bool = False) -> Followed:
    """Compare every user's file in `disk.contents` with what is due.

    `respells`: a class that has another name is to have it wherever a file uses it, not by `import New as Old`.
    """
    follower = _Follower(due, disk, lock)
    follower.world.respells = respells
    return follower.run()


class _Follower:
    def __init__(self, due: Due, disk: Disk, lock: Lock) -> None:
        self._due = due
        self._disk = disk
        self._lock = lock
        self._known = recorded(lock, disk)
        _, lines = remembered(due.contract, due.classes, lock)
        fresh = {line.old for line in lines} - {line.old for line in lock.renamed}
        self._fresh = {name for _, sign, name in (old.partition(":") for old in fresh) if sign}
        self._unsure: dict[str, tuple[Unsure, ...]] = {}
        self._renamed = {line.old: line.new for line in lines if not line.is_package}
        self._packages = {line.old: line.new for line in lines if line.is_package and not self._is_there(line.old)}
        self._doubts: dict[str, str] = {}
        self._roles = {file.path: file.role for file in due.files}
        away = (*orphans(due, disk, self._known), *astray(due, disk, self._known))
        found = moves(away, expected(due), self._known, lines, disk.present)
        self._carried = carried(due.contract, expected(due), self._known, lines, disk.present)
        self._asked = {*found.lost, *found.origins.values(), *found.doubts.values()}
        self._origins = self._confirmed(found)
        self._left = {*self._origins.values()} - {*self._origins}
        self.world = self._made_world()
        self._changes: dict[str, Change] = {}
        self._texts: dict[str, str] = {}
        self._called: dict[str, set[str]] = {}
        self._bound: dict[str, set[str]] = {}

    def run(self) -> Followed:
        """Handlers go first: what they call decides how a method of a logic class may be named."""
        once = [file for file in self._due.files if file.owner is Owner.ONCE]
        verdicts = [self._file(file) for file in once if file.layer == "handler"]
        verdicts += [self._file(file) for file in once if file.layer != "handler"]
        verdicts += filter(None, map(self._other, sorted(self._disk.contents)))
        verdicts = list(map(self._unlinked, verdicts))
        order = {file.path: number for number, file in enumerate(self._due.files)}
        verdicts.sort(key=lambda verdict: order.get(verdict.path, len(order)))
        return Followed(
            tuple(verdicts), self._changes, tuple(self._doubts.items()), self._texts, self._settled(), self._unsure
        )

    def _settled(self) -> Lock:
        away = {*self._origins.values(), *self._doubts.values()}
        stay = {
            record
            for record in astray(self._due, self._disk, self._known)
            if record.path not in away and (record.path not in self._asked or self._is_decided(record.path))
        }
        if not stay:
            return self._lock
        due = {place.path: place for place in expected(self._due)}
        return self._lock._replace(files=tuple(_now(r, due[r.path]) if r in stay else r for r in self._lock.files))

    def _unlinked(self, verdict: Verdict) -> Verdict:
        """sync does not write through a link: what does not fit there is for the user."""
        target = self._disk.links.get(verdict.source)
        if target is None or self._changes.pop(verdict.path, None) is None:
            return verdict
        place = Span(verdict.source, 1, 1, 1, 2)
        remark = Remark("signature-drift", f"sync does not write through this link to `{target}`", place)
        remarks = tuple(found._replace(is_yours=True, stops=True) for found in (*verdict.remarks, remark))
        return verdict._replace(state=State.STUCK, remarks=remarks)

    def _is_there(self, folder: str) -> bool:
        return any(path.startswith(f"{folder}/") for path in self._disk.present)

    def _confirmed(self, found: Moves) -> dict[str, str]:
        """The moves into places that are empty, hold an untouched stub or become free, of files that can be read.

        What would have to go where another file is, which stays, is in doubt.
        """
        doubts, worth = (
            {new: old for new, old in pairs.items() if self._is_worth(old, new) and not self._stays(old)}
            for pairs in (found.doubts, found.origins)
        )
        asked = {new: old for new, old in doubts.items() if not self._is_free(old)}
        self._doubts = {path: path for path in found.lost if not self._is_decided(path)}
        self._doubts |= {new: old for new, old in asked.items() if old in self._roles or self._is_free(new)}
        while blocked := [new for new in worth if not self._is_free(new) and new not in worth.values()]:
            self._doubts |= {new: worth.pop(new) for new in blocked if not self._has_own(new) and not self._stays(new)}
            worth = {new: old for new, old in worth.items() if new not in blocked}
        return worth

    def _has_own(self, path: str) -> bool:
        """Whether a file was written for the route whose place it is in."""
        record = self._known.get(path)
        return record is not None and record.role == self._roles[path]

    def _stays(self, path: str) -> bool:
        """Whether a file says in its first line that it is for the route whose place it is in."""
        role = self._roles.get(path)
        return role is not None and role.title != "" and title(self._disk.contents.get(path, b"")) == role.title

    def _is_worth(self, old: str, new: str) -> bool:
        """Whether there is something to move: an untouched stub beside a new one is nothing but an orphan."""
        content = self._disk.contents.get(old)
        if old in self._disk.links:
            return False
        return content is not None and not (new in self._disk.present and is_known(self._known.get(old), content))

    def _is_decided(self, path: str) -> bool:
        """Whether a file that is lost may be that of the place it is in: nobody has touched it, or it says so."""
        return self._is_free(path) or self._stays(path)

    def _is_free(self, path: str) -> bool:
        content = self._disk.contents.get(path)
        return path not in self._disk.present or is_known(self._known.get(path), content)

    def _made_world(self) -> World:
        texts = {file.path: file.text for file in self._due.files if file.owner is Owner.ALWAYS}
        modules = self._moved_protos({module_of(path) for path in texts})
        names = dict(self._renamed)
        for file in self._due.files:
            source = self._origins.get(file.path) or self._carried.get(file.path, file.path)
            record = self._known.get(source)
            if file.signature is None or record is None:
                continue
            before, after = _top(record.qualname), _top(file.signature.qualname)
            if source == file.path and before in ("", after):
                continue
            old, new = module_of(source), module_of(file.path)
            if old != new:
                modules[old] = new
            if before and before != after:
                names[f"{old}.{before}"] = f"{new}.{after}"
        gone = {r.path for r in orphans(self._due, self._disk, self._known) if r.owner is Owner.ALWAYS}
        paths = (self._disk.present - gone - self._left) | {file.path for file in self._due.files}
        present = [path for path in paths if path.endswith(MODULES)]
        return World(texts, self._due.classes, names, modules, self._packages, present)

    def _moved_protos(self, generated: Collection[str]) -> dict[str, str]:
        """The modules whose every class that is known again is in one other now: their protos have other names."""
        now: dict[str, set[str]] = {}
        for old, new in self._renamed.items():
            now.setdefault(old.rpartition(".")[0], set()).add(new.rpartition(".")[0])
        return {old: new for old, (new, *more) in now.items() if not more and old not in generated}

    def _file(self, file: File) -> Verdict:
        source = self._origins.get(file.path, file.path)
        content = self._disk.contents.get(source)
        found = Verdict(file.path, source, State.ABSENT, role=file.role)
        if source in self._left and source == file.path:
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
            return found._replace(state=self._plain(file))
        if file.signature and is_known(self._known.get(source), content):
            return self._untouched(file, content, found)
        return self._edited(file, content, found)

    def _untouched(self, file: File, content: bytes, found: Verdict) -> Verdict:
        text = file.text.replace("\n", "\r\n") if b"\r\n" in content else file.text
        self._changes[file.path] = Change(text.encode(), found.source if found.source != file.path else "")
        remarks = self._judged(file, content, found.source).remarks[:1] if found.source == file.path else ()
        return found._replace(state=State.DRIFTED if remarks else self._plain(file), remarks=remarks)

    def _plain(self, file: File) -> State:
        """The state of a file that is as mallgen wrote it: logic is to be written, a handler passes on as it is."""
        return State.STUB if file.layer == "logic" else State.FITS

    def _edited(self, file: File, content: bytes, found: Verdict) -> Verdict:
        judged = self._judged(file, content, found.source)
        is_moved = found.source != file.path
        data = content if judged.data is None else judged.data
        if data != content or is_moved:
            self._changes[file.path] = Change(data, found.source if is_moved else "", judged.name)
        return found._replace(state=judged.state, remarks=judged.remarks)

    def _other(self, path: str) -> Verdict | None:
        """A module that is the user's own from the start: its imports follow."""
        record, is_due = self._known.get(path), any(path == file.path for file in self._due.files)
        if is_due or (record and record.role != FIRST_TEST) or not path.endswith(".py"):
            return None
        content = self._disk.contents[path]
        judged = self._judged(File(path, "", Owner.ONCE, None), content, path)
        if judged.data is not None and judged.data != content:
            self._changes[path] = Change(judged.data)
        return Verdict(path, path, judged.state, judged.remarks) if judged.remarks else None

    def _settings(self, file: File, content: bytes, found: Verdict) -> Verdict:
        named = self._project(file, content, found)
        blocks = missing(content, file.blocks)
        if blocks and not is_flow(content):
            change = self._changes.get(file.path)
            self._changes[file.path] = Change(appended(content if change is None else change.data, blocks))
        return named._replace(blocks=blocks)

    def _project(self, file: File, content: bytes, found: Verdict) -> Verdict:
        state, remarks, data = project.judged(file, content, self._packages, self._due)
        if remarks:
            self._texts[file.path] = content.decode("utf-8", "replace").replace("\r\n", "\n")
        if data != content:
            self._changes[file.path] = Change(data)
        return found._replace(state=state, remarks=tuple(remarks))

    def _judged(self, file: File, content: bytes, source: str) -> "_Judged":
        try:
            user = UserFile(source, content)
        except NotPython as problem:
            place = Span(source, problem.line, problem.column, problem.line, problem.column + 1)
            self._texts[source] = content.decode("utf-8", "replace").replace("\r\n", "\n")
            name = next(iter(self._names(file, source)), "")
            return _Judged(State.BROKEN, (Remark("user-syntax-error", problem.message, place),), None, name)
        return self._compared(file, user, source)

    def _compared(self, file: File, user: UserFile, source: str) -> "_Judged":
        home = module_of(file.path)
        imports = ImportEdits(user, home)
        names, match, name = self._names(file, source), None, ""
        if file.signature:
            wanted = self._accepted(file, file.signature, user)
            match = Match(user, wanted, self.world, imports)
            match.run(_crossed([wanted.qualname, *names]))
            name = wanted.qualname
        body = Body(user, self.world, imports, match)
        body.run()
        if home != user.module:
            self._relocate(user, imports)
        if match and file.signature:
            body.request(match, file.signature, _crossed([file.signature.qualname, *names]))
        sites = [*(match.sites if match else []), *body.sites]
        stuck = [*(match.stuck if match else []), *body.stuck]
        if file.layer == "logic" and name and not self._is_used(file, name):
            stuck = [site if site.code == VANISHED else site._replace(breaks=False) for site in stuck]
        if file.layer == "handler":
            self._called[file.title] = {node.attr for node in user.of(ast.Attribute)}
            self._bound[file.title] = set(user.bindings)
        remarks = tuple(self._remark(user, site, source) for site in sites)
        remarks += tuple(self._remark(user, site, source)._replace(is_yours=True, stops=site.breaks) for site in stuck)
        edits = [*(match.edits if match else []), *imports.edits(), *body.edits]
        data = edited(user, edits) if edits else None
        if unsure := [self._remark(user, site, source) for site in body.unsure(self._fresh)]:
            self._unsure[file.path] = tuple(
                Unsure(r.text, r.span, shifted(user, edits, r.span, file.path)) for r in unsure
            )
        if edits and data is None:
            remarks = tuple(remark._replace(is_yours=True, stops=True) for remark in remarks)
            return _Judged(State.STUCK, remarks, self._moved_as_it_is(user, home), match.found if match else "")
        if stuck:
            return _Judged(State.STUCK, remarks, data, name if match and match.found else next(iter(names), ""))
        stub = file.signature is not None and is_stub(user, _crossed([file.signature.qualname, *names]))
        state = State.DRIFTED if sites else State.STUB if stub else State.FITS
        return _Judged(state, remarks, data, name)

    def _is_used(self, file: File, qualname: str) -> bool:
        """Whether the route's handler imports a class of logic; one that the user wrote need not."""
        bound = self._bound.get(file.title)
        return bound is None or bool(bound & {_top(qualname), *map(_top, self._names(file, file.path))})

    def _relocate(self, user: UserFile, imports: ImportEdits) -> None:
        """Relative imports mean the same from another place."""
        for statement in [node for node in user.of(ast.ImportFrom) if node.level]:
            imports.retarget(statement, self.world.module(imports.module(statement)))

    def _moved_as_it_is(self, user: UserFile, home: str) -> bytes | None:
        if home == user.module:
            return None
        imports = ImportEdits(user, home)
        self._relocate(user, imports)
        return edited(user, [*imports.edits()])

    def _remark(self, user: UserFile, site: Site, source: str) -> Remark:
        self._texts[source] = user.text.replace("\r\n", "\n")
        node = site.node
        if isinstance(node, ast.Module):
            return Remark(site.code, site.text, Span(source, 1, 1, 1, 2))
        return Remark(site.code, site.text, user.span(node, source))

    def _names(self, file: File, source: str) -> list[str]:
        """What the function was called before."""
        record = self._known.get(self._carried.get(source, source))
        before = self._known.get(record.was.path) if record and record.was else None
        return [known.qualname for known in (record, before) if known and known.qualname]

    def _accepted(self, file: File, signature: Signature, user: UserFile) -> Signature:
        """A method of a logic class may keep the name by which the user's handler calls it."""
        called = self._called.get(file.title)
        if file.layer != "logic" or called is None:
            return signature
        top, _, method = signature.qualname.rpartition(".")
        tops = [top, *(_top(name) for name in self._names(file, user.path))]
        owner = next((o for name in tops if (o := user.find(f"{name}.{method}")[0]) is not None), None)
        methods = {n.name for n in owner.body if isinstance(n, Function)} if owner else set()
        mine = methods & called
        return (
            signature._replace(qualname=f"{top}.{mine.pop()}") if method not in called and len(mine) == 1 else signature
        )


class _Judged(NamedTuple):
    state: State
    remarks: tuple[Remark, ...]
    data: bytes | None
    name: str = ""


def _crossed(qualnames: Sequence[str]) -> list[str]:
    """The names, then each class with each method: one of the two may have been kept."""
    if len(set(qualnames)) == 1:
        return [qualnames[0]]
    tops = dict.fromkeys(_top(name) for name in qualnames)
    methods = dict.fromkeys(name.partition(".")[2] for name in qualnames)
    return list(dict.fromkeys([*qualnames, *(f"{top}.{method}" for top in tops for method in methods if method)]))


def _now(record: Record, place: Expected) -> Record:
    """Return the record of a file that stays and is for another route now; its function has the name that it had."""
    return record._replace(role=place.role, shape=place.shape._replace(qualname=record.qualname))


def _top(qualname: str) -> str:
    return qualname.partition(".")[0]
