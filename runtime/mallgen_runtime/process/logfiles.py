"""The log in files, under go-zero's names, and their rotation. Several processes may write to the same files."""

import contextlib
import fcntl
import gzip
import logging
import os
import re
import shutil
import socket
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path
from threading import Lock, Thread

from mallgen_runtime.process.conf import LogConf
from mallgen_runtime.process.errors import ConfigError
from mallgen_runtime.process.logwriter import Writer

_LOG = logging.getLogger("mallgen.service")
_CLEANING = Lock()
_MEGABYTE, _DAY = 1 << 20, 86_400.0
_DATE = r"\d{4}-\d\d-\d\d"
_STAMP = rf"{_DATE}T\d\d:\d\d:\d\d"
_COPY = r"(\.\d+)?(\.gz)?"


def folder_of(conf: LogConf, service: str) -> Path:
    """Return the folder that the settings name; in the mode `volume` each host has one of its own."""
    folder = Path(conf.path)
    return folder / (conf.service_name or service) / socket.gethostname() if conf.mode == "volume" else folder


class LogFiles:
    """The files of a folder, each made when its first line comes."""

    def __init__(self, conf: LogConf, service: str, told: Callable[[int], bytes]) -> None:
        """Raises ConfigError when the folder cannot be made or written."""
        self._conf = conf
        self._told = told
        self._folder = folder_of(conf, service)
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            self._files = {"access": self._file("access")}
        except OSError as problem:
            raise ConfigError(f"Log.Path: {self._folder}: {problem.strerror}") from None

    def put(self, name: str, line: bytes) -> None:
        """Write a line."""
        if name not in self._files:
            self._files[name] = self._file(name)
        self._files[name].put(line)

    def close(self) -> None:
        """Close all files."""
        for file in self._files.values():
            file.close()

    def _file(self, name: str) -> "RotatedFile":
        return RotatedFile(self._folder / f"{name}.log", self._conf, self._told)


class RotatedFile:
    """One file, renamed when a day or its size is over. Old ones are deleted, and packed where that is asked for."""

    def __init__(self, path: Path, conf: LogConf, told: Callable[[int], bytes]) -> None:
        self._path = path
        stem, suffix = re.escape(path.stem), re.escape(path.suffix)
        self._backups_are = re.compile(f"{stem}(-{_STAMP}{suffix}|{suffix}-{_DATE}){_COPY}")
        self._told = told
        self._by_size = conf.rotation == "size"
        self._most = conf.max_size * _MEGABYTE if self._by_size else 0
        self._backups = conf.max_backups if self._by_size else 0
        self._days = conf.keep_days
        self._packs = conf.compress
        self._lock = Lock()
        self._fd = -1
        self._looked = 0.0
        self._open()

    def put(self, line: bytes) -> None:
        """Write a line, to a new file when it is time for one; a closed file takes none."""
        with self._lock:
            if self._fd < 0:
                return
            now = time.time()
            if now - self._looked >= 1:
                self._look(now)
            if self._size and (0 < self._most < self._size + len(line) or self._day != self._today(now)):
                self._rotate(now)
            self._size += len(line)
            self._writer.put(line)

    def close(self) -> None:
        """Close the file. A second time does nothing: its number may be that of another file by then."""
        with self._lock:
            if self._fd >= 0:
                self._writer.close()
                self._fd = -1

    def _today(self, now: float) -> date | None:
        return None if self._by_size else date.fromtimestamp(now)

    def _open(self) -> None:
        self._fd = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        found = os.fstat(self._fd)
        self._size, self._inode = found.st_size, found.st_ino
        self._day = self._today(found.st_mtime)
        self._writer = Writer(self._fd, self._told, owns=True)

    def _look(self, now: float) -> None:
        """Follow the path where another process, or logrotate, has put a new file; a full day has another date."""
        self._looked = now
        try:
            found = os.stat(self._path)
        except FileNotFoundError:
            found = None
        if found is None or found.st_ino != self._inode:
            self._renew()
        else:
            self._size = found.st_size

    def _renew(self) -> None:
        old = self._writer
        self._open()
        old.close()

    def _rotate(self, now: float) -> None:
        """Rename the file, unless another process has just done so, and begin a new one."""
        folder = os.open(self._path.parent, os.O_RDONLY)
        try:
            fcntl.flock(folder, fcntl.LOCK_EX)
            if self._path.exists() and self._path.stat().st_ino == self._inode:
                backup = self._backup(now)
                self._path.rename(backup)
                Thread(target=self._clean, args=(backup, now), name="old logs", daemon=True).start()
            self._renew()
        finally:
            os.close(folder)
        self._day = self._today(now)

    def _backup(self, now: float) -> Path:
        """Return a name of go-zero's that is free."""
        if self._by_size:
            stamp = time.strftime("%Y-%m-%dT%H:%M:%S", time.localtime(now))
            made = self._path.with_name(f"{self._path.stem}-{stamp}{self._path.suffix}")
        else:
            made = self._path.with_name(f"{self._path.name}-{self._day}")
        names = (made.with_name(f"{made.name}.{number}") if number else made for number in range(10_000))
        return next(name for name in names if not name.exists() and not Path(f"{name}.gz").exists())

    def _clean(self, backup: Path, now: float) -> None:
        """Pack the newest of the old files, delete the oldest ones; another process may do the same."""
        try:
            with _CLEANING:
                if self._packs:
                    _pack(backup)
                names = [path for path in self._path.parent.iterdir() if self._backups_are.fullmatch(path.name)]
                old = sorted((_changed(path), path) for path in names)  # what else lies in the folder is not ours
                surplus = old[: -self._backups] if self._backups else []
                late = [one for one in old if self._days and one[0] < now - self._days * _DAY]
                for _, path in {*surplus, *late}:
                    path.unlink(missing_ok=True)
        except OSError as problem:
            _LOG.warning("old logs cannot be packed or deleted: %s: %s", problem.filename, problem.strerror)


def _pack(path: Path) -> None:
    """Replace a file by a packed one of the same age."""
    with contextlib.suppress(FileNotFoundError):  # it was one too many already
        packed = Path(f"{path}.gz")
        with path.open("rb") as plain, gzip.open(packed, "wb") as small:
            shutil.copyfileobj(plain, small)
        shutil.copystat(path, packed)
        path.unlink()


def _changed(path: Path) -> float:
    """Return the time of a file's last line, 0 for one that is gone."""
    with contextlib.suppress(FileNotFoundError):
        return path.stat().st_mtime
    return 0.0
