"""The border of the files that a repository can make mallgen read: the repository itself. An edge.

A clone's mallgen.lock, mallgen.toml, contracts and links are not trusted: a path that they name is read only where it
is inside of the repository and is a contract. A path that the user names on the command line has no border.
"""

import os

_WRITE_BITS = 0o222


def is_inside(path: str, folder: str) -> bool:
    """Return whether a path is the folder or below it; both are real paths, without links."""
    return path == folder or path.startswith(folder.rstrip(os.sep) + os.sep)


def is_writable(path: str) -> bool:
    """Return whether the mode and the system allow writing; a mode without any write bit counts for root, too."""
    return bool(os.stat(path).st_mode & _WRITE_BITS) and os.access(path, os.W_OK)


def import_border(path: str) -> str:
    """Return the folder that a contract's imports must stay in: the nearest one above with `.git`, its repository.

    Without one it is the nearest folder with mallgen.toml; without that the text is empty: no border, as in goctl.
    """
    own = os.path.dirname(os.path.realpath(path))
    for mark in (".git", "mallgen.toml"):
        here, above = own, os.path.dirname(own)
        while not os.path.lexists(os.path.join(here, mark)) and here != above:
            here, above = above, os.path.dirname(above)
        if os.path.lexists(os.path.join(here, mark)):
            return here
    return ""


def border(folder: str) -> str:
    """Return the border of a folder with a mallgen.lock: its `import_border`, else the folder above it."""
    return import_border(os.path.join(folder, "mallgen.lock")) or os.path.dirname(os.path.realpath(folder))
