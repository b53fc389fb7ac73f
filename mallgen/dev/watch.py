"""Files that changed on disk since the last look. Polling needs no library and works on every system."""

import contextlib
import os
from collections.abc import Iterable, Iterator

_SKIPPED = ("__pycache__", "node_modules")


class Watch:
    """Watches files by time of change and size: `paths` that are files, and those below with one of `endings`."""

    def __init__(self, paths: Iterable[str], endings: tuple[str, ...]) -> None:
        self._paths = tuple(paths)
        self._endings = endings
        self._stamps = dict(self._read_stamps())

    def changed(self) -> list[str]:
        """Return the files that were made, removed or changed since the last call."""
        now = dict(self._read_stamps())
        before, self._stamps = self._stamps, now
        return sorted(path for path in {*before, *now} if before.get(path) != now.get(path))

    def _read_stamps(self) -> Iterator[tuple[str, tuple[int, int]]]:
        for path in self._paths:
            yield from _stamps_below(path, self._endings)


def _stamps_below(path: str, endings: tuple[str, ...]) -> Iterator[tuple[str, tuple[int, int]]]:
    try:
        entries = list(os.scandir(path))
    except NotADirectoryError:
        with contextlib.suppress(OSError):
            status = os.stat(path)
            yield path, (status.st_mtime_ns, status.st_size)
        return
    except OSError:
        return
    for entry in entries:
        try:
            if entry.is_dir(follow_symlinks=False):
                if not entry.name.startswith(".") and entry.name not in _SKIPPED:
                    yield from _stamps_below(entry.path, endings)
            elif entry.name.endswith(endings):
                status = entry.stat()
                yield entry.path, (status.st_mtime_ns, status.st_size)
        except FileNotFoundError:
            continue
