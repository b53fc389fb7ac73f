"""The way from a path to a Contract; the only module that knows all the stages before emission."""

from typing import NamedTuple

from mallgen.diagnostics import Diagnostic
from mallgen.model import Contract
from mallgen.sources import Sources, read


class Loaded(NamedTuple):
    """A contract, or what is wrong with it; `sources` are the texts for code frames by file name."""

    contract: Contract | None
    diagnostics: tuple[Diagnostic, ...]
    sources: dict[str, str]


def load(path: str) -> Loaded:
    """Read, scan, parse and resolve the contract at `path`."""
    return compile_sources(read(path))


def load_text(text: str, path: str) -> Loaded:
    """The same for a contract that is not on disk yet; `path` names it in messages."""
    from mallgen.syntax.scan import scan

    return compile_sources(Sources((scan(text, path),), {path: text}, ()))


def compile_sources(sources: Sources) -> Loaded:
    """Parse and resolve what was read."""
    problems = [*sources.diagnostics, *(d for scanned in sources.files for d in scanned.diagnostics)]
    if not sources.files or any(d.code.startswith("too-") for d in problems):
        return Loaded(None, tuple(problems), sources.texts)
    from mallgen.resolve import ParsedFile, resolve
    from mallgen.syntax.parse import parse

    files = []
    for scanned in sources.files:
        parsed = parse(scanned)
        problems += parsed.diagnostics
        files.append(ParsedFile(scanned.file, parsed.nodes))
    if problems:
        return Loaded(None, tuple(problems), sources.texts)
    resolved = resolve(tuple(files))
    return Loaded(resolved.contract, resolved.diagnostics, sources.texts)
