"""Load a contract: from a path to a Contract, through all the stages before emission."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from mallgen.contract.loaded import Loaded
from mallgen.diagnostics import Diagnostic
from mallgen.loading.sources import Sources, read

if TYPE_CHECKING:
    from mallgen.contract.resolve import ParsedFile
    from mallgen.syntax.parse import Parsed
    from mallgen.syntax.scan import Scanned


def load(path: str, outside: bool = False) -> Loaded:
    """Read, scan, parse and resolve the contract at `path`; `outside` allows imports from other repositories."""
    return compile_sources(read(path, outside))


def load_text(text: str, path: str) -> Loaded:
    """Scan, parse and resolve a contract that is not on disk yet; `path` names it in messages."""
    from mallgen.syntax.scan import scan

    return compile_sources(Sources((scan(text, path),), {path: text}, ()))


def compile_sources(sources: Sources, parser: "Callable[[Scanned], Parsed] | None" = None) -> Loaded:
    """Parse and resolve the files that were read; an editor passes a parser that caches."""
    problems = [*sources.diagnostics, *(d for scanned in sources.files for d in scanned.diagnostics)]
    if not sources.files or any(d.code.startswith("too-") for d in problems):
        return Loaded(None, tuple(problems), sources.texts)
    from mallgen.contract.resolve import ParsedFile, resolve
    from mallgen.syntax.parse import parse

    files = []
    for scanned in sources.files:
        parsed = (parser or parse)(scanned)
        problems += parsed.diagnostics
        files.append(ParsedFile(scanned.file, parsed.nodes))
    if any(problem.severity == "error" for problem in problems):
        return Loaded(None, _syntax_errors(problems, sources, files), sources.texts)
    resolved = resolve(tuple(files), sources.limits)
    return Loaded(resolved.contract, (*problems, *resolved.diagnostics), sources.texts, resolved.view)


def _syntax_errors(
    problems: Sequence[Diagnostic], sources: Sources, files: "Sequence[ParsedFile]"
) -> tuple[Diagnostic, ...]:
    """Return the errors of files that do not parse; for the older dialect its own errors replace those of parsing."""
    from mallgen.syntax.dialect import older
    from mallgen.syntax.service_words import wrong_words

    errors = list(sources.diagnostics)
    for scanned, parsed in zip(sources.files, files, strict=True):
        own = [d for d in problems if d.span and d.span.file == scanned.file and d not in sources.diagnostics]
        text = sources.texts[scanned.file]
        found = older(text, scanned.file) if own else None
        errors += [*own, *wrong_words(parsed.nodes)] if found is None else found.diagnostics(text, scanned.file)
    return tuple(errors)
