"""A contract as an editor needs it: as much of it as could be understood, and every problem to show."""

from collections.abc import Sequence
from functools import cached_property
from typing import NamedTuple

from mallgen.contract.loaded import Loaded
from mallgen.contract.resolve import ParsedFile, resolve
from mallgen.diagnostics import Diagnostic
from mallgen.editor.memory import Memory, ReadFile
from mallgen.emit.http.judge import judged
from mallgen.lint import Rule
from mallgen.lint.suppress import findings
from mallgen.loading.load import compile_sources
from mallgen.loading.sources import Sources
from mallgen.model import Contract, Type
from mallgen.rules import Found
from mallgen.syntax.nodes import ServiceNode, TypeNode
from mallgen.text.span import SpanEdit

TYPES_ALONE = "no-service"


class Problem(NamedTuple):
    """A diagnostic to show in `file`: `level` is error, warning or information; `edits` mend it.

    `changes` says what the edits change besides the contract's text; such edits need thought.
    """

    file: str
    level: str
    diagnostic: Diagnostic
    edits: tuple[SpanEdit, ...] = ()
    changes: str = ""


class Project:
    """The contract that begins in the file `root`, with its own file and those that it imports, by name.

    `loaded.contract` is None while something is wrong.
    """

    def __init__(self, root: str, sources: Sources, files: dict[str, ReadFile], loaded: Loaded) -> None:
        self.root = root
        self.files = files
        self.loaded = loaded
        self.problems: tuple[Problem, ...] = ()
        self._sources = sources

    @cached_property
    def view(self) -> Contract:
        """The contract as far as it could be understood: of files that do not parse, the readable parts."""
        return self.loaded.view or _view(self.root, self.files, self._sources)

    @cached_property
    def types(self) -> dict[str, Type]:
        """The declared types by name, those of imported files too."""
        return {declared.name: declared for declared in self.view.types}

    @property
    def is_complete(self) -> bool:
        """Return whether every file could be read and parsed, so that no part of the contract is unknown."""
        unread = [problem for problem in self.loaded.diagnostics if problem.severity == "error"]
        return bool(self.files) and (self.loaded.view is not None or not unread)


class SeenFile(NamedTuple):
    """A file as one contract sees it, under its name there; links may give it other names in other contracts."""

    project: Project
    file: str


def understand(root: str, sources: Sources, memory: Memory, rules: Sequence[Rule]) -> Project:
    """Compile sources into a project; rules look only at a contract without errors, as in `mallgen api lint`."""
    loaded = judged(compile_sources(sources, memory.parsed))
    project = Project(root, sources, {scanned.file: memory.read(scanned) for scanned in sources.files}, loaded)
    problems = [Problem(_file_of(d, root), d.level, d) for d in loaded.diagnostics]
    if loaded.contract is not None:
        linted = findings(loaded.contract, loaded.diagnostics, sources.texts, tuple(rules))
        problems = [_problem(finding, root) for finding in linted]
    if _is_part(project.files, root):
        problems = [_as_information(problem) for problem in problems]
    project.problems = tuple(problems)
    return project


def _view(root: str, files: dict[str, ReadFile], sources: Sources) -> Contract:
    """Return the contract as far as it can be understood when some of its files do not parse."""
    if not files:
        return Contract(root, "", (), (), ())
    return resolve(tuple(ParsedFile(name, read.nodes) for name, read in files.items()), sources.limits).view


def _problem(item: Found, root: str) -> Problem:
    """Return a finding as a problem, a warning at most: the contract works."""
    return Problem(_file_of(item.diagnostic, root), "warning", item.diagnostic, item.edits, item.changes)


def _file_of(diagnostic: Diagnostic, root: str) -> str:
    return diagnostic.span.file if diagnostic.span is not None else root


def _is_part(files: dict[str, ReadFile], root: str) -> bool:
    """Return whether the file only declares types, so that other contracts are meant to import it."""
    nodes = files[root].nodes if root in files else ()
    return any(isinstance(n, TypeNode) for n in nodes) and not any(isinstance(n, ServiceNode) for n in nodes)


def _as_information(problem: Problem) -> Problem:
    return problem._replace(level="information") if problem.diagnostic.code == TYPES_ALONE else problem
