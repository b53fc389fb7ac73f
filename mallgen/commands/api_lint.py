"""mallgen api lint: what works, and could be better."""

from collections.abc import Sequence

from mallgen.console import ENVIRONMENT, FINDINGS, FINE, USAGE, counted, for_machines, out, report, say, verdict
from mallgen.driver import Loaded, load
from mallgen.lint import Edit, Found, Rule, lint, rules
from mallgen.lint.scope import Scope
from mallgen.lint.suppress import apply, suppressions
from mallgen.options import Values
from mallgen.pycode import width
from mallgen.sources import Unreadable, limits
from mallgen.suggest import did_you_mean
from mallgen.textfiles import CannotWrite, read_file, replace_file

_ROUNDS = 10  # an edit may uncover another; none is meant to undo one
_PARSED = ("unknown-option", "duplicate-key", "invisible-character", "comment-ends-early", "embedded-base-type")


def run(values: Values) -> int:
    """Exit 0 without findings, 1 with some."""
    known = rules()
    if values.flag("rules"):
        return _listed(known)
    if not values.text("api"):
        say("error[usage] --api is missing")
        say("  = help: mallgen api lint -api mall.api, or mallgen api lint --rules")
        return USAGE
    chosen = _chosen(values, known)
    if chosen is None:
        return USAGE
    loaded = load(values.text("api"), values.flag("allow-outside"))
    if loaded.contract is None:
        return report(loaded.diagnostics, loaded.sources, "")
    found = _found(loaded, chosen, known)
    if not values.flag("fix"):
        return _told(found, loaded)
    for _ in range(_ROUNDS):
        if not any(item.edits for item in found):
            break
        code = _fix(found)
        if code != FINE:
            return code
        loaded = load(values.text("api"), values.flag("allow-outside"))
        found = _found(loaded, chosen, known)
    return _told(found, loaded)


def _chosen(values: Values, known: dict[str, Rule]) -> tuple[Rule, ...] | None:
    """The rules that are on by default, with those of --select, without those of --ignore; None after a mistake."""
    selected, ignored = values.many("select"), values.many("ignore")
    for name in (*selected, *ignored):
        if name not in known and name != "all":
            say(f"error[usage] there is no rule `{name}`")
            say(f"  = help: {did_you_mean(name, known) or 'mallgen api lint --rules lists them'}")
            return None
    on = {code for code, rule in known.items() if rule.default or code in selected or "all" in selected}
    return tuple(rule for code, rule in known.items() if code in on - set(ignored))


def _found(loaded: Loaded, chosen: tuple[Rule, ...], known: dict[str, Rule]) -> list[Found]:
    assert loaded.contract is not None, "what was fixed is still a contract"
    own = [Found(d, ()) for d in loaded.diagnostics]
    found = lint(Scope(loaded.contract), chosen)
    names = [*known, *_PARSED]
    return apply([*own, *found], suppressions(loaded.sources), names)


def _told(found: Sequence[Found], loaded: Loaded) -> int:
    diagnostics = [item.diagnostic for item in found]
    if for_machines():
        verdict(diagnostics, loaded.sources, "")
        return FINDINGS if diagnostics else FINE
    report(diagnostics, loaded.sources, "")
    fixable = sum(bool(item.edits) for item in found)
    way_out = f"; {fixable} can be fixed: mallgen api lint --fix" if fixable else ""
    say(f"{counted(len(diagnostics), 'finding')}{way_out}")
    return FINDINGS if diagnostics else FINE


def _fix(found: Sequence[Found]) -> int:
    """Apply the edits, a file at a time; overlapping ones wait for the next round."""
    files: dict[str, list[Edit]] = {}
    for item in found:
        for edit in item.edits:
            files.setdefault(edit.span.file, []).append(edit)
    fixed = 0
    for name, edits in files.items():
        try:
            file = read_file(name, limits().bytes)
            text, count = _edited(file.text, edits)
            replace_file(name, file.laid_out(text))
        except Unreadable as problem:
            say(f"error[{problem.code}] {problem.message}")
            return ENVIRONMENT
        except CannotWrite as problem:
            return report([problem.diagnostic], {}, "")
        fixed += count
    say(f"{counted(fixed, 'place')} fixed in {counted(len(files), 'file')}")
    return FINE


def _edited(text: str, edits: Sequence[Edit]) -> tuple[str, int]:
    lines = text.split("\n")
    count, before = 0, (len(lines) + 1, 0)
    for edit in sorted(edits, key=lambda edit: edit.span, reverse=True):
        span = edit.span
        if span.line != span.end_line or (span.end_line, span.end_col) > before:
            continue
        line = lines[span.line - 1]
        lines[span.line - 1] = line[: span.col - 1] + edit.text + line[span.end_col - 1 :]
        before, count = (span.line, span.col), count + 1
    return "\n".join(lines), count


def _listed(known: dict[str, Rule]) -> int:
    widest = max(width(code) for code in known)
    for code, rule in known.items():
        first = (rule.check.__doc__ or "").partition("\n")[0]
        out(f"{code:<{widest}}  {'on ' if rule.default else 'off'}  {rule.severity:<7}  {first}")
    return FINE
