"""Comparison of one Python user file with the contract: its remarks, and the content that would fit. Pure."""

import ast
from collections.abc import Sequence
from typing import NamedTuple

from mallgen.drift.classes import Classes
from mallgen.drift.imports import ImportEdits
from mallgen.drift.placement import Placement, top
from mallgen.drift.references import References
from mallgen.drift.signatures import Match
from mallgen.drift.symbols import VANISHED, Site
from mallgen.drift.user_file import Function, NotPython, UserFile, edited, module_of, shifted
from mallgen.drift.verdict import Remark, State, Unsure
from mallgen.output.files import File
from mallgen.output.signature import Signature
from mallgen.text.span import Span


class Judged(NamedTuple):
    """Result of comparing one file; `data` is the content that would fit, None when that is not known.

    `name` is the qualified name of the function in `data`. `text` is the file's text for code frames, None when there
    is nothing to report.
    """

    state: State
    remarks: tuple[Remark, ...]
    data: bytes | None
    name: str = ""
    text: str | None = None
    unsure: tuple[Unsure, ...] = ()


class Judge:
    """Comparison of the files of a contract. Handlers go first: their calls decide how a logic class names its method.

    `respells`: write a renamed class's new name at each use of it, instead of importing `New as Old`.
    """

    def __init__(self, placement: Placement, respells: bool) -> None:
        self._placement = placement
        self.fresh = placement.fresh
        self.symbols = placement.symbols()
        self.symbols.respells = respells
        self.classes = Classes(self.symbols)
        self._called: dict[str, set[str]] = {}
        self._bound: dict[str, set[str]] = {}

    def judged(self, file: File, content: bytes, source: str) -> Judged:
        """Compare the content of `source`, which belongs at `file.path`, with what the contract asks for."""
        try:
            user = UserFile(source, content)
        except NotPython as problem:
            place = Span(source, problem.line, problem.column, problem.line, problem.column + 1)
            text = content.decode("utf-8", "replace").replace("\r\n", "\n")
            name = next(iter(self._placement.qualnames(source)), "")
            return Judged(State.BROKEN, (Remark("user-syntax-error", problem.message, place),), None, name, text)
        one = _OneFile(self, file, user, self._placement.qualnames(source))
        found = one.compared()
        if file.layer == "handler":
            self._called[file.title] = {node.attr for node in user.of(ast.Attribute)}
            self._bound[file.title] = set(user.bindings)
        return found

    def accepted(self, file: File, signature: Signature, user: UserFile, names: Sequence[str]) -> Signature:
        """Return the signature; a logic class's method keeps the one name by which the handler calls it."""
        called = self._called.get(file.title)
        if file.layer != "logic" or called is None:
            return signature
        wanted, _, method = signature.qualname.rpartition(".")
        tops = [wanted, *map(top, names)]
        around = next((o for name in tops if (o := user.find(f"{name}.{method}")[0]) is not None), None)
        methods = {n.name for n in around.body if isinstance(n, Function)} if around else set()
        mine = methods & called
        if method in called or len(mine) != 1:
            return signature
        return signature._replace(qualname=f"{wanted}.{mine.pop()}")

    def is_used(self, file: File, qualname: str) -> bool:
        """Return whether the route's handler imports a class of logic; True when no handler was compared."""
        bound, before = self._bound.get(file.title), self._placement.qualnames(file.path)
        return bound is None or bool(bound & {*map(top, [qualname, *before])})


class _OneFile:
    """Comparison of one file: its function, then its other references to generated code."""

    def __init__(self, judge: Judge, file: File, user: UserFile, names: list[str]) -> None:
        self._judge = judge
        self._file = file
        self._user = user
        self._names = names
        self._wanted = ""
        self._home = module_of(file.path)
        self._imports = ImportEdits(user, self._home)
        self._match = self._matched(file.signature) if file.signature else None
        self._body = References(user, judge.classes, self._imports, self._match)

    def _matched(self, signature: Signature) -> Match:
        wanted = self._judge.accepted(self._file, signature, self._user, self._names)
        match = Match(self._user, wanted, self._judge.symbols, self._imports)
        match.run(_crossed([wanted.qualname, *self._names]))
        self._wanted = wanted.qualname
        return match

    def compared(self) -> Judged:
        """Return the verdict on the whole file."""
        file, match, body = self._file, self._match, self._body
        body.run()
        if self._home != self._user.module:
            self._relocate(self._imports)
        if match and file.signature:
            body.request(match, file.signature, self._all_names(file.signature))
        body.compare_members(match.request if match else "")
        sites = [*(match.sites if match else []), *body.sites]
        stuck = self._stuck([*(match.stuck if match else []), *body.stuck])
        remarks = tuple(map(self._remark, sites))
        remarks += tuple(self._remark(site)._replace(is_yours=True, stops=site.breaks) for site in stuck)
        edits = [*(match.edits if match else []), *self._imports.edits(), *body.edits]
        data = edited(self._user, edits) if edits else None
        found = self._judged(remarks, data, bool(edits), bool(stuck), bool(sites))
        unsure = [self._remark(site) for site in body.unsure(self._judge.fresh)]
        later = (Unsure(r.text, r.span, shifted(self._user, edits, r.span, file.path)) for r in unsure)
        text = self._user.text.replace("\r\n", "\n") if remarks or unsure else None
        return found._replace(text=text, unsure=tuple(later))

    def _judged(
        self, remarks: tuple[Remark, ...], data: bytes | None, is_edited: bool, is_stuck: bool, has_sites: bool
    ) -> Judged:
        match, signature = self._match, self._file.signature
        if is_edited and data is None:
            remarks = tuple(remark._replace(is_yours=True, stops=True) for remark in remarks)
            return Judged(State.STUCK, remarks, self._moved_as_it_is(), match.qualname if match else "")
        if is_stuck:
            kept = self._wanted if match and match.qualname else next(iter(self._names), "")
            return Judged(State.STUCK, remarks, data, kept)
        is_empty = signature is not None and _is_stub(self._user, self._all_names(signature))
        state = State.DRIFTED if has_sites else State.STUB if is_empty else State.FITS
        return Judged(state, remarks, data, self._wanted)

    def _stuck(self, sites: list[Site]) -> list[Site]:
        """Return the sites that the user has to mend; a signature that no handler imports breaks nothing."""
        if self._file.layer != "logic" or not self._match:
            return sites
        if self._judge.is_used(self._file, self._wanted):
            return sites
        return [site if site.code == VANISHED else site._replace(breaks=False) for site in sites]

    def _all_names(self, signature: Signature) -> list[str]:
        return _crossed([signature.qualname, *self._names])

    def _relocate(self, imports: ImportEdits) -> None:
        """Make relative imports mean the same modules from the file's new path."""
        for statement in [node for node in self._user.of(ast.ImportFrom) if node.level]:
            imports.retarget(statement, self._judge.symbols.current_module(imports.module(statement)))

    def _moved_as_it_is(self) -> bytes | None:
        if self._home == self._user.module:
            return None
        imports = ImportEdits(self._user, self._home)
        self._relocate(imports)
        return edited(self._user, [*imports.edits()])

    def _remark(self, site: Site) -> Remark:
        source = self._user.path
        if isinstance(site.node, ast.Module):
            return Remark(site.code, site.text, Span(source, 1, 1, 1, 2))
        return Remark(site.code, site.text, self._user.span(site.node, source))


def _is_stub(user: UserFile, qualnames: list[str]) -> bool:
    """Return whether the function does nothing but raise NotImplementedError."""
    function = next((f for name in qualnames if (f := user.find(name)[1]) is not None), None)
    if function is None:
        return False
    body = [s for s in function.body if not (isinstance(s, ast.Expr) and isinstance(s.value, ast.Constant))]
    raised = body[0].exc if body and isinstance(body[0], ast.Raise) else None
    name = raised.func if isinstance(raised, ast.Call) else raised
    return isinstance(name, ast.Name) and name.id == "NotImplementedError"


def _crossed(qualnames: Sequence[str]) -> list[str]:
    """Return the names, then each class with each method, as only one of the two may have been renamed."""
    if len(set(qualnames)) == 1:
        return [qualnames[0]]
    tops = dict.fromkeys(top(name) for name in qualnames)
    methods = dict.fromkeys(name.partition(".")[2] for name in qualnames)
    return list(dict.fromkeys([*qualnames, *(f"{name}.{method}" for name in tops for method in methods if method)]))
