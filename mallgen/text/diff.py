"""Unified diffs of changes to a file, as `patch` and `git apply` take them."""

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Sequence
from difflib import Match, SequenceMatcher, unified_diff

MANY = 4_000  # lines of both texts together; from here on difflib alone is noticeably slow


def unified(before: str, after: str, name: str) -> str:
    """Return the diff between two texts of the file `name`, empty when they are equal."""
    return "".join(_with_line_ends(_diff(_lines(before), _lines(after), f"a/{name}", f"b/{name}")))


def changed(before: bytes | None, after: bytes, name: str, new: str = "") -> str:
    """Return the diff of a file that is changed, created (`before` is None) or moved to `new`; git's header tells."""
    old, text = (_lines((data or b"").decode("utf-8", "replace")) for data in (before, after))
    to = new or name
    lines = _diff(old, text, "/dev/null" if before is None else f"a/{name}", f"b/{to}")
    head = f"diff --git a/{name} b/{to}\n" if new or before is None else ""
    head += f"rename from {name}\nrename to {new}\n" if new else "new file mode 100644\n" if before is None else ""
    return _headed(head, lines)


def deleted(before: bytes, name: str) -> str:
    """Return the diff of a file that is deleted, with git's header."""
    lines = _diff(_lines(before.decode("utf-8", "replace")), [], f"a/{name}", "/dev/null")
    return _headed(f"diff --git a/{name} b/{name}\ndeleted file mode 100644\n", lines)


def _headed(head: str, lines: Iterator[str]) -> str:
    """Join header and hunks; an empty line ends a header without hunks, else git reads the next file's into it."""
    return head + ("".join(_with_line_ends(lines)) or (head and "\n"))


def _diff(old: list[str], new: list[str], name: str, to: str) -> Iterator[str]:
    if len(old) + len(new) < MANY:
        yield from unified_diff(old, new, name, to)
        return
    for number, group in enumerate(_PatienceMatcher(old, new).get_grouped_opcodes()):
        if not number:
            yield from (f"--- {name}\n", f"+++ {to}\n")
        (_, i, _, j, _), (_, _, i_end, _, j_end) = group[0], group[-1]
        yield f"@@ -{_range(i, i_end)} +{_range(j, j_end)} @@\n"
        for kind, begin, end, other, other_end in group:
            if kind == "equal":
                yield from (f" {line}" for line in old[begin:end])
                continue
            yield from (f"-{line}" for line in old[begin:end])
            yield from (f"+{line}" for line in new[other:other_end])


def _range(start: int, end: int) -> str:
    """Return a range of lines as `@@` has it: the first from 1, and the count; the line before an empty range."""
    size = end - start
    return f"{start + 1}" if size == 1 else f"{start + bool(size)},{size}"


class _PatienceMatcher(SequenceMatcher[str]):
    """A patience diff: lines that occur once in each text anchor it, difflib compares the lines between them."""

    def __init__(self, old: list[str], new: list[str]) -> None:
        super().__init__(None, old, new)
        self._old = old
        self._new = new

    def get_matching_blocks(self) -> list[Match]:
        """Return the equal blocks in the form that SequenceMatcher gives them, adjacent ones joined."""
        joined: list[Match] = []
        i = j = 0
        for line, other in [*_anchors(self._old, self._new), (len(self._old), len(self._new))]:
            between = SequenceMatcher(None, self._old[i:line], self._new[j:other]).get_matching_blocks()
            blocks = [Match(i + block.a, j + block.b, block.size) for block in between]
            for block in (*blocks, Match(line, other, int(line < len(self._old)))):
                last = joined[-1] if joined else Match(-1, -1, 0)
                if block.size and last.a + last.size == block.a and last.b + last.size == block.b:
                    joined[-1] = Match(last.a, last.b, last.size + block.size)
                elif block.size:
                    joined.append(block)
            i, j = line + 1, other + 1
        return [*joined, Match(len(self._old), len(self._new), 0)]


def _anchors(old: Sequence[str], new: Sequence[str]) -> list[tuple[int, int]]:
    """Return the numbers (old, new) of the longest run of lines that occur once in both texts, in the same order."""
    once = [line for line, count in Counter(old).items() if count == 1]
    counts, numbers = Counter(new), {line: number for number, line in enumerate(new)}
    common = {line: numbers[line] for line in once if counts[line] == 1}
    pairs = [(number, common[line]) for number, line in enumerate(old) if line in common]
    ends: list[int] = []
    tails: list[int] = []
    before: list[int] = []
    for index, (_, other) in enumerate(pairs):
        at = bisect_left(ends, other)
        ends[at : at + 1], tails[at : at + 1] = [other], [index]
        before.append(tails[at - 1] if at else -1)
    run: list[tuple[int, int]] = []
    index = tails[-1] if tails else -1
    while index >= 0:
        run.append(pairs[index])
        index = before[index]
    return run[::-1]


def _lines(text: str) -> list[str]:
    """Split a text into lines with their ends; only LF ends one, as in diff(1)."""
    parts = text.split("\n")
    return [f"{line}\n" for line in parts[:-1]] + ([parts[-1]] if parts[-1] else [])


def _with_line_ends(lines: Iterator[str]) -> Iterator[str]:
    for line in lines:
        yield line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n"
