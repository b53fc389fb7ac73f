"""The survey of a folder and the files its contract makes: the start of every command that generates or compares."""

from typing import NamedTuple

from mallgen.disk.folder import Refused
from mallgen.disk.session import Session
from mallgen.kinds.target import Made, Target
from mallgen.output import package_rename
from mallgen.output.files import ExpectedFiles
from mallgen.output.manifest import Lock
from mallgen.output.recognise import Survey
from mallgen.workspace.owners import adopted, settle


class SurveyedTarget(NamedTuple):
    """The files that a folder has, and those that its contract should produce.

    `lock` has the target's line and its records; `text` is that of mallgen.lock on disk. `where` are the flags with
    which a command means this folder: ` -dir out -api a.api`, or none. `moved`: the package has another name now.
    """

    expected: ExpectedFiles
    disk: Survey
    lock: Lock
    text: str
    where: str
    moved: package_rename.PackageRename | None


def survey_target(here: Session, target: Target, made: Made, where: str, theirs: bool) -> SurveyedTarget:
    """Survey the folder of a session, with `theirs` the user files too. Raises Refused with all that is in the way.

    `where` are the flags with which a command means the folder when its lock has the contract.
    """
    lock, text = here.read_lock()
    line = target.line
    if all(known.path != line.path for known in lock.contracts) and (text or not theirs):
        where += f" -api {target.contract}"
    expected = ExpectedFiles(line.path, made.files, made.classes)
    found = settle(adopted(lock, line) if theirs else lock, target, expected)
    if found.problems:
        raise Refused(*found.problems, sources={**made.sources, **found.sources})
    lock = found.lock.with_contract(line)
    disk = here.survey(expected.files, lock, theirs)
    expected = expected.beside(disk.present)
    return SurveyedTarget(expected, disk, lock, text, where, package_rename.renamed(expected, lock, disk.present))
