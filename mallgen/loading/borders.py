"""The border of what a file of a repository may make mallgen read: the repository itself. An edge.

Who clones a repository trusts neither its mallgen.lock nor its mallgen.toml, contracts and links: what they name is
read only where it is inside, and is a contract. What the user names on the command line has no border.
"""

import os

_WRITE_BITS = 0o222


def is_inside(path: str, folder: str) -> bool:
    """Return whether a path is a folder or below it; both are real ones."""
    return path == folder or path.startswith(folder.rstrip(os.sep) + os.sep)


def is_writable(path: str) -> bool:
    """Return whether the mode and the system allow writing; root too respects a mode that forbids everybody."""
    return bool(os.stat(path).st_mode & _WRITE_BITS) and os.access(path, os.W_OK)


def home(path: str) -> str:
    """The folder that a contract's imports must stay in: its repository, that is the nearest folder above with `.git`.

    Without one it is the folder of mallgen.toml; without that there is no border, which is empty text: goctl has none.
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
    """The same for a folder with a mallgen.lock; where there is no repository, the folder above it."""
    return home(os.path.join(folder, "mallgen.lock")) or os.path.dirname(os.path.realpath(folder))
