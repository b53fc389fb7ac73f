"""The journal: the changes that a run makes to a folder, written before the first of them is made. Pure.

Lines of tab-separated cells, in the order in which they are carried out:

    mallgen.journal 1
    add<TAB>number in the stage<TAB>path
    replace<TAB>number<TAB>path<TAB>sha256 of the old content<TAB>where the old content is kept, or nothing
    remove<TAB>number<TAB>path<TAB>sha256 of the content<TAB>where it is kept, or nothing
    end<TAB>number of lines<TAB>seal

The seal proves that this user's mallgen on this machine has written it: a journal that came with a clone has none.
Folders that the removed files leave empty go with them.
"""

from collections.abc import Iterable
from hashlib import blake2b
from typing import NamedTuple

from mallgen.output.house import HOUSE
from mallgen.output.manifest import cell, uncell

FORMAT = "mallgen.journal 1"


class Move(NamedTuple):
    """One line of the journal. `staged` is the new content's name in the stage.

    `before` is the sha256 of the content that may be replaced, `kept` the path that this content is moved to.
    """

    verb: str
    staged: str
    path: str
    before: str = ""
    kept: str = ""


class BadJournal(Exception):
    """A journal that is not whole, or that no run of mallgen can have written; the text says why."""


def text(moves: Iterable[Move], key: bytes) -> str:
    """Return the journal's content, sealed with a key that only this user has."""
    lines = [FORMAT, *("\t".join(map(cell, move)) for move in moves)]
    return "\n".join([*lines, f"end\t{len(lines) - 1}\t{_seal(lines, key)}"]) + "\n"


def parse(content: str, key: bytes) -> tuple[Move, ...]:
    """Return the moves of a journal. Raises BadJournal."""
    lines = content.split("\n")
    if lines[0] != FORMAT or lines[-1] or len(lines) < 3 or not lines[-2].startswith(f"end\t{len(lines) - 3}"):
        raise BadJournal("it is not whole")
    if lines[-2] != f"end\t{len(lines) - 3}\t{_seal(lines[:-2], key)}":
        raise BadJournal("it was not written by this user on this machine: it may have come with a clone")
    return tuple(_move(line) for line in lines[1:-2])


def _seal(lines: Iterable[str], key: bytes) -> str:
    return blake2b("\n".join(lines).encode("utf-8", "surrogatepass"), key=key, digest_size=16).hexdigest()


def _move(line: str) -> Move:
    cells = [uncell(part) for part in line.split("\t")]
    if len(cells) != 5 or cells[0] not in ("add", "replace", "remove"):
        raise BadJournal(f"this line is not mallgen's: {line[:60]!r}")
    move = Move(*cells)
    house = move.kept.partition("/")[0]
    if _is_forbidden(move.path) or (move.kept and house != HOUSE) or "/" in move.staged:
        raise BadJournal(f"mallgen would never write there: {line[:60]!r}")
    return move


def _is_forbidden(path: str) -> bool:
    """Return whether a journal that came with a clone must not reach the path: `.git/hooks/x`, `/etc/x`, `../x`."""
    return any(part.casefold() in ("", ".", "..", ".git", HOUSE) for part in path.split("/"))
