"""Package renames: a contract produces another package than before, because its service was renamed. Pure.

The package's folder has the user's code, so the user moves it; sync then mends references to the old package. Until
then nothing is generated: a second tree of stubs beside the user's code would look as if that code were gone.
"""

from collections.abc import Callable, Iterator
from typing import NamedTuple

from mallgen.diagnostics import Diagnostic
from mallgen.output.files import ExpectedFiles
from mallgen.output.manifest import Lock
from mallgen.output.records import FIRST_TEST, Origin, Owner, Record, Renamed
from mallgen.text.span import Span


class PackageRename(NamedTuple):
    """An old and a new package; `moves` are old and new paths for the user to move, the package's folder first."""

    old: str
    new: str
    moves: tuple[tuple[str, str], ...]
    span: Span | None

    def left(self, present: frozenset[str]) -> list[tuple[str, str]]:
        """Return the moves that the user has not made yet."""
        return [(old, new) for old, new in self.moves if any(_is_below(path, old) for path in present)]


def renamed(expected: ExpectedFiles, lock: Lock, present: frozenset[str]) -> PackageRename | None:
    """Return the rename of a contract's package; None when it has the same name, or neither folder is on disk."""
    mine = [record for record in lock.files if record.contract == expected.contract]
    heads = {file.path: file for file in expected.files if _is_head(file.path)}
    olds = {record.path for record in mine if _is_head(record.path)}
    if len(heads) != 1 or len(olds) != 1 or heads.keys() == olds:
        return None
    ((head, file),) = heads.items()
    old, new = olds.pop().partition("/")[0], head.partition("/")[0]
    if not any(_is_below(path, old) or _is_below(path, new) for path in present):
        return None
    return PackageRename(old, new, ((old, new), *_beside(expected, mine, old)), file.span)


def adopted(lock: Lock, found: PackageRename, contract: str) -> Lock:
    """Return the lock as it is after the user has moved the folder: records of the old package become the new one's.

    The package's old name is recorded as a rename, for code that still uses it.
    """
    paths = dict(found.moves)

    def path(text: str) -> str:
        return f"{found.new}{text[len(found.old):]}" if _is_below(text, found.old) else paths.get(text, text)

    def origin(found: Origin | None) -> Origin | None:
        return found._replace(path=path(found.path)) if found else None

    def name(text: str) -> str:
        return f"{found.new}{text[len(found.old):]}" if text.startswith(f"{found.old}.") else text

    renames = [r._replace(old=name(r.old), new=name(r.new)) for r in lock.renamed if r.contract == contract]
    kept = [r._replace(new=found.new) if r.new == found.old else r for r in renames if r.old != found.new]
    others = [r for r in lock.renamed if r.contract != contract]
    return Lock(
        lock.contracts,
        tuple(r._replace(path=path(r.path), was=origin(r.was)) if r.contract == contract else r for r in lock.files),
        tuple(c._replace(name=name(c.name)) if c.contract == contract else c for c in lock.classes),
        (*others, *kept, Renamed(contract, found.old, found.new)),
    )


def problem(found: PackageRename, present: frozenset[str], shown: Callable[[str], str], where: str) -> Diagnostic:
    """Return the diagnostic that says what the user has to do; `where` are the arguments that mean the folder."""
    left = found.left(present)
    sync = f"`mallgen sync --apply{where}`"
    if not left:
        message = f"`{shown(found.old)}` is `{shown(found.new)}` now, and your code still has to follow"
        return Diagnostic("package-renamed", message, found.span, f"run {sync}")
    moves = " && ".join(f"mv {shown(old)} {shown(new)}" for old, new in left)
    message = f"the service makes the package `{found.new}` now, and `{shown(left[0][0])}` is still where it was"
    hint = f"run `{moves}`, then {sync}, which mends the imports; or give the service its old name back"
    return Diagnostic("package-renamed", message, found.span, hint)


def _beside(expected: ExpectedFiles, mine: list[Record], old: str) -> Iterator[tuple[str, str]]:
    """Yield old and new paths of user files outside the package that are named like the service: the settings."""
    places = {file.role: file.path for file in expected.files if file.owner is Owner.ONCE}
    paths = set(places.values())
    for record in mine:
        place = places.get(record.role, record.path)
        stays = record.path in paths or place == record.path or record.role == FIRST_TEST
        if not _is_below(record.path, old) and not stays:
            yield record.path, place


def _is_head(path: str) -> bool:
    return path.endswith("/__init__.py") and path.count("/") == 1


def _is_below(path: str, folder: str) -> bool:
    return path == folder or path.startswith(f"{folder}/")
