"""The witnesses of `mallgen breaking`: looked for unless that is not wanted, and written as tests where it is."""

import os
from collections.abc import Mapping

from mallgen.breaking.policy import Judgement
from mallgen.cli.console import ENVIRONMENT, AlreadyReported, report, say
from mallgen.cli.options import Values
from mallgen.diagnostics import Diagnostic
from mallgen.text.visible import counted
from mallgen.workspace.config import Workspace


def proved(judged: list[Judgement], workspace: Workspace, values: Values) -> list[Judgement]:
    """Return the findings with their witnesses, unless these are not asked for. Raises AlreadyReported."""
    if values.flag("no-witness"):
        return judged
    from mallgen.witness.prove import proven

    found = proven(judged, os.path.dirname(workspace.path) or ".")
    folder = values.text("emit-tests")
    if folder:
        from mallgen.witness.pytests import HEADER, test_files

        _write(folder, test_files(found), HEADER)
    return [one.judged for one in found]


def _write(folder: str, files: Mapping[str, str], header: str) -> None:
    """Write files over those of an earlier run, which begin with `header`. Raises AlreadyReported."""
    for name, text in files.items():
        path = os.path.join(folder, name)
        try:
            os.makedirs(folder, exist_ok=True)
            problem = "" if _is_ours(path, header) else "it is there, and no run before this one has written it"
            if not problem:
                with open(path, "w", encoding="utf-8") as file:
                    file.write(text)
        except OSError as wrong:
            problem = wrong.strerror or str(wrong)
        if problem:
            hint = "name another folder: --emit-tests DIR"
            report(
                [Diagnostic("cannot-write", f"cannot write `{path}`: {problem}", hint=hint, environment=True)], {}, ""
            )
            raise AlreadyReported(ENVIRONMENT)
    say(f"{folder}: {counted(len(files), 'file')} of tests written" if files else "no error has a test to write")


def _is_ours(path: str, header: str) -> bool:
    """Return whether a file may be written: there is none, or one of an earlier run, and no link."""
    if not os.path.lexists(path):
        return True
    if os.path.islink(path) or not os.path.isfile(path):
        return False
    with open(path, encoding="utf-8", errors="replace") as file:
        return file.read(len(header)) == header
