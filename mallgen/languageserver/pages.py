"""The pages of diagnostic codes as files, so that an editor can open what `mallgen explain` prints."""

import contextlib
import hashlib
import os
import tempfile
from functools import cache

from mallgen.diagnostics.pages import pages
from mallgen.languageserver.files import uri_of


def page_of(code: str) -> str:
    """Return the URI of a code's page, empty when there is none; the page is written to the cache folder on demand."""
    text = _pages().get(code)
    if text is None:
        return ""
    path = os.path.join(_cache_folder(), f"{code}.md")
    if not os.path.exists(path) and not _write(path, f"# {code}\n\n{text}\n"):
        return ""
    return uri_of(path)


@cache
def _pages() -> dict[str, str]:
    return pages()


@cache
def _cache_folder() -> str:
    """Return the folder for exactly these texts in the user's cache: another version of mallgen has another."""
    digest = hashlib.sha256("\0".join(f"{code}\0{text}" for code, text in _pages().items()).encode()).hexdigest()
    base = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    return os.path.join(base, "mallgen", f"pages-{digest[:12]}")


def _write(path: str, text: str) -> bool:
    """Write a page and return whether that worked; where the cache cannot be written, only the link is missing."""
    with contextlib.suppress(OSError):
        os.makedirs(os.path.dirname(path), exist_ok=True)
        handle, staged = tempfile.mkstemp(dir=os.path.dirname(path))
        with open(handle, "w", encoding="utf-8") as file:
            file.write(text)
        os.replace(staged, path)
        return True
    return False
