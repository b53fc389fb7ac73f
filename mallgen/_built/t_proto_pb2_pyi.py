"""Built by scripts/build_tables.py from templates/proto/pb2.pyi.j2. Do not edit."""

from typing import Any


def render(*, header: Any, yours: Any, module_docstring: Any, imports: Any, body: Any) -> str:
    parts: list[str] = []
    add = parts.append
    add(f'{header}\n# mypy: ignore-errors\n{module_docstring}\n\n')
    for line_1 in imports:
        add(f'{line_1}\n')
    add(f'\n')
    for line_1 in body:
        add(f'{line_1}\n')
    return "".join(parts)
