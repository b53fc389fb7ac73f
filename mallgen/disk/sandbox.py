"""Access to a folder in which no path leads out of it. An edge.

Paths are relative, with `/`. Each is walked from one descriptor, component by component, and the system follows no
link: one that stays inside is resolved here, one that leads out raises LeadsOutside. So a link that is made between a
check and a write has no effect (openat2's RESOLVE_BENEATH, for every POSIX system).
"""

import errno
import os
import stat

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_ABSENT = (errno.ENOENT, errno.ENOTDIR)
_OPEN = 64  # descriptors kept between operations; macOS allows 256 in all
_LINKS = 16


class LeadsOutside(OSError):
    """A link on the way to a path leads out of the folder; `link` is its path, `target` where it leads."""

    def __init__(self, link: str, target: str) -> None:
        super().__init__(errno.ELOOP, f"the link leads out of the output folder, to `{target}`", link)
        self.link = link
        self.target = target


class Root:
    """A folder and everything below it. The system's errors are raised unchanged; a missing file is a value."""

    def __init__(self, path: str) -> None:
        self.path = os.path.realpath(path)
        self._top = os.open(self.path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        self._open: dict[str, tuple[int, str]] = {}

    def __del__(self) -> None:
        self.close()

    def close(self) -> None:
        """Close all descriptors."""
        self._limit_open(0)
        top, self._top = getattr(self, "_top", -1), -1
        if top >= 0:
            os.close(top)

    def status(self, path: str) -> os.stat_result | None:
        """Return the status of `path`, for a link that of the link; None when it is missing, or below a file."""
        try:
            folder, name = self._parent_of(path)
            return os.stat(name, dir_fd=folder, follow_symlinks=False)
        except LeadsOutside:
            raise
        except OSError as problem:
            if problem.errno in _ABSENT:
                return None
            raise

    def read(self, path: str) -> bytes | None:
        """Return the content of a regular file, None when it is missing. Raises OSError for anything else."""
        try:
            folder, name = self._parent_of(path)
            descriptor = os.open(name, _READ, dir_fd=folder)
        except FileNotFoundError:
            return None
        try:
            status = os.fstat(descriptor)
            if not stat.S_ISREG(status.st_mode):
                raise OSError(errno.EINVAL, "not a regular file", path)
            return _read_all(descriptor, status.st_size)
        finally:
            os.close(descriptor)

    def target(self, path: str) -> str:
        """Return the path below the folder that a link leads to; `path` itself for all else. Raises LeadsOutside."""
        for _ in range(_LINKS):
            folder, name = self._parent_of(path)
            try:
                text = os.readlink(name, dir_fd=folder)
            except OSError as problem:
                if problem.errno not in (errno.EINVAL, errno.ENOENT):  # not a link, or missing
                    raise
                return path
            real = self._folder(path.rpartition("/")[0])[1]
            path = self._resolved(text, f"{real}/{name}" if real else name)
        raise OSError(errno.ELOOP, "too many links", path)

    def save(self, path: str, data: bytes, mode: int | None = None) -> None:
        """Make a new file; `mode` overrides the umask. Raises FileExistsError when the name is taken."""
        folder, name = self._parent_of(path)
        descriptor = os.open(name, _NEW, 0o666, dir_fd=folder)
        try:
            if mode is not None:
                os.fchmod(descriptor, mode)
            rest = memoryview(data)
            while rest:
                rest = rest[os.write(descriptor, rest) :]
        finally:
            os.close(descriptor)

    def open(self, path: str, flags: int) -> int:
        """Return a descriptor of a file, never opened through a link."""
        folder, name = self._parent_of(path)
        return os.open(name, flags | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, 0o666, dir_fd=folder)

    def make(self, path: str) -> None:
        """Make one folder. Raises FileExistsError when the name is taken."""
        folder, name = self._parent_of(path)
        os.mkdir(name, dir_fd=folder)

    def make_all(self, path: str) -> None:
        """Make a folder and those above it where they are missing."""
        if path and self.status(path) is None:
            self.make_all(path.rpartition("/")[0])
            self.make(path)

    def link(self, source: str, target: str) -> None:
        """Give a file a second name, or copy it where the file system has no links. Raises FileExistsError."""
        (from_, name), (to, new) = self._pair(source, target)
        try:
            os.link(name, new, src_dir_fd=from_, dst_dir_fd=to, follow_symlinks=False)
        except OSError as problem:
            if problem.errno not in (errno.EPERM, errno.ENOTSUP, errno.EMLINK, errno.EACCES, errno.EXDEV):
                raise
            status = self.status(source)
            assert status is not None
            self.save(target, self.read(source) or b"", stat.S_IMODE(status.st_mode))

    def move(self, source: str, target: str) -> None:
        """Rename a file or folder; a file may replace a file, a folder only an empty folder."""
        (from_, name), (to, new) = self._pair(source, target)
        os.rename(name, new, src_dir_fd=from_, dst_dir_fd=to)

    def remove(self, path: str) -> None:
        """Remove a file, a link or a pipe, if there is one."""
        folder, name = self._parent_of(path)
        try:
            os.unlink(name, dir_fd=folder)
        except FileNotFoundError:
            return

    def remove_folder(self, path: str) -> None:
        """Remove an empty folder."""
        folder, name = self._parent_of(path)
        os.rmdir(name, dir_fd=folder)

    def is_folder(self, path: str) -> bool:
        """Return whether `path` is a folder, or a link to one inside. Raises LeadsOutside for a link that leads out."""
        try:
            self._limit_open(_OPEN)
            self._folder(path)
        except LeadsOutside:
            raise
        except OSError as problem:
            if problem.errno in (*_ABSENT, errno.ELOOP):
                return False
            raise
        return True

    def names(self, path: str) -> list[str]:
        """Return the sorted names in a folder."""
        return sorted(os.listdir(self._folder(path)[0]))

    def forget(self) -> None:
        """Close the descriptors of folders, so that each is looked up again: some were moved."""
        self._limit_open(0)

    def _pair(self, source: str, target: str) -> tuple[tuple[int, str], tuple[int, str]]:
        self._limit_open(_OPEN)
        return self._parent_of(source, False), self._parent_of(target, False)

    def _parent_of(self, path: str, trim: bool = True) -> tuple[int, str]:
        """Return the descriptor of the folder that holds `path`, and the last component."""
        if trim:
            self._limit_open(_OPEN)
        folder, _, name = path.rpartition("/")
        if name in ("", ".", "..") or "\0" in name:
            raise OSError(errno.EINVAL, "not the name of a file", path)
        return self._folder(folder)[0], name

    def _limit_open(self, most: int) -> None:
        if len(getattr(self, "_open", ())) > most:
            for descriptor, _ in self._open.values():
                os.close(descriptor)
            self._open.clear()

    def _folder(self, path: str, links: int = _LINKS) -> tuple[int, str]:
        """Return a folder's descriptor, and its path without links."""
        if not path:
            return self._top, ""
        found = self._open.get(path)
        if found is None:
            above, _, name = path.rpartition("/")
            if name in ("", ".", ".."):
                raise OSError(errno.EINVAL, "not a path below the folder", path)
            found = self._open_folder(*self._folder(above, links), name, links)
            self._open[path] = found
        return found

    def _open_folder(self, above: int, real: str, name: str, links: int) -> tuple[int, str]:
        inside = f"{real}/{name}" if real else name
        try:
            return os.open(name, _FOLDER, dir_fd=above), inside
        except OSError as problem:
            if problem.errno not in (errno.ELOOP, errno.ENOTDIR, errno.EMLINK):
                raise
            if not stat.S_ISLNK(os.stat(name, dir_fd=above, follow_symlinks=False).st_mode) or not links:
                raise
        inner = self._resolved(os.readlink(name, dir_fd=above), inside)
        descriptor, inner = self._folder(inner, links - 1)
        return os.dup(descriptor), inner

    def _resolved(self, target: str, link: str) -> str:
        """Return the path below the folder that a link leads to. Raises LeadsOutside."""
        start = os.path.join(self.path, os.path.dirname(link))
        inner = os.path.relpath(os.path.normpath(os.path.join(start, target)), self.path).replace(os.sep, "/")
        if inner == ".." or inner.startswith("../"):
            raise LeadsOutside(link, os.path.normpath(os.path.join(start, target)))
        return "" if inner == "." else inner


def _read_all(descriptor: int, size: int) -> bytes:
    """Read an open file of about `size` bytes to its end: one read may return less, and a file may grow."""
    parts = []
    while part := os.read(descriptor, size + 1):
        parts.append(part)
    return parts[0] if len(parts) == 1 else b"".join(parts)
