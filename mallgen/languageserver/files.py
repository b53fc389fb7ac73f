"""The files of contracts as an editor sees them: open documents first, then the disk."""

import os
from typing import NamedTuple
from urllib.parse import unquote, urlsplit
from urllib.request import url2pathname

from pygls.uris import from_fs_path

from mallgen.editor.memory import Memory
from mallgen.editor.places import EditorText
from mallgen.loading.sources import FileTexts, Unreadable, read_text
from mallgen.syntax.scan import Scanned
from mallgen.text.limits import Limits, raise_it

_SKIPPED = frozenset({"node_modules", "venv", "__pycache__", "site-packages"})
MOST_FOLDERS, MOST_FILES = 20_000, 10_000


class Document(NamedTuple):
    """An open document: `path` is its file, or its URI where it has no file yet; `real` is the path without links."""

    uri: str
    path: str
    real: str
    text: EditorText
    version: int | None


class Overlay(FileTexts):
    """The disk behind the open documents, with a cache of parsed files."""

    def __init__(self) -> None:
        self.memory = Memory()
        self.documents: dict[str, Document] = {}

    def put(self, document: Document) -> None:
        """Open a document, or replace its text."""
        self.documents[document.uri] = document

    def drop(self, uri: str) -> None:
        """Close a document: its file on disk counts again."""
        self.documents.pop(uri, None)

    def opened(self, real: str) -> Document | None:
        """Return the open document of a file; of several that links lead to, the one opened last."""
        return next((one for one in reversed(self.documents.values()) if one.real == real), None)

    def text(self, path: str, real: str, most: int) -> str:
        """Return the text of one file, unsaved changes included, of at most `most` bytes. Raises Unreadable."""
        document = self.opened(real)
        if document is None:
            return read_text(path, most)
        size = len(document.text.text.encode(errors="replace"))
        if size > most:
            hint = f"split it into imported files, {raise_it('bytes', 1 << size.bit_length())}"
            raise Unreadable("too-large", f"`{path}` has {size} bytes, the limit is {most}", hint)
        return document.text.text

    def scanned(self, text: str, path: str, limits: Limits) -> Scanned:
        """Return a text cut into statements; an unchanged text is scanned only once."""
        return self.memory.scanned(text, path, limits)


def path_of(uri: str) -> str:
    """Return the path that a `file:` URI names, decoded; empty for every other scheme."""
    parts = urlsplit(uri)
    if parts.scheme != "file":
        return ""
    host = f"//{parts.netloc}" if parts.netloc not in {"", "localhost"} else ""
    return os.path.normpath(url2pathname(f"{host}{parts.path}") if os.name == "nt" else unquote(parts.path))


def uri_of(path: str) -> str:
    """Return an absolute path as a URI, and any other name as it is."""
    return (from_fs_path(path) or path) if os.path.isabs(path) else path


class FoundContracts(NamedTuple):
    """The contracts of a folder; `whole` is false where the search ended at MOST_FOLDERS or MOST_FILES."""

    paths: list[str]
    whole: bool


def contracts(folder: str, deep: bool = True) -> FoundContracts:
    """Return the `.api` files of a folder, and if `deep` those below it, except in hidden, linked and _SKIPPED ones.

    The search ends after MOST_FOLDERS folders or about MOST_FILES files.
    """
    paths: list[str] = []
    for number, (here, folders, names) in enumerate(os.walk(folder)):
        if number >= MOST_FOLDERS or len(paths) >= MOST_FILES:
            return FoundContracts(paths, whole=False)
        folders[:] = sorted(n for n in folders if not n.startswith(".") and n not in _SKIPPED) if deep else []
        paths += [os.path.join(here, name) for name in sorted(names) if name.endswith(".api")]
    return FoundContracts(paths, whole=True)
