"""Write rendered files to the disk and report what was done; shared by every generating command."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from msgspec.structs import replace

from mallgen.cli.console import FINE, AlreadyReported, out, report, say
from mallgen.cli.options import Values
from mallgen.diagnostics import Diagnostic
from mallgen.disk.folder import Folder, Overtaken, Refused
from mallgen.disk.session import Session, session
from mallgen.kinds.target import Made, Target, kind_or_none
from mallgen.output import package_rename
from mallgen.output.plan import Plan, StepKind, plan
from mallgen.output.recognise import is_known, recorded
from mallgen.output.records import MAIN, PYPROJECT, ContractLine, Record
from mallgen.workspace.config import BadWorkspace, Workspace, find
from mallgen.workspace.surveyed import survey_target
from mallgen.workspace.targets import all_targets, make

_CHECK = "mallgen check tells what became of it"
_MOST_LINES = 5


class Output(NamedTuple):
    """A target with its rendered files, the folder that receives them, and how the command was called."""

    target: Target
    folder: Folder
    made: Made
    options: "WriteOptions"


class WriteOptions(NamedTuple):
    """The flags of a generating command. `force`: make stubs also for routes whose code is still in another file.

    `listing`: name each user file that is kept, as goctl does for a contract that is named on the command line.
    `end` ends the line that counts the errors.
    """

    dry_run: bool
    quiet: bool
    end: str = "; nothing was written"
    force: bool = False
    listing: bool = True

    @classmethod
    def by(cls, values: Values) -> "WriteOptions":
        """Return the flags of a command line."""
        return cls(values.flag("dry-run"), values.flag("quiet"), force=values.flag("force"))


class WriteResult(NamedTuple):
    """The result of a run: the exit code and the counts in words.

    `started`: the project is new; `changed`: files were written, and code of the user's may depend on them; `renamed`:
    types or fields have other names now.
    """

    code: int
    summary: str = ""
    started: bool = False
    changed: bool = False
    renamed: bool = False


def generate(target: Target, options: WriteOptions) -> int:
    """Generate a target, report what was done, and return the exit code."""
    made = make(target)
    code = report(made.diagnostics, made.sources, options.end)
    return write_made(target, made, options) if made.files else code


def _output(target: Target, made: Made, options: WriteOptions) -> Output:
    return Output(target, Folder(target.folder, say), made, options)


def write_made(target: Target, made: Made, options: WriteOptions) -> int:
    """Write the files made of a target, report what was done, and return the exit code."""
    output = _output(target, made, options)
    result = write(output)
    if result.code == FINE and not options.quiet:
        say(f"{made.subject}; {result.summary}")
        for step in _next_steps(result, output, made.package):
            say(f"next: {step}")
    return result.code


def _next_steps(result: WriteResult, output: Output, package: str) -> Iterator[str]:
    if output.options.dry_run:
        return
    folder = output.folder.shown(".")
    if result.started:
        here = "" if folder == "." else f"cd {_shell(folder)} && "
        has_project = any(file.role == PYPROJECT for file in output.made.files)
        has_tables = any(file.role is not None and file.role.layer == "schema" for file in output.made.files)
        makes = "MALLGEN_DEV=1 " if has_project and has_tables else ""  # else it asks for a database that is not there
        yield f"{here}{'pip install -e . && ' if has_project else ''}{makes}python -m {package}"
    elif result.renamed:
        where = "" if folder == "." else f" -dir {_shell(folder)}"
        yield f"mallgen sync{where}  # types or fields have other names: your code follows"
    elif result.changed:
        yield f"mypy --strict {output.folder.shown(package)}  # points at the lines of yours that must follow"


def _shell(word: str) -> str:
    """Return a word quoted for a shell where it needs it."""
    if word.replace("/", "").replace("-", "").replace(".", "").isalnum():
        return word
    from shlex import quote

    return quote(word)


def no_workspace() -> Diagnostic:
    """Return the error of a command that needs a workspace or a generated folder and is in neither."""
    message = "there is no mallgen.toml with services here or above, and no mallgen.lock here"
    hint = "mallgen new NAME makes a workspace; a single contract: mallgen api py -api FILE"
    return Diagnostic("no-workspace", message, hint=hint, environment=True)


def generate_all(workspace: Workspace, options: WriteOptions) -> tuple[list[tuple[Target, Made]], int]:
    """Make every service of a workspace, write all when none has errors; return what was made and the exit code."""
    if not workspace.members:
        return [], report([no_workspace()], {}, options.end)
    from mallgen.workspace.absent import missing_paths

    targets = all_targets(workspace)
    gone = [missing_paths(target) for target in targets]
    if problems := [problem for one in gone for problem in one.problems]:
        return [], report(problems, {k: v for one in gone for k, v in one.sources.items()}, options.end)
    found = [(target, make(target)) for target in targets]
    code = _report_problems(workspace, found, options)
    if code == FINE and len(found) > 1 and not options.dry_run:
        code = _report_refusals(
            [_output(target, made, options._replace(dry_run=True)) for target, made in found], options.end
        )
    if code == FINE:
        code = max(write_made(target, made, options) for target, made in found)
    return found, code


def _report_refusals(outputs: Sequence[Output], end: str) -> int:
    """Report why any of several folders cannot be written, before the first is; return the exit code."""
    problems: list[Diagnostic] = []
    sources: dict[str, str] = {}
    for output in outputs:
        try:
            with session(output.folder) as here:
                _apply(output, here)
        except Refused as problem:
            problems += problem.diagnostics
            sources.update({**output.made.sources, **problem.sources})
    return report(problems, sources, end)


def _report_problems(workspace: Workspace, found: Sequence[tuple[Target, Made]], options: WriteOptions) -> int:
    """Report what is wrong with the services, each problem once: a proto may be read for several of them."""
    from mallgen.workspace.meeting import find_clashes  # imported only where there is a workspace

    clashes = find_clashes(workspace, found)
    diagnostics = tuple(dict.fromkeys([*(d for _, made in found for d in made.diagnostics), *clashes.problems]))
    sources = {name: text for _, made in found for name, text in made.sources.items()}
    return report(diagnostics, {**sources, **clashes.sources}, options.end)


def output_folder(workspace: Workspace, contract: str, folder: str) -> str:
    """Return the folder that receives a contract's files: the given one, else the workspace's for it, else this one."""
    member = workspace.member_of(contract)
    return folder or (member.folder if member is not None else ".")


def current_workspace() -> Workspace:
    """Return the workspace around the working directory, an empty one when there is none. Raises AlreadyReported."""
    try:
        return find()
    except BadWorkspace as problem:
        raise AlreadyReported(report(problem.diagnostics, problem.sources, "; nothing was written")) from None


def write(output: Output) -> WriteResult:
    """Plan, apply unless it is a dry run, and report."""
    try:
        with session(output.folder, shared=output.options.dry_run) as here:
            steps, problems = _apply(output, here)
    except Refused as problem:
        end = "; the next mallgen command here completes what was begun" if problem.begun else "; nothing was written"
        return WriteResult(report(problem.diagnostics, {**output.made.sources, **problem.sources}, end))
    _report_steps(output, steps)
    if problems:
        return WriteResult(report(problems, {}, "; everything else was written"))
    started = any(step.kind is StepKind.CREATE and step.file.role == MAIN for step in steps.steps)
    kind = kind_or_none(output.target.kind)
    runs = kind is not None and kind.runs
    changed = bool(steps.writes) and (runs or any(step.kind is StepKind.UPDATE for step in steps.steps))
    return WriteResult(FINE, _summary(steps, output.options.dry_run), started, changed, steps.renamed)


def _by_option(target: Target, lines: Sequence[ContractLine], found: Diagnostic) -> Diagnostic:
    """Return the error of a renamed package with a way out for a name that only this command line gives.

    sync would make the package by its line of mallgen.lock, under the old name.
    """
    own = target.line
    known = next((line for line in lines if (line.kind, line.path) == (own.kind, own.path)), own)
    if target.service or known.options == own.options:
        return found
    keys = "`[service.NAME]` with `contract`, `dir` and `package`"
    hint = f"write the name into mallgen.toml, {keys}, and run `mallgen gen`; or leave the option out"
    return replace(found, hint=hint)


def _apply(output: Output, here: Session) -> tuple[Plan, tuple[Diagnostic, ...]]:
    """Return the plan and, after it was applied, a warning for each file that another process changed meanwhile."""
    seen = survey_target(here, output.target, output.made, f" -dir {output.target.folder}", theirs=False)
    if seen.moved is not None:
        found = package_rename.problem(seen.moved, seen.disk.present, output.folder.shown, seen.where)
        raise Refused(_by_option(output.target, here.read_lock()[0].contracts, found))
    steps = plan(seen.expected, seen.disk, seen.lock)
    waiting = (
        () if output.options.force else tuple(_unsynced(output, steps, recorded(seen.lock, seen.disk), seen.where))
    )
    if waiting:
        raise Refused(*waiting)
    if output.options.dry_run:
        return steps, ()
    try:
        return steps, here.apply(steps)
    except Overtaken:
        with session(output.folder) as again:
            return _apply(output, again)


def _unsynced(output: Output, steps: Plan, known: Mapping[str, Record], where: str) -> Iterator[Diagnostic]:
    """Yield an error for each route that a stub or other code would answer, while its own code is in another file."""
    contents = output.folder.contents(old for _, old in steps.waiting)
    unsure = {old for old, _, is_sure in steps.elsewhere if not is_sure}
    for file, old in steps.waiting:
        if not is_known(known.get(old), contents.get(old)):
            shown, title = output.folder.shown, file.title
            new_path = shown(file.path)
            mine = known[old].role == file.role or old not in unsure
            message = (
                f"`{shown(old)}` {'was written' if mine else 'may be'} for {title}, whose place is `{new_path}` now"
            )
            moves = f"run `mallgen sync --apply{where}`, which moves it"
            asks = f"run `mallgen sync --apply{where}`, which asks first"
            hint = f"{asks if old in unsure else moves}; --force generates without it"
            yield Diagnostic("needs-sync", message, file.span, hint)


def _report_steps(output: Output, steps: Plan) -> None:
    shown = output.folder.shown
    if not output.options.quiet:
        for step in steps.steps:
            if step.kind is StepKind.KEEP or (step.kind is StepKind.IGNORE and not output.options.listing):
                continue
            if step.kind is StepKind.IGNORE or output.options.dry_run:
                word = "" if step.kind is StepKind.IGNORE else f"{step.kind.value} "
                tail = f" {step.kind.value}" if step.kind is StepKind.IGNORE else ""
                out(f"{word}{shown(step.file.path)}{tail}")
        if not output.options.dry_run:
            out("Done.")
    for step in steps.steps:
        if step.backup:
            verb = "would move" if output.options.dry_run else "moved"
            say(f"{shown(step.file.path)} had been edited: {verb} your version to {shown(step.backup)}")
    _say_first(_missing_blocks(output, steps))
    _say_first(
        _moved_line(shown(path), shown(new_path) if new_path else "", sure) for path, new_path, sure in steps.elsewhere
    )
    moved = {path for path, _, _ in steps.elsewhere}
    gone = (record.path for record in steps.left if record.path not in moved)
    _say_first(f"{shown(path)} is no longer part of the contract; {_CHECK}" for path in gone)


def _moved_line(shown: str, new_path: str, sure: bool) -> str:
    if not new_path:
        return f"{shown} is for a route that is gone; {_CHECK}"
    return f"{shown} {'is' if sure else 'may be'} for the route whose place is {new_path} now; {_CHECK}"


def _missing_blocks(output: Output, steps: Plan) -> Iterator[str]:
    """Yield a line for each settings file that lacks a block without which the service does not start."""
    mine = {s.file.path: s.file.blocks for s in steps.steps if s.kind is StepKind.IGNORE and s.file.blocks}
    if not mine:
        return
    from mallgen.drift.settings import missing

    sync = f"mallgen sync --apply -dir {_shell(output.target.folder)}"
    for path, data in output.folder.contents(mine).items():
        keys = [f"`{block.key}`" for block in missing(data, mine[path]) if block.needed]
        if keys:
            what = f"block {keys[0]}" if len(keys) == 1 else f"blocks {', '.join(keys)}"
            lack = f"{output.folder.shown(path)} has no {what}"
            yield f"{lack}, without which the service does not start: `{sync}` adds it"


def _say_first(lines: Iterable[str]) -> None:
    """Print the first lines, and how many more there are."""
    found = list(lines)
    for line in found[:_MOST_LINES]:
        say(line)
    if len(found) > _MOST_LINES:
        say(f"… and {len(found) - _MOST_LINES} more like it")


def _summary(steps: Plan, dry_run: bool) -> str:
    counts = Counter(step.kind for step in steps.steps)
    words = {
        StepKind.CREATE: "created",
        StepKind.UPDATE: "updated",
        StepKind.KEEP: "unchanged",
        StepKind.IGNORE: "yours, kept",
    }
    parts = [f"{counts[kind]} {word}" for kind, word in words.items() if counts[kind]]
    return ("nothing was written; it would be: " if dry_run else "") + ", ".join(parts)
