"""Built by scripts/build_tables.py from templates/http/handler.py.j2. Do not edit."""

from typing import Any


def render(*, header: Any, yours: Any, module_docstring: Any, imports: Any, signature: Any, docstring: Any, line: Any) -> str:
    parts: list[str] = []
    add = parts.append
    add(f'{yours}\n{module_docstring}\n\n')
    for line_1 in imports:
        add(f'{line_1}\n')
    add(f'\n\n{signature}\n    {docstring}\n    {line}\n')
    return "".join(parts)
