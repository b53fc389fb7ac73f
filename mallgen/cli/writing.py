"""From rendered files to the disk, with what the user is told about it; shared by every generating command."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from mallgen.cli.console import FINE, Told, out, report, say
from mallgen.cli.options import Values
from mallgen.diagnostics import Diagnostic
from mallgen.disk.folder import Folder, Overtaken, Refused
from mallgen.disk.session import Session, session
from mallgen.kinds.target import Made, Target
from mallgen.output import package_rename
from mallgen.output.plan import Plan, StepKind, plan
from mallgen.output.recognise import is_known, recorded
from mallgen.output.records import MAIN, Record
from mallgen.workspace.config import BadWorkspace, Workspace, find
from mallgen.workspace.surveyed import surveyed
from mallgen.workspace.targets import every, make

_CHECK = "mallgen check tells what became of it"
_FEW = 5


class Output(NamedTuple):
    """What is to be written where."""

    target: Target
    folder: Folder
    made: Made
    asked: "Asked"


class Asked(NamedTuple):
    """How a generating command was called. `force`: make stubs for routes whose code has not followed yet.

    `listing`: name each file that is left alone, as goctl does for a contract that is asked for by name.
    """

    dry_run: bool
    quiet: bool
    end: str = "; nothing was written"
    force: bool = False
    listing: bool = True

    @classmethod
    def by(cls, values: Values) -> "Asked":
        """As the command line says."""
        return cls(values.flag("dry-run"), values.flag("quiet"), force=values.flag("force"))


class Written(NamedTuple):
    """The exit code, the counts in words, and what happened: the first files of a project, a change to mallgen's, or
    one that gave types or fields other names.
    """

    code: int
    summary: str = ""
    started: bool = False
    changed: bool = False
    renamed: bool = False


def produce(target: Target, asked: Asked) -> int:
    """Generate a target and tell what was done; the exit code."""
    made = make(target)
    code = report(made.diagnostics, made.sources, asked.end)
    return put(target, made, asked) if made.files else code


def _output(target: Target, made: Made, asked: Asked) -> Output:
    return Output(target, Folder(target.folder, say), made, asked)


def put(target: Target, made: Made, asked: Asked) -> int:
    """Write what was made of a target and tell what was done; the exit code."""
    output = _output(target, made, asked)
    result = write(output)
    if result.code == FINE and not asked.quiet:
        say(f"{made.subject}; {result.summary}")
        for step in _next_steps(result, output, made.package):
            say(f"next: {step}")
    return result.code


def _next_steps(result: Written, output: Output, package: str) -> Iterator[str]:
    if output.asked.dry_run:
        return
    folder = output.folder.shown(".")
    if result.started:
        here = "" if folder == "." else f"cd {_shell(folder)} && "
        yield f"{here}pip install -e . && python -m {package}"
    elif result.renamed:
        where = "" if folder == "." else f" -dir {_shell(folder)}"
        yield f"mallgen sync{where}  # types or fields have other names: your code follows"
    elif result.changed:
        yield f"mypy --strict {output.folder.shown(package)}  # points at the lines of yours that must follow"


def _shell(word: str) -> str:
    """A word as a shell takes it."""
    if word.replace("/", "").replace("-", "").replace(".", "").isalnum():
        return word
    from shlex import quote

    return quote(word)


def no_workspace() -> Diagnostic:
    """What every command says that needs a workspace or a generated folder, and is in neither."""
    message = "there is no mallgen.toml with services here or above, and no mallgen.lock here"
    hint = "mallgen new NAME makes a workspace; a single contract: mallgen api py -api FILE"
    return Diagnostic("no-workspace", message, hint=hint, environment=True)


def generate_all(workspace: Workspace, asked: Asked) -> tuple[list[tuple[Target, Made]], int]:
    """Make every service of a workspace and, when all are sound, write them; what was made, and the exit code."""
    if not workspace.members:
        return [], report([no_workspace()], {}, asked.end)
    from mallgen.workspace.absent import absent

    targets = every(workspace)
    gone = [absent(target) for target in targets]
    if problems := [problem for one in gone for problem in one.problems]:
        return [], report(problems, {k: v for one in gone for k, v in one.sources.items()}, asked.end)
    found = [(target, make(target)) for target in targets]
    code = _reported(workspace, found, asked)
    if code == FINE and len(found) > 1 and not asked.dry_run:
        code = _refused([_output(target, made, asked._replace(dry_run=True)) for target, made in found], asked.end)
    if code == FINE:
        code = max(put(target, made, asked) for target, made in found)
    return found, code


def _refused(outputs: Sequence[Output], end: str) -> int:
    """Tell why any of several folders cannot be written, before the first is."""
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


def _reported(workspace: Workspace, found: Sequence[tuple[Target, Made]], asked: Asked) -> int:
    """Tell what is wrong with any of them, once: a proto may be read for several services."""
    from mallgen.workspace.meeting import meetings  # only where there is a workspace

    met = meetings(workspace, found)
    diagnostics = tuple(dict.fromkeys([*(d for _, made in found for d in made.diagnostics), *met.problems]))
    sources = {name: text for _, made in found for name, text in made.sources.items()}
    return report(diagnostics, {**sources, **met.sources}, asked.end)


def place(workspace: Workspace, contract: str, folder: str) -> str:
    """The folder that receives a contract's files: the given one, else the workspace's for it, else this one."""
    member = workspace.of(contract)
    return folder or (member.folder if member is not None else ".")


def around() -> Workspace:
    """The workspace that the working directory is in, an empty one when there is none. Raises Told."""
    try:
        return find()
    except BadWorkspace as problem:
        raise Told(report(problem.diagnostics, problem.sources, "; nothing was written")) from None


def write(output: Output) -> Written:
    """Plan, tell, and unless it is a dry run, apply."""
    try:
        with session(output.folder, shared=output.asked.dry_run) as here:
            steps, problems = _apply(output, here)
    except Refused as problem:
        end = "; the next mallgen command here completes what was begun" if problem.begun else "; nothing was written"
        return Written(report(problem.diagnostics, {**output.made.sources, **problem.sources}, end))
    _tell(output, steps)
    if problems:
        return Written(report(problems, {}, "; everything else was written"))
    started = any(step.kind is StepKind.CREATE and step.file.role == MAIN for step in steps.steps)
    return Written(FINE, _summary(steps, output.asked.dry_run), started, bool(steps.writes), steps.renamed)


def _apply(output: Output, here: Session) -> tuple[Plan, tuple[Diagnostic, ...]]:
    """The plan and, after it was carried out, what somebody changed meanwhile."""
    seen = surveyed(here, output.target, output.made, f" -dir {output.target.folder}", theirs=False)
    if seen.moved is not None:
        raise Refused(package_rename.problem(seen.moved, seen.disk.present, output.folder.shown, seen.where))
    steps = plan(seen.due, seen.disk, seen.lock)
    waiting = () if output.asked.force else tuple(_waiting(output, steps, recorded(seen.lock, seen.disk), seen.where))
    if waiting:
        raise Refused(*waiting)
    if output.asked.dry_run:
        return steps, ()
    try:
        return steps, here.apply(steps)
    except Overtaken:
        with session(output.folder) as again:
            return _apply(output, again)


def _waiting(output: Output, steps: Plan, known: Mapping[str, Record], where: str) -> Iterator[Diagnostic]:
    """Routes whose written code is in another file, where a stub or another route's code would answer from now on."""
    contents = output.folder.contents(old for _, old in steps.waiting)
    asked = {old for old, _, is_sure in steps.elsewhere if not is_sure}
    for file, old in steps.waiting:
        if not is_known(known.get(old), contents.get(old)):
            shown, title = output.folder.shown, file.title
            place = shown(file.path)
            mine = known[old].role == file.role or old not in asked
            message = f"`{shown(old)}` {'was written' if mine else 'may be'} for {title}, whose place is `{place}` now"
            moves = f"run `mallgen sync --apply{where}`, which moves it"
            asks = f"run `mallgen sync --apply{where}`, which asks first"
            hint = f"{asks if old in asked else moves}; --force generates without it"
            yield Diagnostic("needs-sync", message, file.span, hint)


def _tell(output: Output, steps: Plan) -> None:
    shown = output.folder.shown
    if not output.asked.quiet:
        for step in steps.steps:
            if step.kind is StepKind.KEEP or (step.kind is StepKind.IGNORE and not output.asked.listing):
                continue
            if step.kind is StepKind.IGNORE or output.asked.dry_run:
                word = "" if step.kind is StepKind.IGNORE else f"{step.kind.value} "
                tail = f" {step.kind.value}" if step.kind is StepKind.IGNORE else ""
                out(f"{word}{shown(step.file.path)}{tail}")
        if not output.asked.dry_run:
            out("Done.")
    for step in steps.steps:
        if step.backup:
            verb = "would move" if output.asked.dry_run else "moved"
            say(f"{shown(step.file.path)} had been edited: {verb} your version to {shown(step.backup)}")
    _few(_lacking(output, steps))
    _few(_moved(shown(path), shown(place) if place else "", sure) for path, place, sure in steps.elsewhere)
    told = {path for path, _, _ in steps.elsewhere}
    gone = (record.path for record in steps.left if record.path not in told)
    _few(f"{shown(path)} is no longer part of the contract; {_CHECK}" for path in gone)


def _moved(shown: str, place: str, sure: bool) -> str:
    if not place:
        return f"{shown} is for a route that is gone; {_CHECK}"
    return f"{shown} {'is' if sure else 'may be'} for the route whose place is {place} now; {_CHECK}"


def _lacking(output: Output, steps: Plan) -> Iterator[str]:
    """Settings files of the user's without a block that the service needs to start."""
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


def _few(lines: Iterable[str]) -> None:
    """The first lines, and how many more there are."""
    found = list(lines)
    for line in found[:_FEW]:
        say(line)
    if len(found) > _FEW:
        say(f"… and {len(found) - _FEW} more like it")


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
