"""Check of generated paths: one rule for all emitters, so that every file system and tool accepts them."""

import functools
import re
import unicodedata
from collections.abc import Iterable, Iterator

from mallgen.diagnostics import Diagnostic, Note
from mallgen.output.files import File

MAX_NAME, MAX_PATH = 255, 1000  # bytes: ext4, APFS and NTFS have 255; 1024 is macOS's PATH_MAX
_DEVICES = frozenset(
    ["con", "prn", "aux", "nul", "conin$", "conout$"]
    + [f"{port}{number}" for port in ("com", "lpt") for number in "0123456789¹²³"]
)
_PLAIN = re.compile(r"[A-Za-z0-9_.-]+")
_FORBIDDEN = frozenset('<>:"|?*\\')


def trouble(path: str) -> str:
    """Return what is wrong with a path, in words; "" when nothing is."""
    folder, _, name = path.rpartition("/")
    if len(path) * 4 > MAX_PATH and len(path.encode("utf-8", "surrogatepass")) > MAX_PATH:
        return f"it is longer than {MAX_PATH} bytes"
    inside = "/" in path
    return (_trouble_above(folder) if inside else "") or _name_trouble(name)


@functools.lru_cache(1 << 12)
def _trouble_above(folder: str) -> str:
    """Return what is wrong with the folders of a path, "" when nothing is."""
    return next(filter(None, map(_name_trouble, folder.split("/"))), "")


@functools.cache
def _name_trouble(name: str) -> str:
    if not name or set(name) <= {"."}:
        return f"`{name}` is no name: paths have neither empty parts nor `..`"
    if name.partition(".")[0].rstrip(" ").casefold() in _DEVICES:
        return f"`{name}` is a device on Windows"
    if len(name.encode("utf-8", "surrogatepass")) > MAX_NAME:
        return f"`{name[:20]}…` is longer than {MAX_NAME} bytes"
    if name[0] in "-~ " or name[-1] in ". ":
        return f"`{name}` begins with `-`, `~` or a space, or ends in a dot or a space"
    if name.casefold() in (".git", ".mallgen", "git~1"):
        return f"`{name}` belongs to git or to mallgen"
    if not _PLAIN.fullmatch(name) and any(map(_is_forbidden, name)):
        return f"{name!a} has a character that file names cannot have everywhere"
    return ""


def _is_forbidden(char: str) -> bool:
    return char in _FORBIDDEN or unicodedata.category(char).startswith("C")


def check(files: Iterable[File]) -> Iterator[Diagnostic]:
    """Yield a diagnostic, at its span in the contract, for each file that some system cannot write; one per cause."""
    spellings: dict[str, tuple[str, File]] = {}
    told: set[str] = set()
    for file in files:
        problem = trouble(file.path)
        if problem:
            if problem in told:
                continue
            told.add(problem)
            message = f"this would become the file `{file.path[:80]}`: {problem}"
            yield Diagnostic("bad-file-name", message, file.span, "give it another name in the contract")
            continue
        yield from _twins(file, spellings)


def _twins(file: File, spellings: dict[str, tuple[str, File]]) -> Iterator[Diagnostic]:
    """Report a path or folder that a file system without case, or with Unicode normal forms, takes for another."""
    end = len(file.path)
    while end > 0:
        part = file.path[:end]
        same = unicodedata.normalize("NFC", part.casefold())
        known, other = spellings.setdefault(same, (part, file))
        if other is file and known == part:
            end = part.rfind("/")
            continue
        if known != part or end == len(file.path):
            both = f"`{part}` and `{known}` are one file on Windows and macOS"
            message = both if known != part else f"two parts of the contract would become one file: `{part}`"
            notes = (Note(other.span, "the other one"),) if other.span else ()
            yield Diagnostic("name-collision", message, file.span, "rename one of them in the contract", notes)
        return
