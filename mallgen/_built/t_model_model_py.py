"""Built by scripts/build_tables.py from templates/model/model.py.j2. Do not edit."""

from typing import Any


def render(*, header: Any, yours: Any, module_docstring: Any, home: Any, module: Any, base: Any, name: Any, docstring: Any) -> str:
    parts: list[str] = []
    add = parts.append
    add(f'{yours}\n{module_docstring}\n\nfrom {home}.{module}_gen import {base}\n\n\nclass {name}({base}):\n    {docstring}\n')
    return "".join(parts)
