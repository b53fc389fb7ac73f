"""A folder and what its contract makes: what every command that generates or compares looks at first. Pure."""

from typing import NamedTuple

from mallgen.disk.folder import Refused
from mallgen.disk.session import Session
from mallgen.kinds.target import Made, Target
from mallgen.output import package_rename
from mallgen.output.files import Due
from mallgen.output.manifest import Lock
from mallgen.output.recognise import Survey
from mallgen.workspace.owners import adopted, settled


class Surveyed(NamedTuple):
    """What a folder holds and should hold.

    `lock` has the target's line and the records that are its own; `text` is what mallgen.lock was. `where` is what a
    command needs to mean the folder: ` -dir out -api a.api`, or nothing. `moved`: the package has another name now.
    """

    due: Due
    disk: Survey
    lock: Lock
    text: str
    where: str
    moved: package_rename.PackageRename | None


def surveyed(here: Session, target: Target, made: Made, where: str, theirs: bool) -> Surveyed:
    """Look at the folder of a session. `theirs`: at the user's files, too. Raises Refused with all that is in the way.

    `where` is what means the folder to a command when its lock knows the contract.
    """
    lock, text = here.read_lock()
    line = target.line
    if all(known.path != line.path for known in lock.contracts) and (text or not theirs):
        where += f" -api {target.contract}"
    due = Due(line.path, made.files, made.classes)
    found = settled(adopted(lock, line) if theirs else lock, target, due)
    if found.problems:
        raise Refused(*found.problems, sources={**made.sources, **found.sources})
    lock = found.lock.with_contract(line)
    disk = here.survey(due.files, lock, theirs)
    due = due.beside(disk.present)
    return Surveyed(due, disk, lock, text, where, package_rename.renamed(due, lock, disk.present))
