"""What a change would do to a file, as a unified diff that `patch` and `git apply` take."""

from collections.abc import Iterator
from difflib import unified_diff


def unified(before: str, after: str, name: str) -> str:
    """The diff between two texts of the file `name`; empty when they are equal."""
    lines = unified_diff(_lines(before), _lines(after), f"a/{name}", f"b/{name}")
    return "".join(_ended(lines))


def changed(before: bytes | None, after: bytes, name: str, new: str = "") -> str:
    """The diff of a file that is changed, made (`before` is None) or moved to `new`, with git's heads."""
    old, text = (_lines((data or b"").decode("utf-8", "replace")) for data in (before, after))
    to = new or name
    lines = unified_diff(old, text, "/dev/null" if before is None else f"a/{name}", f"b/{to}")
    head = f"diff --git a/{name} b/{to}\n" if new or before is None else ""
    head += f"rename from {name}\nrename to {new}\n" if new else "new file mode 100644\n" if before is None else ""
    return head + "".join(_ended(lines))


def _lines(text: str) -> list[str]:
    """Lines with their ends; only LF ends one, as in diff(1)."""
    parts = text.split("\n")
    return [f"{line}\n" for line in parts[:-1]] + ([parts[-1]] if parts[-1] else [])


def _ended(lines: Iterator[str]) -> Iterator[str]:
    for line in lines:
        yield line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n"
