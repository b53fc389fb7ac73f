"""The open documents and the contracts they are part of; runs in one thread, so that answers keep the order."""

import os
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from typing import NamedTuple

from mallgen.editor.actions import safe_edits
from mallgen.editor.compatibility import BaseContract, incompatible
from mallgen.editor.memory import ReadFile
from mallgen.editor.places import EditorText, Position
from mallgen.editor.project import Problem, Project, SeenFile, understand
from mallgen.languageserver.bases import Bases
from mallgen.languageserver.files import Document, Overlay, path_of, uri_of
from mallgen.languageserver.graph import Graph
from mallgen.lint import RULES, Rule
from mallgen.loading.borders import import_border
from mallgen.loading.sources import Sources, Unreadable, limits, read
from mallgen.text.limits import DEFAULT, Limits

_ROUNDS = 10  # of mending, as in `mallgen api lint --fix`


class Options(NamedTuple):
    """The editor's settings: rules to add and to leave out, and whether imports from other repositories are allowed."""

    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    outside: bool = False

    def chosen(self) -> tuple[Rule, ...]:
        """Return the rules that are on, as in `mallgen api lint`."""
        return RULES.chosen(self.select, self.ignore)


class Abilities(NamedTuple):
    """The editor's capabilities: snippets in completion, edits with versions."""

    snippets: bool = False
    versions: bool = False


class Published(NamedTuple):
    """Everything to show in one document; `version` is None for a file that is not open."""

    uri: str
    version: int | None
    text: EditorText
    problems: tuple[Problem, ...]

    def equals(self, other: "Published") -> bool:
        """Return whether an editor that shows one of them need not be sent the other."""
        return (self.version, self.problems) == (other.version, other.problems)


class Place(NamedTuple):
    """A position in a document (line and column as the parser counts them), and the contracts that see the document."""

    document: Document
    seen: tuple[SeenFile, ...]
    line: int
    col: int

    @property
    def projects(self) -> tuple[Project, ...]:
        """The contracts without the names of the document in them."""
        return tuple(one.project for one in self.seen)


class EditorSession:
    """The state behind one editor."""

    def __init__(self, options: Options, can: Abilities) -> None:
        self.can = can
        self.overlay = Overlay()
        self.graph = Graph()
        self._options = options
        self._rules = options.chosen()
        self.bases = Bases()
        self._projects: dict[str, tuple[Sources, BaseContract | None, Project]] = {}
        self._shown: dict[str, Published] = {}
        self._texts: dict[str, tuple[ReadFile, EditorText]] = {}
        self._unconnected: dict[str, Document] = {}  # documents whose imports are not in the graph yet
        self.failures: list[str] = []

    # documents

    def open_folder(self, folder: str) -> None:
        """Look for contracts in a folder of the workspace."""
        self.graph.add_folder(folder)

    def close_folder(self, folder: str) -> None:
        """Forget a folder that left the workspace, except for its open documents."""
        self.graph.remove_folder(folder)
        for document in self.overlay.documents.values():
            self._unconnected[document.uri] = document

    def put(self, uri: str, raw: str, version: int | None) -> None:
        """Open a document, or take its new text."""
        path = path_of(uri)
        document = Document(uri, path or uri, real(path or uri), EditorText(raw), version)
        if path and uri not in self.overlay.documents and not self.graph.holds(path):
            around = import_border(path)
            self.graph.add_folder(around or os.path.dirname(path), deep=bool(around))
        self.overlay.put(document)
        self._unconnected[uri] = document

    def drop(self, uri: str) -> None:
        """Close a document."""
        document = self.overlay.documents.get(uri)
        self.overlay.drop(uri)
        self._unconnected.pop(uri, None)
        if document is not None and document.path != uri:
            self.graph.refresh(document.path)

    def changed_on_disk(self, uris: tuple[str, ...]) -> None:
        """Read files again that another program has written, created or deleted."""
        for path in filter(None, map(path_of, uris)):
            if self.overlay.opened(real(path)) is None:
                self.graph.refresh(path)

    # what is understood

    def roots(self, file: str) -> tuple[str, ...]:
        """Return the contracts that a file is part of, by the imports that open documents have now.

        These are scanned on demand, not at every key: a document may change many times in between.
        """
        most = _limits()
        for document in self._unconnected.values():
            if document.path != document.uri and len(document.text.text) <= most.bytes:
                scanned = self.overlay.scanned(document.text.text, document.path, most)
                self.graph.put(document.path, document.real, tuple(item.value for item in scanned.imports))
        self._unconnected.clear()
        return self.graph.roots(file)

    def projects(self, file: str) -> tuple[Project, ...]:
        """Return the contracts that a file, named by its real path, is part of, as they are now."""
        projects = (self._project(root) for root in self.roots(file))
        return tuple(project for project in projects if any(real(name) == file for name in project.files))

    def place(self, uri: str, position: Position) -> Place | None:
        """Return the place of a position in an open document, or None when it is not open."""
        document = self.overlay.documents.get(uri)
        if document is None:
            return None
        line, col = document.text.line_col(document.text.at(position))
        seen = tuple(SeenFile(project, name_in(project, document)) for project in self.projects(document.real))
        return Place(document, seen, line, col)

    def read_of(self, document: Document) -> ReadFile | None:
        """Return a document as a parsed file, or None when no contract could read it."""
        projects = self.projects(document.real)
        return projects[0].files[name_in(projects[0], document)] if projects else None

    def texts(self, projects: tuple[Project, ...]) -> Mapping[str, EditorText]:
        """Return the texts of all files of some contracts, by their names in these."""
        return {name: self._text(name, file) for project in projects for name, file in project.files.items()}

    def _text(self, name: str, read: ReadFile) -> EditorText:
        document = self.overlay.opened(real(name))
        if document is not None:
            return document.text
        kept = self._texts.get(name)
        if kept is None or kept[0] is not read:
            kept = self._texts[name] = (read, EditorText(read.text))
        return kept[1]

    def uri(self, name: str) -> str:
        """Return the URI of a file, for an open document the one that the editor uses."""
        document = self.overlay.opened(real(name))
        return document.uri if document is not None else uri_of(name)

    def version(self, name: str) -> int | None:
        """Return the version of an open document, None for a file that is not open."""
        document = self.overlay.opened(real(name))
        return document.version if document is not None else None

    def _project(self, root: str) -> Project:
        """Return one contract, compiled again only when one of its files has changed."""
        sources = self._sources(root)
        kept, base = self._projects.get(root), self.bases.contract(root)
        if kept is not None and _is_unchanged(kept[0], sources) and kept[1] is base:
            return kept[2]
        name = sources.files[0].file if sources.files else root
        project = understand(name, sources, self.overlay.memory, self._rules)
        if base is not None:
            project.problems += incompatible(project, base, date.today().isoformat())
        self._projects[root] = (sources, base, project)
        return project

    def _sources(self, root: str) -> Sources:
        document = self.overlay.opened(root)
        if document is not None and document.path == document.uri:
            text, most = document.text.text, _limits()
            return Sources((self.overlay.scanned(text, root, most),), {root: text}, (), most)
        path = document.path if document is not None else self.graph.names.get(root, root)
        return read(path, self._options.outside, self.overlay)

    def mended(self, document: Document) -> str:
        """Return a document's text after `mallgen api lint --fix`: in rounds, since an edit may uncover another.

        A round after which a contract can no longer be read, or a field is left out, is undone.
        """
        text, projects = document.text, self.projects(document.real)
        try:
            for _ in range(_ROUNDS):
                problems = list(dict.fromkeys(problem for project in projects for problem in project.problems))
                edits = safe_edits(problems, name_in(projects[0], document), text) if projects else ()
                after = EditorText(text.edited(edits))
                self.overlay.put(document._replace(text=after))
                then = self.projects(document.real)
                if not edits or _harm(then) > _harm(projects):
                    break
                text, projects = after, then
        finally:
            self.overlay.put(document)
        return text.raw

    # what to show

    def diagnose(self) -> list[Published]:
        """Return what the editor has to show anew, of all files of contracts that an open document is part of."""
        active = {root: None for one in self.overlay.documents.values() for root in self.roots(one.real)}
        self.failures = []
        projects = list(self._understood(active))
        for root in self._projects.keys() - active.keys():
            del self._projects[root]
        names = {name for project in projects for name in project.files}
        self.overlay.memory.keep(names)
        self._texts = {name: kept for name, kept in self._texts.items() if name in names}
        before, self._shown = self._shown, self._all_published(projects)
        now = self._shown
        fresh = [one for uri, one in now.items() if uri not in before or not one.equals(before[uri])]
        gone = [one._replace(problems=(), version=None) for uri, one in before.items() if uri not in now]
        return fresh + gone

    def _understood(self, roots: Iterable[str]) -> Iterator[Project]:
        """Yield the contracts of some roots; one on which mallgen itself fails is only noted in `failures`."""
        for root in roots:
            try:
                yield self._project(root)
            except Exception as problem:
                self.failures.append(f"error[internal] {root}: {type(problem).__name__}: {problem}")

    def shown_texts(self) -> Mapping[str, EditorText]:
        """Return the texts of every file of the contracts that are shown now, by name."""
        return self.texts(tuple(project for _, _, project in self._projects.values()))

    def _all_published(self, projects: list[Project]) -> dict[str, Published]:
        """Return what to show, by URI: every open document, and other files only when they have problems."""
        files: dict[str, dict[Problem, None]] = {}
        for project in projects:
            for name in project.files:
                files.setdefault(name, {})
            for problem in project.problems:
                if problem.file in project.files or self._documents(problem.file):
                    files.setdefault(problem.file, {})[problem] = None
        texts = self.texts(tuple(projects))
        shown: dict[str, Published] = {}
        for name, problems in files.items():
            for document in self._documents(name):
                before = shown[document.uri].problems if document.uri in shown else ()
                shown[document.uri] = Published(document.uri, document.version, document.text, (*before, *problems))
            if problems and not self._documents(name):
                shown[uri_of(name)] = Published(uri_of(name), None, texts[name], tuple(problems))
        return shown

    def _documents(self, name: str) -> tuple[Document, ...]:
        file = real(name)
        return tuple(one for one in self.overlay.documents.values() if one.real == file)


def _limits() -> Limits:
    """Return the limits of the environment, else the defaults: reading a contract reports limits that are invalid."""
    try:
        return limits()
    except Unreadable:
        return DEFAULT


def _harm(projects: tuple[Project, ...]) -> int:
    """Return the number of contracts with errors plus that of fields left out because another has their wire name."""
    lost = sum(problem.diagnostic.code == "duplicate-key" for one in projects for problem in one.problems)
    return lost + sum(one.loaded.contract is None for one in projects)


def real(name: str) -> str:
    """Return a file's path without links; the URI of a document that has no file stays as it is."""
    return os.path.realpath(name) if os.path.isabs(name) else name


def name_in(project: Project, document: Document) -> str:
    """Return the name that a contract has for the file of a document: links may give it another."""
    if document.path in project.files:
        return document.path
    return next((name for name in project.files if real(name) == document.real), document.path)


def _is_unchanged(before: Sources, now: Sources) -> bool:
    if before.diagnostics != now.diagnostics or len(before.files) != len(now.files):
        return False
    return all(one is other for one, other in zip(before.files, now.files, strict=True))
