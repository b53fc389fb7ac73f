"""scripts/mypy_code.py, the mypy plugin by which only constants, code and numbers become code."""

from pathlib import Path

from mypy import api

from tests.conftest import ROOT

PLAIN = """\
from mallgen.python.code import Code, PyIdent
from mallgen.python.layout import call, literal


def made(text: str, name: PyIdent, size: int, names: list[PyIdent], texts: list[str]) -> list[Code]:
    found = Code(f"{name} = {literal(text)}")
    found = Code("[" + ", ".join(names) + f"]  # {size}" + "!" * size)
    found = Code("yes" if text else f"{name}")
    found = call(f"{name}(", [name, literal(text), Code("x"), "*"], f") -> {found}:")
    return [
        found,
"""
REFUSED = (
    "Code(text)",
    'Code(f"{name} = {text}")',
    'Code(f"{name:>9} = {text!r}")',
    "Code(', '.join(texts))",
    "Code('x' + text)",
    "Code(text if size else 'x')",
    "Code(', '.join([one for one in texts]))",
    "Code(', '.join(f'{one}=1' for one in texts))",
    "Code(name.upper())",
    'call("f(", texts)',
    'call(f"{text}(", [name])',
    'call("f(", [name, text])',
    'call("f(", [name, *texts])',
    'call("f(", [name], tail=text)',
)


def test_what_is_neither_code_nor_a_constant_is_refused(tmp_path: Path) -> None:
    sample = tmp_path / "sample.py"
    sample.write_text(PLAIN + "".join(f"        {line},\n" for line in REFUSED) + "    ]\n")
    config = tmp_path / "mypy.ini"
    config.write_text(f"[mypy]\nstrict = true\nmypy_path = {ROOT}\nplugins = {ROOT}/scripts/mypy_code.py\n")
    words = ["--config-file", str(config), "--cache-dir", str(tmp_path / "cache"), "--follow-imports", "silent"]
    out, err, _ = api.run([*words, str(sample)])
    first = PLAIN.count("\n") + 1
    told = [int(line.split(":")[1]) for line in out.splitlines() if "not code" in line]
    assert (err, sorted(set(told))) == ("", [first + number for number in range(len(REFUSED))])
    assert out.splitlines()[-1].startswith(f"Found {len(told)} errors in 1 file")
