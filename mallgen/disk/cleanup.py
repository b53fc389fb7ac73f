"""Remove the folders that deleted files leave empty, with the byte code of deleted modules, nothing else. An edge."""

import stat
from collections.abc import Iterable

from mallgen.disk.sandbox import Root

_CACHE = "__pycache__"


def remove_empty_folders(root: Root, paths: Iterable[str]) -> None:
    """Remove the folders of the removed files `paths`, and those above them, when they are empty. Raises OSError."""
    folders = {path.rpartition("/")[0] for path in paths}
    modules: dict[str, set[str]] = {}
    for path in paths:
        folder, _, name = path.rpartition("/")
        modules.setdefault(folder, set()).add(name.rpartition(".")[0])
    for folder in sorted(folders, key=len, reverse=True):
        here = folder
        while here and (_is_gone(root, here) or _is_empty(root, here, modules.get(here, set()))):
            if not _is_gone(root, here):
                root.forget()
                root.remove_folder(here)
            here = here.rpartition("/")[0]


def _is_gone(root: Root, folder: str) -> bool:
    """Return whether an interrupted run has removed the folder already; those above it may still exist."""
    return root.status(folder) is None


def _is_empty(root: Root, folder: str, modules: set[str]) -> bool:
    if not _is_folder(root, folder):
        return False
    names = root.names(folder)
    cache = f"{folder}/{_CACHE}"
    if names == [_CACHE] and _is_folder(root, cache):
        files = root.names(cache)
        if not all(name.endswith(".pyc") and name.partition(".")[0] in modules for name in files):
            return False
        for name in files:
            root.remove(f"{cache}/{name}")
        root.forget()
        root.remove_folder(cache)
        return True
    return not names


def _is_folder(root: Root, path: str) -> bool:
    status = root.status(path)
    return status is not None and stat.S_ISDIR(status.st_mode)
