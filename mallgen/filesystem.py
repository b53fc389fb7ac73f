"""Questions about real paths that every edge asks. An edge."""

import os

_WRITE_BITS = 0o222


def is_inside(path: str, folder: str) -> bool:
    """Return whether a path is a folder or below it; both are real ones."""
    return path == folder or path.startswith(folder.rstrip(os.sep) + os.sep)


def is_writable(path: str) -> bool:
    """Return whether the mode and the system allow writing; root too respects a mode that forbids everybody."""
    return bool(os.stat(path).st_mode & _WRITE_BITS) and os.access(path, os.W_OK)
