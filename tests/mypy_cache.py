"""Caches of mypy that know the runtime and what it imports, so that a test waits for its own modules alone."""

import atexit
import pkgutil
import shutil
import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path

import mallgen_runtime


def mypy_cache(folder: Path) -> str:
    """Return a cache of its own for the packages of a folder, beside which it is put."""
    own = folder.with_name(f"{folder.name}.mypy")
    if not own.exists():
        shutil.copytree(_known(), own)
    return str(own)


@cache
def _known() -> Path:
    """Return the cache of a module that imports the runtime, made once in each process."""
    folder = Path(tempfile.mkdtemp(prefix="mallgen-mypy-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    names = [found.name for found in pkgutil.iter_modules(mallgen_runtime.__path__, "mallgen_runtime.")]
    (folder / "imports.py").write_text("".join(f"import {name}\n" for name in sorted(names)), encoding="utf-8")
    words = [sys.executable, "-m", "mypy", "--strict", "--cache-dir", "cache", "imports.py"]
    ran = subprocess.run(words, cwd=folder, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return folder / "cache"
